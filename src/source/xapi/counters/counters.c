/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The table of counters: one entry each, in the order of the catalogue. Names, units, labels and
 * summaries are vSphere's where it has the counter; the group xen is our own. In the formula texts
 * m(x) is the mean of XAPI's data source x over the interval, T its length. Fidelity (exact, close,
 * approximate, native) is that of guests where guests have the counter.
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

#define RATE(...) COUNTER("average", "rate", __VA_ARGS__)
#define AVERAGE(...) COUNTER("average", "absolute", __VA_ARGS__)
#define SUMMATION(...) COUNTER("summation", "delta", __VA_ARGS__)
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

/* NAME(name, unit, fidelity, label, summary, formula text, formulas) */
const struct xapi_counter xapi_counters[] = {
    /* CPU. */
    RATE("cpu.usage.average", "percent", "close", "Usage",
         "CPU usage as a percentage during the interval",
         "guest: m(cpu_usage), the mean of its vCPUs, before xapi 23.32 sum of m(cpuN) / "
         "VCPUs_number; host: m(cpu_avg), CPU: m(cpuN)",
         .guest = {FORM_CPU_USAGE, DEVICE_CPU, PERCENT, {FIELD_CPU_USAGE}},
         .host = {FORM_MEAN, .scale = PERCENT, .fields = {FIELD_CPU_USAGE}},
         .part = {FORM_MEAN, DEVICE_CPU, PERCENT, {DEVICE_BUSY}}),
    RATE("cpu.usagemhz.average", "megaHertz", "approximate", "Usage in MHz",
         "CPU usage in megahertz during the interval",
         "guest: sum of m(cpuN) * MHz, vCPU: m(cpuN) * MHz; host: m(cpu_avg) * CPUs * MHz; MHz is "
         "the nominal one of the host (cpu_info speed)",
         .device = {FORM_MEGAHERTZ, DEVICE_CPU, ONE, {DEVICE_BUSY}},
         .host = {FORM_MEGAHERTZ_ALL, .scale = ONE, .fields = {FIELD_CPU_USAGE}}),
    RATE("cpu.utilization.average", "percent", "close", "Utilization",
         "CPU utilization as a percentage during the interval (CPU usage and CPU utilization might "
         "be different due to power management technologies or hyper-threading)",
         "host: m(cpu_avg), CPU: m(cpuN)",
         .host = {FORM_MEAN, .scale = PERCENT, .fields = {FIELD_CPU_USAGE}},
         .part = {FORM_MEAN, DEVICE_CPU, PERCENT, {DEVICE_BUSY}}),
    SUMMATION("cpu.ready.summation", "millisecond", "approximate", "Ready",
              "Time that the virtual machine was ready, but could not get scheduled to run on the "
              "physical CPU during last measurement interval",
              "guest: m(runnable_vcpus) * VCPUs_number * T, taken as the mean over its vCPUs; "
              "needs xapi 25.29 and --runstates",
              .guest = {FORM_CPUS_TIME, .fields = {FIELD_RUNNABLE_VCPUS}}),
    RATE("cpu.readiness.average", "percent", "approximate", "Readiness",
         "Percentage of time that the virtual machine was ready, but could not get scheduled to "
         "run on the physical CPU",
         "guest: m(runnable_vcpus), taken as the mean over its vCPUs; needs xapi 25.29 and "
         "--runstates",
         .guest = {FORM_MEAN, .scale = PERCENT, .fields = {FIELD_RUNNABLE_VCPUS}}),
    SUMMATION("cpu.run.summation", "millisecond", "close", "Run",
              "Time the virtual machine is scheduled to run", "guest: m(cpuN) * T",
              .device = {FORM_TIME, DEVICE_CPU, ONE, {DEVICE_BUSY}}),
    SUMMATION("cpu.used.summation", "millisecond", "close", "Used", "Total CPU usage",
              "guest: m(cpuN) * T; host, per logical CPU: m(cpuN) * T",
              .device = {FORM_TIME, DEVICE_CPU, ONE, {DEVICE_BUSY}},
              .part = {FORM_TIME, DEVICE_CPU, ONE, {DEVICE_BUSY}}),
    AVERAGE("cpu.corecount.provisioned.average", "number", "exact", "CPU Core Count Provisioned",
            "The number of virtual processors provisioned to the entity.",
            "guest: VCPUs_number, when the records were read last; not of earlier intervals",
            .guest = {FORM_CPUS, .scale = ONE}),

    /* Memory, and the system. */
    AVERAGE(
        "mem.usage.average", "percent", "approximate", "Host consumed %",
        "Percentage of host physical memory that has been consumed",
        "guest: (memory - memory_internal_free) / memory, by the agent in the guest; ESXi "
        "shows active memory here; host: (memory_total_kib - memory_free_kib) / "
        "memory_total_kib",
        .guest = {FORM_MEMORY_USAGE, .scale = PERCENT,
                  .fields = {FIELD_MEMORY, FIELD_INTERNAL_FREE}},
        .host = {FORM_SHARE, .scale = PERCENT, .fields = {FIELD_MEMORY_TOTAL, FIELD_MEMORY_FREE}}),
    AVERAGE(
        "mem.consumed.average", "kiloBytes", "close", "Consumed",
        "Amount of host physical memory consumed for backing up guest physical memory pages",
        "guest: m(memory), what the domain has; host: m(memory_total_kib - memory_free_kib)",
        .guest = {FORM_MEAN, .scale = KIB, .fields = {FIELD_MEMORY}},
        .host = {FORM_DIFFERENCE, .scale = ONE, .fields = {FIELD_MEMORY_TOTAL, FIELD_MEMORY_FREE}}),
    AVERAGE("mem.granted.average", "kiloBytes", "close", "Granted",
            "Amount of host physical memory or physical memory that is mapped for a virtual "
            "machine or a host",
            "guest: m(memory)", .guest = {FORM_MEAN, .scale = KIB, .fields = {FIELD_MEMORY}}),
    AVERAGE("mem.vmmemctl.average", "kiloBytes", "approximate", "Ballooned memory",
            "Amount of guest physical memory reclaimed from the virtual machine by the balloon "
            "driver in the guest",
            "guest: max(0, memory_dynamic_max - m(memory)), set by an administrator or by XAPI's "
            "memory control",
            .guest = {FORM_BALLOON, .scale = KIB, .fields = {FIELD_MEMORY}}),
    AVERAGE("mem.capacity.provisioned.average", "kiloBytes", "exact", "Memory Capacity Provisioned",
            "Total amount of memory available to the host", "host: m(memory_total_kib)",
            .host = {FORM_MEAN, .scale = ONE, .fields = {FIELD_MEMORY_TOTAL}}),
    LATEST("sys.uptime.latest", "second", "close", "Uptime",
           "Total time elapsed, in seconds, since last system startup",
           "end of the interval - start_time of VM_metrics; host: - boot_time",
           .guest = {FORM_AGE, .scale = ONE}, .host = {FORM_AGE, .scale = ONE}),
    RATE("power.power.average", "watt", "close", "Usage", "Current power usage",
         "host: m(DCMI-power-reading), where its board tells it",
         .host = {FORM_MEAN, .scale = ONE, .fields = {FIELD_POWER}}),

/* NICs, virtual and physical. */
#define NET(name_, label_, summary_, what_, ...)                                                   \
    RATE(name_, "kiloBytesPerSecond", "exact", label_, summary_,                                   \
         "guest: m(" what_                                                                         \
         ") of vif_N, seen from the guest; host: of pif_NAME, the whole is that "                  \
         "of its physical NICs",                                                                   \
         .device = NIC_RATE(__VA_ARGS__), .part = NIC_RATE(__VA_ARGS__))
    NET("net.received.average", "Data receive rate",
        "Average rate at which data was received during the interval", "rx", DEVICE_RECEIVED),
    NET("net.transmitted.average", "Data transmit rate",
        "Average rate at which data was transmitted during the interval", "tx", DEVICE_SENT),
    NET("net.bytesRx.average", "Data receive rate", "Average amount of data received per second",
        "rx", DEVICE_RECEIVED),
    NET("net.bytesTx.average", "Data transmit rate",
        "Average amount of data transmitted per second", "tx", DEVICE_SENT),
    NET("net.usage.average", "Usage",
        "Network utilization (combined transmit-rates and receive-rates) during the interval",
        "rx + tx", DEVICE_RECEIVED, DEVICE_SENT),

/* Virtual disks; CD drives are none. */
#define ZEROS "; 0 also where what serves the disk counts nothing"
#define DISK(name_, label_, summary_, what_, ...)                                                  \
    RATE(name_, "kiloBytesPerSecond", "close", label_, summary_,                                   \
         "guest: sum of m(" what_ ") of its disks" ZEROS,                                          \
         .guest = {FORM_MEAN, DEVICE_DISK, KIB, {__VA_ARGS__}})
    DISK("disk.read.average", "Read rate",
         "Average number of kilobytes read from the disk each second during the collection "
         "interval",
         "vbd_X_read", DEVICE_READ),
    DISK("disk.write.average", "Write rate",
         "Average number of kilobytes written to disk each second during the collection interval",
         "vbd_X_write", DEVICE_WRITE),
    DISK("disk.usage.average", "Usage",
         "Aggregated disk I/O rate. For hosts, this metric includes the rates for all virtual "
         "machines running on the host during the collection interval.",
         "vbd_X_read + vbd_X_write", DEVICE_READ, DEVICE_WRITE),
    LATEST("disk.provisioned.latest", "kiloBytes", "exact", "Space potentially used",
           "Amount of storage set aside for use by a datastore or a virtual machine",
           "guest: virtual_size of its VDIs, when the records were read last",
           .device = {FORM_SIZE, DEVICE_DISK, KIB, {0}}),
    LATEST("disk.used.latest", "kiloBytes", "close", "Space actually used",
           "Amount of space actually used by the virtual machine or the datastore",
           "guest: physical_utilisation of its VDIs, when the records were read last",
           .device = {FORM_USED, DEVICE_DISK, KIB, {0}}),
    RATE("virtualDisk.read.average", "kiloBytesPerSecond", "exact", "Read rate",
         "Rate of reading data from the virtual disk", "guest: m(vbd_X_read)" ZEROS,
         .device = DISK_RATE(DEVICE_READ)),
    RATE("virtualDisk.write.average", "kiloBytesPerSecond", "exact", "Write rate",
         "Rate of writing data to the virtual disk", "guest: m(vbd_X_write)" ZEROS,
         .device = DISK_RATE(DEVICE_WRITE)),
    RATE("virtualDisk.numberReadAveraged.average", "number", "close",
         "Average read requests per second",
         "Average number of read commands issued per second to the virtual disk during the "
         "collection interval",
         "guest: m(vbd_X_iops_read) without its first value; exact from xapi 25.2 on",
         .device = {FORM_MEAN, DEVICE_DISK, ONE, {DEVICE_READS}}),
    RATE("virtualDisk.numberWriteAveraged.average", "number", "close",
         "Average write requests per second",
         "Average number of write commands issued per second to the virtual disk during the "
         "collection interval",
         "guest: m(vbd_X_iops_write) without its first value; exact from xapi 25.2 on",
         .device = {FORM_MEAN, DEVICE_DISK, ONE, {DEVICE_WRITES}}),
#define LATENCY(direction_)                                                                        \
    "guest: m(vbd_X_" direction_ "_latency * iops_" direction_ ") / m(iops_" direction_            \
    "), 0 without a request"
    AVERAGE("virtualDisk.totalReadLatency.average", "millisecond", "close", "Read latency",
            "The average time a read from the virtual disk takes", LATENCY("read"),
            .device = {FORM_LATENCY, DEVICE_DISK, MILLISECONDS, {DEVICE_READS, DEVICE_READ_TIME}}),
    AVERAGE(
        "virtualDisk.totalWriteLatency.average", "millisecond", "close", "Write latency",
        "The average time a write to the virtual disk takes", LATENCY("write"),
        .device = {FORM_LATENCY, DEVICE_DISK, MILLISECONDS, {DEVICE_WRITES, DEVICE_WRITE_TIME}}),
    LATEST("virtualDisk.readLatencyUS.latest", "microsecond", "close", "Read Latency (us)",
           "Read latency in microseconds", LATENCY("read"),
           .device = {FORM_LATENCY, DEVICE_DISK, ONE, {DEVICE_READS, DEVICE_READ_TIME}}),
    LATEST("virtualDisk.writeLatencyUS.latest", "microsecond", "close", "Write Latency (us)",
           "Write latency in microseconds", LATENCY("write"),
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
