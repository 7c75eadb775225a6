/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "command/reload.h"

#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "command/lane.h"
#include "command/run.h"
#include "core/interrupt.h"
#include "core/memory.h"

struct reload {
    struct reload_hooks hooks;
    const struct options *options; /* the newest */
    GPtrArray *owned;              /* those that were read later, as long as a lane has them */
    sigset_t before;
    int signals;
    bool has_terminal;
};

/* How many targets a reload concerns. */
struct changes {
    size_t kept, begun, ended;
};

static void free_options(void *options) {
    options_done(options);
    free(options);
}

struct reload *reload_new(const struct options *options, const struct reload_hooks *hooks) {
    sigset_t hangup;
    if (!options->config)
        return NULL;
    struct reload *reload = memory_alloc(sizeof *reload);
    reload->hooks = *hooks;
    reload->options = options;
    reload->owned = g_ptr_array_new_with_free_func(free_options);
    reload->has_terminal = isatty(STDERR_FILENO);
    sigemptyset(&hangup);
    sigaddset(&hangup, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &hangup, &reload->before);
    reload->signals = signalfd(-1, &hangup, SFD_CLOEXEC | SFD_NONBLOCK);
    return reload;
}

const struct options *reload_options(const struct reload *reload, const struct options *first) {
    return reload ? reload->options : first;
}

void reload_free(struct reload *reload) {
    if (!reload)
        return;
    if (reload->signals >= 0)
        close(reload->signals);
    pthread_sigmask(SIG_SETMASK, &reload->before, NULL);
    g_ptr_array_free(reload->owned, TRUE);
    free(reload);
}

/* A lane that is over, such as after a login that was refused, gets another chance. */
static bool goes_on_as(const struct lane *lane, const struct options *fresh, size_t target) {
    return lane && !atomic_load(&lane->over) &&
           options_same_plan(lane->options, lane->index, fresh, target);
}

static bool find_same(const struct run *run, const struct options *fresh, size_t target,
                      const bool *kept, guint *number) {
    for (guint i = 0; i < run->lanes->len; i++) {
        if (kept[i] || !goes_on_as(g_ptr_array_index(run->lanes, i), fresh, target))
            continue;
        *number = i;
        return true;
    }
    return false;
}

static void end_others(struct reload *reload, struct run *run, const bool *kept,
                       struct changes *changes) {
    for (guint i = 0; i < run->lanes->len; i++)
        if (!kept[i])
            run_retire_lane(run, i);
    for (guint i = 0; i < run->lanes->len; i++) {
        if (kept[i] || !run_remove_lane(run, i))
            continue;
        changes->ended++;
        pthread_mutex_lock(&run->lock);
        if (reload->hooks.end)
            reload->hooks.end(reload->hooks.context, i);
        pthread_mutex_unlock(&run->lock);
    }
}

/* Signals that ask for an end are blocked in this thread: the lane's has to take them. */
static bool begin_lane(struct run *run, const struct options *fresh, size_t target,
                       unsigned number) {
    sigset_t requests, before;
    interrupt_signals(&requests);
    sigdelset(&requests, SIGHUP);
    pthread_sigmask(SIG_UNBLOCK, &requests, &before);
    bool good = run_begin_lane(run, fresh, target, number);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return good;
}

static void begin(struct reload *reload, struct run *run, const struct options *fresh,
                  size_t target) {
    unsigned number = run_free_number(run);
    pthread_mutex_lock(&run->lock);
    if (reload->hooks.begin)
        reload->hooks.begin(reload->hooks.context, number, fresh, target);
    pthread_mutex_unlock(&run->lock);
    if (!begin_lane(run, fresh, target, number))
        log_error(&fresh->log,
                  "no thread for %s: the system's limit of threads or memory is reached",
                  fresh->plans[target].target.text);
}

/* Those that end do so before others begin: a target is not measured twice at a time. */
static struct changes change_lanes(struct reload *reload, struct run *run,
                                   const struct options *fresh) {
    struct changes changes = {0};
    bool *kept = memory_array(run->lanes->len + 1, sizeof *kept);
    bool *served = memory_array(fresh->target_count + 1, sizeof *served);
    for (size_t i = 0; i < fresh->target_count; i++) {
        guint number = 0;
        served[i] = find_same(run, fresh, i, kept, &number);
        if (served[i])
            kept[number] = true;
        changes.kept += served[i];
    }
    end_others(reload, run, kept, &changes);
    for (size_t i = 0; i < fresh->target_count; i++) {
        if (served[i])
            continue;
        begin(reload, run, fresh, i);
        changes.begun++;
    }
    free(kept);
    free(served);
    return changes;
}

static bool is_used(const struct run *run, const struct options *options) {
    if (run->options == options)
        return true;
    for (guint i = 0; i < run->lanes->len; i++) {
        const struct lane *lane = g_ptr_array_index(run->lanes, i);
        if (lane && lane->options == options)
            return true;
    }
    return false;
}

static void drop_unused(struct reload *reload, const struct run *run) {
    for (guint i = reload->owned->len; i-- > 0;)
        if (!is_used(run, g_ptr_array_index(reload->owned, i)))
            g_ptr_array_remove_index(reload->owned, i);
}

static void read_again(struct reload *reload, struct run *run) {
    const struct log *log = &reload->options->log;
    struct options *fresh = memory_alloc(sizeof *fresh);
    struct error error = {0};
    bool good = options_reload(fresh, reload->options, &error) &&
                reload->hooks.prepare(reload->hooks.context, fresh, &error);
    if (!good) {
        log_error(log, "%s; the configuration stays as it was", error.message);
        free_options(fresh);
        return;
    }
    g_ptr_array_add(reload->owned, fresh);
    struct changes changes = change_lanes(reload, run, fresh);
    run->options = reload->options = fresh;
    drop_unused(reload, run);
    log_info(&fresh->log,
             "the configuration has been read again; of the targets %zu go on, %zu begin, %zu end",
             changes.kept, changes.begun, changes.ended);
}

/* Who closes a terminal wants an end, not another configuration. */
static void take_signal(struct reload *reload, struct run *run) {
    struct signalfd_siginfo info;
    if (read(reload->signals, &info, sizeof info) != sizeof info)
        return;
    if (reload->has_terminal && !isatty(STDERR_FILENO))
        kill(getpid(), SIGTERM);
    else
        read_again(reload, run);
}

static bool any_runs(const struct run *run) {
    for (guint i = 0; i < run->lanes->len; i++) {
        const struct lane *lane = g_ptr_array_index(run->lanes, i);
        if (lane && !atomic_load(&lane->over))
            return true;
    }
    return false;
}

void reload_watch(struct reload *reload, struct run *run) {
    while (any_runs(run)) {
        struct pollfd files[] = {{.fd = reload->signals, .events = POLLIN},
                                 {.fd = run->ended, .events = POLLIN}};
        uint64_t count = 0;
        poll(files, sizeof files / sizeof *files, -1);
        if (files[0].revents & POLLIN && !interrupt_requested())
            take_signal(reload, run);
        if (files[1].revents & POLLIN)
            (void)!read(run->ended, &count, sizeof count);
    }
}
