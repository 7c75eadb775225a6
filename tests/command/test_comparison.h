/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What tests of a comparison share: counters, guests, and series as a source gives them. */
#ifndef VPERF_TESTS_COMMAND_TEST_COMPARISON_H
#define VPERF_TESTS_COMMAND_TEST_COMPARISON_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/comparison.h"
#include "core/memory.h"

static const struct counter usage = {
    .id = 1, .name = "cpu.usage.average", .unit = "percent", .stats = "rate"};
static const struct counter usage_kvm = {
    .name = "cpu.usage.average", .unit = "percent", .stats = "rate", .fidelity = "close"};
static const struct counter memory_kvm = {
    .name = "mem.usage.average", .unit = "percent", .stats = "absolute", .fidelity = "approximate"};
static const struct counter memory = {
    .id = 2, .name = "mem.usage.average", .unit = "percent", .stats = "absolute"};
static const struct counter ready = {
    .id = 3, .name = "cpu.ready.summation", .unit = "millisecond", .stats = "delta"};
static const struct counter consumed = {
    .id = 4, .name = "mem.consumed.average", .unit = "kiloBytes", .stats = "absolute"};
static const struct counter reads = {
    .id = 5, .name = "virtualDisk.numberReadAveraged.average", .unit = "number", .stats = "rate"};
static const struct counter latency = {.id = 6,
                                       .name = "virtualDisk.totalReadLatency.average",
                                       .unit = "millisecond",
                                       .stats = "absolute"};
static const struct counter io_size = {
    .id = 7, .name = "virtualDisk.readIOSize.latest", .unit = "number", .stats = "absolute"};

#define LEGEND                                                                                     \
    "total: the sum; of percentages, the mean weighted by vCPUs (memory: by memory),\n"            \
    "of latencies by requests.\n"

struct bench {
    struct comparison comparison;
    struct globs counters;
    char *text;
    size_t size;
    FILE *stream;
};

static inline void set_up(struct bench *bench, const char *counters, enum records_format format) {
    *bench = (struct bench){.text = NULL};
    globs_add(&bench->counters, counters);
    bench->stream = open_memstream(&bench->text, &bench->size);
    const struct comparison_order order = {
        .counters = &bench->counters, .sort = "cpu.usage.average", .format = format};
    comparison_init(&bench->comparison, &order, bench->stream, (struct sink_options){0});
}

static inline void feed(struct bench *bench, const struct entity *entity,
                        const struct counter *counter, const char *instance, int64_t value) {
    const struct sample samples[] = {{1795288620, 7777}, {1795288640, value}};
    const struct series series = {.entity = entity,
                                  .counter = counter,
                                  .instance = instance,
                                  .interval = 20,
                                  .count = 2,
                                  .samples = samples};
    sink_write(&bench->comparison.sink, &series);
}

/* Ends the comparison and compares what was written. */
static inline void expect(struct bench *bench, const char *expected) {
    sink_end(&bench->comparison.sink);
    fclose(bench->stream);
    assert_string_equal(bench->text, expected);
    comparison_done(&bench->comparison);
    globs_done(&bench->counters);
    free(bench->text);
}

static inline struct entity guest(const char *hypervisor, const char *name, const char *id) {
    return (struct entity){.type = ENTITY_VM,
                           .source = strcmp(hypervisor, "esxi") == 0 ? "esx01" : "kvm01",
                           .hypervisor = hypervisor,
                           .name = name,
                           .id = id};
}

static inline struct entity sized(const char *name, const char *id, int32_t cpus,
                                  int64_t memory_kib) {
    struct entity entity = guest("esxi", name, id);
    entity.cpus = cpus;
    entity.memory_kib = memory_kib;
    return entity;
}

#endif
