/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One source after the other into one list; nothing is published when all of them failed. */
#include "command/listing.h"

#include <unistd.h>

#include "command/messages.h"
#include "command/names.h"
#include "command/run.h"
#include "core/ending.h"
#include "core/interrupt.h"
#include "core/output.h"

/* What this target alone was asked for. */
static bool check_own(const struct listing_run *shared, const struct listing_run *mine,
                      struct error *error) {
    const struct globs *names = &mine->selection->names;
    for (size_t i = 0; mine->entities != shared->entities && i < names->count; i++) {
        struct error missing = {0};
        if (!mine->entities->count ||
            selection_check_name(mine->selection, i, mine->entities, &missing))
            continue;
        log_warn(&mine->options->log, "%s: %s", mine->target->text, missing.message);
        ++*mine->missing;
    }
    if (mine->counters == shared->counters || !catalog_size(mine->counters) ||
        selection_check_counters(mine->selection, mine->counters, error))
        return true;
    error_prefix(error, "%s", mine->target->text);
    return false;
}

static bool list_target(const struct listing *listing, const struct listing_run *run, size_t index,
                        struct error *error) {
    const struct target_plan *plan = &run->options->plans[index];
    const struct target *target = &plan->target;
    const struct selection selection = options_selection(run->options, index);
    const struct source_ops *ops = source_ops_for(target, error);
    struct messages *messages = messages_new(&run->options->log, target->text, false);
    struct source_options options = plan->source;
    options.reporter = messages_reporter(messages);
    struct listing_run mine = *run;
    mine.target = target;
    mine.selection = &selection;
    if (plan->owns & OWNS_NAMES)
        mine.entities = inventory_new();
    if (plan->owns & OWNS_COUNTERS)
        mine.counters = catalog_new();
    struct source *source = ops ? ops->open(target, &options, error) : NULL;
    bool listed = source && listing->list(&mine, source, error) && check_own(run, &mine, error);
    if (source)
        ops->close(source);
    if (plan->owns & OWNS_NAMES)
        inventory_free(mine.entities);
    if (plan->owns & OWNS_COUNTERS)
        catalog_free(mine.counters);
    messages_free(messages);
    return listed;
}

/* Lists all targets; *error is what ends the run. Returns the number of targets that failed. */
static size_t list_targets(const struct listing *listing, const struct listing_run *run,
                           struct error *error) {
    const struct options *options = run->options;
    size_t failed = 0;
    for (size_t i = 0; i < options->target_count; i++) {
        struct error lost = {0};
        if (list_target(listing, run, i, &lost))
            continue;
        failed++;
        if (lost.kind == ERROR_USAGE || lost.kind == ERROR_INTERRUPTED) {
            *error = lost;
            break;
        }
        log_error(&options->log, "%s", lost.message);
    }
    return failed;
}

/* Of several targets, each may lack a counter that another one has. */
static bool check_counters(const struct listing_run *run, struct error *error) {
    return !catalog_size(run->counters) || !options_share(run->options, OWNS_COUNTERS) ||
           selection_check_counters(&run->options->selection, run->counters, error);
}

/* Lists all targets; the exit status unless the output fails. */
static int list_all(const struct listing *listing, const struct listing_run *run,
                    struct error *error) {
    const struct options *options = run->options;
    size_t unmatched = 0;
    size_t failed = list_targets(listing, run, error);
    if (!failed && options->selection.names.count && options_share(options, OWNS_NAMES))
        unmatched = names_check(options, run->entities, error);
    if (!failed && !check_counters(run, error))
        return STATUS_USAGE;
    if (error->kind != ERROR_NONE)
        return run_error_status(error);
    if (failed == options->target_count)
        return STATUS_NOTHING;
    return failed || unmatched || *run->missing ? STATUS_PARTIAL : STATUS_OK;
}

static int list_to_output(const struct listing *listing, const struct options *options,
                          enum records_format format, struct error *error) {
    struct output output;
    if (!output_open(&output, options->output, error))
        return STATUS_NOTHING;
    size_t count = 0, missing = 0;
    const struct records_column *columns = listing->columns(options, format, &count);
    struct records *records =
        records_new(output.stream, format, options->sink.spreadsheet_safe, columns, count);
    records_fit(records, options_terminal_width(options));
    records_bold(records, options_terminal_color(options));
    const struct listing_run run = {
        .options = options,
        .format = format,
        .records = records,
        .entities = inventory_new(),
        .counters = catalog_new(),
        .missing = &missing,
    };
    int status = list_all(listing, &run, error);
    bool publish = status == STATUS_OK || status == STATUS_PARTIAL;
    if (publish)
        records_finish(records);
    records_free(records);
    inventory_free(run.entities);
    catalog_free(run.counters);
    if (!publish)
        output_abort(&output);
    else if (!output_commit(&output, error))
        status = run_error_status(error);
    return status;
}

int listing_run(const struct listing *listing, int argc, char **argv) {
    struct options options;
    enum options_result result = options_parse(&options, listing->spec, argc, argv);
    int status = result == OPTIONS_RUN ? STATUS_USAGE : options_status(result);
    if (result == OPTIONS_RUN) {
        interrupt_install();
        struct error error = {0};
        enum records_format format = RECORDS_CSV;
        bool terminal = !options.output && isatty(STDOUT_FILENO);
        if (records_format_find(options.format, terminal, &format, &error) &&
            (options.format || ending_check("--output", options.output, "csv", &error)))
            status = list_to_output(listing, &options, format, &error);
        run_report_end(&options.log, &error);
    }
    options_done(&options);
    return status;
}
