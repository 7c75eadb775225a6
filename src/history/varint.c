/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/varint.h"

#include <string.h>

enum { LONGEST = 10, WORD = 8, FEW = 4 };

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
    if (word & UINT64_C(0x8080808080808080))
        return false;
    for (size_t i = 0; i < WORD; i++, word >>= 8)
        numbers[i] = word & 0x7f;
    return true;
}

/*
 * Four numbers of one or two bytes: how long each is is computed, as no processor can guess it.
 * Returns how many bytes they take; 0 when there are longer ones among them.
 */
static size_t get_short(uint64_t word, uint64_t *numbers) {
    uint64_t longer = 0;
    unsigned used = 0;
    for (size_t i = 0; i < FEW; i++) {
        unsigned two = (unsigned)(word >> 7 & 1);
        longer |= two & word >> 15;
        numbers[i] = (word & 0x7f) | (word >> 1 & (0x3f80 & -(uint64_t)two));
        word >>= 8 + 8 * two;
        used += 1 + two;
    }
    return longer ? 0 : used;
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
        size_t used = get_short(word, numbers + i);
        reader->at += used;
        for (size_t k = 0; !used && k < FEW; k++)
            numbers[i + k] = varint_get(reader);
        i += FEW;
    }
    for (; i < count; i++)
        numbers[i] = varint_get(reader);
}
