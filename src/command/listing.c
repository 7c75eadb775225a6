/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One source after the other into one list; nothing is published when all of them failed. */
#include "command/listing.h"

#include <unistd.h>

#include "command/collector.h"
#include "core/interrupt.h"
#include "core/output.h"

static bool list_target(const struct listing *listing, const struct options *options,
                        const struct target *target, struct records *records, struct error *error) {
    const struct source_ops *ops = source_ops_for(target, error);
    struct source *source = ops ? ops->open(target, &options->source, error) : NULL;
    if (!source)
        return false;
    bool listed = listing->list(options, source, records, error);
    ops->close(source);
    return listed;
}

/* Lists all targets; *error is what ends the run. Returns the number of targets that failed. */
static size_t list_targets(const struct listing *listing, const struct options *options,
                           struct records *records, struct error *error) {
    size_t failed = 0;
    for (size_t i = 0; i < options->target_count; i++) {
        struct error lost = {0};
        if (list_target(listing, options, &options->targets[i], records, &lost))
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

static int list_to_output(const struct listing *listing, const struct options *options,
                          enum records_format format, struct error *error) {
    struct output output;
    if (!output_open(&output, options->output, error))
        return STATUS_NOTHING;
    struct records *records = records_new(output.stream, format, options->sink.spreadsheet_safe,
                                          listing->columns, listing->column_count);
    size_t failed = list_targets(listing, options, records, error);
    bool publish = error->kind == ERROR_NONE && failed < options->target_count;
    if (publish)
        records_finish(records);
    records_free(records);
    if (publish && output_commit(&output, error))
        return failed ? STATUS_PARTIAL : STATUS_OK;
    output_abort(&output);
    return error->kind == ERROR_NONE ? STATUS_NOTHING : collector_error_status(error);
}

int listing_run(const struct listing *listing, int argc, char **argv) {
    struct options options;
    enum options_result result = options_parse(&options, listing->spec, argc, argv);
    int status = result == OPTIONS_DONE ? STATUS_OK : STATUS_USAGE;
    if (result == OPTIONS_RUN) {
        interrupt_install();
        struct error error = {0};
        enum records_format format = RECORDS_CSV;
        bool terminal = !options.output && isatty(STDOUT_FILENO);
        if (records_format_find(options.format, terminal, &format, &error))
            status = list_to_output(listing, &options, format, &error);
        if (error.kind != ERROR_NONE)
            log_error(&options.log, "%s", error.message);
    }
    options_done(&options);
    return status;
}
