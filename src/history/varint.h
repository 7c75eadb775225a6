/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Whole numbers in as few bytes as they need: seven bits a byte, the lowest first (LEB128). */
#ifndef VPERF_HISTORY_VARINT_H
#define VPERF_HISTORY_VARINT_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is still to be read; an attempt to read more than there is makes it bad. */
struct varint_reader {
    const uint8_t *at;
    const uint8_t *end;
    bool bad;
};

/* varint_zigzag: numbers near zero, of both signs, as small ones: 0, -1, 1, -2 are 0, 1, 2, 3. */
static inline uint64_t varint_zigzag(int64_t number) {
    return ((uint64_t)number << 1) ^ (uint64_t)(number < 0 ? -1 : 0);
}

/* varint_unzigzag: the reverse of varint_zigzag. */
static inline int64_t varint_unzigzag(uint64_t code) {
    return (int64_t)(code >> 1 ^ (code & 1 ? UINT64_MAX : 0));
}

/* varint_put: appends a number. */
void varint_put(GByteArray *bytes, uint64_t number);

/* varint_get_long: varint_get of a number that may have more than one byte. */
uint64_t varint_get_long(struct varint_reader *reader);

/* varint_get: the next number; 0 when there is none, or when it has more than 64 bits. */
static inline uint64_t varint_get(struct varint_reader *reader) {
    const uint8_t *at = reader->at;
    if (reader->end - at > 1 && at[0] >= 0x80 && at[1] < 0x80) {
        reader->at += 2;
        return (uint64_t)(at[0] & 0x7f) | (uint64_t)at[1] << 7;
    }
    if (at < reader->end && *at < 0x80)
        return *reader->at++;
    return varint_get_long(reader);
}

/* varint_get_many: so many numbers. */
void varint_get_many(struct varint_reader *reader, uint64_t *numbers, size_t count);

#endif
