/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/explain.h"

#include <stdlib.h>

#include "core/memory.h"

const struct explain_figure explain_figures[] = {
    {"percentiles",
     "type 7 of Hyndman and Fan (numpy's default) over all samples of the window, exact; where "
     "intervals differ, a sample counts once for each shortest interval that it covers (300 s "
     "beside 20 s: 15 times); a sample is an average over its interval, so that long intervals "
     "hide short bursts",
     "any", "Hyndman and Fan 1996; numpy.percentile"},
    {"average", "mean of the samples, weighted by the seconds that they cover", "any", NULL},
    {"CPU %",
     "guest: of all its vCPUs; host: of all cores at their nominal frequency, above 100 with turbo",
     "cpu.usage.average", "Broadcom KB 431027"},
    {"utilization %", "host: of the time of its threads, without turbo", "cpu.utilization.average",
     "Broadcom KB 431027"},
    {"core utilization %",
     "host: of the time of its cores, without turbo; a core is busy when one of its threads is",
     "cpu.coreUtilization.average", "Broadcom KB 431027"},
    {"ready %", "ms / interval / vCPUs, per sample, never summed over samples",
     "cpu.ready.summation", "Broadcom KB 444403"},
    {"co-stop %", "ms / interval / vCPUs, per sample", "cpu.costop.summation", NULL},
    {"memory needed",
     "what the guest tells; on KVM the percentage times the guest's memory; where nobody tells, it "
     "lies between active, which is below, and consumed, which is above",
     "guest.mem.needed.*, on KVM mem.usage.average; mem.active.average, mem.consumed.average",
     "VMware: memory metrics, 2019"},
    {"memory consumed", "host memory that a guest or all of a host takes", "mem.consumed.average",
     NULL},
    {"memory in percent",
     "not shown as it is: it means active on a guest of ESXi, and consumed on a host",
     "mem.usage.average", NULL},
    {"ballooned, swapped", "highest value", "mem.vmmemctl.average, mem.swapped.average", NULL},
    {"headroom",
     "cores x nominal MHz, and memory, less the p95 of the hosts added up time by time; with N "
     "hosts failed without the N largest, of CPU and of memory each; by demand, not by "
     "reservations",
     "cpu.usagemhz.average, mem.consumed.average", "vSphere HA: host failures"},
    {"more guests",
     "whole guests like the average one, and like the one at the p95 of all guests' p95, that fit "
     "into the headroom of CPU and memory",
     "cpu.usagemhz.average, mem.consumed.average", NULL},
    {"trend",
     "median of the slopes between all pairs of daily averages (UTC), with the interval that holds "
     "it in 95 % of cases; the cycle of the week taken out from 14 days on",
     "cpu.usagemhz.average, mem.consumed.average; space",
     "Theil 1950, Sen 1968; scipy.theilslopes"},
    {"days left, days to full",
     "headroom, or free space, / slope; 0 when it is full; none where the low end of the interval "
     "does not grow, or "
     "days are too few (14 whole ones; space: 7 with a reading; UTC)",
     "as trend", NULL},
    {"space used", "capacity less free space, averaged over each day",
     "guestDisk.*, space.capacity.latest, space.free.latest", NULL},
    {"provisioned %", "used and what may still grow, of the capacity", "space.provisioned.latest",
     "vCheck"},
    {"latency",
     "mean of reads and writes of all disks, weighted by requests; peak: the highest of a disk in "
     "an interval with requests",
     "virtualDisk.total…Latency.average, virtualDisk.number…Averaged.average", NULL},
    {"drops", "packets / interval", "net.droppedRx.summation", "Broadcom KB 312565"},
    {"x limit",
     "the peak of the figure that is farthest above its limit / that limit, which is a rule; "
     "balloon and swap in percent of the guest's memory; latency alone only above it",
     "those of ready, co-stop, balloon, swap, latency and drops", NULL},
    {"noisy beside it",
     "the other guest of the same host that used most in that interval; where its samples have "
     "another one, over the time that both cover",
     "cpu.usagemhz.average", NULL},
    {"share %", "rate x seconds, of the sum over all guests",
     "cpu.usagemhz.average, disk.usage.average, net.usage.average", NULL},
    {"hours of the week",
     "mean of all samples that end in this hour (UTC), of all weeks; one of more than an hour "
     "belongs to each hour that it covers, by seconds; one of a day to none",
     "cpu.usagemhz.average of the hosts", NULL},
    {"time above", "seconds of the samples above the limit",
     "cpu.usage.average, cpu.ready.summation", NULL},
    {"coverage", "seconds of the samples / seconds of the window", "cpu.usage.average", "RRDtool"},
    {"frees", "consumed memory beyond the new size, at least 0; fewer vCPUs free no MHz",
     "mem.consumed.average", "VMware Aria Operations: reclamation"},
    {"units", "GB, MB and KB are of 1024 bytes each; GHz of 1000 MHz", "any", NULL},
    {NULL, NULL, NULL, NULL},
};

static void put(struct grid *grid, const char *name, const char *formula, const char *counter,
                const char *source) {
    grid_text(grid, name);
    grid_text(grid, formula);
    grid_text(grid, counter);
    grid_text(grid, source);
    grid_end_row(grid, NULL, NULL);
}

struct grid *explain_list(const struct sizing_rules *rules) {
    static const struct grid_column columns[] = {
        {"figure", false, NULL},
        {"formula", false, NULL},
        {"counter", false, NULL},
        {"source", false, NULL},
    };
    struct grid *grid =
        grid_new("Figures: formula, counter, source", columns, G_N_ELEMENTS(columns));
    for (const struct explain_figure *one = explain_figures; one->name; one++)
        put(grid, one->name, one->formula, one->counter, one->source);
    for (size_t i = 0; i < SIZING_RULES; i++) {
        const struct sizing_rule_info *info = &sizing_rule_table[i];
        char *name = memory_printf("%s=%g", info->name, rules->value[i]);
        put(grid, name, info->meaning, NULL, info->source);
        free(name);
    }
    return grid;
}
