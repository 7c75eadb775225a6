/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Blocks of a history: any bytes, packed as zstd would have them, so that the checksum does not
 * keep them from the reader. What is read and written again is read as the same.
 */
#include <glib.h>
#include <string.h>
#include <zstd.h>

#include "fuzz.h"
#include "history/collected.h"

/* Copies of the series that were read. */
struct copies {
    GArray *series;
    size_t compared;
    int64_t last;
    bool ascends;
};

static struct sample *samples_of(const struct block_column *column) {
    struct sample *samples = g_new(struct sample, column->count);
    block_samples(column, samples);
    return samples;
}

static void keep(void *context, const struct block_column *column) {
    struct copies *copies = context;
    const struct block_series copy = {column->id, column->count, samples_of(column)};
    for (size_t i = 1; i < column->count; i++)
        CHECK(column->times[i] > column->times[i - 1]);
    copies->ascends = copies->ascends && (!copies->series->len || column->id > copies->last);
    copies->last = column->id;
    g_array_append_val(copies->series, copy);
}

static void compare(void *context, const struct block_column *column) {
    struct copies *copies = context;
    CHECK(copies->compared < copies->series->len);
    const struct block_series *copy =
        &g_array_index(copies->series, struct block_series, copies->compared++);
    struct sample *samples = samples_of(column);
    CHECK(copy->id == column->id && copy->count == column->count);
    CHECK(memcmp(copy->samples, samples, copy->count * sizeof *copy->samples) == 0);
    g_free(samples);
}

static void check_again(struct copies *copies) {
    struct error error = {0};
    const struct block_visitor visitor = {
        .context = copies, .first = INT64_MIN, .last = INT64_MAX, .series = compare};
    GByteArray *again =
        block_encode((const struct block_series *)(const void *)copies->series->data,
                     copies->series->len, BLOCK_FAST);
    CHECK(block_decode(again->data, again->len, &visitor, &error));
    CHECK(copies->compared == copies->series->len);
    g_byte_array_free(again, TRUE);
}

/* The samples of a series that are later than the time of none. */
static void compare_collected(const struct collected_series *series,
                              const struct block_series *copy, int64_t none) {
    size_t dropped = copy->samples[0].time == none;
    CHECK(series->count == copy->count - dropped);
    for (size_t i = 0; i < series->count; i++) {
        const struct sample *sample = &copy->samples[i + dropped];
        CHECK(collected_time(series, i) == sample->time);
        CHECK((series->times ? series->values[series->same ? 0 : i] : series->samples[i].value) ==
              sample->value);
    }
}

/*
 * What is put where it belongs is the same, too: as samples, and as columns. Of a block that is bad
 * in a series that is not wanted, nothing can be said.
 */
static void collect(const struct copies *copies, const GByteArray *packed, size_t length,
                    bool whole, bool columns) {
    struct error error = {0};
    struct collected collected;
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (guint i = 0; i < copies->series->len; i++)
        g_array_append_val(ids, g_array_index(copies->series, struct block_series, i).id);
    collected_init(&collected, (const int64_t *)(const void *)ids->data, ids->len);
    if (columns)
        collected_in_columns(&collected);
    bool good = collected_add(&collected, packed->data, length, &error);
    for (guint i = 0; whole && good && i < ids->len; i++)
        compare_collected(&collected.series[i],
                          &g_array_index(copies->series, struct block_series, i), collected.after);
    collected_done(&collected);
    g_array_free(ids, TRUE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct error error = {0};
    struct copies copies = {g_array_new(FALSE, FALSE, sizeof(struct block_series)), 0, 0, true};
    const struct block_visitor visitor = {
        .context = &copies, .first = INT64_MIN, .last = INT64_MAX, .series = keep};
    GByteArray *packed = g_byte_array_sized_new((guint)ZSTD_compressBound(size));
    g_byte_array_set_size(packed, (guint)ZSTD_compressBound(size));
    size_t length = ZSTD_compress(packed->data, packed->len, data, size, 1);
    CHECK(!ZSTD_isError(length));
    bool good = block_decode(packed->data, length, &visitor, &error);
    if (good && copies.ascends)
        check_again(&copies);
    for (int columns = 0; copies.ascends && columns <= 1; columns++)
        collect(&copies, packed, length, good, columns);
    for (guint i = 0; i < copies.series->len; i++)
        g_free((gpointer)g_array_index(copies.series, struct block_series, i).samples);
    g_array_free(copies.series, TRUE);
    g_byte_array_free(packed, TRUE);
    (void)!block_decode(
        data, size,
        &(struct block_visitor){.context = &copies, .first = 1, .last = 0, .series = keep}, &error);
    return 0;
}
