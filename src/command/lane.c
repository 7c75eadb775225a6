/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Three kinds of schedule: one round, so many polls, or rounds without end. */
#include "command/lane.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/aligned.h"
#include "command/doubled.h"
#include "command/lane_events.h"
#include "command/lane_fill.h"
#include "command/lane_recorded.h"
#include "command/lane_sink.h"
#include "command/names.h"
#include "core/clock.h"
#include "core/memory.h"
#include "core/schedule.h"

static const int64_t second_ns = 1000000000;
static const int64_t alive_ns = 10 * 1000000000LL;

static const struct timing *timing_of(const struct lane *lane) {
    return &lane->timing;
}

static bool is_endless(const struct lane *lane) {
    return timing_of(lane)->follow;
}

bool lane_wait(struct lane *lane, const char *what, int64_t until_ns) {
    char *text = memory_printf("%s %s", what, lane->target->text);
    progress_wait(&lane->progress, text, until_ns);
    free(text);
    bool going = false;
    do {
        if (lane->run->alive)
            lane->run->alive();
        going = cancel_wait(&lane->cancel, MIN(until_ns, clock_boot_ns() + alive_ns));
    } while (going && clock_boot_ns() < until_ns);
    return going;
}

static bool interrupted(struct error *error) {
    error_clear(error);
    return error_set(error, ERROR_INTERRUPTED, "interrupted");
}

static bool round_once(struct lane *lane, struct source *source, const struct window *window,
                       struct error *error) {
    const struct source_events events = lane_events(lane);
    lane->attempts++;
    lane->idle = lane->partial = false;
    if (!source->ops->round(source, &lane->selection, window, &events, error))
        return false;
    if (lane->partial)
        messages_missing(lane->messages, NULL,
                         "of a time that was lost, only some counters can still be had");
    if (!lane->idle)
        messages_round(lane->messages);
    if (lane->spool)
        spool_mark(lane->spool);
    lane->torn = false;
    return true;
}

bool lane_round(struct lane *lane, struct source *source, const struct window *window) {
    bool good = round_once(lane, source, window, &lane->error);
    lane->rounds += good;
    return good;
}

/* What no further attempt can mend. */
static bool is_final(const struct error *error) {
    return run_output_failed(error) || error->kind == ERROR_INTERRUPTED ||
           error->kind == ERROR_USAGE || error->kind == ERROR_UNAVAILABLE;
}

/* A lost poll costs its sample; without samples, the first loss is why there are none. */
static bool count_poll(struct lane *lane, const struct error *lost) {
    bool succeeded = lost->kind == ERROR_NONE;
    if (succeeded && lane->has_baseline)
        lane->rounds++;
    lane->has_baseline |= succeeded;
    if (!succeeded)
        messages_lost(lane->messages, lost);
    if (!succeeded && !lane->rounds && lane->error.kind == ERROR_NONE)
        lane->error = *lost;
    return !succeeded || !lane->rounds || lane->spool ||
           run_end_round(lane->run, lane->number, &lane->error);
}

/* The places of polls that have passed since the last one, before these times: lost with it. */
static void count_skipped(struct lane *lane, const struct error *lost, int64_t last_ns,
                          int64_t until_ns, int64_t period_ns) {
    struct error late = *lost;
    int64_t half_ns = period_ns / 2;
    until_ns = MIN(until_ns, clock_boot_ns() + half_ns);
    error_set(&late, ERROR_TIMEOUT, "the poll before took too long");
    for (int64_t at_ns = last_ns + period_ns; at_ns + half_ns < until_ns; at_ns += period_ns) {
        messages_lost(lane->messages, &late);
        lane->attempts++;
    }
}

/* The first poll is the baseline of the samples. */
static bool run_polls(struct lane *lane, struct source *source, const struct window *window) {
    int32_t samples = timing_of(lane)->samples;
    int64_t begin_ns = MAX(clock_boot_ns(), lane->run->aligned_ns), end_ns = INT64_MAX;
    struct due due = {.at_ns = begin_ns};
    lane->many = true;
    progress_report(&lane->progress, 0, samples);
    while (due.at_ns < end_ns) {
        struct error lost = {0};
        if (!lane_wait(lane, lane->attempts ? "the next poll of" : "the first poll of", due.at_ns))
            return interrupted(&lane->error);
        int64_t last_ns = due.at_ns;
        if (!round_once(lane, source, window, &lost) && is_final(&lost)) {
            lane->error = lost;
            return false;
        }
        if (!count_poll(lane, &lost))
            return false;
        due = source->ops->due(source, window->interval);
        end_ns = begin_ns + samples * due.period_ns + due.period_ns / 2;
        /* Those that a good one skipped are the source's to name, when it knows more. */
        if (lost.kind != ERROR_NONE || due.at_ns >= end_ns)
            count_skipped(lane, &lost, last_ns, MIN(due.at_ns, end_ns + 1), due.period_ns);
        progress_report(&lane->progress, (int)lane->attempts - 1, samples);
    }
    if (lane->rounds)
        error_clear(&lane->error);
    return lane->error.kind == ERROR_NONE;
}

