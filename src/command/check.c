/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* vperf check: of each target, what it is, and what would fail. */
#include <glib.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/offered.h"
#include "command/run.h"
#include "command/saved_answers.h"
#include "core/ending.h"
#include "core/interrupt.h"
#include "core/memory.h"
#include "core/output.h"
#include "core/value.h"
#include "sink/records.h"

enum {
    MAX_OFFSET_MS = 20000, /* an interval of real time */
    CERTIFICATE_DAYS = 30,
    DAY_SECONDS = 86400,
    MAX_TROUBLES = 4, /* of a target that are told */
};

const struct options_spec check_spec = {
    .command = "check",
    .arguments = "TARGET...",
    .summary = "Connect to each target, and tell in one line what it is and what would fail.",
    .notes = "A target is ok, or there is a warning (a clock more than 20 s off, a certificate\n"
             "that ends within 30 days, missing rights, names or counters that it lacks, guests\n"
             "without samples), or it failed. Exit status: 0 all are ok, 3 some are not, 1 all\n"
             "failed, 2 all failed by what the command line says.\n\n"
             "Formats: csv, table (default: table on a terminal, else csv).\n\n"
             "Examples:\n"
             "  vperf check root@esx01.example.com qemu:///system\n"
             "  vperf check --config vperf.conf",
    .groups =
        OPTIONS_ENTITIES | OPTIONS_COUNTERS | OPTIONS_ANSWERS | OPTIONS_OUTPUT | OPTIONS_TARGETS,
};

enum verdict { VERDICT_OK, VERDICT_WARNING, VERDICT_FAILED };

/* One target, in a thread of its own. */
struct check {
    const struct options *options;
    size_t index;
    struct selection selection;
    struct source_about about;
    size_t guests;
    size_t hosts;
    size_t chosen;
    size_t counters; /* that are offered */
    enum verdict verdict;
    GString *trouble;
    size_t troubles;
    struct error error; /* why it failed */
    struct reporter reporter;
    pthread_mutex_t lock; /* of the troubles */
    pthread_t thread;
    bool started;
};

static void __attribute__((format(printf, 2, 3)))
add_trouble(struct check *check, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = memory_vprintf(format, arguments);
    va_end(arguments);
    pthread_mutex_lock(&check->lock);
    check->verdict = MAX(check->verdict, VERDICT_WARNING);
    if (check->troubles++ < MAX_TROUBLES)
        g_string_append_printf(check->trouble, "%s%s", check->trouble->len ? "; " : "", text);
    pthread_mutex_unlock(&check->lock);
    free(text);
}

static void on_report(void *context, enum report_level level, const char *text) {
    struct check *check = context;
    if (level == REPORT_WARNING)
        add_trouble(check, "%s", text);
    else
        log_debug(&check->options->log, "%s", text);
}

static void on_missing(void *context, const char *reason) {
    add_trouble(context, "%s", reason);
}

static void on_absent(void *context, const struct absence *absence) {
    if (absence->count)
        add_trouble(context, "%zu of %zu of type %s %s", absence->count, absence->asked,
                    entity_type_name(absence->entities[0]->type), absence->reason);
}

static const struct target_plan *plan_of(const struct check *check) {
    return &check->options->plans[check->index];
}

static void count_entities(struct check *check, const struct inventory *inventory) {
    for (size_t i = 0; i < inventory->count; i++) {
        const struct entity *entity = inventory->entities[i];
        if (!selection_has_entity(&check->selection, entity))
            continue;
        check->chosen++;
        check->guests += entity->type == ENTITY_VM;
        check->hosts += entity->type == ENTITY_HOST;
    }
}

/* Of several targets, each may lack what all are asked for. */
static bool is_asked(const struct check *check, enum target_owns what) {
    return check->options->target_count == 1 || (plan_of(check)->owns & what);
}

static void check_names(struct check *check, const struct inventory *inventory) {
    const struct selection *selection = &check->selection;
    for (size_t i = 0; is_asked(check, OWNS_NAMES) && i < selection->names.count; i++) {
        struct error missing = {0};
        if (!selection_check_name(selection, i, inventory, &missing))
            add_trouble(check, "%s", missing.message);
    }
    if (!check->chosen && !selection->names.count && !selection->shard.count)
        add_trouble(check, "it shows nothing of the chosen types: the user needs rights on them, "
                           "such as the role Read-only");
}

static void check_counters(struct check *check, const struct catalog *catalog) {
    struct error missing = {0};
    if (is_asked(check, OWNS_COUNTERS) &&
        !selection_check_counters(&check->selection, catalog, &missing))
        add_trouble(check, "%s", missing.message);
}

