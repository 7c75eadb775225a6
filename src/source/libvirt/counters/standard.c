/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/libvirt/counters/standard.h"

#include <string.h>

#include "source/libvirt/counters/counters.h"

const struct counter *standard_counter(const char *name) {
    for (size_t i = 0; i < libvirt_counter_count; i++)
        if (strcmp(libvirt_counters[i].counter.name, name) == 0)
            return &libvirt_counters[i].counter;
    return NULL;
}
