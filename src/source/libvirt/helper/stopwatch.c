/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* When a call was made. */
#include "source/libvirt/helper/stopwatch.h"

#include <stddef.h>

#include "core/clock.h"

static const int64_t second_ns = 1000000000;

void stopwatch_begin(struct stopwatch *watch) {
    watch->begin_ns = clock_boot_ns();
    watch->end_ns = watch->begin_ns;
}

void stopwatch_end(struct stopwatch *watch) {
    watch->end_ns = clock_boot_ns();
    watch->wall_ns = clock_real_ns();
}

int64_t stopwatch_stamp(const struct stopwatch *watch, int64_t *time_ns, int64_t *duration_ns,
                        int64_t *wall_seconds) {
    int64_t wall_ns = watch->wall_ns - (watch->end_ns - watch->begin_ns) / 2;

    *duration_ns = watch->end_ns - watch->begin_ns;
    *time_ns = watch->begin_ns + *duration_ns / 2;
    if (wall_seconds)
        *wall_seconds = wall_ns / second_ns;
    return wall_ns;
}
