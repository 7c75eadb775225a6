/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* See block.c for what stands in a block. */
#include <stdlib.h>
#include <zstd.h>

#include "core/memory.h"
#include "history/block.h"
#include "history/block_values.h"

enum { MAX_DECODED = 64 * 1024 * 1024 };

/* What is known of each series of a block before its values are read. */
struct columns {
    struct block_column *series; /* count and id; the rest is not there yet */
    const uint8_t **values;      /* where those of each series begin */
    size_t *list_of;
    size_t *lengths;
    enum block_form *forms;
    size_t capacity;
};

struct block_room {
    ZSTD_DCtx *context;
    uint8_t *bytes; /* that zstd got */
    size_t size;
    int64_t *times; /* of its lists */
    size_t time_count;
    struct columns columns;
};

struct block_room *block_room_new(void) {
    struct block_room *room = memory_alloc(sizeof *room);
    room->context = memory_check(ZSTD_createDCtx());
    return room;
}

static void free_columns(struct columns *columns) {
    free(columns->series);
    free(columns->values);
    free(columns->list_of);
    free(columns->lengths);
    free(columns->forms);
}

/* For so many series, and one more. */
static void reserve_columns(struct columns *columns, size_t count) {
    if (count < columns->capacity)
        return;
    free_columns(columns);
    columns->capacity = count + 1;
    columns->series = memory_array(columns->capacity, sizeof *columns->series);
    columns->values = memory_array(columns->capacity, sizeof *columns->values);
    columns->list_of = memory_array(columns->capacity, sizeof *columns->list_of);
    columns->lengths = memory_array(columns->capacity, sizeof *columns->lengths);
    columns->forms = memory_array(columns->capacity, sizeof *columns->forms);
}

void block_room_free(struct block_room *room) {
    if (!room)
        return;
    free_columns(&room->columns);
    ZSTD_freeDCtx(room->context);
    g_free(room->bytes);
    g_free(room->times);
    free(room);
}

/* Cleared for nothing. */
static void reserve_bytes(struct block_room *room, size_t size) {
    if (size < room->size)
        return;
    g_free(room->bytes);
    room->size = size + 1;
    room->bytes = g_malloc(room->size);
}

/* For the times that so many bytes can hold. */
static void reserve_times(struct block_room *room, size_t size) {
    if (size < room->time_count)
        return;
    g_free(room->times);
    room->time_count = size + 1;
    room->times = g_new(int64_t, room->time_count);
}

/* A block that is being read. */
struct reading {
    struct varint_reader reader;
    struct block_room *room;
    size_t list_count;
    size_t *list_lengths;
    const int64_t **lists;
    struct columns *columns;
    size_t count; /* of series */
    size_t longest;
};

/* Each of so many things takes a byte at least: what promises more is damaged. */
static size_t get_count(struct varint_reader *reader) {
    uint64_t count = varint_get(reader);
    reader->bad = reader->bad || count > (uint64_t)(reader->end - reader->at);
    return reader->bad ? 0 : (size_t)count;
}

static void read_list(struct reading *reading, int64_t *times, size_t length) {
    int64_t time = 0, step = 0;
    varint_get_many(&reading->reader, (uint64_t *)times, length);
    for (size_t i = 0; i < length; i++) {
        int64_t next = (int64_t)((uint64_t)step + (uint64_t)varint_unzigzag((uint64_t)times[i]));
        reading->reader.bad =
            reading->reader.bad || (i && next <= 0) || __builtin_add_overflow(time, next, &time);
        step = i ? next : 0;
        times[i] = time;
    }
}

static void read_lists(struct reading *reading) {
    struct varint_reader *reader = &reading->reader;
    int64_t *times = reading->room->times;
    size_t used = 0;
    reading->list_count = get_count(reader);
    reading->lists = memory_array(reading->list_count + 1, sizeof *reading->lists);
    reading->list_lengths = memory_array(reading->list_count + 1, sizeof *reading->list_lengths);
    for (size_t i = 0; i < reading->list_count && !reader->bad; i++) {
        size_t length = get_count(reader);
        reading->lists[i] = times + used;
        reading->list_lengths[i] = length;
        read_list(reading, times + used, length);
        used += length;
        reading->longest = MAX(reading->longest, length);
    }
}

static void read_columns(struct reading *reading) {
    struct varint_reader *reader = &reading->reader;
    const struct columns *columns = reading->columns;
    size_t count = reading->count;
    uint64_t id = 0;
    for (size_t i = 0; i < count; i++)
        columns->series[i].id = (int64_t)(id += varint_get(reader));
    for (size_t i = 0; i < count; i++) {
        uint64_t list = varint_get(reader);
        reader->bad = reader->bad || list >= reading->list_count;
        columns->list_of[i] = reader->bad ? 0 : (size_t)list;
        columns->series[i].count = reader->bad ? 0 : reading->list_lengths[list];
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t form = varint_get(reader);
        reader->bad = reader->bad || form >= FORMS;
        columns->forms[i] = reader->bad ? FORM_PLAIN : (enum block_form)form;
    }
}

/* The last column, the lengths of the values, tells where each begins. */
static void find_values(struct reading *reading) {
    struct varint_reader *reader = &reading->reader;
    const struct columns *columns = reading->columns;
    for (size_t i = 0; i < reading->count; i++)
        columns->lengths[i] = get_count(reader);
    const uint8_t *at = reader->at;
    for (size_t i = 0; i < reading->count && !reader->bad; i++) {
        columns->values[i] = at;
        reader->bad = columns->lengths[i] > (size_t)(reader->end - at);
        at += reader->bad ? 0 : columns->lengths[i];
    }
    columns->values[reading->count] = at;
    reader->bad = reader->bad || at != reader->end;
}

