/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "push/helper/encoding.h"

const struct encoding *encoding_of(enum push_protocol protocol) {
    return protocol == PUSH_INFLUX ? &encoding_influx : &encoding_remote_write;
}

size_t encoding_cut(const struct encoding *encoding, const guint8 *items, size_t size,
                    size_t limit) {
    size_t cut = 0;
    while (cut < size) {
        size_t length = encoding->length(items + cut, size - cut);
        if (cut && cut + length > limit)
            break;
        cut += length;
    }
    return cut;
}
