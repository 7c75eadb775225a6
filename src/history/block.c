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

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "core/memory.h"
#include "history/varint.h"

/* How values are written. */
enum form {
    FORM_PLAIN,  /* as they are */
    FORM_FIRST,  /* differences */
    FORM_SECOND, /* differences of differences, for what grows steadily */
    FORM_SAME,   /* one value for all */
    FORM_PACKED, /* the lowest, a width, then what each is above it in so many bits, for noise */
    FORMS,
    VARINT_FORMS = FORM_SAME,
};

enum {
    MAX_DECODED = 64 * 1024 * 1024,
    COLUMNS = 4,
    NARROW_BITS = 8, /* below, bytes are whole numbers, which zstd sees */
    WORD_BITS = 64,
    BYTE_BITS = 8,
};

/* Unsigned: what runs over comes back when it is added again. */
static uint64_t difference(const struct sample *samples, size_t index, enum form form) {
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

/* zstd makes about one and a half bits more of a number than it has, unless all are alike. */
static bool is_noise(const struct block_series *series, uint64_t bits) {
    int64_t lowest = 0;
    unsigned width = g_bit_storage(range_of(series, &lowest));
    return width > NARROW_BITS && width * series->count <= bits + series->count * 3 / 2;
}

/* The form whose numbers have the fewest bits. */
static enum form choose_form(const struct block_series *series) {
    uint64_t bits[VARINT_FORMS] = {0};
    if (is_same(series))
        return FORM_SAME;
    for (size_t i = 0; i < series->count; i++)
        for (enum form form = 0; form < VARINT_FORMS; form++)
            bits[form] +=
                g_bit_storage(varint_zigzag((int64_t)difference(series->samples, i, form)));
    enum form best = FORM_FIRST;
    for (enum form form = 0; form < VARINT_FORMS; form++)
        if (bits[form] < bits[best])
            best = form;
    return is_noise(series, bits[best]) ? FORM_PACKED : best;
}

static void put_packed(GByteArray *bytes, const struct block_series *series) {
    int64_t lowest = 0;
    unsigned width = g_bit_storage(range_of(series, &lowest));
    uint8_t byte = 0;
    unsigned used = 0;
    varint_put(bytes, varint_zigzag(lowest));
    varint_put(bytes, width);
    for (size_t i = 0; i < series->count; i++) {
        uint64_t value = (uint64_t)series->samples[i].value - (uint64_t)lowest;
        for (unsigned bit = 0; bit < width; bit++) {
            byte = (uint8_t)(byte | (value >> bit & 1) << used);
            if (++used < BYTE_BITS)
                continue;
            g_byte_array_append(bytes, &byte, 1);
            byte = 0;
            used = 0;
        }
    }
    if (used)
        g_byte_array_append(bytes, &byte, 1);
}

static void put_values(GByteArray *bytes, const struct block_series *series, enum form form) {
    size_t count = form == FORM_SAME ? 1 : series->count;
    if (form == FORM_PACKED) {
        put_packed(bytes, series);
        return;
    }
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
        enum form form = choose_form(&series[i]);
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

/* What is known of each series of a block before its values are read. */
struct columns {
    struct block_series *series; /* count and id; samples are not there yet */
    const uint8_t **values;      /* where those of each series begin */
    size_t *list_of;
    size_t *lengths;
    enum form *forms;
    size_t capacity;
};

struct block_room {
    ZSTD_DCtx *context;
    uint8_t *bytes; /* that zstd got */
    size_t size;
    struct sample *times; /* of its lists */
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

/* Room for so many bytes, and for the times that they can hold; cleared for nothing. */
static void reserve(struct block_room *room, size_t size) {
    if (size < room->size)
        return;
    g_free(room->bytes);
    g_free(room->times);
    room->size = size + 1;
    room->bytes = g_malloc(room->size);
    room->times = g_new(struct sample, room->size);
}

/* A block that is being read. */
struct reading {
    struct varint_reader reader;
    struct block_room *room;
    size_t list_count;
    size_t *list_lengths;
    const struct sample **lists; /* the times alone */
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

static void read_list(struct reading *reading, struct sample *times, size_t length) {
    int64_t time = 0, step = 0;
    for (size_t i = 0; i < length; i++) {
        int64_t next =
            (int64_t)((uint64_t)step + (uint64_t)varint_unzigzag(varint_get(&reading->reader)));
        reading->reader.bad =
            reading->reader.bad || (i && next <= 0) || __builtin_add_overflow(time, next, &time);
        step = i ? next : 0;
        times[i].time = time;
    }
}

static void read_lists(struct reading *reading) {
    struct varint_reader *reader = &reading->reader;
    struct sample *times = reading->room->times;
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
        columns->forms[i] = reader->bad ? FORM_PLAIN : (enum form)form;
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

static uint64_t get_bits(const uint8_t *bytes, size_t place, unsigned width) {
    uint64_t value = 0;
    for (unsigned bit = 0; bit < width;) {
        unsigned used = (place + bit) % BYTE_BITS;
        unsigned take = MIN(BYTE_BITS - used, width - bit);
        uint64_t piece = bytes[(place + bit) / BYTE_BITS] >> used & ((1U << take) - 1);
        value |= piece << bit;
        bit += take;
    }
    return value;
}

/* get_bits where a whole word can be read, of which a byte may be used already. */
static uint64_t get_word(const uint8_t *bytes, size_t place, unsigned width) {
    uint64_t word = 0;
    memcpy(&word, bytes + place / BYTE_BITS, sizeof word);
    word = GUINT64_FROM_LE(word) >> place % BYTE_BITS;
    return word & ((UINT64_C(1) << width) - 1);
}

static bool read_packed(struct varint_reader *reader, struct sample *samples, size_t count) {
    uint64_t lowest = (uint64_t)varint_unzigzag(varint_get(reader));
    uint64_t width = varint_get(reader);
    size_t room = (size_t)(reader->end - reader->at);
    if (reader->bad || width > WORD_BITS || room != (width * count + BYTE_BITS - 1) / BYTE_BITS)
        return false;
    size_t i = 0;
    if (width <= WORD_BITS - BYTE_BITS)
        for (; i < count && i * width / BYTE_BITS + sizeof(uint64_t) <= room; i++)
            samples[i].value = (int64_t)(lowest + get_word(reader->at, i * width, (unsigned)width));
    for (; i < count; i++)
        samples[i].value = (int64_t)(lowest + get_bits(reader->at, i * width, (unsigned)width));
    return true;
}

static void read_same(struct varint_reader *reader, struct sample *samples, size_t count) {
    int64_t value = varint_unzigzag(varint_get(reader));
    for (size_t i = 0; i < count; i++)
        samples[i].value = value;
}

static void read_plain(struct varint_reader *reader, struct sample *samples, size_t count) {
    for (size_t i = 0; i < count; i++)
        samples[i].value = varint_unzigzag(varint_get(reader));
}

static void read_first(struct varint_reader *reader, struct sample *samples, size_t count) {
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++) {
        value += (uint64_t)varint_unzigzag(varint_get(reader));
        samples[i].value = (int64_t)value;
    }
}

static void read_second(struct varint_reader *reader, struct sample *samples, size_t count) {
    uint64_t value = 0, step = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t number = (uint64_t)varint_unzigzag(varint_get(reader));
        step = i > 1 ? step + number : number;
        value += step;
        samples[i].value = (int64_t)value;
    }
}

/* False when the bytes do not hold as many values as there are times. */
static bool read_values(const struct reading *reading, size_t index, struct sample *samples) {
    const struct columns *columns = reading->columns;
    struct varint_reader reader = {columns->values[index], columns->values[index + 1], false};
    size_t count = columns->series[index].count;
    switch (columns->forms[index]) {
    case FORM_PACKED:
        return read_packed(&reader, samples, count);
    case FORM_SAME:
        read_same(&reader, samples, count);
        break;
    case FORM_PLAIN:
        read_plain(&reader, samples, count);
        break;
    case FORM_FIRST:
        read_first(&reader, samples, count);
        break;
    default:
        read_second(&reader, samples, count);
        break;
    }
    return !reader.bad && reader.at == reader.end;
}

/* Where the samples of the series belong; NULL when it is not wanted. */
static struct sample *place_of(const struct block_series *series,
                               const struct block_visitor *visitor, struct sample *own) {
    if (!series->count || series->id < visitor->first || series->id > visitor->last)
        return NULL;
    return visitor->place ? visitor->place(visitor->context, series->id, series->count) : own;
}

static bool visit(const struct reading *reading, const struct block_visitor *visitor) {
    struct sample *own = visitor->place ? NULL : g_new(struct sample, reading->longest + 1);
    const struct columns *columns = reading->columns;
    bool good = true;
    for (size_t i = 0; good && i < reading->count; i++) {
        struct block_series series = columns->series[i];
        struct sample *samples = place_of(&series, visitor, own);
        if (!samples)
            continue;
        memcpy(samples, reading->lists[columns->list_of[i]], series.count * sizeof *samples);
        good = read_values(reading, i, samples);
        series.samples = samples;
        if (good)
            visitor->series(visitor->context, &series);
    }
    g_free(own);
    return good;
}

/* What zstd got is in the room; false when it is not as it was. */
static bool unpack(struct block_room *room, const void *data, size_t size, size_t *length) {
    unsigned long long expected = ZSTD_getFrameContentSize(data, size);
    if (expected > MAX_DECODED) /* what is not known is a large number too */
        return false;
    reserve(room, (size_t)expected);
    *length = ZSTD_decompressDCtx(room->context, room->bytes, (size_t)expected, data, size);
    return !ZSTD_isError(*length) && *length == expected;
}

static bool decode(struct block_room *room, const void *data, size_t size,
                   const struct block_visitor *visitor, struct error *error) {
    size_t length = 0;
    if (!unpack(room, data, size, &length))
        return error_set(error, ERROR_PROTOCOL, "its checksum does not fit");
    struct reading reading = {.reader = {room->bytes, room->bytes + length, false}, .room = room};
    read_head(&reading);
    bool good = !reading.reader.bad && visit(&reading, visitor);
    reading_done(&reading);
    return good || error_set(error, ERROR_PROTOCOL, "its content makes no sense");
}

bool block_decode(const void *data, size_t size, const struct block_visitor *visitor,
                  struct error *error) {
    struct block_room *own = visitor->room ? NULL : block_room_new();
    bool good = decode(own ? own : visitor->room, data, size, visitor, error);
    block_room_free(own);
    return good;
}
