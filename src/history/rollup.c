/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/rollup.h"

#include <glib.h>
#include <stdlib.h>

#include "core/memory.h"

enum { HOUR_SECONDS = 3600 };

static int compare(const void *a, const void *b) {
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static int64_t add(int64_t left, int64_t right) {
    int64_t sum = 0;
    if (!__builtin_add_overflow(left, right, &sum))
        return sum;
    return right > 0 ? INT64_MAX : INT64_MIN;
}

struct rollup rollup_make(const struct sample *samples, size_t count) {
    struct rollup rollup = {.samples = count};
    int64_t *values = memory_array(count, sizeof *values);
    for (size_t i = 0; i < count; i++) {
        values[i] = samples[i].value;
        rollup.sum = add(rollup.sum, samples[i].value);
    }
    qsort(values, count, sizeof *values, compare);
    rollup.minimum = values[0];
    rollup.maximum = values[count - 1];
    rollup.p95 = values[(count * 95 + 99) / 100 - 1];
    free(values);
    return rollup;
}

int64_t rollup_hour(int64_t time) {
    int64_t last = time - 1;
    return last / HOUR_SECONDS - (last % HOUR_SECONDS < 0);
}
