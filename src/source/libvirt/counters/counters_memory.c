/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The counters of memory and system that libvirt can give under vSphere's names. */
#include "source/libvirt/counters/counters.h"

const struct libvirt_counter counters_memory[] = {
    {
        .counter =
            {
                .name = "mem.usage.average",
                .unit = "percent",
                .rollup = "average",
                .stats = "absolute",
                .label = "Host consumed %",
                .summary = "Percentage of host physical memory that has been consumed",
                .formula = "guest: (balloon.available - balloon.usable) / balloon.available, "
                           "unused where there is no usable; ESXi shows active memory here; host: "
                           "(total - free - buffers - cached) / total",
                .fidelity = "approximate",
            },
        .guest = {.compute = formula_memory_usage},
        .host = {.compute = formula_host_memory_usage},
    },
    {
        .counter =
            {
                .name = "mem.consumed.average",
                .unit = "kiloBytes",
                .rollup = "average",
                .stats = "absolute",
                .label = "Consumed",
                .summary = "Amount of host physical memory consumed for backing up guest physical "
                           "memory pages",
                .formula = "guest: min(balloon.rss, balloon.current), an upper bound, absent with "
                           "huge pages; host: total - free - buffers - cached",
                .fidelity = "approximate",
            },
        .guest = {.compute = formula_memory_consumed},
        .host = {.compute = formula_host_memory_consumed},
    },
    {
        .counter =
            {
                .name = "mem.granted.average",
                .unit = "kiloBytes",
                .rollup = "average",
                .stats = "absolute",
                .label = "Granted",
                .summary = "Amount of host physical memory or physical memory that is mapped for a "
                           "virtual machine or a host",
                .formula = "guest: min(balloon.rss, balloon.current), as mem.consumed",
                .fidelity = "approximate",
            },
        .guest = {.compute = formula_memory_consumed},
    },
    {
        .counter =
            {
                .name = "mem.vmmemctl.average",
                .unit = "kiloBytes",
                .rollup = "average",
                .stats = "absolute",
                .label = "Ballooned memory",
                .summary = "Amount of guest physical memory reclaimed from the virtual machine by "
                           "the balloon driver in the guest",
                .formula = "guest: max(0, balloon.maximum - balloon.current), set by an "
                           "administrator, not by pressure; host: sum over running guests",
                .fidelity = "close",
            },
        .guest = {.compute = formula_memory_balloon},
        .host = {.compute = formula_host_guest_balloon},
    },
    {
        .counter =
            {
                .name = "mem.capacity.provisioned.average",
                .unit = "kiloBytes",
                .rollup = "average",
                .stats = "absolute",
                .label = "Memory Capacity Provisioned",
                .summary = "Total amount of memory available to the host",
                .formula = "host: total of virNodeGetMemoryStats",
                .fidelity = "exact",
            },
        .host = {.compute = formula_host_memory_total},
    },
    {
        .counter =
            {
                .name = "mem.consumed.vms.average",
                .unit = "kiloBytes",
                .rollup = "average",
                .stats = "absolute",
                .label = "Memory Consumed by VMs",
                .summary = "Amount of physical memory consumed by VMs on this host",
                .formula = "host: sum of mem.consumed over running guests",
                .fidelity = "approximate",
            },
        .host = {.compute = formula_host_guest_consumed},
    },
    {
        .counter =
            {
                .name = "mem.shared.average",
                .unit = "kiloBytes",
                .rollup = "average",
                .stats = "absolute",
                .label = "Shared",
                .summary = "Amount of guest physical memory that is shared within a single virtual "
                           "machine or across virtual machines",
                .formula = "host: KSM pages, (shm_pages_shared + shm_pages_sharing) * page size",
                .fidelity = "close",
            },
        .host = {.compute = formula_host_pages,
                 .first = HOST_PAGES_SHARED,
                 .second = HOST_PAGES_SHARING},
    },
    {
        .counter =
            {
                .name = "mem.sharedcommon.average",
                .unit = "kiloBytes",
                .rollup = "average",
                .stats = "absolute",
                .label = "Shared common",
                .summary = "Amount of host physical memory that backs shared guest physical memory "
                           "(Shared)",
                .formula = "host: KSM pages, shm_pages_shared * page size",
                .fidelity = "close",
            },
        .host = {.compute = formula_host_pages, .first = HOST_PAGES_SHARED},
    },
    {
        .counter =
            {
                .name = "sys.uptime.latest",
                .unit = "second",
                .rollup = "latest",
                .stats = "absolute",
                .label = "Uptime",
                .summary = "Total time elapsed, in seconds, since last system startup",
                .formula = "guest: age of the QEMU process, local qemu:///system only; starts "
                           "again with a live migration",
                .fidelity = "close",
            },
        .guest = {.compute = formula_value, .first = GUEST_UPTIME, .divisor = 1},
    },
    {.counter = {.name = NULL}},
};
