/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/rounds.h"

#include "history/block.h"
#include "history/rollup.h"

/* A series of a chunk, and where its samples of the next hour begin. */
struct piece {
    int64_t chunk;
    struct kept_series *series;
    size_t begin;
};

static int compare_pieces(const void *a, const void *b) {
    const struct piece *left = a, *right = b;
    if (left->chunk != right->chunk)
        return left->chunk < right->chunk ? -1 : 1;
    return (left->series->id > right->series->id) - (left->series->id < right->series->id);
}

static GArray *pieces_of(const GPtrArray *entities) {
    GArray *pieces = g_array_new(FALSE, FALSE, sizeof(struct piece));
    for (guint i = 0; i < entities->len; i++) {
        const struct kept_entity *entity = g_ptr_array_index(entities, i);
        for (guint k = 0; k < entity->pending->len; k++) {
            struct piece piece = {entity->chunk, g_ptr_array_index(entity->pending, k), 0};
            g_array_append_val(pieces, piece);
        }
    }
    g_array_sort(pieces, compare_pieces);
    return pieces;
}

/* The first hour that has samples left; false when none are. */
static bool find_hour(const struct piece *pieces, size_t count, int64_t *hour) {
    bool found = false;
    for (size_t i = 0; i < count; i++) {
        const struct kept_series *series = pieces[i].series;
        if (pieces[i].begin == series->count)
            continue;
        int64_t mine = rollup_hour(series->samples[pieces[i].begin].time);
        *hour = found ? MIN(*hour, mine) : mine;
        found = true;
    }
    return found;
}

/* A row of a chunk: all samples of an hour. */
struct row {
    GArray *series;
    int64_t oldest, newest;
    int64_t samples;
};

static void take(struct row *row, struct piece *piece, int64_t hour) {
    const struct kept_series *series = piece->series;
    size_t end = piece->begin;
    while (end < series->count && rollup_hour(series->samples[end].time) == hour)
        end++;
    if (end == piece->begin)
        return;
    struct block_series part = {series->id, end - piece->begin, series->samples + piece->begin};
    int64_t first = part.samples[0].time, last = part.samples[part.count - 1].time;
    row->oldest = row->samples ? MIN(row->oldest, first) : first;
    row->newest = row->samples ? MAX(row->newest, last) : last;
    row->samples += (int64_t)part.count;
    g_array_append_val(row->series, part);
    piece->begin = end;
}

static bool write_row(struct database *database, struct piece *pieces, size_t count, int64_t hour,
                      struct error *error) {
    struct row row = {.series = g_array_new(FALSE, FALSE, sizeof(struct block_series))};
    for (size_t i = 0; i < count; i++)
        take(&row, &pieces[i], hour);
    GByteArray *data = block_encode((const struct block_series *)(const void *)row.series->data,
                                    row.series->len, BLOCK_FAST);
    bool good = database_run(database, error,
                             "INSERT INTO round (chunk, hour, oldest, newest, samples, data) "
                             "VALUES (?, ?, ?, ?, ?, ?)",
                             "iiiiib", pieces[0].chunk, hour, row.oldest, row.newest, row.samples,
                             data->data, (size_t)data->len);
    g_byte_array_free(data, TRUE);
    g_array_free(row.series, TRUE);
    return good;
}

static bool write_chunk(struct database *database, struct piece *pieces, size_t count,
                        struct error *error) {
    int64_t hour = 0;
    while (find_hour(pieces, count, &hour))
        if (!write_row(database, pieces, count, hour, error))
            return false;
    return true;
}

bool rounds_write(struct database *database, const GPtrArray *entities, struct error *error) {
    GArray *pieces = pieces_of(entities);
    struct piece *all = (struct piece *)(void *)pieces->data;
    bool good = true;
    for (size_t i = 0, end = 0; good && i < pieces->len; i = end) {
        while (end < pieces->len && all[end].chunk == all[i].chunk)
            end++;
        good = write_chunk(database, &all[i], end - i, error);
    }
    g_array_free(pieces, TRUE);
    return good;
}
