/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* vperf counters: the catalogue of a target. */
#include "command/listing.h"

static const struct options_spec spec = {
    .command = "counters",
    .arguments = "TARGET",
    .summary = "List the counters that the target defines.",
    .notes = "Formats: csv, table (default: table on a terminal, else csv).\n\n"
             "Examples:\n"
             "  vperf counters root@esx01.example.com\n"
             "  vperf counters --counter 'cpu.*.summation' --format csv vc01.example.com",
    .groups = OPTIONS_COUNTERS,
    .single_target = true,
};

static const struct records_column columns[] = {
    {"counter", false},     {"id", true},     {"unit", false},
    {"rollup", false},      {"stats", false}, {"level", true},
    {"device_level", true}, {"label", false}, {"summary", false},
};

static bool list(const struct options *options, struct source *source, struct records *records,
                 struct error *error) {
    const struct catalog *catalog = source->ops->catalog(source, error);
    if (!catalog || !selection_check_counters(&options->selection, catalog, error))
        return false;
    for (size_t i = 0; i < catalog_size(catalog); i++) {
        const struct counter *counter = catalog_at(catalog, i);
        if (!selection_has_counter(&options->selection, counter))
            continue;
        records_text(records, counter->name);
        records_number(records, counter->id, false);
        records_text(records, counter->unit);
        records_text(records, counter->rollup);
        records_text(records, counter->stats);
        records_number(records, counter->level, false);
        records_number(records, counter->device_level, false);
        records_text(records, counter->label);
        records_text(records, counter->summary);
    }
    return true;
}

int counters_run(int argc, char **argv) {
    static const struct listing listing = {&spec, columns, sizeof columns / sizeof *columns, list};
    return listing_run(&listing, argc, argv);
}
