/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* vperf compare: guests of all targets side by side, over the same seconds. */
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/comparison.h"
#include "command/comparison_columns.h"
#include "command/run.h"
#include "core/clock.h"
#include "core/ending.h"
#include "core/memory.h"
#include "core/output.h"

enum { GET_READY_MS = 3000 }; /* for connections and logins */

const struct options_spec compare_spec = {
    .command = "compare",
    .arguments = "TARGET...",
    .summary =
        "Put the guests of all targets side by side: one row per guest, one column per counter.",
    .notes =
        "Formats: csv, table (default: table on a terminal, else csv). A terminal gets the "
        "columns\n"
        "that fit. CSV has the full names of the counters, and guests only; --totals writes "
        "theirs.\n"
        "\n"
        "Columns, unless --counter chooses others, in its order:\n"
        "  cpu.usage %, ready %   cpu.usage.average, cpu.readiness.average\n"
        "  mem.usage %            mem.usage.average\n"
        "  disk, net KB/s         disk.usage.average, net.usage.average\n"
        "  cpu MHz, ready ms      cpu.usagemhz.average, cpu.ready.summation\n"
        "  run ms, wait ms        cpu.run.summation, cpu.wait.summation\n"
        "  consumed, balloon KB   mem.consumed.average, mem.vmmemctl.average\n"
        "  reads/s, writes/s      virtualDisk.numberReadAveraged.average, …WriteAveraged…\n"
        "  read ms, write ms      virtualDisk.totalReadLatency.average, …WriteLatency…\n"
        "  rx, tx KB/s            net.received.average, net.transmitted.average\n"
        "  rx packets, tx packets net.packetsRx.summation, net.packetsTx.summation\n"
        "  rx drops               net.droppedRx.summation\n"
        "\n"
        "Values are those of the whole guest. Where a hypervisor has them per disk only, they are\n"
        "added up; of percentages it is the mean, of latencies the mean weighted by requests\n"
        "(without requests, the highest). In totals, percentages are weighted by the guests' "
        "vCPUs,\n"
        "those of memory by memory. KB and MB are 1024-based. ~ marks what a source can only\n"
        "approximate. A guest that two targets of libvirt report, as while it migrates, has the "
        "row\n"
        "of its newest sample.\n"
        "\n"
        "Libvirt is polled twice, 20 s apart. With a vSphere target beside it, this is done when\n"
        "the next interval of ESXi begins and ends, and its sample is waited for: it takes 25 to\n"
        "45 s. A sample that does not come within 30 s is replaced by the newest one before.\n"
        "\n"
        "Examples:\n"
        "  vperf compare root@esx01.example.com qemu:///system\n"
        "  vperf compare --sort cpu.ready.summation --top 10 root@esx01.example.com "
        "qemu:///system\n"
        "  vperf compare --at 2026-11-21T19:00:00Z vperf.db\n",
    .groups =
        OPTIONS_COUNTERS | OPTIONS_COMPARISON | OPTIONS_MOMENT | OPTIONS_OUTPUT | OPTIONS_TARGETS,
    .guests_only = true,
};

/* Exclusions alone take some of the set away. */
static void add_set(struct globs *counters) {
    for (const struct counter *counter = comparison_set; counter->name; counter++)
        if (!globs_excludes(counters, counter->name))
            globs_add(counters, counter->name);
}

/*
 * Those given, or the comparison set; and the one to sort by. The columns borrow their patterns:
 * they are the first of those that are asked for; behind them stand the weights of latencies.
 */
static bool choose_counters(struct options *options, struct globs *columns, struct error *error) {
    struct globs *counters = &options->selection.counters;
    const char *sort = options->sort;
    bool own = !counters->includes;
    if (own)
        add_set(counters);
    if (!counters->includes)
        return error_set(error, ERROR_USAGE, "--counter excludes all counters of the comparison");
    if (sort && (!*sort || strpbrk(sort, "*?[\\,!")))
        return error_set(error, ERROR_USAGE, "--sort '%s': expected the name of one counter", sort);
    /* Of the set, what a source has no counter for has an empty column. */
    options->selection.optional = own && (!sort || globs_match(counters, sort));
    if (sort && !globs_match(counters, sort))
        globs_add(counters, sort);
    if (sort && !globs_match(counters, sort))
        return error_set(error, ERROR_USAGE, "--sort '%s': --counter excludes it", sort);
    size_t count = counters->count;
    combination_add_weights(counters);
    *columns = *counters;
    columns->count = count;
    return true;
}

/*
 * Targets of one kind have nothing to be aligned with: the newest sample is there at once. So it is
 * in a history.
 */
static bool are_mixed(const struct options *options) {
    struct error ignored = {0};
    const struct source_ops *first = NULL;
    for (size_t i = 0; i < options->target_count; i++) {
        const struct source_ops *ops = source_ops_for(&options->plans[i].target, &ignored);
        if (!ops || ops->recorded)
            continue;
        if (first && ops != first)
            return true;
        first = ops;
    }
    return false;
}

