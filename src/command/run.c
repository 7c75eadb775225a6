/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * In a bounded run the first lane writes to the sink as it goes; the series of the others are
 * spooled, and written when the lanes before them have ended. In an endless run all lanes write.
 */
#include "command/run.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "command/doubled.h"
#include "command/lane.h"
#include "command/lane_events.h"
#include "command/names.h"
#include "core/interrupt.h"

void run_init(struct run *run, const struct options *options, struct sink *sink) {
    *run = (struct run){.options = options, .sink = sink, .ended = -1};
    cancel_init(&run->cancel, NULL);
    pthread_mutex_init(&run->lock, NULL);
    run->coverage = coverage_new();
    run->entities = inventory_new();
    run->known = doubled_new();
    run->lanes = g_ptr_array_new();
    run->targets = g_ptr_array_new();
}

void run_done(struct run *run) {
    pthread_mutex_destroy(&run->lock);
    coverage_free(run->coverage);
    inventory_free(run->entities);
    g_hash_table_destroy(run->known);
    g_ptr_array_free(run->lanes, TRUE);
    g_ptr_array_free(run->targets, TRUE);
}

bool run_write(void *run, const struct series *series, struct error *error) {
    return run_write_of(run, 0, series, error);
}

bool run_write_of(struct run *run, size_t target, const struct series *series,
                  struct error *error) {
    pthread_mutex_lock(&run->lock);
    run->sink->target = (unsigned)target;
    sink_write(run->sink, series);
    bool good = sink_check(run->sink, error);
    pthread_mutex_unlock(&run->lock);
    return good;
}

void run_event(struct run *run, size_t target, const struct sink_event *event) {
    if (!run->sink->ops->event)
        return;
    pthread_mutex_lock(&run->lock);
    run->sink->target = (unsigned)target;
    run->sink->ops->event(run->sink, event);
    pthread_mutex_unlock(&run->lock);
}

bool run_end_round(struct run *run, size_t target, struct error *error) {
    pthread_mutex_lock(&run->lock);
    run->sink->target = (unsigned)target;
    bool good = sink_round_end(run->sink, error);
    pthread_mutex_unlock(&run->lock);
    return good;
}

bool run_output_failed(const struct error *error) {
    return error->kind == ERROR_OUTPUT || error->kind == ERROR_READER_GONE;
}

void run_report_end(const struct log *log, const struct error *error) {
    if (error->kind != ERROR_NONE && error->kind != ERROR_READER_GONE)
        log_error(log, "%s", error->message);
}

int run_command(const struct options_spec *spec, int argc, char **argv,
                int (*command)(struct options *options, struct error *error)) {
    struct options options;
    enum options_result result = options_parse(&options, spec, argc, argv);
    int status = options_status(result);
    if (result == OPTIONS_RUN) {
        struct error error = {0};
        interrupt_install();
        status = command(&options, &error);
        run_report_end(&options.log, &error);
    }
    options_done(&options);
    return status;
}

const struct target *run_target(const struct run *run, size_t number) {
    return g_ptr_array_index(run->targets, number);
}

/* Of the errors that end the run, the first target's; what another gave up for it counts less. */
static void keep_fatal(struct run *run, const struct error *error) {
    if (run->fatal.kind == ERROR_NONE ||
        (run->fatal.kind == ERROR_INTERRUPTED && error->kind != ERROR_INTERRUPTED))
        run->fatal = *error;
}

static bool is_interrupted(const struct error *error) {
    return error->kind == ERROR_INTERRUPTED;
}

/* Of an interrupted run the complete rounds count, unless the output holds a part of one. */
static void replay(struct run *run, struct lane *lane) {
    struct error error = {0};
    bool interrupted = is_interrupted(&run->fatal) || is_interrupted(&lane->error);
    bool ended = (run->fatal.kind != ERROR_NONE && !is_interrupted(&run->fatal)) ||
                 (lane_ends_run(lane) && !is_interrupted(&lane->error));
    if (!lane->spool || ended || run->torn)
        return;
    bool good = (!interrupted || spool_truncate(lane->spool, &error)) &&
                spool_replay(lane->spool, run_write, run, &error);
    if (good)
        return;
    lane->error = error;
    cancel_request(&run->cancel);
}

