/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* vperf counters: the catalogues of targets. */
#include <stdlib.h>

#include "command/counter_cache.h"
#include "command/listing.h"
#include "command/offered.h"
#include "core/memory.h"
#include "sink/metric_name.h"

const struct options_spec counters_spec = {
    .command = "counters",
    .arguments = "TARGET...",
    .summary = "List the counters that the targets define, or those that are offered.",
    .notes = "Formats: csv, table (default: table on a terminal, else csv). A table has what each\n"
             "counter is, and of KVM how it is computed, below its name; CSV has all there is.\n\n"
             "Examples:\n"
             "  vperf counters root@esx01.example.com\n"
             "  vperf counters --offered root@esx01.example.com qemu:///system\n"
             "  vperf counters --counter 'cpu.*.summation' --format csv vc01.example.com\n"
             "  vperf counters qemu:///system",
    .groups = OPTIONS_COUNTERS | OPTIONS_OFFERS | OPTIONS_OUTPUT | OPTIONS_TARGETS,
};

/* A counter as it is listed. */
struct line {
    const struct counter *counter;
    const struct target *target;
    const struct offered *offered; /* NULL: it was not asked for */
};

static void put_offered(struct records *records, const struct line *line) {
    records_number(records, line->offered ? (int64_t)line->offered->guests : 0, !line->offered);
    records_number(records, line->offered ? (int64_t)line->offered->hosts : 0, !line->offered);
}

/* vSphere counts levels from 1. */
static const struct records_column csv_columns[] = {
    {"counter", false}, {"id", true},        {"unit", false},        {"rollup", false},
    {"stats", false},   {"level", true},     {"device_level", true}, {"label", false},
    {"summary", false}, {"fidelity", false}, {"formula", false},     {"metric", false},
    {"target", false},  {"guests", true},    {"hosts", true},
};

/* What Prometheus calls it. */
static void put_metric(struct records *records, const struct counter *counter) {
    struct metric metric;
    metric_init(&metric, counter, false);
    char *name = memory_printf("%s%s", metric.name, metric.total ? "_total" : "");
    records_text(records, name);
    free(name);
    metric_done(&metric);
}

static void put_csv(struct records *records, const struct line *line, bool offered) {
    const struct counter *counter = line->counter;
    records_text(records, counter->name);
    records_number(records, counter->id, !counter->has_id);
    records_text(records, counter->unit);
    records_text(records, counter->rollup);
    records_text(records, counter->stats);
    records_number(records, counter->level, true);
    records_number(records, counter->device_level, true);
    records_text(records, counter->label);
    records_text(records, counter->summary);
    records_text(records, counter->fidelity);
    records_text(records, counter->formula);
    put_metric(records, counter);
    records_text(records, line->target->text);
    if (offered)
        put_offered(records, line);
}

static const struct records_column table_columns[] = {
    {"counter", false}, {"unit", false},  {"stats", false}, {"level", true},
    {"target", false},  {"guests", true}, {"hosts", true},
};

/* Of one target, its name says nothing. */
static const struct records_column single_columns[] = {
    {"counter", false}, {"unit", false},  {"stats", false},
    {"level", true},    {"guests", true}, {"hosts", true},
};

enum { OFFERED_COLUMNS = 2 };

static void put_table(struct records *records, const struct line *line,
                      const struct options *options) {
    const struct counter *counter = line->counter;
    records_text(records, counter->name);
    records_text(records, counter->unit);
    records_text(records, counter->stats);
    records_number(records, counter->level, true);
    if (options->target_count > 1)
        records_text(records, line->target->text);
    if (options->offered)
        put_offered(records, line);
    records_note(records, counter->summary);
    if (!counter->fidelity)
        return;
    char *formula = memory_printf("%s: %s", counter->fidelity, counter->formula);
    records_note(records, formula);
    free(formula);
}

static const struct records_column *list_columns(const struct options *options,
                                                 enum records_format format, size_t *count) {
    size_t spared = options->offered ? 0 : OFFERED_COLUMNS;
    bool single = options->target_count == 1;
    if (format == RECORDS_CSV) {
        *count = sizeof csv_columns / sizeof *csv_columns - spared;
        return csv_columns;
    }
    *count = sizeof table_columns / sizeof *table_columns - single - spared;
    return single ? single_columns : table_columns;
}

static void list_counters(const struct listing_run *run, const struct catalog *catalog,
                          GHashTable *offers) {
    for (size_t i = 0; i < catalog_size(catalog); i++) {
        const struct counter *counter = catalog_at(catalog, i);
        struct line line = {.counter = counter, .target = run->target};
        struct counter named = *counter;
        named.has_id = false; /* servers number counters their own way */
        catalog_add(run->counters, &named);
        if (offers)
            line.offered = g_hash_table_lookup(offers, counter->name);
        if (!selection_has_counter(run->selection, counter) || (offers && !line.offered))
            continue;
        if (run->format == RECORDS_CSV)
            put_csv(run->records, &line, run->options->offered);
        else
            put_table(run->records, &line, run->options);
    }
}

static void on_missing(void *context, const char *reason) {
    const struct listing_run *run = context;
    log_warn(&run->options->log, "%s", reason);
    ++*run->missing;
}

static bool list(const struct listing_run *run, struct source *source, struct error *error) {
    const struct options *options = run->options;
    const struct catalog *catalog = source->ops->catalog(source, error);
    struct listing_run asker = *run;
    struct offered_request request = {
        .selection = run->selection, .context = &asker, .missing = on_missing};
    GHashTable *offers = NULL;
    if (!catalog)
        return false;
    if (options->offered)
        offers = offered_read(source, &request, error);
    if (options->offered && !offers)
        return false;
    list_counters(run, catalog, offers);
    counter_cache_store(catalog);
    if (offers)
        g_hash_table_destroy(offers);
    return true;
}

int counters_run(int argc, char **argv) {
    static const struct listing listing = {&counters_spec, list_columns, list};
    return listing_run(&listing, argc, argv);
}
