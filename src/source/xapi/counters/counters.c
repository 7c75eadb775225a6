/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The table of counters: one entry each, in the order of the catalogue. Names are vSphere's where
 * it has the counter, and so is the rest of STANDARD; the group xen is our own. In the formula
 * texts m(x) is the mean of XAPI's data source x over the interval, T its length. Fidelity (exact,
 * close, approximate, native) is that of guests where guests have the counter.
 */
#include "source/xapi/counters/counters.h"

/* Scales of fractions as hundredths of a percent, bytes as KiB, microseconds as milliseconds. */
#define PERCENT 10000.0
#define KIB (1.0 / 1024)
#define MILLISECONDS (1.0 / 1000)
#define ONE 1.0

/* As vSphere's datastores have them here; the time of a sample is that of the reading. */
#define SPACE(name_, label_, summary_, formula_, storage_)                                         \
    {                                                                                              \
        .counter = {.reading = true,                                                               \
                    .name = (name_),                                                               \
                    .unit = "kiloBytes",                                                           \
                    .rollup = "latest",                                                            \
                    .stats = "absolute",                                                           \
                    .label = (label_),                                                             \
                    .summary = (summary_),                                                         \
                    .formula = (formula_),                                                         \
                    .fidelity = "native"},                                                         \
        .storage = (storage_)                                                                      \
    }

#define COUNTER(rollup_, stats_, name_, unit_, fidelity_, label_, summary_, formula_, ...)         \
    {                                                                                              \
        .counter = {.name = name_,                                                                 \
                    .unit = unit_,                                                                 \
                    .rollup = rollup_,                                                             \
                    .stats = stats_,                                                               \
                    .label = label_,                                                               \
                    .summary = summary_,                                                           \
                    .formula = formula_,                                                           \
                    .fidelity = fidelity_},                                                        \
        __VA_ARGS__                                                                                \
    }

/* vSphere's, which other sources have too: unit, rollup, label and summary are theirs. */
#define STANDARD(name_, fidelity_, formula_, ...)                                                  \
    { .counter = {.name = name_, .formula = formula_, .fidelity = fidelity_}, __VA_ARGS__ }

#define RATE(...) COUNTER("average", "rate", __VA_ARGS__)
#define AVERAGE(...) COUNTER("average", "absolute", __VA_ARGS__)
#define LATEST(...) COUNTER("latest", "absolute", __VA_ARGS__)

/* A runstate: a share of the time, under its own name. */
#define RUNSTATE(name_, label_, summary_, source_, field_)                                         \
    RATE(name_, "percent", "native", label_, summary_, "guest: m(" source_ "); needs --runstates", \
         .guest = {FORM_MEAN, .scale = PERCENT, .fields = {field_}})

