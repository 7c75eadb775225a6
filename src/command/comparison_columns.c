/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The comparison set is section 6 of the mapping from libvirt to vSphere. */
#include "command/comparison_columns.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

#define COUNTER(counter_name, counter_unit, counter_stats, heading)                                \
    { .name = (counter_name), .unit = (counter_unit), .stats = (counter_stats), .label = (heading) }

/* What people look at first stands first: a narrow terminal shows the beginning. */
const struct counter comparison_set[] = {
    COUNTER("cpu.usage.average", "percent", "rate", "cpu.usage"),
    COUNTER("cpu.readiness.average", "percent", "rate", "ready"),
    COUNTER("mem.usage.average", "percent", "absolute", "mem.usage"),
    COUNTER("disk.usage.average", "kiloBytesPerSecond", "rate", "disk"),
    COUNTER("net.usage.average", "kiloBytesPerSecond", "rate", "net"),
    COUNTER("cpu.usagemhz.average", "megaHertz", "rate", "cpu"),
    COUNTER("cpu.ready.summation", "millisecond", "delta", "ready"),
    COUNTER("cpu.run.summation", "millisecond", "delta", "run"),
    COUNTER("cpu.wait.summation", "millisecond", "delta", "wait"),
    COUNTER("mem.consumed.average", "kiloBytes", "absolute", "consumed"),
    COUNTER("mem.vmmemctl.average", "kiloBytes", "absolute", "balloon"),
    COUNTER("virtualDisk.numberReadAveraged.average", "number", "rate", "reads"),
    COUNTER("virtualDisk.numberWriteAveraged.average", "number", "rate", "writes"),
    COUNTER("virtualDisk.totalReadLatency.average", "millisecond", "absolute", "read"),
    COUNTER("virtualDisk.totalWriteLatency.average", "millisecond", "absolute", "write"),
    COUNTER("net.received.average", "kiloBytesPerSecond", "rate", "rx"),
    COUNTER("net.transmitted.average", "kiloBytesPerSecond", "rate", "tx"),
    COUNTER("net.packetsRx.summation", "number", "delta", "rx packets"),
    COUNTER("net.packetsTx.summation", "number", "delta", "tx packets"),
    COUNTER("net.droppedRx.summation", "number", "delta", "rx drops"),
    {.name = NULL},
};

static const struct {
    const char *unit;
    const char *text;
    enum combination absolute; /* of what is no rate and no amount in an interval */
} units[] = {
    {"percent", "%", COMBINE_MEAN},
    {"millisecond", "ms", COMBINE_LATENCIES},
    {"microsecond", "us", COMBINE_LATENCIES},
    {"nanosecond", "ns", COMBINE_LATENCIES},
    {"kiloBytes", "KB", COMBINE_SUM},
    {"megaBytes", "MB", COMBINE_SUM},
    {"gigaBytes", "GB", COMBINE_SUM},
    {"teraBytes", "TB", COMBINE_SUM},
    {"kiloBytesPerSecond", "KB/s", COMBINE_SUM},
    {"megaBytesPerSecond", "MB/s", COMBINE_SUM},
    {"megaHertz", "MHz", COMBINE_SUM},
    {"watt", "W", COMBINE_SUM},
    {"joule", "J", COMBINE_SUM},
    {"second", "s", COMBINE_NOT},
};
enum { UNITS = sizeof units / sizeof *units };

static const struct {
    const char *latency;
    const char *requests;
} weights[] = {
    {"virtualDisk.totalReadLatency.average", "virtualDisk.numberReadAveraged.average"},
    {"virtualDisk.totalWriteLatency.average", "virtualDisk.numberWriteAveraged.average"},
    {"virtualDisk.readLatencyUS.latest", "virtualDisk.numberReadAveraged.average"},
    {"virtualDisk.writeLatencyUS.latest", "virtualDisk.numberWriteAveraged.average"},
    {"datastore.totalReadLatency.average", "datastore.numberReadAveraged.average"},
    {"datastore.totalWriteLatency.average", "datastore.numberWriteAveraged.average"},
};

enum combination combination_of(const struct counter *counter) {
    bool absolute = strcmp(counter->stats, "rate") != 0 && strcmp(counter->stats, "delta") != 0;
    bool percent = strcmp(counter->unit, "percent") == 0;
    if (!absolute && !percent)
        return COMBINE_SUM;
    for (size_t i = 0; i < UNITS; i++)
        if (strcmp(units[i].unit, counter->unit) == 0)
            return units[i].absolute;
    return COMBINE_NOT;
}

