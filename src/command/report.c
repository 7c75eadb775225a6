/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* vperf report: how much hosts and guests have, use and need over a window. */
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/run.h"
#include "core/memory.h"
#include "report/explain.h"
#include "report/page.h"
#include "version.h"
#if VPERF_HISTORY
#include "command/history_gaps.h"
#endif

enum { DEFAULT_POLLS = 15, MONTH_DAYS = 30, HOUR_SECONDS = 3600, DAY_SECONDS = 86400 };

const struct options_spec report_spec = {
    .command = "report",
    .arguments = "[TARGET...]",
    .summary = "Capacity report: what hosts and guests have, use and need over a window of time.",
    .notes = "Formats: csv (one row per cluster, host and guest), table, html (one file without\n"
             "scripts that needs no network, for screen and paper), xlsx (a sheet per kind, with\n"
             "charts); without --format, the end of --output's name tells; default: table on a\n"
             "terminal, else csv. All but csv begin with a summary and have the formulas behind\n"
             "the figures.\n"
             "\n"
             "Percentiles are exact over the samples of the window, each weighted by the seconds\n"
             "that it covers. A sample is an average over its interval, and the report says\n"
             "which: with 20 s (the last hour) they show bursts that 300 s and more hide. A\n"
             "vCenter keeps a day of 300 s, a week of 1800 s, a month of 7200 s, a year of days;\n"
             "ESXi 36 hours of 300 s. A history has what was recorded, and its last 30 days are\n"
             "taken; without a TARGET it is vperf.db, if that is here and neither GOVC_URL nor\n"
             "LIBVIRT_DEFAULT_URI names one.\n"
             "libvirt keeps nothing: it is polled (--samples, --interval).\n"
             "\n"
             "Each guest has one class: off, unknown (too little history or coverage), idle,\n"
             "undersized (any dimension is short), oversized (one is too large, none is short),\n"
             "right. Rules, with their defaults (vperf-report(1) says where they come from):\n"
             "  cpu-percentile=95 cpu-target=80     vCPUs: p95 is at most 80 % of them\n"
             "  cpu-peak=100 cpu-step=1             fewer ones hold the peak\n"
             "  memory-percentile=99 memory-target=80 memory-step=2048\n"
             "                                      memory: what the guest needs; MB\n"
             "  dead-band=10                        percent by which a size has to differ\n"
             "  idle-cpu=5 idle-disk=100 idle-net=200\n"
             "                                      percent and KB/s, at cpu-percentile\n"
             "  off-days=21 min-days=7 min-coverage=50\n"
             "  cpu-limit=90 ready-limit=5          percent; the time above it is told\n"
             "  latency-limit=50 reclaim-limit=10 drops-limit=1\n"
             "                                      ms, percent of memory, packets/s: contention\n"
             "\n"
             "Examples:\n"
             "  vperf report root@esx01.example.com\n"
             "  vperf report --last 30d -f html -o report.html root@vcenter.example.com\n"
             "  vperf report --rule cpu-target=60,min-days=3 --last 7d vperf.db\n",
    .groups = OPTIONS_REPORT | OPTIONS_OUTPUT | OPTIONS_TARGETS,
    .datastores = true,
    .default_target = "vperf.db",
};

/* The archives that a vCenter is shipped with: intervals, and how long they are kept. */
static const struct {
    int64_t window;
    int32_t interval;
} archives[] = {
    {HOUR_SECONDS, REAL_TIME_SECONDS}, {DAY_SECONDS, 300}, {7 * DAY_SECONDS, 1800},
    {31 * DAY_SECONDS, 7200},          {INT64_MAX, 86400},
};

/* A sink that keeps what it gets until the report is written. */
struct collected {
    struct sink sink;
    struct usage *usage;
};

static void begin(struct sink *sink) {
    (void)sink;
}

static void write_series(struct sink *sink, const struct series *series) {
    usage_write(((struct collected *)sink)->usage, series);
}

static void write_entity(struct sink *sink, const struct entity *entity) {
    usage_add_entity(((struct collected *)sink)->usage, entity, false);
}

static void write_skipped(struct sink *sink, const struct entity *entity) {
    usage_add_entity(((struct collected *)sink)->usage, entity, true);
}

static const struct sink_ops ops = {
    .name = "report",
    .begin = begin,
    .write = write_series,
    .entity = write_entity,
    .skipped = write_skipped,
    .end = begin,
};

static const struct source_ops *ops_of(const struct options *options, size_t index) {
    struct error ignored = {0};
    return source_ops_for(&options->plans[index].target, &ignored);
}

