/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The counters of virtual NICs that libvirt can give under vSphere's names. */
#include "source/libvirt/counters/counters.h"

const struct libvirt_counter counters_net[] = {
    {
        .counter =
            {
                .name = "net.received.average",
                .unit = "kiloBytesPerSecond",
                .rollup = "average",
                .stats = "rate",
                .label = "Data receive rate",
                .summary = "Average rate at which data was received during the interval",
                .formula = "guest: D(net.N.rx.bytes) / dt, seen from the guest; no aggregate when "
                           "a NIC has no statistics",
                .fidelity = "exact",
            },
        .guest = {.compute = formula_device_rate,
                  .kind = DEVICE_NIC,
                  .first = NIC_RX_BYTES,
                  .divisor = 1024},
    },
    {
        .counter =
            {
                .name = "net.transmitted.average",
                .unit = "kiloBytesPerSecond",
                .rollup = "average",
                .stats = "rate",
                .label = "Data transmit rate",
                .summary = "Average rate at which data was transmitted during the interval",
                .formula = "guest: D(net.N.tx.bytes) / dt, seen from the guest; no aggregate when "
                           "a NIC has no statistics",
                .fidelity = "exact",
            },
        .guest = {.compute = formula_device_rate,
                  .kind = DEVICE_NIC,
                  .first = NIC_TX_BYTES,
                  .divisor = 1024},
    },
    {
        .counter =
            {
                .name = "net.bytesRx.average",
                .unit = "kiloBytesPerSecond",
                .rollup = "average",
                .stats = "rate",
                .label = "Data receive rate",
                .summary = "Average amount of data received per second",
                .formula = "guest: D(net.N.rx.bytes) / dt, seen from the guest; no aggregate when "
                           "a NIC has no statistics",
                .fidelity = "exact",
            },
        .guest = {.compute = formula_device_rate,
                  .kind = DEVICE_NIC,
                  .first = NIC_RX_BYTES,
                  .divisor = 1024},
    },
    {
        .counter =
            {
                .name = "net.bytesTx.average",
                .unit = "kiloBytesPerSecond",
                .rollup = "average",
                .stats = "rate",
                .label = "Data transmit rate",
                .summary = "Average amount of data transmitted per second",
                .formula = "guest: D(net.N.tx.bytes) / dt, seen from the guest; no aggregate when "
                           "a NIC has no statistics",
                .fidelity = "exact",
            },
        .guest = {.compute = formula_device_rate,
                  .kind = DEVICE_NIC,
                  .first = NIC_TX_BYTES,
                  .divisor = 1024},
    },
    {
        .counter =
            {
                .name = "net.usage.average",
                .unit = "kiloBytesPerSecond",
                .rollup = "average",
                .stats = "rate",
                .label = "Usage",
                .summary = "Network utilization (combined transmit-rates and receive-rates) during "
                           "the interval",
                .formula = "guest: D(net.N.rx.bytes + net.N.tx.bytes) / dt; no aggregate when a "
                           "NIC has no statistics",
                .fidelity = "exact",
            },
        .guest = {.compute = formula_device_rate,
                  .kind = DEVICE_NIC,
                  .first = NIC_RX_BYTES,
                  .second = NIC_TX_BYTES,
                  .divisor = 1024},
    },
    {
        .counter =
            {
                .name = "net.packetsRx.summation",
                .unit = "number",
                .rollup = "summation",
                .stats = "delta",
                .label = "Packets received",
                .summary = "Number of packets received during the interval",
                .formula = "guest: D(net.N.rx.pkts); no aggregate when a NIC has no statistics",
                .fidelity = "exact",
            },
        .guest = {.compute = formula_device_change,
                  .kind = DEVICE_NIC,
                  .first = NIC_RX_PACKETS,
                  .divisor = 1},
    },
    {
        .counter =
            {
                .name = "net.packetsTx.summation",
                .unit = "number",
                .rollup = "summation",
                .stats = "delta",
                .label = "Packets transmitted",
                .summary = "Number of packets transmitted during the interval",
                .formula = "guest: D(net.N.tx.pkts); no aggregate when a NIC has no statistics",
                .fidelity = "exact",
            },
        .guest = {.compute = formula_device_change,
                  .kind = DEVICE_NIC,
                  .first = NIC_TX_PACKETS,
                  .divisor = 1},
    },
    {
        .counter =
            {
                .name = "net.droppedRx.summation",
                .unit = "number",
                .rollup = "summation",
                .stats = "delta",
                .label = "Receive packets dropped",
                .summary = "Number of receives dropped",
                .formula = "guest: D(net.N.rx.drop); no aggregate when a NIC has no statistics",
                .fidelity = "close",
            },
        .guest = {.compute = formula_device_change,
                  .kind = DEVICE_NIC,
                  .first = NIC_RX_DROPS,
                  .divisor = 1},
    },
    {
        .counter =
            {
                .name = "net.droppedTx.summation",
                .unit = "number",
                .rollup = "summation",
                .stats = "delta",
                .label = "Transmit packets dropped",
                .summary = "Number of transmits dropped",
                .formula = "guest: D(net.N.tx.drop); no aggregate when a NIC has no statistics",
                .fidelity = "close",
            },
        .guest = {.compute = formula_device_change,
                  .kind = DEVICE_NIC,
                  .first = NIC_TX_DROPS,
                  .divisor = 1},
    },
    {
        .counter =
            {
                .name = "net.errorsRx.summation",
                .unit = "number",
                .rollup = "summation",
                .stats = "delta",
                .label = "Packet receive errors",
                .summary = "Number of packets with errors received during the sampling interval",
                .formula = "guest: D(net.N.rx.errs); no aggregate when a NIC has no statistics",
                .fidelity = "close",
            },
        .guest = {.compute = formula_device_change,
                  .kind = DEVICE_NIC,
                  .first = NIC_RX_ERRORS,
                  .divisor = 1},
    },
    {
        .counter =
            {
                .name = "net.errorsTx.summation",
                .unit = "number",
                .rollup = "summation",
                .stats = "delta",
                .label = "Packet transmit errors",
                .summary = "Number of packets with errors transmitted during the sampling interval",
                .formula = "guest: D(net.N.tx.errs); no aggregate when a NIC has no statistics",
                .fidelity = "close",
            },
        .guest = {.compute = formula_device_change,
                  .kind = DEVICE_NIC,
                  .first = NIC_TX_ERRORS,
                  .divisor = 1},
    },
    {.counter = {.name = NULL}},
};
