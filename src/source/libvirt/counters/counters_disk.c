/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The counters of virtual disks that libvirt can give under vSphere's names. */
#include "source/libvirt/counters/counters.h"

const struct libvirt_counter counters_disk[] = {
    {
        .counter =
            {
                .name = "disk.read.average",
                .unit = "kiloBytesPerSecond",
                .rollup = "average",
                .stats = "rate",
                .label = "Read rate",
                .summary = "Average number of kilobytes read from the disk each second during the "
                           "collection interval",
                .formula = "guest: sum of D(block.N.rd.bytes) / dt; host: sum over running guests",
                .fidelity = "close",
            },
        .guest = {.compute = formula_device_rate,
                  .kind = DEVICE_DISK,
                  .scope = SCOPE_AGGREGATE,
                  .first = DISK_READ_BYTES,
                  .divisor = 1024},
        .host = {.compute = formula_host_guest_rate,
                 .kind = DEVICE_DISK,
                 .first = DISK_READ_BYTES,
                 .divisor = 1024},
    },
    {
        .counter =
            {
                .name = "disk.write.average",
                .unit = "kiloBytesPerSecond",
                .rollup = "average",
                .stats = "rate",
                .label = "Write rate",
                .summary = "Average number of kilobytes written to disk each second during the "
                           "collection interval",
                .formula = "guest: sum of D(block.N.wr.bytes) / dt; host: sum over running guests",
                .fidelity = "close",
            },
        .guest = {.compute = formula_device_rate,
                  .kind = DEVICE_DISK,
                  .scope = SCOPE_AGGREGATE,
                  .first = DISK_WRITE_BYTES,
                  .divisor = 1024},
        .host = {.compute = formula_host_guest_rate,
                 .kind = DEVICE_DISK,
                 .first = DISK_WRITE_BYTES,
                 .divisor = 1024},
    },
    {
        .counter =
            {
                .name = "disk.usage.average",
                .unit = "kiloBytesPerSecond",
                .rollup = "average",
                .stats = "rate",
                .label = "Usage",
                .summary =
                    "Aggregated disk I/O rate. For hosts, this metric includes the rates for all "
                    "virtual machines running on the host during the collection interval.",
                .formula = "guest: sum of D(block.N.rd.bytes + block.N.wr.bytes) / dt; host: sum "
                           "over running guests",
                .fidelity = "close",
            },
        .guest = {.compute = formula_device_rate,
                  .kind = DEVICE_DISK,
                  .scope = SCOPE_AGGREGATE,
                  .first = DISK_READ_BYTES,
                  .second = DISK_WRITE_BYTES,
                  .divisor = 1024},
        .host = {.compute = formula_host_guest_rate,
                 .kind = DEVICE_DISK,
                 .first = DISK_READ_BYTES,
                 .second = DISK_WRITE_BYTES,
                 .divisor = 1024},
    },
    {
        .counter =
            {
                .name = "disk.maxTotalLatency.latest",
                .unit = "millisecond",
                .rollup = "latest",
                .stats = "absolute",
                .label = "Highest latency",
                .summary = "Highest latency value across all disks used by the host",
                .formula = "guest: highest D(block.N.rd.times + wr.times) / D(rd.reqs + wr.reqs) "
                           "of its disks",
                .fidelity = "approximate",
            },
        .guest = {.compute = formula_highest_latency, .divisor = 1000000},
    },
    {
        .counter =
            {
                .name = "disk.provisioned.latest",
                .unit = "kiloBytes",
                .rollup = "latest",
                .stats = "absolute",
                .label = "Space potentially used",
                .summary =
                    "Amount of storage set aside for use by a datastore or a virtual machine",
                .formula = "guest: block.N.capacity, the virtual size",
                .fidelity = "close",
            },
        .guest = {.compute = formula_device_value,
                  .kind = DEVICE_DISK,
                  .first = DISK_CAPACITY,
                  .divisor = 1024},
    },
    {
        .counter =
            {
                .name = "disk.used.latest",
                .unit = "kiloBytes",
                .rollup = "latest",
                .stats = "absolute",
                .label = "Space actually used",
                .summary = "Amount of space actually used by the virtual machine or the datastore",
                .formula =
                    "guest: block.N.physical of the disk and all layers of its backing chain",
                .fidelity = "close",
            },
        .guest = {.compute = formula_device_value,
                  .kind = DEVICE_DISK,
                  .first = DISK_CHAIN,
                  .divisor = 1024},
    },
    {
        .counter =
            {
                .name = "disk.unshared.latest",
                .unit = "kiloBytes",
                .rollup = "latest",
                .stats = "absolute",
                .label = "Space not shared",
                .summary = "Amount of space associated exclusively with a virtual machine",
                .formula = "guest: block.N.physical of the top layer, 0 for a shareable disk; a "
                           "lower bound",
                .fidelity = "approximate",
            },
        .guest = {.compute = formula_device_value,
                  .kind = DEVICE_DISK,
                  .first = DISK_UNSHARED,
                  .divisor = 1024},
    },
    {
        .counter =
            {
                .name = "virtualDisk.read.average",
                .unit = "kiloBytesPerSecond",
                .rollup = "average",
                .stats = "rate",
                .label = "Read rate",
                .summary = "Rate of reading data from the virtual disk",
                .formula = "guest: D(block.N.rd.bytes) / dt",
                .fidelity = "exact",
            },
        .guest = {.compute = formula_device_rate,
                  .kind = DEVICE_DISK,
                  .first = DISK_READ_BYTES,
                  .divisor = 1024},
    },
    {
        .counter =
            {
                .name = "virtualDisk.write.average",
                .unit = "kiloBytesPerSecond",
                .rollup = "average",
                .stats = "rate",
                .label = "Write rate",
                .summary = "Rate of writing data to the virtual disk",
                .formula = "guest: D(block.N.wr.bytes) / dt",
                .fidelity = "exact",
            },
        .guest = {.compute = formula_device_rate,
                  .kind = DEVICE_DISK,
                  .first = DISK_WRITE_BYTES,
                  .divisor = 1024},
    },
    {
        .counter =
            {
                .name = "virtualDisk.numberReadAveraged.average",
                .unit = "number",
                .rollup = "average",
                .stats = "rate",
                .label = "Average read requests per second",
                .summary = "Average number of read commands issued per second to the virtual disk "
                           "during the collection interval",
                .formula = "guest: D(block.N.rd.reqs) / dt",
                .fidelity = "exact",
            },
        .guest = {.compute = formula_device_rate,
                  .kind = DEVICE_DISK,
                  .first = DISK_READ_REQUESTS,
                  .divisor = 1},
    },
    {
        .counter =
            {
                .name = "virtualDisk.numberWriteAveraged.average",
                .unit = "number",
                .rollup = "average",
                .stats = "rate",
                .label = "Average write requests per second",
                .summary = "Average number of write commands issued per second to the virtual disk "
                           "during the collection interval",
                .formula = "guest: D(block.N.wr.reqs) / dt",
                .fidelity = "exact",
            },
        .guest = {.compute = formula_device_rate,
                  .kind = DEVICE_DISK,
                  .first = DISK_WRITE_REQUESTS,
                  .divisor = 1},
    },
    {
        .counter =
            {
                .name = "virtualDisk.totalReadLatency.average",
                .unit = "millisecond",
                .rollup = "average",
                .stats = "absolute",
                .label = "Read latency",
                .summary = "The average time a read from the virtual disk takes",
                .formula = "guest: D(block.N.rd.times) / D(block.N.rd.reqs), 0 without a request",
                .fidelity = "exact",
            },
        .guest = {.compute = formula_device_ratio,
                  .kind = DEVICE_DISK,
                  .first = DISK_READ_TIMES,
                  .below = DISK_READ_REQUESTS,
                  .divisor = 1000000},
    },
    {
        .counter =
            {
                .name = "virtualDisk.totalWriteLatency.average",
                .unit = "millisecond",
                .rollup = "average",
                .stats = "absolute",
                .label = "Write latency",
                .summary = "The average time a write to the virtual disk takes",
                .formula = "guest: D(block.N.wr.times) / D(block.N.wr.reqs), 0 without a request",
                .fidelity = "exact",
            },
        .guest = {.compute = formula_device_ratio,
                  .kind = DEVICE_DISK,
                  .first = DISK_WRITE_TIMES,
                  .below = DISK_WRITE_REQUESTS,
                  .divisor = 1000000},
    },
    {
        .counter =
            {
                .name = "virtualDisk.readLatencyUS.latest",
                .unit = "microsecond",
                .rollup = "latest",
                .stats = "absolute",
                .label = "Read Latency (us)",
                .summary = "Read latency in microseconds",
                .formula = "guest: D(block.N.rd.times) / D(block.N.rd.reqs), 0 without a request",
                .fidelity = "exact",
            },
        .guest = {.compute = formula_device_ratio,
                  .kind = DEVICE_DISK,
                  .first = DISK_READ_TIMES,
                  .below = DISK_READ_REQUESTS,
                  .divisor = 1000},
    },
    {
        .counter =
            {
                .name = "virtualDisk.writeLatencyUS.latest",
                .unit = "microsecond",
                .rollup = "latest",
                .stats = "absolute",
                .label = "Write Latency (us)",
                .summary = "Write latency in microseconds",
                .formula = "guest: D(block.N.wr.times) / D(block.N.wr.reqs), 0 without a request",
                .fidelity = "exact",
            },
        .guest = {.compute = formula_device_ratio,
                  .kind = DEVICE_DISK,
                  .first = DISK_WRITE_TIMES,
                  .below = DISK_WRITE_REQUESTS,
                  .divisor = 1000},
    },
    {
        .counter =
            {
                .name = "virtualDisk.readIOSize.latest",
                .unit = "number",
                .rollup = "latest",
                .stats = "absolute",
                .label = "Read request size",
                .summary = "Average read request size in bytes",
                .formula = "guest: D(block.N.rd.bytes) / D(block.N.rd.reqs), 0 without a request",
                .fidelity = "exact",
            },
        .guest = {.compute = formula_device_ratio,
                  .kind = DEVICE_DISK,
                  .first = DISK_READ_BYTES,
                  .below = DISK_READ_REQUESTS,
                  .divisor = 1},
    },
    {
        .counter =
            {
                .name = "virtualDisk.writeIOSize.latest",
                .unit = "number",
                .rollup = "latest",
                .stats = "absolute",
                .label = "Write request size",
                .summary = "Average write request size in bytes",
                .formula = "guest: D(block.N.wr.bytes) / D(block.N.wr.reqs), 0 without a request",
                .fidelity = "exact",
            },
        .guest = {.compute = formula_device_ratio,
                  .kind = DEVICE_DISK,
                  .first = DISK_WRITE_BYTES,
                  .below = DISK_WRITE_REQUESTS,
                  .divisor = 1},
    },
    {
        .counter =
            {
                .name = "virtualDisk.readOIO.latest",
                .unit = "number",
                .rollup = "latest",
                .stats = "absolute",
                .label = "Average number of outstanding read requests",
                .summary = "Average number of outstanding read requests to the virtual disk during "
                           "the collection interval",
                .formula = "guest: D(block.N.rd.times) / dt, the mean by Little's law",
                .fidelity = "close",
            },
        .guest = {.compute = formula_device_share, .kind = DEVICE_DISK, .first = DISK_READ_TIMES},
    },
    {
        .counter =
            {
                .name = "virtualDisk.writeOIO.latest",
                .unit = "number",
                .rollup = "latest",
                .stats = "absolute",
                .label = "Average number of outstanding write requests",
                .summary = "Average number of outstanding write requests to the virtual disk "
                           "during the collection interval",
                .formula = "guest: D(block.N.wr.times) / dt, the mean by Little's law",
                .fidelity = "close",
            },
        .guest = {.compute = formula_device_share, .kind = DEVICE_DISK, .first = DISK_WRITE_TIMES},
    },
    {.counter = {.name = NULL}},
};
