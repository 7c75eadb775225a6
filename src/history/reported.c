/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/reported.h"

#include <fnmatch.h>
#include <glib.h>

/* As report/usage.c, report/latencies.c and report/space.c read them. */
static const struct {
    const char *pattern;
    bool devices; /* its instances count too */
} counters[] = {
    {"cpu.usage.average", false},
    {"cpu.usagemhz.average", false},
    {"cpu.utilization.average", false},
    {"cpu.coreUtilization.average", false},
    {"cpu.ready.summation", false},
    {"cpu.costop.summation", false},
    {"guest.mem.needed.*", false},
    {"mem.usage.average", false},
    {"mem.consumed.average", false},
    {"mem.active.average", false},
    {"mem.vmmemctl.average", false},
    {"mem.swapped.average", false},
    {"mem.swapused.average", false},
    {"disk.usage.average", false},
    {"net.usage.average", false},
    {"net.droppedRx.summation", false},
    {"virtualDisk.totalReadLatency.average", true},
    {"virtualDisk.numberReadAveraged.average", true},
    {"virtualDisk.totalWriteLatency.average", true},
    {"virtualDisk.numberWriteAveraged.average", true},
    {"guestDisk.capacity.latest", true},
    {"guestDisk.free.latest", true},
    {"space.capacity.latest", true},
    {"space.free.latest", true},
    {"space.provisioned.latest", true},
};

bool reported_has(const char *counter, const char *instance) {
    for (size_t i = 0; i < G_N_ELEMENTS(counters); i++)
        if ((counters[i].devices || !*instance) && fnmatch(counters[i].pattern, counter, 0) == 0)
            return true;
    return false;
}
