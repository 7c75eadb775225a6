/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The counters of CPU that libvirt can give under vSphere's names. */
#include "source/libvirt/counters/counters.h"

const struct libvirt_counter counters_cpu[] = {
    {
        .counter =
            {
                .name = "cpu.usage.average",
                .unit = "percent",
                .rollup = "average",
                .stats = "rate",
                .label = "Usage",
                .summary = "CPU usage as a percentage during the interval",
                .formula = "guest: D(cpu.time) / (dt * vcpu.current), the whole QEMU process; "
                           "host: (D(user) + D(kernel)) / D(all CPU time)",
                .fidelity = "close",
            },
        .guest = {.compute = formula_cpu_usage},
        .host = {.compute = formula_host_utilization},
    },
    {
        .counter =
            {
                .name = "cpu.usagemhz.average",
                .unit = "megaHertz",
                .rollup = "average",
                .stats = "rate",
                .label = "Usage in MHz",
                .summary = "CPU usage in megahertz during the interval",
                .formula =
                    "guest: D(cpu.time) * MHz / dt, vCPU: D(vcpu.N.time) * MHz / dt; host: "
                    "(D(user) + D(kernel)) * MHz / dt; MHz is the TSC frequency or the nominal one",
                .fidelity = "approximate",
            },
        .guest = {.compute = formula_cpu_usagemhz, .kind = DEVICE_VCPU, .first = VCPU_TIME},
        .host = {.compute = formula_host_usagemhz,
                 .first = HOST_CPU_USER,
                 .second = HOST_CPU_KERNEL},
    },
    {
        .counter =
            {
                .name = "cpu.utilization.average",
                .unit = "percent",
                .rollup = "average",
                .stats = "rate",
                .label = "Utilization",
                .summary = "CPU utilization as a percentage during the interval (CPU usage and CPU "
                           "utilization might be different due to power management technologies or "
                           "hyper-threading)",
                .formula = "host: (D(user) + D(kernel)) / D(user + kernel + idle + iowait)",
                .fidelity = "exact",
            },
        .host = {.compute = formula_host_utilization},
    },
    {
        .counter =
            {
                .name = "cpu.ready.summation",
                .unit = "millisecond",
                .rollup = "summation",
                .stats = "delta",
                .label = "Ready",
                .summary = "Time that the virtual machine was ready, but could not get scheduled "
                           "to run on the physical CPU during last measurement interval",
                .formula = "guest: D(vcpu.N.delay), run queue time of the vCPU threads; host: "
                           "their sum over all guests (approximate)",
                .fidelity = "close",
            },
        .guest = {.compute = formula_device_change,
                  .kind = DEVICE_VCPU,
                  .first = VCPU_DELAY,
                  .divisor = 1000000},
        .host = {.compute = formula_host_guest_change,
                 .kind = DEVICE_VCPU,
                 .first = VCPU_DELAY,
                 .divisor = 1000000},
    },
    {
        .counter =
            {
                .name = "cpu.readiness.average",
                .unit = "percent",
                .rollup = "average",
                .stats = "rate",
                .label = "Readiness",
                .summary = "Percentage of time that the virtual machine was ready, but could not "
                           "get scheduled to run on the physical CPU",
                .formula = "guest: D(vcpu.N.delay) / dt; aggregate: sum / (dt * vcpu.current)",
                .fidelity = "close",
            },
        .guest = {.compute = formula_cpu_readiness, .kind = DEVICE_VCPU, .first = VCPU_DELAY},
    },
    {
        .counter =
            {
                .name = "cpu.run.summation",
                .unit = "millisecond",
                .rollup = "summation",
                .stats = "delta",
                .label = "Run",
                .summary = "Time the virtual machine is scheduled to run",
                .formula = "guest: D(vcpu.N.time), ticks of 10 ms; halt polling is in it",
                .fidelity = "close",
            },
        .guest = {.compute = formula_device_change,
                  .kind = DEVICE_VCPU,
                  .first = VCPU_TIME,
                  .divisor = 1000000},
    },
    {
        .counter =
            {
                .name = "cpu.used.summation",
                .unit = "millisecond",
                .rollup = "summation",
                .stats = "delta",
                .label = "Used",
                .summary = "Total CPU usage",
                .formula = "guest: D(cpu.time), vCPU: D(vcpu.N.time); host: D(user) + D(kernel), "
                           "per logical CPU",
                .fidelity = "approximate",
            },
        .guest = {.compute = formula_cpu_used,
                  .kind = DEVICE_VCPU,
                  .first = VCPU_TIME,
                  .divisor = 1000000},
        .host = {.compute = formula_host_cpu_change,
                 .first = HOST_CPU_USER,
                 .second = HOST_CPU_KERNEL,
                 .divisor = 1000000},
    },
    {
        .counter =
            {
                .name = "cpu.system.summation",
                .unit = "millisecond",
                .rollup = "summation",
                .stats = "delta",
                .label = "System",
                .summary = "Amount of time spent on system processes on each virtual CPU in the "
                           "virtual machine",
                .formula = "guest: max(0, D(cpu.time) - sum of D(vcpu.N.time)), work done for the "
                           "guest outside its vCPUs",
                .fidelity = "approximate",
            },
        .guest = {.compute = formula_cpu_system, .divisor = 1000000},
    },
    {
        .counter =
            {
                .name = "cpu.wait.summation",
                .unit = "millisecond",
                .rollup = "summation",
                .stats = "delta",
                .label = "Wait",
                .summary = "Total CPU time spent in wait state",
                .formula = "guest: dt - D(vcpu.N.time) - D(vcpu.N.delay) of a running guest, idle "
                           "time included",
                .fidelity = "close",
            },
        .guest = {.compute = formula_cpu_wait},
    },
    {
        .counter =
            {
                .name = "cpu.idle.summation",
                .unit = "millisecond",
                .rollup = "summation",
                .stats = "delta",
                .label = "Idle",
                .summary = "Total time that the CPU spent in an idle state",
                .formula = "guest: min(wait, D(vcpu.N.halt_wait_ns.sum)), KVM only; host: D(idle) "
                           "+ D(iowait), per logical CPU",
                .fidelity = "approximate",
            },
        .guest = {.compute = formula_cpu_idle},
        .host = {.compute = formula_host_cpu_change,
                 .first = HOST_CPU_IDLE,
                 .second = HOST_CPU_IOWAIT,
                 .divisor = 1000000},
    },
    {
        .counter =
            {
                .name = "cpu.corecount.provisioned.average",
                .unit = "number",
                .rollup = "average",
                .stats = "absolute",
                .label = "CPU Core Count Provisioned",
                .summary = "The number of virtual processors provisioned to the entity.",
                .formula = "guest: vcpu.current, hot-added vCPUs included",
                .fidelity = "exact",
            },
        .guest = {.compute = formula_value, .first = GUEST_VCPU_CURRENT, .divisor = 1},
    },
    {
        .counter =
            {
                .name = "cpu.corecount.usage.average",
                .unit = "number",
                .rollup = "average",
                .stats = "absolute",
                .label = "CPU Core Count Usage",
                .summary = "The number of virtual processors running on the host.",
                .formula = "host: sum of vcpu.current over running guests",
                .fidelity = "exact",
            },
        .host = {.compute = formula_host_guest_value, .first = GUEST_VCPU_CURRENT, .divisor = 1},
    },
    {.counter = {.name = NULL}},
};