const char *combination_weight(const char *latency) {
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++)
        if (strcmp(weights[i].latency, latency) == 0)
            return weights[i].requests;
    return NULL;
}

void combination_add_weights(struct globs *counters) {
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++)
        if (globs_match(counters, weights[i].latency) &&
            !globs_match(counters, weights[i].requests))
            globs_add(counters, weights[i].requests);
}

static const struct counter *standard(const char *name) {
    for (const struct counter *counter = comparison_set; counter->name; counter++)
        if (strcmp(counter->name, name) == 0)
            return counter;
    return NULL;
}

static void add_column(struct columns *columns, const struct counter *counter) {
    gpointer place = GSIZE_TO_POINTER(columns->count + 1);
    if (g_hash_table_contains(columns->places, counter->name))
        return;
    g_hash_table_insert(columns->places, (gpointer)counter->name, place);
    columns->counters = memory_grow(columns->counters, columns->count, &columns->capacity,
                                    sizeof *columns->counters);
    columns->counters[columns->count++] = counter;
}

static int compare_names(const void *a, const void *b) {
    const struct counter *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

static void add_matching(struct columns *columns, const struct globs *patterns, const char *pattern,
                         const struct catalog *catalog) {
    size_t count = 0;
    const struct counter **matching = memory_array(catalog_size(catalog) + 1, sizeof *matching);
    for (size_t i = 0; i < catalog_size(catalog); i++) {
        const struct counter *counter = catalog_at(catalog, i);
        if (fnmatch(pattern, counter->name, 0) == 0 && globs_match(patterns, counter->name))
            matching[count++] = counter;
    }
    qsort(matching, count, sizeof *matching, compare_names);
    for (size_t i = 0; i < count; i++)
        add_column(columns, matching[i]);
    free(matching);
}

static void add_named(struct columns *columns, const char *name, struct catalog *catalog) {
    const struct counter *known = standard(name);
    const struct counter unknown = {.name = name};
    add_column(columns, catalog_add(catalog, known ? known : &unknown));
}

void columns_resolve(struct columns *columns, const struct globs *patterns,
                     struct catalog *catalog) {
    *columns = (struct columns){.places = g_hash_table_new(g_str_hash, g_str_equal)};
    for (size_t i = 0; i < patterns->count; i++) {
        const char *pattern = patterns->patterns[i];
        if (patterns->excludes[i])
            continue;
        if (strpbrk(pattern, "*?[\\"))
            add_matching(columns, patterns, pattern, catalog);
        else if (globs_match(patterns, pattern))
            add_named(columns, pattern, catalog);
    }
}

bool columns_find(const struct columns *columns, const char *name, size_t *place) {
    size_t found = GPOINTER_TO_SIZE(g_hash_table_lookup(columns->places, name));
    *place = found - 1;
    return found > 0;
}

void columns_done(struct columns *columns) {
    g_hash_table_destroy(columns->places);
    free(columns->counters);
}

/* The name as far as it tells the counter from its neighbours. */
static char *short_name(const struct counter *counter) {
    static const char *const usual[] = {".average", ".summation", ".latest"};
    const struct counter *known = standard(counter->name);
    if (known)
        return memory_strdup(known->label);
    size_t length = strlen(counter->name);
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        size_t tail = strlen(usual[i]);
        if (length > tail && strcmp(counter->name + length - tail, usual[i]) == 0)
            return memory_strndup(counter->name, length - tail);
    }
    return memory_strdup(counter->name);
}

static const char *unit_text(const char *unit, bool raw) {
    if (raw && strcmp(unit, "percent") == 0)
        return "%/100";
    for (size_t i = 0; i < UNITS; i++)
        if (strcmp(units[i].unit, unit) == 0)
            return units[i].text;
    return unit;
}

char *column_heading(const struct counter *counter, bool raw) {
    char *name = short_name(counter);
    bool number = !*counter->unit || strcmp(counter->unit, "number") == 0;
    char *heading =
        number ? memory_printf("%s%s", name, strcmp(counter->stats, "rate") == 0 ? "/s" : "")
               : memory_printf("%s %s", name, unit_text(counter->unit, raw));
    free(name);
    return heading;
}

char *column_title(const struct counter *counter, bool unit) {
    return unit && *counter->unit ? memory_printf("%s [%s]", counter->name, counter->unit)
                                  : memory_strdup(counter->name);
}
