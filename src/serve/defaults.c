/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * About 40 counters of a guest and 60 of a host, so that 1000 guests are fewer than 60,000 series:
 * what tells of use, need, contention and errors. Left out: minima and maxima; what others say in
 * another unit; the instances of CPUs and NICs, whose sum is there; what only support asks for. Of
 * devices, virtual disks, adapters and datastores are in, since they have no aggregate that says
 * which of them is slow.
 */
#include "serve/defaults.h"

#include <stdlib.h>
#include <string.h>

enum { GUEST = 1 << ENTITY_VM, HOST = 1 << ENTITY_HOST, BOTH = GUEST | HOST };
enum { WHOLE, DEVICES };

/* By name: they are looked for by halving. */
static const struct served {
    const char *name;
    unsigned types;
    int instances;
} served[] = {
    {"cpu.coreUtilization.average", HOST, WHOLE},
    {"cpu.costop.summation", BOTH, WHOLE},
    {"cpu.demand.average", BOTH, WHOLE},
    {"cpu.idle.summation", HOST, WHOLE},
    {"cpu.latency.average", BOTH, WHOLE},
    {"cpu.maxlimited.summation", GUEST, WHOLE},
    {"cpu.readiness.average", BOTH, WHOLE},
    {"cpu.ready.summation", BOTH, WHOLE},
    {"cpu.reservedCapacity.average", HOST, WHOLE},
    {"cpu.run.summation", GUEST, WHOLE},
    {"cpu.swapwait.summation", BOTH, WHOLE},
    {"cpu.totalCapacity.average", HOST, WHOLE},
    {"cpu.usage.average", BOTH, WHOLE},
    {"cpu.usagemhz.average", BOTH, WHOLE},
    {"cpu.used.summation", BOTH, WHOLE},
    {"cpu.utilization.average", HOST, WHOLE},
    {"cpu.wait.summation", BOTH, WHOLE},
    {"datastore.maxTotalLatency.latest", HOST, WHOLE},
    {"datastore.numberReadAveraged.average", HOST, DEVICES},
    {"datastore.numberWriteAveraged.average", HOST, DEVICES},
    {"datastore.totalReadLatency.average", HOST, DEVICES},
    {"datastore.totalWriteLatency.average", HOST, DEVICES},
    {"disk.busResets.summation", HOST, WHOLE},
    {"disk.commandsAborted.summation", HOST, WHOLE},
    {"disk.deviceLatency.average", HOST, WHOLE},
    {"disk.kernelLatency.average", HOST, WHOLE},
    {"disk.maxTotalLatency.latest", BOTH, WHOLE},
    {"disk.queueLatency.average", HOST, WHOLE},
    {"disk.read.average", BOTH, WHOLE},
    {"disk.usage.average", BOTH, WHOLE},
    {"disk.write.average", BOTH, WHOLE},
    {"mem.active.average", BOTH, WHOLE},
    {"mem.compressed.average", BOTH, WHOLE},
    {"mem.consumed.average", BOTH, WHOLE},
    {"mem.granted.average", BOTH, WHOLE},
    {"mem.heapfree.average", HOST, WHOLE},
    {"mem.latency.average", BOTH, WHOLE},
    {"mem.llSwapUsed.average", HOST, WHOLE},
    {"mem.overhead.average", BOTH, WHOLE},
    {"mem.reservedCapacity.average", HOST, WHOLE},
    {"mem.shared.average", BOTH, WHOLE},
    {"mem.sharedcommon.average", HOST, WHOLE},
    {"mem.state.latest", HOST, WHOLE},
    {"mem.swapinRate.average", BOTH, WHOLE},
    {"mem.swapoutRate.average", BOTH, WHOLE},
    {"mem.swapped.average", GUEST, WHOLE},
    {"mem.swapused.average", HOST, WHOLE},
    {"mem.sysUsage.average", HOST, WHOLE},
    {"mem.totalCapacity.average", HOST, WHOLE},
    {"mem.unreserved.average", HOST, WHOLE},
    {"mem.usage.average", BOTH, WHOLE},
    {"mem.vmmemctl.average", BOTH, WHOLE},
    {"net.droppedRx.summation", BOTH, WHOLE},
    {"net.droppedTx.summation", BOTH, WHOLE},
    {"net.errorsRx.summation", BOTH, WHOLE},
    {"net.errorsTx.summation", BOTH, WHOLE},
    {"net.packetsRx.summation", BOTH, WHOLE},
    {"net.packetsTx.summation", BOTH, WHOLE},
    {"net.received.average", BOTH, WHOLE},
    {"net.transmitted.average", BOTH, WHOLE},
    {"net.usage.average", BOTH, WHOLE},
    {"power.energy.summation", HOST, WHOLE},
    {"power.power.average", BOTH, WHOLE},
    {"power.powerCap.average", HOST, WHOLE},
    {"storageAdapter.commandsAveraged.average", HOST, DEVICES},
    {"storageAdapter.totalReadLatency.average", HOST, DEVICES},
    {"storageAdapter.totalWriteLatency.average", HOST, DEVICES},
    {"sys.osUptime.latest", GUEST, WHOLE},
    {"sys.uptime.latest", BOTH, WHOLE},
    {"virtualDisk.numberReadAveraged.average", GUEST, DEVICES},
    {"virtualDisk.numberWriteAveraged.average", GUEST, DEVICES},
    {"virtualDisk.totalReadLatency.average", GUEST, DEVICES},
    {"virtualDisk.totalWriteLatency.average", GUEST, DEVICES},
};
enum { SERVED = sizeof served / sizeof *served };

void defaults_select(struct globs *counters) {
    for (size_t i = 0; i < SERVED; i++)
        globs_add(counters, served[i].name);
}

static int compare_name(const void *name, const void *entry) {
    return strcmp(name, ((const struct served *)entry)->name);
}

bool defaults_have(const struct series *series) {
    const struct served *found =
        bsearch(series->counter->name, served, SERVED, sizeof *served, compare_name);
    return found && found->types & 1U << series->entity->type &&
           (!*series->instance || found->instances == DEVICES);
}
