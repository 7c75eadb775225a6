/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* vperf record: samples of all targets into a history file, until stopped. */
#include <stdlib.h>
#include <string.h>

#include "command/notify.h"
#include "command/run.h"
#include "core/ending.h"
#include "history/sink.h"

static const char default_output[] = "vperf.db";

const struct options_spec record_spec = {
    .command = "record",
    .arguments = "TARGET...",
    .summary = "Record the hosts and guests of all targets in a history file, until interrupted.",
    .notes = "A restart goes on where the last run ended: each sample is recorded once, and what\n"
             "cannot be had any more is recorded as a gap. The file is a TARGET of the other\n"
             "commands, also while it is written. A TARGET that is a history itself is copied:\n"
             "its newest sample, and what comes behind it. Of datastores, their space is\n"
             "recorded.\n\n"
             "Examples:\n"
             "  vperf record --output vperf.db root@esx01.example.com qemu:///system\n"
             "  vperf collect --last 7d vperf.db\n"
             "  vperf history vperf.db",
    .groups = OPTIONS_ENTITIES | OPTIONS_COUNTERS | OPTIONS_RECORD | OPTIONS_TARGETS,
    .datastores = true,
};

/* *again: the file is gone, and another one is to be written. */
static int run_record(const struct options *options, struct reload *reload, struct writer *writer,
                      bool *again) {
    struct history_sink sink;
    struct run run;
    history_sink_init(&sink, writer);
    sink.committed = notify_alive;
    run_init(&run, options, &sink.base);
    run.alive = notify_alive;
    run.reload = reload;
    notify_ready();
    run_all(&run);
    notify_stopping();
    *again = run.fatal.kind == ERROR_OUTPUT && writer_is_gone(writer);
    if (*again)
        log_warn(&options->log, "%s while it was written: a new history begins", run.fatal.message);
    else
        run_report_end(&options->log, &run.fatal);
    int status = run_status(&run);
    run_done(&run);
    return status;
}

/* Other commands are to take it as a TARGET. */
static bool check_name(const char *path, struct error *error) {
    struct error ignored = {0};
    struct target target = {0};
    bool good = target_init(&target, path, &ignored) && strcmp(target.scheme, TARGET_HISTORY) == 0;
    target_done(&target);
    if (!ending_check("--output", path, "db sqlite sqlite3", error))
        return false;
    return good || error_set(error, ERROR_USAGE,
                             "--output '%s': no command takes this name as a history: let it end "
                             "in .db, or begin with / or ./, and have no ':' or '@'",
                             path);
}

/* What is read cannot be written. */
static bool check_targets(const struct options *options, const char *path, struct error *error) {
    char *real = realpath(path, NULL);
    bool good = true;
    for (size_t i = 0; good && real && i < options->target_count; i++)
        if (strcmp(options->plans[i].target.path, real) == 0)
            good = error_set(error, ERROR_USAGE, "'%s' is a TARGET: give another --output", path);
    free(real);
    return good;
}

/* It has one round after the other, as the recorder of the other file writes them. */
static void tell_copies(const struct options *options, const char *path) {
    struct error ignored = {0};
    for (size_t i = 0; i < options->target_count; i++) {
        const struct source_ops *ops = source_ops_for(&options->plans[i].target, &ignored);
        if (ops && ops->recorded)
            log_info(&options->log,
                     "%s is a history: what is recorded there from its newest sample on is copied "
                     "into %s",
                     options->plans[i].target.text, path);
    }
}

static bool prepare(struct options *options, const char *path, struct error *error) {
    options->timing.follow = true;
    options->selection.context |= CONTEXT_PLACE | CONTEXT_GUEST_ID;
    return check_name(path, error) && check_targets(options, path, error);
}

static bool prepare_again(void *path, struct options *fresh, struct error *error) {
    return prepare(fresh, path, error);
}

static int record_into(const struct options *first, const char *path, struct reload *reload,
                       struct error *error) {
    bool again = false;
    int status = STATUS_OK;
    do {
        const struct options *options = reload_options(reload, first);
        struct writer *writer = writer_open(path, &options->retention, &options->log, error);
        if (!writer)
            return run_error_status(error);
        status = run_record(options, reload, writer, &again);
        writer_close(writer);
    } while (again);
    return status;
}

static int record(struct options *options, struct error *error) {
    const char *path = options->output ? options->output : default_output;
    const struct reload_hooks hooks = {.prepare = prepare_again, .context = (void *)path};
    if (!prepare(options, path, error))
        return STATUS_USAGE;
    tell_copies(options, path);
    struct reload *reload = reload_new(options, &hooks);
    int status = record_into(options, path, reload, error);
    reload_free(reload);
    return status;
}

int record_run(int argc, char **argv) {
    return run_command(&record_spec, argc, argv, record);
}