/* Counters that this target alone was asked for, and that nothing of it offers. */
static void check_own_offers(struct run *run, const struct lane *lane) {
    const struct options *options = lane->options;
    const struct globs *globs = &lane->selection.counters;
    bool lost = lane->error.kind != ERROR_NONE || messages_troubles(lane->messages);
    bool own = options->plans[lane->index].owns & OWNS_COUNTERS;
    if (!own || options->timing.follow || lost || lane->chosen <= g_hash_table_size(lane->skipped))
        return;
    for (size_t i = 0; i < globs->count; i++) {
        if (globs->excludes[i] || coverage_offers(lane->coverage, globs->patterns[i]))
            continue;
        log_warn(&options->log, "%s: no entity offers a counter that matches '%s'",
                 lane->target->text, globs->patterns[i]);
        run->missing++;
    }
}

static void finish_lane(struct run *run, struct lane *lane) {
    unsigned owns = lane->options->plans[lane->index].owns;
    lane_join(lane);
    replay(run, lane);
    if (lane_ends_run(lane))
        keep_fatal(run, &lane->error);
    else if (lane->error.kind != ERROR_NONE)
        run->failed++;
    run->misused += lane->error.kind == ERROR_USAGE;
    run->missing += messages_troubles(lane->messages);
    run->chosen += lane->chosen;
    run->skipped += g_hash_table_size(lane->skipped);
    run->rounds += lane->rounds;
    run->torn |= lane->torn && !lane->spool;
    for (size_t i = 0; i < lane->selected->count; i++) {
        const struct entity *entity = lane->selected->entities[i];
        if (lane_measured(lane, entity))
            sink_entity(run->sink, entity);
        else if (lane_skipped(lane, entity))
            sink_skipped(run->sink, entity);
    }
    run->unmatched += lane->unmatched;
    check_own_offers(run, lane);
    if (!(owns & OWNS_NAMES) || !lane->options->selection.names.count)
        names_keep(run->entities, &lane->selection, lane->entities);
    coverage_merge(run->coverage, lane->coverage);
    run->lanes->pdata[lane->number] = NULL;
    lane_free(lane);
}

/* Errors of a selection that show only when all targets are known. */
static bool check_selection(struct run *run, struct error *error) {
    const struct globs *globs = &run->options->selection.counters;
    if (run->failed)
        return true;
    bool asked = !run->options->selection.optional && options_share(run->options, OWNS_COUNTERS);
    for (size_t i = 0; asked && i < globs->count; i++)
        if (!globs->excludes[i] && !coverage_matches(run->coverage, globs->patterns[i]))
            return error_set(
                error, ERROR_USAGE, "no counter of any target matches '%s'%s: see 'vperf counters'",
                globs->patterns[i], globs->includes < globs->count ? " and is not excluded" : "");
    if (asked && !globs->includes && globs->count && !coverage_matches(run->coverage, "*"))
        return error_set(error, ERROR_USAGE, "--counter excludes all counters");
    if (options_share(run->options, OWNS_NAMES))
        run->unmatched += names_check(run->options, run->entities, error);
    return error->kind == ERROR_NONE;
}

unsigned run_free_number(const struct run *run) {
    guint number = 0;
    while (number < run->lanes->len && g_ptr_array_index(run->lanes, number))
        number++;
    return number;
}

static void put_at(GPtrArray *array, unsigned number, const void *element) {
    if (number == array->len)
        g_ptr_array_add(array, NULL);
    array->pdata[number] = (void *)element;
}

bool run_begin_lane(struct run *run, const struct options *options, size_t target,
                    unsigned number) {
    const struct lane_task task = {run, options, target, number};
    struct lane *lane = lane_new(&task);
    put_at(run->lanes, number, lane);
    pthread_mutex_lock(&run->lock);
    put_at(run->targets, number, lane->target);
    pthread_mutex_unlock(&run->lock);
    return lane_start(lane);
}

