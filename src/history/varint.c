/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/varint.h"

#include <string.h>

enum { LONGEST = 10, WORD = 8, FEW = 4, BYTE_BITS = 8 };

static const uint64_t high_bits = UINT64_C(0x8080808080808080);

void varint_put(GByteArray *bytes, uint64_t number) {
    uint8_t text[LONGEST];
    guint length = 0;
    for (; number > 0x7f; number >>= 7)
        text[length++] = (uint8_t)(number | 0x80);
    text[length++] = (uint8_t)number;
    g_byte_array_append(bytes, text, length);
}

uint64_t varint_get_long(struct varint_reader *reader) {
    uint64_t number = 0;
    for (unsigned shift = 0; reader->at < reader->end; shift += 7) {
        uint8_t byte = *reader->at++;
        if (shift > 63 || (shift == 63 && byte > 1))
            break;
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return number;
    }
    reader->bad = true;
    return 0;
}

/* Eight numbers of one byte each; false when there are longer ones among them. */
static bool get_bytes(uint64_t word, uint64_t *numbers) {
    if (word & high_bits)
        return false;
    for (size_t i = 0; i < WORD; i++, word >>= 8)
        numbers[i] = word & 0x7f;
    return true;
}

/*
 * Four numbers of one or two bytes, of which the word has the first bytes: where each begins is
 * computed, as no processor can guess it. Returns how many bytes they take; 0 when there are longer
 * ones among what follows.
 */
static size_t get_short(const uint8_t *at, uint64_t word, uint64_t *numbers) {
    uint64_t more = word & high_bits, ends = ~word & high_bits;
    size_t begin = 0;
    if (more & more << BYTE_BITS)
        return 0;
    for (size_t i = 0; i < FEW; i++) {
        uint16_t pair = 0;
        memcpy(&pair, at + begin, sizeof pair);
        uint64_t number = GUINT16_FROM_LE(pair), two = number >> 7 & 1;
        numbers[i] = (number & 0x7f) | (number >> 1 & (0x3f80 & -two));
        begin = (size_t)__builtin_ctzll(ends) / BYTE_BITS + 1;
        ends &= ends - 1;
    }
    return begin;
}

void varint_get_many(struct varint_reader *reader, uint64_t *numbers, size_t count) {
    size_t i = 0;
    while (count - i >= WORD && reader->end - reader->at >= WORD) {
        uint64_t word = 0;
        memcpy(&word, reader->at, sizeof word);
        word = GUINT64_FROM_LE(word);
        if (get_bytes(word, numbers + i)) {
            i += WORD;
            reader->at += WORD;
            continue;
        }
        size_t used = get_short(reader->at, word, numbers + i);
        reader->at += used;
        for (size_t k = 0; !used && k < FEW; k++)
            numbers[i + k] = varint_get(reader);
        i += FEW;
    }
    for (; i < count; i++)
        numbers[i] = varint_get(reader);
}