/* Waits after a failure; false when the lane is to end. */
static bool wait_to_retry(struct lane *lane, const struct error *lost, int64_t period_ns) {
    messages_lost(lane->messages, lost);
    if (!lane->lost)
        lane_event(lane, SINK_LOST, NULL, lost->message);
    lane->lost = true;
    int64_t delay_ns = schedule_delay_ns(&lane->schedule, lost->kind, period_ns);
    return lane_wait(lane, "another attempt at", clock_boot_ns() + delay_ns) ||
           interrupted(&lane->error);
}

/* Polls at multiples of the interval: those of all targets are at the same moments. */
static int64_t first_due_ns(const struct source *source, int32_t interval) {
    int64_t period_us = (int64_t)interval * G_USEC_PER_SEC;
    int64_t phase_us = g_get_real_time() % period_us;
    return clock_boot_ns() + (source->ops->keeps_samples ? 0 : (period_us - phase_us) * 1000);
}

/* What was there before, such as a helper that is being upgraded, may come back. */
static bool ends_lane(const struct lane *lane, const struct error *lost) {
    return is_final(lost) && (lost->kind != ERROR_UNAVAILABLE || !lane->rounds);
}

/* After a failure, what the source keeps can be had at once; else it is the next sample's turn. */
static struct due due_again(const struct source_ops *ops, struct source *source, int32_t interval) {
    struct due due = ops->due(source, interval);
    if (ops->keeps_samples)
        due.at_ns = clock_boot_ns();
    return due;
}

/* Without it, freed pieces between those in use add up over months. */
static void trim_memory(const struct lane *lane) {
    enum { TRIM_ROUNDS = 16 };
    if (lane->rounds % TRIM_ROUNDS == 0)
        memory_trim();
}

static bool run_endless(struct lane *lane, struct source *source) {
    const struct source_ops *ops = source->ops;
    int32_t interval = lane->window.interval;
    struct due due = {first_due_ns(source, interval), interval * second_ns};
    lane->many = true;
    while (lane_wait(lane, "the next round of", due.at_ns)) {
        struct error lost = {0};
        int64_t begin_ns = clock_boot_ns();
        bool good = round_once(lane, source, &lane->window, &lost);
        /* What an unsuccessful round has written counts as written. */
        if (good && lane->lost) {
            lane_event(lane, SINK_BACK, NULL, NULL);
            lane->lost = false;
        }
        if ((good || !ends_lane(lane, &lost)) &&
            !run_end_round(lane->run, lane->number, &lane->error))
            return false;
        if (!good && ends_lane(lane, &lost)) {
            lane->error = lost;
            return false;
        }
        due = ops->due(source, interval);
        if (good)
            lane_round_event(lane, begin_ns, due.period_ns);
        if (!good) {
            if (!wait_to_retry(lane, &lost, due.period_ns))
                return false;
            due = due_again(ops, source, interval);
        } else if (!lane->idle) {
            schedule_success(&lane->schedule);
            lane->rounds++;
            trim_memory(lane);
            if (!lane_fill(lane, source))
                return false;
        }
    }
    return interrupted(&lane->error);
}

static bool resolve_window(struct lane *lane, struct source *source, struct error *error) {
    const struct timing *timing = timing_of(lane);
    int64_t now = 0;
    bool kept = source_keeps(source->ops, timing);
    bool needed = source->ops->recorded || (kept && window_needs_now(timing));
    if (needed && !source->ops->now(source, &now, error))
        return false;
    if (!window_resolve(&lane->window, timing, now, error))
        return lane_tell_recorded(lane, source, error);
    lane->window.archived = kept && !source->ops->keeps_samples;
    return true;
}

/* ESXi alone has the archive of 300 s, and no other. */
static bool run_shorter(struct lane *lane, struct source *source) {
    bool shorter = timing_of(lane)->shorter;
    while (!lane_round(lane, source, &lane->window)) {
        int32_t interval = shorter ? window_shorter_archive(lane->window.interval) : 0;
        if (!interval || lane->error.kind != ERROR_UNAVAILABLE)
            return false;
        error_clear(&lane->error);
        lane->window.interval = interval;
    }
    return true;
}

