/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * What zstd gets, all numbers as varints:
 *   the number of time lists; of each its length, then the second differences of the times
 *   the number of series; then, column by column, of each
 *     the difference to the id before · its time list · its form · the length of its values
 *   the values of each series: so often differenced as its form says
 * Columns compress better than records, and a series that is not wanted is skipped unread.
 */
#include "history/block.h"

#include <zstd.h>

#include "core/memory.h"
#include "history/block_values.h"
#include "history/varint.h"

enum {
    COLUMNS = 4,
    NARROW_BITS = 8, /* below, bytes are whole numbers, which zstd sees */
    BYTE_BITS = 8,
    WORTH = 64, /* words are taken apart by divisions: they have to save one part in so many */
};

/* Unsigned: what runs over comes back when it is added again. */
static uint64_t difference(const struct sample *samples, size_t index, enum block_form form) {
    uint64_t value = (uint64_t)samples[index].value;
    uint64_t before = index ? (uint64_t)samples[index - 1].value : 0;
    if (form == FORM_PLAIN || !index)
        return value;
    if (form != FORM_SECOND || index == 1)
        return value - before;
    return value - before - (before - (uint64_t)samples[index - 2].value);
}

static bool is_same(const struct block_series *series) {
    for (size_t i = 1; i < series->count; i++)
        if (series->samples[i].value != series->samples[0].value)
            return false;
    return true;
}

static uint64_t range_of(const struct block_series *series, int64_t *lowest) {
    int64_t highest = *lowest = series->samples[0].value;
    for (size_t i = 1; i < series->count; i++) {
        *lowest = MIN(*lowest, series->samples[i].value);
        highest = MAX(highest, series->samples[i].value);
    }
    return (uint64_t)highest - (uint64_t)*lowest;
}

/* How noise of this range is written, and the bits that it takes. */
static enum block_form noise_form(uint64_t range, size_t count, uint64_t *bits) {
    const struct block_word word = block_word_for(range);
    uint64_t packed = (uint64_t)block_bits(range) * count;
    uint64_t dense = (count + word.digits - 1) / word.digits * word.bits;
    bool pays = word.digits > 1 && dense + packed / WORTH < packed;
    *bits = pays ? dense : packed;
    return pays ? FORM_DENSE : FORM_PACKED;
}

/*
 * The form for a series as noise; best, which takes so many bits as varints, unless it is noise.
 * zstd makes about one and a half bits more of a number than it has, unless all are alike; fewer
 * when they are no even noise, of which the range says too much.
 */
static enum block_form prefer_noise(const struct block_series *series, enum block_form best,
                                    uint64_t bits) {
    int64_t lowest = 0;
    uint64_t range = range_of(series, &lowest), noise = 0;
    enum block_form form = noise_form(range, series->count, &noise);
    uint64_t more = form == FORM_DENSE ? series->count * 5 / 4 : series->count * 3 / 2;
    return block_bits(range) > NARROW_BITS && noise <= bits + more ? form : best;
}

/* The form whose numbers have the fewest bits. */
static enum block_form choose_form(const struct block_series *series) {
    uint64_t bits[VARINT_FORMS] = {0};
    if (is_same(series))
        return FORM_SAME;
    for (size_t i = 0; i < series->count; i++)
        for (enum block_form form = 0; form < VARINT_FORMS; form++)
            bits[form] += block_bits(varint_zigzag((int64_t)difference(series->samples, i, form)));
    enum block_form best = FORM_FIRST;
    for (enum block_form form = 0; form < VARINT_FORMS; form++)
        if (bits[form] < bits[best])
            best = form;
    return prefer_noise(series, best, bits[best]);
}

/* Bits that are not whole bytes yet. */
struct bit_writer {
    GByteArray *bytes;
    uint8_t byte;
    unsigned used;
};

static void put_bits(struct bit_writer *writer, uint64_t value, unsigned width) {
    for (unsigned bit = 0; bit < width; bit++) {
        writer->byte = (uint8_t)(writer->byte | (value >> bit & 1) << writer->used);
        if (++writer->used < BYTE_BITS)
            continue;
        g_byte_array_append(writer->bytes, &writer->byte, 1);
        writer->byte = 0;
        writer->used = 0;
    }
}

static void end_bits(const struct bit_writer *writer) {
    if (writer->used)
        g_byte_array_append(writer->bytes, &writer->byte, 1);
}