void run_retire_lane(struct run *run, unsigned number) {
    struct lane *lane = g_ptr_array_index(run->lanes, number);
    if (!lane)
        return;
    atomic_store(&lane->retired, true);
    cancel_request(&lane->cancel);
}

bool run_remove_lane(struct run *run, unsigned number) {
    struct lane *lane = g_ptr_array_index(run->lanes, number);
    if (!lane)
        return false;
    lane_join(lane);
    run->rounds += lane->rounds;
    coverage_merge(run->coverage, lane->coverage);
    pthread_mutex_lock(&run->lock);
    doubled_forget(run->known, number);
    run->targets->pdata[number] = NULL;
    pthread_mutex_unlock(&run->lock);
    run->lanes->pdata[number] = NULL;
    lane_free(lane);
    return true;
}

/* A lane may ask for a password: signals have to reach the thread that waits for it, not this one.
 */
static void run_lanes(struct run *run) {
    sigset_t signals, before;
    interrupt_signals(&signals);
    progress_init(&run->progress, &run->options->log);
    if (run->reload)
        run->ended = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    for (size_t i = 0; i < run->options->target_count; i++)
        if (!run_begin_lane(run, run->options, i, (unsigned)i))
            cancel_request(&run->cancel); /* those before it may never end */
    pthread_sigmask(SIG_BLOCK, &signals, &before);
    if (run->ended >= 0)
        reload_watch(run->reload, run);
    for (guint i = 0; i < run->lanes->len; i++)
        if (g_ptr_array_index(run->lanes, i))
            finish_lane(run, g_ptr_array_index(run->lanes, i));
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (run->ended >= 0)
        close(run->ended);
    progress_done(&run->progress);
}

void run_all(struct run *run) {
    run_lanes(run);
    bool complete = run->fatal.kind == ERROR_NONE && check_selection(run, &run->fatal) &&
                    run_status(run) != STATUS_NOTHING;
    if (!complete && !run_publishable(run))
        return;
    struct error lost = {0};
    sink_end(run->sink);
    if (!sink_check(run->sink, &lost))
        keep_fatal(run, &lost);
}

/*
 * Of what is lost, the reason is told; what is off has nothing, and a time that is shorter than the
 * interval may hold no sample.
 */
void run_check_samples(struct run *run) {
    const struct timing *timing = &run->options->timing;
    bool lost = run->failed || run->missing || run->fatal.kind != ERROR_NONE;
    if (lost || timing->follow || timerange_is_within(&timing->range, timing->interval) ||
        run->chosen <= run->skipped || coverage_totals(run->coverage).series)
        return;
    log_error(&run->options->log,
              "nothing was collected: none of %zu entities that are on gave a sample of the chosen "
              "counters and time; 'vperf counters --offered' shows what they have",
              run->chosen - run->skipped);
    run->missing++;
}

int run_error_status(const struct error *error) {
    if (error->kind == ERROR_USAGE)
        return STATUS_USAGE;
    if (error->kind == ERROR_READER_GONE)
        return STATUS_READER_GONE;
    return error->kind == ERROR_INTERRUPTED ? STATUS_INTERRUPTED : STATUS_NOTHING;
}

int run_status(const struct run *run) {
    if (run->fatal.kind != ERROR_NONE)
        return run_error_status(&run->fatal);
    if (run->failed == 0 && run->missing == 0)
        return run->unmatched || run->part_lost ? STATUS_PARTIAL : STATUS_OK;
    if (run->misused == run->options->target_count)
        return STATUS_USAGE;
    return coverage_totals(run->coverage).series > 0 ? STATUS_PARTIAL : STATUS_NOTHING;
}

bool run_publishable(const struct run *run) {
    int status = run_status(run);
    bool interrupted = status == STATUS_INTERRUPTED && run->rounds && !run->torn;
    if (run->options->timing.follow)
        return run->rounds && !run_output_failed(&run->fatal);
    return status == STATUS_OK || status == STATUS_PARTIAL || interrupted;
}
