/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* vperf counters: the catalogue of a target. */
#include "command/listing.h"

static const struct options_spec spec = {
    .command = "counters",
    .arguments = "TARGET",
    .summary = "List the counters that the target defines.",
    .notes = "Formats: csv, table (default: table on a terminal, else csv). A terminal's table is\n"
             "cut to its width.\n\n"
             "Examples:\n"
             "  vperf counters root@esx01.example.com\n"
             "  vperf counters --counter 'cpu.*.summation' --format csv vc01.example.com\n"
             "  vperf counters qemu:///system",
    .groups = OPTIONS_COUNTERS,
    .single_target = true,
};

/* The last two belong to counters that vperf computes. */
static const struct records_column columns[] = {
    {"counter", false}, {"id", true},        {"unit", false},        {"rollup", false},
    {"stats", false},   {"level", true},     {"device_level", true}, {"label", false},
    {"summary", false}, {"fidelity", false}, {"formula", false},
};
enum { COLUMNS = sizeof columns / sizeof *columns, DEFINED_COLUMNS = COLUMNS - 2 };

static bool is_computed(const struct catalog *catalog) {
    return catalog_size(catalog) > 0 && catalog_at(catalog, 0)->fidelity;
}

static void list_counter(const struct counter *counter, bool computed, struct records *records) {
    records_text(records, counter->name);
    records_number(records, counter->id, computed);
    records_text(records, counter->unit);
    records_text(records, counter->rollup);
    records_text(records, counter->stats);
    records_number(records, counter->level, computed);
    records_number(records, counter->device_level, computed);
    records_text(records, counter->label);
    records_text(records, counter->summary);
    if (computed) {
        records_text(records, counter->fidelity);
        records_text(records, counter->formula);
    }
}

static bool list(const struct listing_run *run, struct source *source, struct error *error) {
    const struct selection *selection = &run->options->selection;
    const struct catalog *catalog = source->ops->catalog(source, error);
    if (!catalog || !selection_check_counters(selection, catalog, error))
        return false;
    bool computed = is_computed(catalog);
    if (computed)
        records_columns(run->records, columns, COLUMNS);
    for (size_t i = 0; i < catalog_size(catalog); i++)
        if (selection_has_counter(selection, catalog_at(catalog, i)))
            list_counter(catalog_at(catalog, i), computed, run->records);
    return true;
}

int counters_run(int argc, char **argv) {
    static const struct listing listing = {&spec, columns, DEFINED_COLUMNS, list};
    return listing_run(&listing, argc, argv);
}
