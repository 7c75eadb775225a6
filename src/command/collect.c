/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* vperf collect: samples of all targets into one output. */
#include <inttypes.h>
#include <stdlib.h>

#include "command/collector.h"
#include "core/interrupt.h"
#include "core/memory.h"
#include "core/output.h"

static const struct options_spec spec = {
    .command = "collect",
    .arguments = "TARGET...",
    .summary = "Write samples of the hosts and guests of all targets, one row a sample.",
    .notes = "Formats: csv.\n\n"
             "Examples:\n"
             "  vperf collect --output esx01.csv --coverage coverage.csv root@esx01.example.com\n"
             "  vperf collect --type vm --counter 'cpu.*,mem.*' --samples 15 vc01.example.com",
    .groups = OPTIONS_ENTITIES | OPTIONS_COUNTERS | OPTIONS_SAMPLES,
};

static void show_summary(const struct collector *collector) {
    const struct log *log = &collector->options->log;
    struct coverage_totals totals = coverage_totals(collector->coverage);
    char *unknown = totals.unknown ? memory_printf(", %zu unknown to the catalogue", totals.unknown)
                                   : memory_strdup("");
    char *skipped = collector->skipped ? memory_printf("; %zu powered off or disconnected: skipped",
                                                       collector->skipped)
                                       : memory_strdup("");
    char *missing = collector->missing
                        ? memory_printf("; %zu incomplete: see above", collector->missing)
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

static bool write_coverage(const struct collector *collector, struct error *error) {
    const struct options *options = collector->options;
    if (!options->coverage)
        return true;
    struct output output;
    if (!output_open(&output, options->coverage, error))
        return false;
    coverage_write(collector->coverage, output.stream, options->sink.spreadsheet_safe);
    return output_commit(&output, error);
}

static void collect_targets(struct collector *collector) {
    const struct options *options = collector->options;
    for (size_t i = 0; i < options->target_count; i++)
        if (!collector_target(collector, &options->targets[i]))
            return;
    if (collector->failed == 0 && collector->matched == 0) {
        error_set(&collector->fatal, ERROR_USAGE,
                  "no entity matches --type and --name: see 'vperf inventory'");
        return;
    }
    if (collector->failed < options->target_count)
        collector_begin(collector);
    if (collector->begun)
        collector->sink->ops->end(collector->sink);
}

/* Output appears when something was collected, or nothing was lost. */
static bool publish(struct collector *collector) {
    int status = collector_status(collector);
    if (status != STATUS_OK && status != STATUS_PARTIAL) {
        output_abort(collector->output);
        return false;
    }
    return output_commit(collector->output, &collector->fatal) &&
           write_coverage(collector, &collector->fatal);
}

static int collect(const struct options *options) {
    struct error error = {0};
    const struct sink_ops *format =
        sink_find(options->format ? options->format : sink_table[0]->name, &error);
    struct output output;
    if (!format || !output_open(&output, options->output, &error)) {
        log_error(&options->log, "%s", error.message);
        return collector_error_status(&error);
    }
    struct sink sink = {format, output.stream, options->sink};
    struct collector collector = {
        .options = options, .output = &output, .sink = &sink, .coverage = coverage_new()};
    collect_targets(&collector);
    bool published = publish(&collector);
    if (published)
        show_summary(&collector);
    if (collector.fatal.kind != ERROR_NONE)
        log_error(&options->log, "%s", collector.fatal.message);
    int status = collector_status(&collector);
    coverage_free(collector.coverage);
    return status;
}

int collect_run(int argc, char **argv) {
    struct options options;
    enum options_result result = options_parse(&options, &spec, argc, argv);
    int status = result == OPTIONS_DONE ? STATUS_OK : STATUS_USAGE;
    if (result == OPTIONS_RUN) {
        interrupt_install();
        status = collect(&options);
    }
    options_done(&options);
    return status;
}