static bool run_rounds(struct lane *lane, struct source *source) {
    const struct window *window = &lane->window;
    if (is_endless(lane))
        return run_endless(lane, source);
    if (!source_keeps(source->ops, timing_of(lane)))
        return run_polls(lane, source, window);
    return lane->run->aligned_ns && !source->ops->recorded
               ? aligned_run(lane, source, window)
               : run_shorter(lane, source) && lane_check_recorded(lane, source);
}

static bool owns(const struct lane *lane, enum target_owns what) {
    return lane->options->plans[lane->index].owns & what;
}

/*
 * Who follows may wait for a guest that is yet to come, or have mistyped its name. Names that all
 * targets are asked for are looked for in all of them when all have ended.
 */
static void warn_of_names(struct lane *lane, const struct inventory *inventory) {
    const struct selection *selection = &lane->selection;
    bool waits = is_endless(lane);
    for (size_t i = 0; (waits || owns(lane, OWNS_NAMES)) && i < selection->names.count; i++) {
        struct error missing = {0};
        if (selection_check_name(selection, i, inventory, &missing))
            continue;
        log_warn(&lane->options->log, "%s: %s%s", lane->target->text, missing.message,
                 waits ? "; waiting for one" : "");
        lane->unmatched += !waits;
    }
}

/* Of several targets, each may lack what another one has. */
static bool check_counters(const struct lane *lane, const struct catalog *catalog,
                           struct error *error) {
    bool single = lane->options->target_count == 1;
    if ((!single && !owns(lane, OWNS_COUNTERS)) ||
        selection_check_counters(&lane->selection, catalog, error))
        return true;
    if (!single)
        error_prefix(error, "%s", lane->target->text);
    return false;
}

/* Such as two ways to write one libvirt. */
static void warn_of_doubles(const struct lane *lane, const struct inventory *inventory) {
    struct run *run = lane->run;
    size_t mine = lane->number, other = 0;
    const struct entity *example = NULL;
    if (lane->options->target_count == 1 && !lane->options->config)
        return; /* and there will be no other one */
    pthread_mutex_lock(&run->lock);
    size_t count = doubled_note(run->known, mine, inventory, &lane->selection, &other, &example);
    if (count)
        log_warn(&lane->options->log,
                 "%s and %s are the same: the rows of %s '%s'%s come twice; leave out one of them",
                 run_target(run, MIN(mine, other))->text, run_target(run, MAX(mine, other))->text,
                 entity_type_name(example->type), example->name, count > 1 ? " and others" : "");
    pthread_mutex_unlock(&run->lock);
}

/* No poll is waited for that measures nothing, and no header written. */
static bool selects_nothing(const struct lane *lane, const struct catalog *catalog) {
    const struct selection *selection = &lane->selection;
    return (!lane->chosen && selection->names.count) ||
           (selection->counters.count && !selection_has_any_counter(selection, catalog));
}

/* Catalogue and inventory are there, the selection fits them, and the window is known. */
static bool prepare(struct lane *lane, struct source *source, struct error *error) {
    const struct selection *selection = &lane->selection;
    /* In this order, a source may give both by one call. */
    const struct inventory *inventory = source->ops->inventory(source, selection, error);
    const struct catalog *catalog = inventory ? source->ops->catalog(source, error) : NULL;
    if (!catalog || !check_counters(lane, catalog, error) || !resolve_window(lane, source, error))
        return false;
    if (is_endless(lane))
        lane_resume(lane, inventory);
    coverage_define(lane->coverage, catalog, selection);
    lane_define(lane, catalog, inventory);
    names_keep(lane->entities, selection, inventory);
    /* A recording may well hold what another one, or the target itself, has of another time. */
    if (!source->ops->recorded)
        warn_of_doubles(lane, inventory);
    warn_of_names(lane, inventory);
    for (size_t i = 0; i < inventory->count; i++) {
        if (!selection_has_entity(selection, inventory->entities[i]))
            continue;
        lane->chosen++;
        if (lane->run->sink->ops->entity)
            inventory_add(lane->selected, inventory->entities[i]);
    }
    lane->pointless = !is_endless(lane) && selects_nothing(lane, catalog);
    return true;
}

/* What a source without a past cannot be asked for. */
static bool check_timing(const struct lane *lane, const struct source_ops *ops,
                         struct error *error) {
    const struct timing *timing = timing_of(lane);
    const char *name = ops->name;
    if (source_keeps(ops, timing))
        return true;
    if (timerange_given(&timing->range))
        return error_set(error, ERROR_USAGE,
                         "%s: --start, --end and --last: %s keeps no history; use --samples and "
                         "--interval",
                         lane->target->text, name);
    if (timing->archive)
        return error_set(error, ERROR_USAGE,
                         "%s: --interval %s: %s keeps no history; give the seconds between polls",
                         lane->target->text, timing->archive, name);
    return true;
}