static void read_head(struct reading *reading) {
    read_lists(reading);
    reading->count = get_count(&reading->reader);
    reading->columns = &reading->room->columns;
    reserve_columns(reading->columns, reading->count);
    read_columns(reading);
    find_values(reading);
}

static void reading_done(struct reading *reading) {
    free(reading->list_lengths);
    free(reading->lists);
}

/* Where the values of the series belong; NULL when it is not wanted. */
static int64_t *place_of(const struct block_column *column, const struct block_visitor *visitor,
                         int64_t *own) {
    if (!column->count || column->id < visitor->first || column->id > visitor->last)
        return NULL;
    return visitor->place ? visitor->place(visitor->context, column->id, column->count) : own;
}

/* False when the bytes do not hold as many values as there are times. */
static bool read_values(const struct reading *reading, size_t index, int64_t *values) {
    const struct columns *columns = reading->columns;
    struct varint_reader reader = {columns->values[index], columns->values[index + 1], false};
    return block_values_read(columns->forms[index], &reader, values, columns->series[index].count);
}

static bool visit(const struct reading *reading, const struct block_visitor *visitor) {
    int64_t *own = visitor->place ? NULL : g_new(int64_t, reading->longest + 1);
    const struct columns *columns = reading->columns;
    bool good = true;
    for (size_t i = 0; good && i < reading->count; i++) {
        struct block_column column = columns->series[i];
        int64_t *values = place_of(&column, visitor, own);
        if (!values)
            continue;
        good = read_values(reading, i, values);
        column.times = reading->lists[columns->list_of[i]];
        column.values = values;
        column.same = columns->forms[i] == FORM_SAME;
        if (good)
            visitor->series(visitor->context, &column);
    }
    g_free(own);
    return good;
}

/* How many bytes zstd got; false when nobody would have given it so many. */
static bool length_of(const void *data, size_t size, size_t *length) {
    unsigned long long expected = ZSTD_getFrameContentSize(data, size);
    *length = (size_t)expected;
    return expected <= MAX_DECODED; /* what is not known is a large number too */
}

/* There is room for the length at the place. False when it is not as it was. */
static bool decompress(struct block_room *room, const void *data, size_t size, uint8_t *place,
                       size_t length) {
    size_t got = ZSTD_decompressDCtx(room->context, place, length, data, size);
    return !ZSTD_isError(got) && got == length;
}

/* What zstd got is in the room; false when it is not as it was. */
static bool unpack(struct block_room *room, const void *data, size_t size, size_t *length) {
    if (!length_of(data, size, length))
        return false;
    reserve_bytes(room, *length);
    return decompress(room, data, size, room->bytes, *length);
}

static bool fail_sum(struct error *error) {
    return error_set(error, ERROR_PROTOCOL, "its checksum does not fit");
}

bool block_unpack(struct block_room *room, const void *data, size_t size, GByteArray *bytes,
                  struct error *error) {
    size_t length = 0;
    guint before = bytes->len;
    if (!length_of(data, size, &length) || length > G_MAXUINT / 2 - before)
        return fail_sum(error);
    g_byte_array_set_size(bytes, before + (guint)length);
    if (decompress(room, data, size, bytes->data + before, length))
        return true;
    g_byte_array_set_size(bytes, before);
    return fail_sum(error);
}

bool block_read(const uint8_t *bytes, size_t size, const struct block_visitor *visitor,
                struct error *error) {
    struct block_room *room = visitor->room;
    struct reading reading = {.reader = {bytes, bytes + size, false}, .room = room};
    reserve_times(room, size);
    read_head(&reading);
    bool good = !reading.reader.bad && visit(&reading, visitor);
    reading_done(&reading);
    return good || error_set(error, ERROR_PROTOCOL, "its content makes no sense");
}

bool block_decode(const void *data, size_t size, const struct block_visitor *visitor,
                  struct error *error) {
    struct block_room *own = visitor->room ? NULL : block_room_new();
    struct block_visitor with_room = *visitor;
    with_room.room = own ? own : visitor->room;
    size_t length = 0;
    bool good = unpack(with_room.room, data, size, &length)
                    ? block_read(with_room.room->bytes, length, &with_room, error)
                    : fail_sum(error);
    block_room_free(own);
    return good;
}

bool block_oldest(const void *data, size_t size, struct block_room *room, int64_t *time) {
    size_t length = 0;
    if (!unpack(room, data, size, &length))
        return false;
    struct reading reading = {.reader = {room->bytes, room->bytes + length, false}, .room = room};
    reserve_times(room, length);
    read_lists(&reading);
    *time = INT64_MAX;
    for (size_t i = 0; i < reading.list_count && !reading.reader.bad; i++)
        if (reading.list_lengths[i])
            *time = MIN(*time, reading.lists[i][0]);
    bool good = !reading.reader.bad && *time != INT64_MAX;
    reading_done(&reading);
    return good;
}

void block_samples(const struct block_column *column, struct sample *samples) {
    size_t step = !column->same;
    for (size_t i = 0; i < column->count; i++)
        samples[i] = (struct sample){column->times[i], column->values[i * step]};
}
