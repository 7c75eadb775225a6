/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/total.h"

int64_t total_add(int64_t total, int64_t value) {
    if (value <= 0)
        return total;
    return __builtin_add_overflow(total, value, &total) ? INT64_MAX : total;
}