static void check_about(struct check *check) {
    const struct source_about *about = &check->about;
    char date[TIME_TEXT_SIZE];
    int64_t left = about->certificate_end - g_get_real_time() / G_USEC_PER_SEC;
    if (about->has_clock && llabs(about->clock_offset_ms) > MAX_OFFSET_MS)
        add_trouble(check, "its clock is %lld s %s ours, and its samples have its time",
                    llabs(about->clock_offset_ms) / 1000,
                    about->clock_offset_ms > 0 ? "ahead of" : "behind");
    if (!about->certificate_end || left > CERTIFICATE_DAYS * DAY_SECONDS)
        return;
    time_text(date, about->certificate_end);
    add_trouble(check, "its certificate %s on %.10s", left > 0 ? "ends" : "has ended", date);
}

/* No warning: it was asked for. */
static void note_trust(struct check *check, const struct source *source) {
    if (!plan_of(check)->source.insecure || !(source->ops->takes & SOURCE_TAKES_TRUST))
        return;
    pthread_mutex_lock(&check->lock);
    g_string_append_printf(check->trouble, "%scertificate not verified (-k)",
                           check->trouble->len ? "; " : "");
    pthread_mutex_unlock(&check->lock);
}

static bool look_at(struct check *check, struct source *source, struct error *error) {
    struct offered_request request = {.selection = &check->selection,
                                      .context = check,
                                      .missing = on_missing,
                                      .absent = on_absent};
    if (!source->ops->about(source, &check->about, error))
        return false;
    check_about(check);
    note_trust(check, source);
    const struct catalog *catalog = source->ops->catalog(source, error);
    GHashTable *offers = catalog ? offered_read(source, &request, error) : NULL;
    if (request.inventory) {
        count_entities(check, request.inventory);
        check_names(check, request.inventory);
    }
    if (!offers)
        return false;
    check_counters(check, catalog);
    check->counters = g_hash_table_size(offers);
    g_hash_table_destroy(offers);
    return true;
}

/* Also of a target that gave less than it was asked for: the recording is to tell why. */
static bool save_answers(const struct check *check, struct source *source, struct error *error) {
    const char *path = check->options->save_answers;
    size_t count = 0;
    if (!path || interrupt_requested())
        return true;
    if (!saved_answers_write(path, source, &count, error))
        return false;
    log_info(&check->options->log,
             "%s: %zu files with names and secrets replaced: look at them before you send them",
             path, count);
    return true;
}

static void *run_check(void *argument) {
    struct check *check = argument;
    const struct target_plan *plan = plan_of(check);
    const struct source_ops *ops = source_ops_for(&plan->target, &check->error);
    struct source_options options = plan->source;
    options.reporter = &check->reporter;
    options.keeps_answers = check->options->save_answers;
    struct source *source = ops ? ops->open(&plan->target, &options, &check->error) : NULL;
    bool good = source && look_at(check, source, &check->error);
    struct error unsaved = {0};
    if (source && !save_answers(check, source, &unsaved)) {
        check->error = good ? unsaved : check->error;
        good = false;
    }
    if (source)
        ops->close(source);
    if (good)
        return NULL;
    /* The row names the target already. */
    const char *text = plan->target.text, *message = check->error.message;
    size_t length = strlen(text);
    bool named = strncmp(message, text, length) == 0 && strncmp(message + length, ": ", 2) == 0;
    add_trouble(check, "%s", named ? message + length + 2 : message);
    check->verdict = VERDICT_FAILED;
    return NULL;
}

static void start(struct check *check, const struct options *options, size_t index) {
    *check = (struct check){.options = options,
                            .index = index,
                            .selection = options_selection(options, index),
                            .trouble = g_string_new(NULL),
                            .reporter = {check, on_report}};
    pthread_mutex_init(&check->lock, NULL);
    check->started = pthread_create(&check->thread, NULL, run_check, check) == 0;
    if (check->started)
        return;
    error_set(&check->error, ERROR_OUTPUT, "no thread for %s: the system's limit is reached",
              plan_of(check)->target.text);
    add_trouble(check, "%s", check->error.message);
    check->verdict = VERDICT_FAILED;
}

static void finish(struct check *check) {
    if (check->started)
        pthread_join(check->thread, NULL);
    if (check->troubles > MAX_TROUBLES)
        g_string_append_printf(check->trouble, "; and %zu more", check->troubles - MAX_TROUBLES);
}

static void check_done(struct check *check) {
    free(check->about.version);
    g_string_free(check->trouble, TRUE);
    pthread_mutex_destroy(&check->lock);
}

static const struct records_column csv_columns[] = {
    {"target", false},  {"status", false},  {"version", false},     {"guests", true},
    {"hosts", true},    {"counters", true}, {"clock_offset", true}, {"certificate_end", false},
    {"trouble", false},
};

/* The trouble stands below its target. */
static const struct records_column table_columns[] = {
    {"target", false}, {"status", false},  {"version", false},     {"guests", true},
    {"hosts", true},   {"counters", true}, {"clock_offset", true}, {"certificate_end", false},
};

enum { OFFSET_SIZE = 32 };

