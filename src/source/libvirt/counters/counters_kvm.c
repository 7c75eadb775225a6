/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What libvirt knows of a guest and vSphere has no honest name for: the group kvm. */
#include "source/libvirt/counters/counters.h"

const struct libvirt_counter counters_kvm[] = {
    {
        .counter =
            {
                .name = "kvm.state.latest",
                .unit = "number",
                .rollup = "latest",
                .stats = "absolute",
                .label = "State",
                .summary = "State of the guest as libvirt numbers it: 1 running, 2 blocked, 3 "
                           "paused, 4 shutting down, 6 crashed, 7 suspended",
                .formula = "guest: state.state",
                .fidelity = "native",
            },
        .guest = {.compute = formula_value, .first = GUEST_STATE, .divisor = 1},
    },
    {
        .counter =
            {
                .name = "kvm.cpuTime.latest",
                .unit = "millisecond",
                .rollup = "latest",
                .stats = "absolute",
                .label = "CPU time",
                .summary = "CPU time that the guest has used since it was started",
                .formula = "guest: cpu.time",
                .fidelity = "native",
            },
        .guest = {.compute = formula_value, .first = GUEST_CPU_TIME, .divisor = 1000000},
    },
    {
        .counter =
            {
                .name = "kvm.cpuUser.summation",
                .unit = "millisecond",
                .rollup = "summation",
                .stats = "delta",
                .label = "User mode",
                .summary = "Time that all threads of the guest spent in user mode, the execution "
                           "of the guest included",
                .formula = "guest: D(cpu.user)",
                .fidelity = "native",
            },
        .guest = {.compute = formula_change, .first = GUEST_CPU_USER, .divisor = 1000000},
    },
    {
        .counter =
            {
                .name = "kvm.cpuKernel.summation",
                .unit = "millisecond",
                .rollup = "summation",
                .stats = "delta",
                .label = "Kernel mode",
                .summary = "Time that all threads of the guest spent in kernel mode",
                .formula = "guest: D(cpu.system)",
                .fidelity = "native",
            },
        .guest = {.compute = formula_change, .first = GUEST_CPU_SYSTEM, .divisor = 1000000},
    },
    {
        .counter =
            {
                .name = "kvm.haltPoll.summation",
                .unit = "millisecond",
                .rollup = "summation",
                .stats = "delta",
                .label = "Halt polling",
                .summary = "Time that the host waited busily for an idle vCPU",
                .formula = "guest: D(cpu.haltpoll.success.time + cpu.haltpoll.fail.time)",
                .fidelity = "native",
            },
        .guest = {.compute = formula_change,
                  .first = GUEST_HALTPOLL_SUCCESS,
                  .second = GUEST_HALTPOLL_FAIL,
                  .divisor = 1000000},
    },
    {
        .counter =
            {
                .name = "kvm.exits.summation",
                .unit = "number",
                .rollup = "summation",
                .stats = "delta",
                .label = "VM exits",
                .summary = "Number of times that a vCPU left the guest, KVM only",
                .formula = "guest: D(vcpu.N.exits.sum)",
                .fidelity = "native",
            },
        .guest = {.compute = formula_device_change,
                  .kind = DEVICE_VCPU,
                  .first = VCPU_EXITS,
                  .divisor = 1},
    },
    {
        .counter =
            {
                .name = "kvm.vcpuMaximum.latest",
                .unit = "number",
                .rollup = "latest",
                .stats = "absolute",
                .label = "Maximum vCPUs",
                .summary = "Number of vCPUs up to which the guest can be grown while it runs",
                .formula = "guest: vcpu.maximum",
                .fidelity = "native",
            },
        .guest = {.compute = formula_value, .first = GUEST_VCPU_MAXIMUM, .divisor = 1},
    },
    {
        .counter =
            {
                .name = "kvm.memCurrent.average",
                .unit = "kiloBytes",
                .rollup = "average",
                .stats = "absolute",
                .label = "Current memory",
                .summary = "Memory that the guest is allowed at the moment",
                .formula = "guest: balloon.current",
                .fidelity = "native",
            },
        .guest = {.compute = formula_value, .first = GUEST_MEMORY_CURRENT, .divisor = 1},
    },
    {
        .counter =
            {
                .name = "kvm.memMaximum.average",
                .unit = "kiloBytes",
                .rollup = "average",
                .stats = "absolute",
                .label = "Maximum memory",
                .summary = "Memory that the guest was started with or can be given",
                .formula = "guest: balloon.maximum",
                .fidelity = "native",
            },
        .guest = {.compute = formula_value, .first = GUEST_MEMORY_MAXIMUM, .divisor = 1},
    },
    {
        .counter =
            {
                .name = "kvm.memRss.average",
                .unit = "kiloBytes",
                .rollup = "average",
                .stats = "absolute",
                .label = "Resident memory",
                .summary = "Host memory of the QEMU process, its own included; huge pages are not",
                .formula = "guest: balloon.rss",
                .fidelity = "native",
            },
        .guest = {.compute = formula_value, .first = GUEST_RSS, .divisor = 1},
    },
    {
        .counter =
            {
                .name = "kvm.memAvailable.average",
                .unit = "kiloBytes",
                .rollup = "average",
                .stats = "absolute",
                .label = "Usable by the guest",
                .summary = "Memory that the guest system manages, as it reports itself",
                .formula = "guest: balloon.available",
                .fidelity = "native",
            },
        .guest = {.compute = formula_value, .first = GUEST_AVAILABLE, .divisor = 1},
    },
    {
        .counter =
            {
                .name = "kvm.memUnused.average",
                .unit = "kiloBytes",
                .rollup = "average",
                .stats = "absolute",
                .label = "Unused",
                .summary = "Memory that the guest uses for nothing, as it reports itself",
                .formula = "guest: balloon.unused",
                .fidelity = "native",
            },
        .guest = {.compute = formula_value, .first = GUEST_UNUSED, .divisor = 1},
    },
    {
        .counter =
            {
                .name = "kvm.memUsable.average",
                .unit = "kiloBytes",
                .rollup = "average",
                .stats = "absolute",
                .label = "Reclaimable",
                .summary =
                    "Memory that the guest could hand out without swapping, as it reports itself",
                .formula = "guest: balloon.usable",
                .fidelity = "native",
            },
        .guest = {.compute = formula_value, .first = GUEST_USABLE, .divisor = 1},
    },
    {
        .counter =
            {
                .name = "kvm.memUsed.average",
                .unit = "kiloBytes",
                .rollup = "average",
                .stats = "absolute",
                .label = "Used",
                .summary = "Memory in use in the guest, its page cache included",
                .formula = "guest: balloon.available - balloon.unused",
                .fidelity = "native",
            },
        .guest = {.compute = formula_memory_used},
    },
    {
        .counter =
            {
                .name = "kvm.balloonAge.latest",
                .unit = "second",
                .rollup = "latest",
                .stats = "absolute",
                .label = "Age of the memory report",
                .summary =
                    "Time since the guest last reported its memory; a stale report is left out",
                .formula = "guest: now - balloon.last-update",
                .fidelity = "native",
            },
        .guest = {.compute = formula_value, .first = GUEST_REPORT_AGE, .divisor = 1},
    },
    {
        .counter =
            {
                .name = "kvm.guestSwapInRate.average",
                .unit = "kiloBytesPerSecond",
                .rollup = "average",
                .stats = "rate",
                .label = "Guest swap-in rate",
                .summary = "Rate at which the guest swaps in from its own swap device",
                .formula = "guest: D(balloon.swap_in) / time between two memory reports",
                .fidelity = "native",
            },
        .guest = {.compute = formula_report_rate, .first = GUEST_SWAP_IN, .divisor = 1},
    },
    {
        .counter =
            {
                .name = "kvm.guestSwapIn.latest",
                .unit = "kiloBytes",
                .rollup = "latest",
                .stats = "absolute",
                .label = "Guest swap-in",
                .summary =
                    "Amount that the guest has swapped in from its own swap device since it booted",
                .formula = "guest: balloon.swap_in",
                .fidelity = "native",
            },
        .guest = {.compute = formula_value, .first = GUEST_SWAP_IN, .divisor = 1},
    },
    {
        .counter =
            {
                .name = "kvm.guestSwapOutRate.average",
                .unit = "kiloBytesPerSecond",
                .rollup = "average",
                .stats = "rate",
                .label = "Guest swap-out rate",
                .summary = "Rate at which the guest swaps out to its own swap device",
                .formula = "guest: D(balloon.swap_out) / time between two memory reports",
                .fidelity = "native",
            },
        .guest = {.compute = formula_report_rate, .first = GUEST_SWAP_OUT, .divisor = 1},
    },
    {
        .counter =
            {
                .name = "kvm.guestSwapOut.latest",
                .unit = "kiloBytes",
                .rollup = "latest",
                .stats = "absolute",
                .label = "Guest swap-out",
                .summary =
                    "Amount that the guest has swapped out to its own swap device since it booted",
                .formula = "guest: balloon.swap_out",
                .fidelity = "native",
            },
        .guest = {.compute = formula_value, .first = GUEST_SWAP_OUT, .divisor = 1},
    },
    {
        .counter =
            {
                .name = "kvm.guestMajorFaults.summation",
                .unit = "number",
                .rollup = "summation",
                .stats = "delta",
                .label = "Guest major faults",
                .summary = "Number of major page faults in the guest between two memory reports",
                .formula = "guest: D(balloon.major_fault)",
                .fidelity = "native",
            },
        .guest = {.compute = formula_report_change, .first = GUEST_MAJOR_FAULT, .divisor = 1},
    },
    {
        .counter =
            {
                .name = "kvm.guestMajorFaults.latest",
                .unit = "number",
                .rollup = "latest",
                .stats = "absolute",
                .label = "Guest major faults, total",
                .summary = "Number of major page faults in the guest since it booted",
                .formula = "guest: balloon.major_fault",
                .fidelity = "native",
            },
        .guest = {.compute = formula_value, .first = GUEST_MAJOR_FAULT, .divisor = 1},
    },
    {
        .counter =
            {
                .name = "kvm.guestMinorFaults.summation",
                .unit = "number",
                .rollup = "summation",
                .stats = "delta",
                .label = "Guest minor faults",
                .summary = "Number of minor page faults in the guest between two memory reports",
                .formula = "guest: D(balloon.minor_fault)",
                .fidelity = "native",
            },
        .guest = {.compute = formula_report_change, .first = GUEST_MINOR_FAULT, .divisor = 1},
    },
    {
        .counter =
            {
                .name = "kvm.guestMinorFaults.latest",
                .unit = "number",
                .rollup = "latest",
                .stats = "absolute",
                .label = "Guest minor faults, total",
                .summary = "Number of minor page faults in the guest since it booted",
                .formula = "guest: balloon.minor_fault",
                .fidelity = "native",
            },
        .guest = {.compute = formula_value, .first = GUEST_MINOR_FAULT, .divisor = 1},
    },
    {.counter = {.name = NULL}},
};
