/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/block_values.h"

#include <string.h>

enum { WORD_BITS = 64, BYTE_BITS = 8 };

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

static bool read_packed(struct varint_reader *reader, int64_t *values, size_t count) {
    uint64_t lowest = (uint64_t)varint_unzigzag(varint_get(reader));
    uint64_t width = varint_get(reader);
    size_t room = (size_t)(reader->end - reader->at);
    if (reader->bad || width > WORD_BITS || room != (width * count + BYTE_BITS - 1) / BYTE_BITS)
        return false;
    size_t i = 0;
    if (width <= WORD_BITS - BYTE_BITS)
        for (; i < count && i * width / BYTE_BITS + sizeof(uint64_t) <= room; i++)
            values[i] = (int64_t)(lowest + get_word(reader->at, i * width, (unsigned)width));
    for (; i < count; i++)
        values[i] = (int64_t)(lowest + get_bits(reader->at, i * width, (unsigned)width));
    return true;
}

unsigned block_bits(uint64_t value) {
    return value ? WORD_BITS - (unsigned)__builtin_clzll(value) : 1;
}

struct block_word block_word_for(uint64_t range) {
    struct block_word best = {range + 1, 1, block_bits(range)};
    uint64_t highest = range;
    if (best.bits > WORD_BITS_MOST)
        return best;
    for (unsigned digits = 2; highest <= (UINT64_C(1) << WORD_BITS_MOST) / best.base; digits++) {
        highest = highest * best.base + range;
        unsigned bits = block_bits(highest);
        if (bits <= WORD_BITS_MOST && bits * best.digits < best.bits * digits)
            best = (struct block_word){best.base, digits, bits};
    }
    return best;
}

/* False when the word is more than its digits can say. */
static bool split(uint64_t word, uint64_t base, uint64_t lowest, int64_t *values, size_t count) {
    for (size_t i = 0; i < count; i++, word /= base)
        values[i] = (int64_t)(lowest + word % base);
    return word == 0;
}

static bool read_dense(struct varint_reader *reader, int64_t *values, size_t count) {
    uint64_t lowest = (uint64_t)varint_unzigzag(varint_get(reader));
    uint64_t range = varint_get(reader);
    size_t room = (size_t)(reader->end - reader->at);
    if (reader->bad || !range || range >> WORD_BITS_MOST)
        return false;
    const struct block_word form = block_word_for(range);
    size_t words = (count + form.digits - 1) / form.digits;
    if (form.bits > WORD_BITS_MOST || room != (words * form.bits + BYTE_BITS - 1) / BYTE_BITS)
        return false;
    for (size_t i = 0; i < words; i++) {
        size_t place = i * form.bits, at = i * form.digits;
        bool whole = place / BYTE_BITS + sizeof(uint64_t) <= room;
        uint64_t word =
            whole ? get_word(reader->at, place, form.bits) : get_bits(reader->at, place, form.bits);
        if (!split(word, form.base, lowest, values + at, MIN(form.digits, count - at)))
            return false;
    }
    return true;
}

/* Numbers as they are written become the values that they stand for. */
static void resolve_plain(int64_t *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        values[i] = varint_unzigzag((uint64_t)values[i]);
}

static void resolve_first(int64_t *values, size_t count) {
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++) {
        value += (uint64_t)varint_unzigzag((uint64_t)values[i]);
        values[i] = (int64_t)value;
    }
}

static void resolve_second(int64_t *values, size_t count) {
    uint64_t value = 0, step = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t number = (uint64_t)varint_unzigzag((uint64_t)values[i]);
        step = i > 1 ? step + number : number;
        value += step;
        values[i] = (int64_t)value;
    }
}

bool block_values_read(enum block_form form, struct varint_reader *reader, int64_t *values,
                       size_t count) {
    if (form == FORM_PACKED)
        return read_packed(reader, values, count);
    if (form == FORM_DENSE)
        return read_dense(reader, values, count);
    size_t numbers = form == FORM_SAME ? 1 : count;
    varint_get_many(reader, (uint64_t *)values, numbers);
    if (form == FORM_FIRST)
        resolve_first(values, numbers);
    else if (form == FORM_SECOND)
        resolve_second(values, numbers);
    else
        resolve_plain(values, numbers);
    return !reader->bad && reader->at == reader->end;
}