/* Bytes per second of NICs or of disks, of a guest's. */
#define NIC_RATE(...)                                                                              \
    {                                                                                              \
        FORM_MEAN, DEVICE_NIC, KIB, {                                                              \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define DISK_RATE(...)                                                                             \
    {                                                                                              \
        FORM_MEAN, DEVICE_DISK, KIB, {                                                             \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

/* NAME(name, unit, fidelity, label, summary, formula text, formulas), STANDARD without three */
const struct xapi_counter xapi_counters[] = {
    /* CPU. */
    STANDARD("cpu.usage.average", "close",
             "guest: m(cpu_usage), the mean of its vCPUs, before xapi 23.32 sum of m(cpuN) / "
             "VCPUs_number; host: m(cpu_avg), CPU: m(cpuN)",
             .guest = {FORM_CPU_USAGE, DEVICE_CPU, PERCENT, {FIELD_CPU_USAGE}},
             .host = {FORM_MEAN, .scale = PERCENT, .fields = {FIELD_CPU_USAGE}},
             .part = {FORM_MEAN, DEVICE_CPU, PERCENT, {DEVICE_BUSY}}),
    STANDARD(
        "cpu.usagemhz.average", "approximate",
        "guest: sum of m(cpuN) * MHz, vCPU: m(cpuN) * MHz; host: m(cpu_avg) * CPUs * MHz; MHz is "
        "the nominal one of the host (cpu_info speed)",
        .device = {FORM_MEGAHERTZ, DEVICE_CPU, ONE, {DEVICE_BUSY}},
        .host = {FORM_MEGAHERTZ_ALL, .scale = ONE, .fields = {FIELD_CPU_USAGE}}),
    STANDARD("cpu.utilization.average", "close", "host: m(cpu_avg), CPU: m(cpuN)",
             .host = {FORM_MEAN, .scale = PERCENT, .fields = {FIELD_CPU_USAGE}},
             .part = {FORM_MEAN, DEVICE_CPU, PERCENT, {DEVICE_BUSY}}),
    STANDARD("cpu.ready.summation", "approximate",
             "guest: m(runnable_vcpus) * VCPUs_number * T, taken as the mean over its vCPUs; "
             "needs xapi 25.29 and --runstates",
             .guest = {FORM_CPUS_TIME, .fields = {FIELD_RUNNABLE_VCPUS}}),
    STANDARD("cpu.readiness.average", "approximate",
             "guest: m(runnable_vcpus), taken as the mean over its vCPUs; needs xapi 25.29 and "
             "--runstates",
             .guest = {FORM_MEAN, .scale = PERCENT, .fields = {FIELD_RUNNABLE_VCPUS}}),
    STANDARD("cpu.run.summation", "close", "guest: m(cpuN) * T",
             .device = {FORM_TIME, DEVICE_CPU, ONE, {DEVICE_BUSY}}),
    STANDARD("cpu.used.summation", "close",
             "guest: m(cpuN) * T; host, per logical CPU: m(cpuN) * T",
             .device = {FORM_TIME, DEVICE_CPU, ONE, {DEVICE_BUSY}},
             .part = {FORM_TIME, DEVICE_CPU, ONE, {DEVICE_BUSY}}),
    STANDARD("cpu.corecount.provisioned.average", "exact",
             "guest: VCPUs_number, when the records were read last; not of earlier intervals",
             .guest = {FORM_CPUS, .scale = ONE}),

    /* Memory, and the system. */
    STANDARD(
        "mem.usage.average", "approximate",
        "guest: (memory - memory_internal_free) / memory, by the agent in the guest; ESXi "
        "shows active memory here; host: (memory_total_kib - memory_free_kib) / "
        "memory_total_kib",
        .guest = {FORM_MEMORY_USAGE, .scale = PERCENT,
                  .fields = {FIELD_MEMORY, FIELD_INTERNAL_FREE}},
        .host = {FORM_SHARE, .scale = PERCENT, .fields = {FIELD_MEMORY_TOTAL, FIELD_MEMORY_FREE}}),
    STANDARD(
        "mem.consumed.average", "close",
        "guest: m(memory), what the domain has; host: m(memory_total_kib - memory_free_kib)",
        .guest = {FORM_MEAN, .scale = KIB, .fields = {FIELD_MEMORY}},
        .host = {FORM_DIFFERENCE, .scale = ONE, .fields = {FIELD_MEMORY_TOTAL, FIELD_MEMORY_FREE}}),
    STANDARD("mem.granted.average", "close", "guest: m(memory)",
             .guest = {FORM_MEAN, .scale = KIB, .fields = {FIELD_MEMORY}}),
    STANDARD("mem.vmmemctl.average", "approximate",
             "guest: max(0, memory_dynamic_max - m(memory)), set by an administrator or by XAPI's "
             "memory control",
             .guest = {FORM_BALLOON, .scale = KIB, .fields = {FIELD_MEMORY}}),
    STANDARD("mem.capacity.provisioned.average", "exact", "host: m(memory_total_kib)",
             .host = {FORM_MEAN, .scale = ONE, .fields = {FIELD_MEMORY_TOTAL}}),
    STANDARD("sys.uptime.latest", "close",
             "end of the interval - start_time of VM_metrics; host: - boot_time",
             .guest = {FORM_AGE, .scale = ONE}, .host = {FORM_AGE, .scale = ONE}),
    RATE("power.power.average", "watt", "close", "Usage", "Current power usage",
         "host: m(DCMI-power-reading), where its board tells it",
         .host = {FORM_MEAN, .scale = ONE, .fields = {FIELD_POWER}}),

/* NICs, virtual and physical. */
#define NET(name_, what_, ...)                                                                     \
    STANDARD(name_, "exact",                                                                       \
             "guest: m(" what_                                                                     \
             ") of vif_N, seen from the guest; host: of pif_NAME, the whole is that "              \
             "of its physical NICs",                                                               \
             .device = NIC_RATE(__VA_ARGS__), .part = NIC_RATE(__VA_ARGS__))
    NET("net.received.average", "rx", DEVICE_RECEIVED),
    NET("net.transmitted.average", "tx", DEVICE_SENT),
    NET("net.bytesRx.average", "rx", DEVICE_RECEIVED),
    NET("net.bytesTx.average", "tx", DEVICE_SENT),
    NET("net.usage.average", "rx + tx", DEVICE_RECEIVED, DEVICE_SENT),

/* Virtual disks; CD drives are none. */
#define ZEROS "; 0 also where what serves the disk counts nothing"
#define DISK(name_, what_, ...)                                                                    \
    STANDARD(name_, "close", "guest: sum of m(" what_ ") of its disks" ZEROS,                      \
             .guest = {FORM_MEAN, DEVICE_DISK, KIB, {__VA_ARGS__}})
    DISK("disk.read.average", "vbd_X_read", DEVICE_READ),
    DISK("disk.write.average", "vbd_X_write", DEVICE_WRITE),
    DISK("disk.usage.average", "vbd_X_read + vbd_X_write", DEVICE_READ, DEVICE_WRITE),
    STANDARD("disk.provisioned.latest", "exact",
             "guest: virtual_size of its VDIs, when the records were read last",
             .device = {FORM_SIZE, DEVICE_DISK, KIB, {0}}),
    STANDARD("disk.used.latest", "close",
             "guest: physical_utilisation of its VDIs, when the records were read last",
             .device = {FORM_USED, DEVICE_DISK, KIB, {0}}),
    STANDARD("virtualDisk.read.average", "exact", "guest: m(vbd_X_read)" ZEROS,
             .device = DISK_RATE(DEVICE_READ)),
    STANDARD("virtualDisk.write.average", "exact", "guest: m(vbd_X_write)" ZEROS,
             .device = DISK_RATE(DEVICE_WRITE)),
    STANDARD("virtualDisk.numberReadAveraged.average", "close",
             "guest: m(vbd_X_iops_read) without its first value; exact from xapi 25.2 on",
             .device = {FORM_MEAN, DEVICE_DISK, ONE, {DEVICE_READS}}),
    STANDARD("virtualDisk.numberWriteAveraged.average", "close",
             "guest: m(vbd_X_iops_write) without its first value; exact from xapi 25.2 on",
             .device = {FORM_MEAN, DEVICE_DISK, ONE, {DEVICE_WRITES}}),
#define LATENCY(direction_)                                                                        \
    "guest: m(vbd_X_" direction_ "_latency * iops_" direction_ ") / m(iops_" direction_            \
    "), 0 without a request"
    STANDARD("virtualDisk.totalReadLatency.average", "close", LATENCY("read"),
             .device = {FORM_LATENCY, DEVICE_DISK, MILLISECONDS, {DEVICE_READS, DEVICE_READ_TIME}}),
    STANDARD(
        "virtualDisk.totalWriteLatency.average", "close", LATENCY("write"),
        .device = {FORM_LATENCY, DEVICE_DISK, MILLISECONDS, {DEVICE_WRITES, DEVICE_WRITE_TIME}}),
    STANDARD("virtualDisk.readLatencyUS.latest", "close", LATENCY("read"),
             .device = {FORM_LATENCY, DEVICE_DISK, ONE, {DEVICE_READS, DEVICE_READ_TIME}}),
    STANDARD("virtualDisk.writeLatencyUS.latest", "close", LATENCY("write"),
             .device = {FORM_LATENCY, DEVICE_DISK, ONE, {DEVICE_WRITES, DEVICE_WRITE_TIME}}),

    /* Storage, by the uuid of its SR, as this host uses it. */
    RATE("datastore.read.average", "kiloBytesPerSecond", "close", "Read rate",
         "Rate of reading data from the datastore", "host: m(read_SR), of this host alone",
         .part = {FORM_MEAN, DEVICE_SR, KIB, {DEVICE_READ}}),
    RATE("datastore.write.average", "kiloBytesPerSecond", "close", "Write rate",
         "Rate of writing data to the datastore", "host: m(write_SR), of this host alone",
         .part = {FORM_MEAN, DEVICE_SR, KIB, {DEVICE_WRITE}}),

    SPACE("space.capacity.latest", "Capacity", "Size of the datastore", "physical_size of the SR",
          STORAGE_CAPACITY),
    SPACE("space.free.latest", "Free space", "Free space of the datastore",
          "physical_size - physical_utilisation of the SR", STORAGE_FREE),
    SPACE("space.provisioned.latest", "Provisioned space",
          "Space on datastores that the virtual machine has or may grow to; of a datastore, what "
          "is used and may still grow",
          "virtual_allocation of the SR", STORAGE_PROVISIONED),

    /* What XAPI knows and vSphere has no honest name for. */
    LATEST("xen.runningVcpus.latest", "number", "native", "Running vCPUs",
           "Number of vCPUs that ran, the mean over the interval", "host: m(running_vcpus)",
           .host = {FORM_MEAN, .scale = ONE, .fields = {FIELD_RUNNING_VCPUS}}),
    AVERAGE("xen.memTarget.average", "kiloBytes", "native", "Memory target",
            "Memory that XAPI wants the guest to have", "guest: m(memory_target)",
            .guest = {FORM_MEAN, .scale = KIB, .fields = {FIELD_MEMORY_TARGET}}),
    AVERAGE("xen.memInternalFree.average", "kiloBytes", "native", "Free in the guest",
            "Memory that is free in the guest, as its agent tells it",
            "guest: m(memory_internal_free)",
            .guest = {FORM_MEAN, .scale = ONE, .fields = {FIELD_INTERNAL_FREE}}),
    RUNSTATE("xen.runstateFullRun.average", "All vCPUs run",
             "Share of the time in which all vCPUs ran", "runstate_fullrun", FIELD_FULL_RUN),
    RUNSTATE("xen.runstateFullContention.average", "All vCPUs wait",
             "Share of the time in which all vCPUs waited for a CPU", "runstate_full_contention",
             FIELD_FULL_CONTENTION),
    RUNSTATE("xen.runstateConcurrencyHazard.average", "Some run, some wait",
             "Share of the time in which some vCPUs ran and others waited for a CPU",
             "runstate_concurrency_hazard", FIELD_HAZARD),
    RUNSTATE("xen.runstateBlocked.average", "All vCPUs idle",
             "Share of the time in which all vCPUs were blocked or offline", "runstate_blocked",
             FIELD_BLOCKED),
    RUNSTATE("xen.runstatePartialRun.average", "Some run, others are idle",
             "Share of the time in which some vCPUs ran and the others were blocked",
             "runstate_partial_run", FIELD_PARTIAL_RUN),
    RUNSTATE("xen.runstatePartialContention.average", "Some wait, others are idle",
             "Share of the time in which some vCPUs waited for a CPU and the others were blocked",
             "runstate_partial_contention", FIELD_PARTIAL_CONTENTION),
    RUNSTATE("xen.runnableAny.average", "A vCPU waits",
             "Share of the time in which at least one vCPU waited for a CPU: more than readiness",
             "runnable_any", FIELD_RUNNABLE_ANY),
};

const size_t xapi_counter_count = sizeof xapi_counters / sizeof xapi_counters[0];
