/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/varint.h"

enum { LONGEST = 10 };

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
