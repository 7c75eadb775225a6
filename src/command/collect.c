/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* vperf collect: samples of all targets into files. */
#include <inttypes.h>
#include <stdlib.h>

#include "command/destinations.h"
#include "command/run.h"
#include "core/memory.h"

const struct options_spec collect_spec = {
    .command = "collect",
    .arguments = "TARGET...",
    .summary = "Write samples of the hosts and guests of all targets, one row per sample.",
    .notes =
        "Formats: csv, wide (one column per counter and instance), jsonl (one JSON object per\n"
        "row), influx (line protocol in telegraf's schema), openmetrics, prometheus (its\n"
        "older text format), table (for reading). Without --format, the end of the output's\n"
        "name tells (x.wide.csv, x.jsonl, x.lp, x.om, x.prom), else csv; .gz or .zst behind\n"
        "it compresses.\n"
        "URLs: http[s]://HOST/write?db=NAME (InfluxDB, VictoriaMetrics),\n"
        "…/api/v2/write?org=NAME&bucket=NAME (InfluxDB 2), …/api/v1/write (remote write).\n\n"
        "Examples:\n"
        "  vperf collect --output esx01.csv --coverage coverage.csv root@esx01.example.com\n"
        "  vperf collect --type vm --counter 'cpu.*,mem.*' --samples 15 vc01.example.com",
    .groups = OPTIONS_ENTITIES | OPTIONS_COUNTERS | OPTIONS_SAMPLES | OPTIONS_DESTINATIONS |
              OPTIONS_TARGETS,
};

static void show_summary(const struct run *run) {
    const struct log *log = &run->options->log;
    struct coverage_totals totals = coverage_totals(run->coverage);
    char *unknown = totals.unknown ? memory_printf(", %zu unknown to the catalogue", totals.unknown)
                                   : memory_strdup("");
    char *skipped = run->skipped
                        ? memory_printf("; %zu powered off or disconnected: skipped", run->skipped)
                        : memory_strdup("");
    char *missing = run->missing ? memory_printf("; %zu incomplete: see above", run->missing)
                                 : memory_strdup("");
    log_info(log,
             "counters: %zu defined, %zu offered, %zu returned%s; %" PRIu64 " series, %" PRIu64
             " samples%s%s",
             totals.defined, totals.offered, totals.returned, unknown, totals.series,
             totals.samples, skipped, missing);
    free(unknown);
    free(skipped);
    free(missing);
}

/* What was chosen, and no entity has. What is lost may have it. */
static void check_offered(struct run *run) {
    const struct options *options = run->options;
    const struct globs *globs = &options->selection.counters;
    bool lost = run->failed || run->missing || run->fatal.kind != ERROR_NONE;
    bool asked = options_share(options, OWNS_COUNTERS);
    if (!asked || options->timing.follow || lost || run->chosen <= run->skipped)
        return;
    for (size_t i = 0; i < globs->count; i++) {
        if (globs->excludes[i] || coverage_offers(run->coverage, globs->patterns[i]))
            continue;
        log_warn(&options->log,
                 "no entity offers a counter that matches '%s': 'vperf counters --offered' shows "
                 "what there is",
                 globs->patterns[i]);
        run->missing++;
    }
}

/* The files of a run. All are opened before the server is asked for anything. */
struct outputs {
    struct destinations samples;
    struct output coverage; /* empty when not asked for */
};

static bool open_coverage(struct outputs *outputs, const char *path, struct error *error) {
    if (!path)
        return true;
    if (!output_open(&outputs->coverage, path, error))
        return false;
    if (!destinations_has(&outputs->samples, &outputs->coverage))
        return true;
    output_abort(&outputs->coverage);
    return error_set(error, ERROR_USAGE, "--coverage '%s': the samples go there: give another FILE",
                     path);
}

static bool open_outputs(struct outputs *outputs, struct options *options, struct error *error) {
    if (!destinations_open(&outputs->samples, options, error))
        return false;
    if (open_coverage(outputs, options->coverage, error))
        return true;
    destinations_abort(&outputs->samples);
    destinations_done(&outputs->samples);
    return false;
}

/* The samples are there already: without the account, a part is missing. */
static bool publish_coverage(struct run *run, struct output *output) {
    const struct options *options = run->options;
    struct error lost = {0};
    coverage_write(run->coverage, output->stream, options->sink.spreadsheet_safe);
    if (output_commit(output, &lost))
        return true;
    run_report_end(&options->log, &lost);
    run->part_lost = true;
    return false;
}

/* Output appears when something was collected, or nothing was lost. */
static bool publish(struct run *run, struct outputs *outputs) {
    struct error lost = {0};
    bool written = false;
    if (!run_publishable(run))
        destinations_abort(&outputs->samples);
    else
        written = destinations_commit(&outputs->samples, &lost);
    run->part_lost = outputs->samples.lost;
    if (written)
        return !outputs->coverage.stream || publish_coverage(run, &outputs->coverage);
    /* That nothing was written weighs more than that the run was interrupted. */
    if (lost.kind != ERROR_NONE)
        run->fatal = lost;
    output_abort(&outputs->coverage);
    return false;
}

static int collect(struct options *options, struct error *error) {
    options->sink.targets = options->target_count;
    struct outputs outputs = {0};
    if (!open_outputs(&outputs, options, error))
        return run_error_status(error);
    options->selection.context |= outputs.samples.tee.ops.context;
    struct run run;
    run_init(&run, options, tee_sink(&outputs.samples.tee));
    destinations_end_with(&outputs.samples, &run.cancel);
    run_all(&run);
    check_offered(&run);
    run_check_samples(&run);
    if (publish(&run, &outputs))
        show_summary(&run);
    run_report_end(&options->log, &run.fatal);
    int status = run_status(&run);
    run_done(&run);
    destinations_done(&outputs.samples);
    return status;
}

int collect_run(int argc, char **argv) {
    return run_command(&collect_spec, argc, argv, collect);
}