/* Real-time samples of vSphere end at multiples of their interval; logins come before it begins. */
static int64_t next_interval_ns(int32_t interval) {
    int64_t period_us = (int64_t)interval * G_USEC_PER_SEC;
    int64_t ready_us = g_get_real_time() + GET_READY_MS * 1000LL;
    return clock_boot_ns() + (GET_READY_MS * 1000LL + period_us - ready_us % period_us) * 1000;
}

/* All sources measure the same interval: when it begins; 0 when it need not be the same. */
static bool align(const struct options *options, int64_t *begin_ns, struct error *error) {
    int32_t interval = options->timing.interval;
    *begin_ns = 0;
    if (!are_mixed(options))
        return true;
    if (interval != REAL_TIME_SECONDS)
        return error_set(error, ERROR_USAGE,
                         "--interval %d: a comparison of several kinds of targets needs %d, the "
                         "interval of real-time samples that they have in common: leave it out",
                         interval, REAL_TIME_SECONDS);
    *begin_ns = next_interval_ns(interval);
    return true;
}

static bool make_order(struct comparison_order *order, const struct options *options,
                       const struct globs *columns, struct error *error) {
    const bool *types = options->selection.types;
    bool terminal = !options->output && isatty(STDOUT_FILENO);
    *order = (struct comparison_order){
        .counters = columns,
        .sort = options->sort ? options->sort : "cpu.usage.average",
        .top = (size_t)options->top,
        .width = options_terminal_width(options),
        .color = options_terminal_color(options),
        .show_types = types[ENTITY_VM] && types[ENTITY_HOST],
        .show_units = options->units,
    };
    return records_format_find(options->format, terminal, &order->format, error) &&
           (options->format || ending_check("--output", options->output, "csv", error));
}

/* The files of a run. Both are opened before a server is asked for anything. */
struct outputs {
    struct output table;
    struct output totals; /* empty when not asked for */
};

static bool open_outputs(struct outputs *outputs, const struct options *options,
                         struct error *error) {
    *outputs = (struct outputs){.totals = {.stream = NULL}};
    if (!output_open(&outputs->table, options->output, error))
        return false;
    if (!options->totals)
        return true;
    if (output_open(&outputs->totals, options->totals, error)) {
        if (!output_same(&outputs->table, &outputs->totals))
            return true;
        error_set(error, ERROR_USAGE, "--totals '%s': the guests go there: give another FILE",
                  options->totals);
        output_abort(&outputs->totals);
    }
    output_abort(&outputs->table);
    return false;
}

static void publish_totals(struct run *run, struct output *output) {
    struct error lost = {0};
    if (!output->stream || output_commit(output, &lost))
        return;
    run_report_end(&run->options->log, &lost);
    run->part_lost = true;
}

/* Output appears when something was measured, or nothing was lost. */
static void publish(struct run *run, struct outputs *outputs) {
    const struct log *log = &run->options->log;
    int status = run_status(run);
    bool good = status == STATUS_OK || status == STATUS_PARTIAL;
    if (!good)
        output_abort(&outputs->table);
    if (!good || !output_commit(&outputs->table, &run->fatal)) {
        output_abort(&outputs->totals);
        return;
    }
    publish_totals(run, &outputs->totals);
    if (run->skipped)
        log_info(log, "%zu powered off or disconnected: left out", run->skipped);
    if (run->entities->count && !coverage_totals(run->coverage).series)
        log_warn(log, "there is no value of these counters: 'vperf counters' lists all counters");
}

static int compare(const struct options *options, const struct comparison_order *asked,
                   int64_t begin_ns, struct error *error) {
    struct comparison_order order = *asked;
    struct outputs outputs;
    if (!open_outputs(&outputs, options, error))
        return run_error_status(error);
    struct comparison comparison;
    struct run run;
    order.totals = outputs.totals.stream;
    comparison_init(&comparison, &order, outputs.table.stream, options->sink);
    run_init(&run, options, &comparison.sink);
    run.aligned_ns = begin_ns;
    run_all(&run);
    comparison_done(&comparison);
    publish(&run, &outputs);
    *error = run.fatal;
    int status = run_status(&run);
    run_done(&run);
    return status;
}

static int prepare_and_compare(struct options *options, struct error *error) {
    struct comparison_order order;
    struct globs columns = {0};
    int64_t begin_ns = 0;
    int status = STATUS_USAGE;
    if (choose_counters(options, &columns, error) && make_order(&order, options, &columns, error) &&
        align(options, &begin_ns, error))
        status = compare(options, &order, begin_ns, error);
    return status;
}

int compare_run(int argc, char **argv) {
    return run_command(&compare_spec, argc, argv, prepare_and_compare);
}