static bool all_keep_samples(const struct options *options) {
    for (size_t i = 0; i < options->target_count; i++)
        if (!ops_of(options, i)->keeps_samples && !ops_of(options, i)->keeps_archive)
            return false;
    return true;
}

static size_t count_of(const struct options *options, const char *source) {
    size_t count = 0;
    for (size_t i = 0; i < options->target_count; i++)
        count += strcmp(ops_of(options, i)->name, source) == 0;
    return count;
}

static bool all_recorded(const struct options *options) {
    return count_of(options, "history") == options->target_count;
}

/* How far back the window begins, by our clock where only the server knows its own. */
static int64_t age_of_start(const struct timerange *range) {
    int64_t now = g_get_real_time() / G_USEC_PER_SEC;
    return now - timerange_resolve(&range->start, now);
}

/* A month of histories, the last hour of servers, or some polls of a libvirt. */
static void choose_window(struct options *options) {
    struct timing *timing = &options->timing;
    bool recorded = all_recorded(options);
    if (timerange_given(&timing->range) || options->samples_given)
        return;
    timing->samples = all_keep_samples(options) ? 0 : DEFAULT_POLLS;
    if (!timing->samples)
        timing->range.start =
            (struct moment){.given = true,
                            .relative = true,
                            .seconds = recorded ? -MONTH_DAYS * DAY_SECONDS : -HOUR_SECONDS};
}

/* A history has the intervals that were recorded; servers keep longer ones for longer. */
static void choose_interval(struct options *options) {
    struct timing *timing = &options->timing;
    size_t i = 0;
    if (options->interval_given || !timing->range.start.given || !count_of(options, "vsphere"))
        return;
    while (archives[i].window < age_of_start(&timing->range))
        i++;
    timing->interval = archives[i].interval;
    timing->shorter = true;
}

/* Its length; 0 when only the newest sample tells where it ends. */
static int64_t window_seconds(const struct timing *timing) {
    const struct moment *start = &timing->range.start, *end = &timing->range.end;
    if (!start->given || timing->samples)
        return (int64_t)timing->samples * timing->interval;
    bool relative_end = !end->given || end->relative;
    if (start->relative && relative_end)
        return (end->given ? end->seconds : 0) - start->seconds;
    return !start->relative && !relative_end ? end->seconds - start->seconds : 0;
}

static void publish(struct run *run, struct output *output) {
    const struct log *log = &run->options->log;
    int status = run_status(run);
    if (status != STATUS_OK && status != STATUS_PARTIAL)
        output_abort(output);
    else if (!output_commit(output, &run->fatal))
        return;
    else if (run->skipped)
        log_info(log, "%zu powered off or disconnected", run->skipped);
}

/* What histories lack. */
static GPtrArray *find_gaps(const struct options *options) {
#if VPERF_HISTORY
    return history_gaps(options);
#else
    (void)options;
    return g_ptr_array_new();
#endif
}

/* Where hours stand for samples that histories no longer keep. */
static int64_t find_hours_until(const struct options *options) {
#if VPERF_HISTORY
    return options->interval_given || options->timing.samples ? 0 : history_hours_until(options);
#else
    (void)options;
    return 0;
#endif
}

/* ERROR_USAGE names a wrong word of the list. */
static bool parse_groups(const char *list, unsigned *groups, struct error *error) {
    char **words = g_strsplit(list ? list : "", ",", -1);
    for (char **word = words; *word; word++) {
        int group = 0;
        while (group < FINDINGS_GROUPS &&
               strcmp(*word, findings_group_name((enum findings_group)group)) != 0)
            group++;
        if (group == FINDINGS_GROUPS)
            error_set(error, ERROR_USAGE, "--group-by '%s': expected cluster, host, folder or tag",
                      *word);
        *groups |= 1U << group;
    }
    g_strfreev(words);
    return error->kind == ERROR_NONE;
}

/* What the command line asks for, checked. */
struct plan {
    struct sizing_rules rules;
    const struct page *page;
    unsigned groups; /* of enum findings_group, as bits */
};

