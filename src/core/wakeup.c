/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A futex, since no call of the C library wakes all threads from within a handler. */
#include "core/wakeup.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

static const int64_t second_ns = 1000000000;

static atomic_uint wakeups;

unsigned wakeup_count(void) {
    return atomic_load(&wakeups);
}

void wakeup_all(void) {
    int saved = errno;
    atomic_fetch_add(&wakeups, 1);
    syscall(SYS_futex, &wakeups, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
    errno = saved;
}

void wakeup_sleep(unsigned count, int64_t ns) {
    /* As the kernel takes it, whatever time_t is. */
    const long time[] = {(long)(ns / second_ns), (long)(ns % second_ns)};
    syscall(SYS_futex, &wakeups, FUTEX_WAIT_PRIVATE, count, time, NULL, 0);
}