static struct source *open_once(struct lane *lane, struct error *error) {
    const struct source_ops *ops = source_ops_for(lane->target, error);
    if (!ops || !check_timing(lane, ops, error))
        return NULL;
    struct source *source = ops->open(lane->target, &lane->source_options, error);
    if (!source || prepare(lane, source, error))
        return source;
    ops->close(source);
    return NULL;
}

/* An endless run waits for a target that cannot be reached; what it refuses, it refuses for good.
 */
static struct source *open_source(struct lane *lane) {
    int64_t period_ns = timing_of(lane)->interval * second_ns;
    for (;;) {
        struct error error = {0};
        struct source *source = open_once(lane, &error);
        if (source || !is_endless(lane) || is_final(&error) || error.kind == ERROR_AUTH ||
            error.kind == ERROR_TLS) {
            lane->error = error;
            return source;
        }
        if (!wait_to_retry(lane, &error, period_ns))
            return NULL;
    }
}

static void tell_end(struct lane *lane) {
    const uint64_t one = 1;
    atomic_store(&lane->over, true);
    if (lane->run->ended >= 0)
        (void)!write(lane->run->ended, &one, sizeof one);
}

static void *run_lane(void *argument) {
    struct lane *lane = argument;
    struct run *run = lane->run;
    struct source *source = open_source(lane);
    if (source) {
        if (!lane->pointless)
            run_rounds(lane, source);
        source->ops->close(source);
    }
    /* When there is nothing else, the error below says it all. */
    if (lane->rounds || lane->error.kind == ERROR_NONE)
        messages_finish(lane->messages, lane->attempts);
    if (atomic_load(&lane->retired) && lane->error.kind == ERROR_INTERRUPTED)
        error_clear(&lane->error);
    if (lane_ends_run(lane))
        cancel_request(&run->cancel); /* the other lanes give up */
    else if (lane->error.kind != ERROR_NONE)
        log_error(&lane->options->log, "%s", lane->error.message);
    tell_end(lane);
    return NULL;
}

bool lane_ends_run(const struct lane *lane) {
    const struct error *error = &lane->error;
    return run_output_failed(error) || error->kind == ERROR_INTERRUPTED ||
           (error->kind == ERROR_USAGE && lane->options->target_count == 1);
}

/* What the target says for itself, and what goes for all. */
static void set_options(struct lane *lane) {
    const struct options *options = lane->options;
    const struct target_plan *plan = &options->plans[lane->index];
    lane->target = &plan->target;
    lane->selection = options_selection(options, lane->index);
    lane->timing = options_timing(options, lane->index);
    lane->messages = messages_new(&options->log, plan->target.text, options->timing.follow);
    lane->source_options = plan->source;
    lane->source_options.measures = true;
    lane->source_options.selected_only = !lane->run->sink->ops->define;
    lane->source_options.reporter = messages_reporter(lane->messages);
    lane->source_options.cancel = &lane->cancel;
    lane->source_options.kept = options->timing.follow ? &lane->credentials : NULL;
    lane_use_marks(lane);
}

bool lane_start(struct lane *lane) {
    lane->started =
        lane->error.kind == ERROR_NONE && pthread_create(&lane->thread, NULL, run_lane, lane) == 0;
    if (lane->started)
        return true;
    atomic_store(&lane->over, true);
    return error_set(&lane->error, ERROR_OUTPUT,
                     "no thread for %s: the system's limit of threads or memory is reached",
                     lane->target->text);
}

struct lane *lane_new(const struct lane_task *task) {
    struct lane *lane = memory_alloc(sizeof *lane);
    lane->run = task->run;
    lane->options = task->options;
    lane->index = task->index;
    lane->number = task->number;
    cancel_init(&lane->cancel, &lane->run->cancel);
    set_options(lane);
    lane->progress.progress = &lane->run->progress;
    lane->coverage = coverage_new();
    lane->key = g_string_new(NULL);
    lane->skipped = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    lane->entities = inventory_new();
    lane->selected = inventory_new();
    if (lane->number > 0 && !is_endless(lane))
        lane->spool = spool_new(&lane->error);
    return lane;
}

void lane_join(struct lane *lane) {
    if (lane->started)
        pthread_join(lane->thread, NULL);
}

void lane_free(struct lane *lane) {
    messages_free(lane->messages);
    credentials_done(&lane->credentials);
    coverage_free(lane->coverage);
    g_string_free(lane->key, TRUE);
    g_hash_table_destroy(lane->skipped);
    if (lane->awaited)
        g_hash_table_destroy(lane->awaited);
    inventory_free(lane->entities);
    inventory_free(lane->selected);
    spool_free(lane->spool);
    free(lane);
}