static bool write_report(struct run *run, struct usage *usage, const struct plan *plan,
                         FILE *stream) {
    const struct options *options = run->options;
    const struct timing *timing = &options->timing;
    const struct moment *start = &timing->range.start;
    struct findings_order order = {
        .rules = plan->rules,
        .spare = (size_t)options->spare,
        .start = start->given && !start->relative ? start->seconds : 0,
        .seconds = window_seconds(timing),
        .lost = run->failed + run->missing,
        .top = (size_t)options->top,
        .groups = plan->groups,
        .gaps = find_gaps(options),
        .hours_until = find_hours_until(options),
    };
    const struct page_options form = {
        .width = options_terminal_width(options),
        .spreadsheet_safe = options->sink.spreadsheet_safe,
    };
    bool good = usage_complete(usage, &run->fatal);
    if (good) {
        struct findings findings;
        findings_init(&findings, usage, &order);
        good = plan->page->write(stream, &findings, &form, &run->fatal);
        findings_done(&findings);
    }
    g_ptr_array_free(order.gaps, TRUE);
    return good;
}

/* Histories are long. Of several, a later one may hold more of an entity. */
static void expect_ends(const struct options *options, const struct sizing_rules *rules,
                        struct usage *usage) {
    const double percents[] = {50, 95, 99, rules->value[RULE_CPU_PERCENTILE],
                               rules->value[RULE_MEMORY_PERCENTILE]};
    if (all_recorded(options))
        usage_expect_ends(usage, percents, G_N_ELEMENTS(percents), options->target_count == 1);
}

static int make_report(const struct options *options, const struct plan *plan,
                       struct error *error) {
    struct output output;
    struct run run;
    double limits[USAGE_METRICS];
    for (size_t i = 0; i < USAGE_METRICS; i++)
        limits[i] = INFINITY;
    limits[USAGE_CPU] = plan->rules.value[RULE_CPU_LIMIT];
    limits[USAGE_READY] = plan->rules.value[RULE_READY_LIMIT];
    if (!output_open(&output, options->output, error))
        return run_error_status(error);
    struct collected collected = {.sink = {.ops = &ops}, .usage = usage_new(limits)};
    expect_ends(options, &plan->rules, collected.usage);
    run_init(&run, options, &collected.sink);
    run_all(&run);
    run_check_samples(&run);
    int status = run_status(&run);
    if (status == STATUS_OK || status == STATUS_PARTIAL)
        (void)!write_report(&run, collected.usage, plan, output.stream);
    publish(&run, &output);
    *error = run.fatal;
    status = run_status(&run);
    run_done(&run);
    usage_free(collected.usage);
    return status;
}

static bool check_types(const struct options *options, struct error *error) {
    const bool *types = options->selection.types;
    for (size_t i = 0; i < ENTITY_TYPES; i++)
        if (types[i] && i != ENTITY_VM && i != ENTITY_HOST && i != ENTITY_DATASTORE)
            return error_set(error, ERROR_USAGE, "--type %s: a report is of vm, host and datastore",
                             entity_type_name((enum entity_type)i));
    return true;
}

static int explain(const struct options *options, const struct sizing_rules *rules,
                   const struct page *page, struct error *error) {
    const struct page_options form = {
        .width = options_terminal_width(options),
        .spreadsheet_safe = options->sink.spreadsheet_safe,
    };
    struct output output;
    if (!page->list) {
        error_set(error, ERROR_USAGE, "--explain: --format csv or table");
        return STATUS_USAGE;
    }
    if (!output_open(&output, options->output, error))
        return run_error_status(error);
    struct grid *grid = explain_list(rules);
    page->list(output.stream, grid, &form);
    grid_free(grid);
    return output_commit(&output, error) ? STATUS_OK : run_error_status(error);
}

static int prepare_and_report(struct options *options, struct error *error) {
    struct plan plan = {.groups = 0};
    bool terminal = !options->output && isatty(STDOUT_FILENO);
    plan.page = page_find(options->format, options->output, terminal, error);
    sizing_rules_init(&plan.rules);
    if (!plan.page || !check_types(options, error) ||
        (options->rules && !sizing_rules_parse(&plan.rules, options->rules, error)) ||
        !parse_groups(options->group_by, &plan.groups, error))
        return STATUS_USAGE;
    if (options->explain)
        return explain(options, &plan.rules, plan.page, error);
    usage_add_counters(&options->selection.counters);
    usage_add_devices(&options->selection.devices);
    options->selection.optional = true;
    options->selection.context |=
        CONTEXT_PLACE | (plan.groups & 1U << GROUP_TAG ? CONTEXT_TAGS : 0);
    for (size_t i = 0; i < options->target_count; i++) {
        options->plans[i].source.pieces = true;
        options->plans[i].source.hours = true;
        options->plans[i].source.columns = true;
    }
    choose_window(options);
    choose_interval(options);
    return make_report(options, &plan, error);
}

int report_run(int argc, char **argv) {
    memory_keep_freed();
    return run_command(&report_spec, argc, argv, prepare_and_report);
}