static void put_packed(GByteArray *bytes, const struct block_series *series) {
    int64_t lowest = 0;
    unsigned width = block_bits(range_of(series, &lowest));
    struct bit_writer writer = {.bytes = bytes};
    varint_put(bytes, varint_zigzag(lowest));
    varint_put(bytes, width);
    for (size_t i = 0; i < series->count; i++)
        put_bits(&writer, (uint64_t)series->samples[i].value - (uint64_t)lowest, width);
    end_bits(&writer);
}

static void put_dense(GByteArray *bytes, const struct block_series *series) {
    int64_t lowest = 0;
    uint64_t range = range_of(series, &lowest);
    const struct block_word form = block_word_for(range);
    struct bit_writer writer = {.bytes = bytes};
    varint_put(bytes, varint_zigzag(lowest));
    varint_put(bytes, range);
    for (size_t begin = 0; begin < series->count; begin += form.digits) {
        uint64_t word = 0;
        for (size_t i = MIN(begin + form.digits, series->count); i-- > begin;)
            word = word * form.base + (uint64_t)series->samples[i].value - (uint64_t)lowest;
        put_bits(&writer, word, form.bits);
    }
    end_bits(&writer);
}

static void put_values(GByteArray *bytes, const struct block_series *series, enum block_form form) {
    size_t count = form == FORM_SAME ? 1 : series->count;
    if (form == FORM_PACKED)
        put_packed(bytes, series);
    else if (form == FORM_DENSE)
        put_dense(bytes, series);
    else
        for (size_t i = 0; i < count; i++)
            varint_put(bytes, varint_zigzag((int64_t)difference(series->samples, i, form)));
}

static bool same_times(const struct block_series *left, const struct block_series *right) {
    if (left->count != right->count)
        return false;
    for (size_t i = 0; i < left->count; i++)
        if (left->samples[i].time != right->samples[i].time)
            return false;
    return true;
}

static void put_times(GByteArray *bytes, const struct block_series *series) {
    int64_t before = 0, step = 0;
    varint_put(bytes, series->count);
    for (size_t i = 0; i < series->count; i++) {
        int64_t next = series->samples[i].time - before;
        varint_put(bytes, varint_zigzag(next - step));
        step = i ? next : 0;
        before = series->samples[i].time;
    }
}

/* The series whose times are written, each the first with its own; most have those of the last. */
static guint time_list_of(GPtrArray *lists, GByteArray *bytes, const struct block_series *series) {
    for (guint i = lists->len; i > 0; i--)
        if (same_times(g_ptr_array_index(lists, i - 1), series))
            return i - 1;
    g_ptr_array_add(lists, (gpointer)series);
    put_times(bytes, series);
    return lists->len - 1;
}

static void append(GByteArray *bytes, GByteArray *more) {
    g_byte_array_append(bytes, more->data, more->len);
    g_byte_array_free(more, TRUE);
}

static GByteArray *serialize(const struct block_series *series, size_t count) {
    GByteArray *bytes = g_byte_array_new(), *times = g_byte_array_new();
    GByteArray *values = g_byte_array_new(), *columns[COLUMNS];
    GPtrArray *lists = g_ptr_array_new();
    int64_t before = 0;
    for (size_t i = 0; i < COLUMNS; i++)
        columns[i] = g_byte_array_new();
    for (size_t i = 0; i < count; i++) {
        enum block_form form = choose_form(&series[i]);
        guint begin = values->len;
        put_values(values, &series[i], form);
        varint_put(columns[0], (uint64_t)(series[i].id - before));
        varint_put(columns[1], time_list_of(lists, times, &series[i]));
        varint_put(columns[2], form);
        varint_put(columns[3], values->len - begin);
        before = series[i].id;
    }
    varint_put(bytes, lists->len);
    append(bytes, times);
    varint_put(bytes, count);
    for (size_t i = 0; i < COLUMNS; i++)
        append(bytes, columns[i]);
    append(bytes, values);
    g_ptr_array_free(lists, TRUE);
    return bytes;
}

GByteArray *block_encode(const struct block_series *series, size_t count, int level) {
    GByteArray *bytes = serialize(series, count);
    GByteArray *packed = g_byte_array_new();
    ZSTD_CCtx *context = memory_check(ZSTD_createCCtx());
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    g_byte_array_set_size(packed, (guint)ZSTD_compressBound(bytes->len));
    size_t size = ZSTD_compress2(context, packed->data, packed->len, bytes->data, bytes->len);
    ZSTD_freeCCtx(context);
    g_byte_array_free(bytes, TRUE);
    g_byte_array_set_size(packed, (guint)(ZSTD_isError(size) ? 0 : size));
    return packed;
}