/* Tenths of a second: the reading itself is no better. */
static void format_offset(char text[OFFSET_SIZE], int64_t offset_ms) {
    int64_t tenths = (llabs(offset_ms) + 50) / 100;
    g_snprintf(text, OFFSET_SIZE, "%s%lld.%lld", offset_ms < 0 && tenths ? "-" : "",
               (long long)tenths / 10, (long long)tenths % 10);
}

static void put_check(const struct check *check, enum records_format format,
                      struct records *records) {
    static const char *const verdicts[] = {"ok", "warning", "failed"};
    const struct target_plan *plan = plan_of(check);
    const struct source_about *about = &check->about;
    bool failed = check->verdict == VERDICT_FAILED;
    char offset[OFFSET_SIZE] = "", end[TIME_TEXT_SIZE] = "";
    if (about->has_clock)
        format_offset(offset, about->clock_offset_ms);
    if (about->certificate_end)
        time_text(end, about->certificate_end);
    records_text(records, plan->name ? plan->name : plan->target.text);
    records_text(records, verdicts[check->verdict]);
    records_text(records, about->version);
    records_number(records, (int64_t)check->guests, failed);
    records_number(records, (int64_t)check->hosts, failed);
    records_number(records, (int64_t)check->counters, failed);
    records_text(records, offset);
    records_text(records, end);
    if (format == RECORDS_CSV)
        records_text(records, check->trouble->str);
    else
        records_note(records, check->trouble->str);
}

static void run_checks(struct check *checks, const struct options *options) {
    sigset_t signals, before;
    /* A target may ask for a password: the signal has to reach the thread that waits for it. */
    interrupt_signals(&signals);
    for (size_t i = 0; i < options->target_count; i++)
        start(&checks[i], options, i);
    pthread_sigmask(SIG_BLOCK, &signals, &before);
    for (size_t i = 0; i < options->target_count; i++)
        finish(&checks[i]);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* The exit status unless the output fails. */
static int judge(const struct check *checks, const struct options *options) {
    size_t counts[VERDICT_FAILED + 1] = {0}, count = options->target_count, wrong = 0;
    for (size_t i = 0; i < count; i++) {
        counts[checks[i].verdict]++;
        wrong += checks[i].error.kind == ERROR_USAGE;
    }
    log_info(&options->log, "targets: %zu ok, %zu with warnings, %zu failed", counts[VERDICT_OK],
             counts[VERDICT_WARNING], counts[VERDICT_FAILED]);
    if (counts[VERDICT_OK] == count)
        return STATUS_OK;
    if (wrong == count)
        return STATUS_USAGE;
    return counts[VERDICT_FAILED] == count ? STATUS_NOTHING : STATUS_PARTIAL;
}

static void write_checks(const struct check *checks, const struct options *options,
                         enum records_format format, FILE *stream) {
    bool csv = format == RECORDS_CSV;
    struct records *records = records_new(
        stream, format, options->sink.spreadsheet_safe, csv ? csv_columns : table_columns,
        csv ? G_N_ELEMENTS(csv_columns) : G_N_ELEMENTS(table_columns));
    records_fit(records, options_terminal_width(options));
    records_bold(records, options_terminal_color(options));
    for (size_t i = 0; i < options->target_count; i++)
        put_check(&checks[i], format, records);
    records_finish(records);
    records_free(records);
}

/* One target, and one that can. */
static bool check_saving(const struct options *options, struct error *error) {
    if (!options->save_answers)
        return true;
    if (options->target_count != 1)
        return error_set(error, ERROR_USAGE, "--save-answers: give one TARGET");
    const struct target *target = &options->plans[0].target;
    const struct source_ops *ops = source_ops_for(target, error);
    if (ops && !ops->save)
        error_set(error, ERROR_USAGE,
                  "--save-answers is for Proxmox VE (pve://) and XenServer (xapi://), not for %s",
                  target->text);
    return ops && ops->save && saved_answers_check(options->save_answers, error);
}

static int check_all(struct options *options, struct error *error) {
    struct output output;
    enum records_format format = RECORDS_CSV;
    bool terminal = !options->output && isatty(STDOUT_FILENO);
    if (!check_saving(options, error) ||
        !records_format_find(options->format, terminal, &format, error) ||
        (!options->format && !ending_check("--output", options->output, "csv", error)))
        return STATUS_USAGE;
    if (!output_open(&output, options->output, error))
        return run_error_status(error);
    struct check *checks = memory_array(options->target_count, sizeof *checks);
    int status = STATUS_INTERRUPTED;
    run_checks(checks, options);
    if (interrupt_requested()) {
        error_set(error, ERROR_INTERRUPTED, "interrupted");
        output_abort(&output);
    } else {
        status = judge(checks, options);
        write_checks(checks, options, format, output.stream);
        if (!output_commit(&output, error))
            status = run_error_status(error);
    }
    for (size_t i = 0; i < options->target_count; i++)
        check_done(&checks[i]);
    free(checks);
    return status;
}

int check_run(int argc, char **argv) {
    return run_command(&check_spec, argc, argv, check_all);
}
