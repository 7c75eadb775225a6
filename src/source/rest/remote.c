/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/rest/remote.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "source/helper/client.h"
#include "source/rest/protocol.h"
#include "source/rest/replay.h"

enum { TIMEOUT_SECONDS = 30, MARGIN_SECONDS = 20, SLICE_MS = 100 };

static const int64_t second_ns = 1000000000;

/* What is needed to open, once more if need be. */
struct remote_endpoint {
    struct endpoint base; /* the first member */
    struct target target;
    struct source_options options;
};

struct remote {
    struct source base;
    struct remote_endpoint endpoint;
    struct helper_client *helper; /* NULL: to be started */
    char *source;                 /* the column of this name */
    struct catalog *catalog;
    const struct counter **counters; /* by the helper's numbers */
    size_t counter_count;
    struct inventory *inventory;
    bool knows_inventory; /* the helper in use has given it, and the catalogue */
    bool knows_catalog;
    GByteArray *selection; /* as it was sent last */
    bool has_due;
    struct due due;
    const struct source_events *events; /* of the round that is under way, or NULL */
    bool output_failed;                 /* they want no more */
    bool goes_on;                       /* the helper in use has been told of samples of before */
};

static struct remote *from_base(struct source *source) {
    return (struct remote *)source;
}

/* An error of the output is none of the target's. */
static void name_target(const struct remote *remote, struct error *error) {
    const char *text = remote->endpoint.target.text;
    if (error->kind != ERROR_OUTPUT && error->kind != ERROR_READER_GONE &&
        !strstr(error->message, text))
        error_prefix(error, "%s", text);
}

static GByteArray *write_opening(const struct endpoint *base) {
    const struct remote_endpoint *endpoint = (const struct remote_endpoint *)base;
    GByteArray *message = message_new(MESSAGE_OPEN);
    rest_target_write(message, &endpoint->target);
    rest_options_write(message, &endpoint->options);
    return message;
}

static void read_nothing(struct endpoint *endpoint, struct record *answer) {
    (void)endpoint, (void)answer;
}

static const struct endpoint_ops rest_helper = {
    .process = {"vperf-rest", "the program for REST"},
    .library = "libcurl's library",
    .open = write_opening,
    .opened = read_nothing,
    .talks = true,
    .goodbye_ns = 6000000000, /* for a logout */
};

static void drop_helper(struct remote *remote) {
    helper_client_free(remote->helper);
    remote->helper = NULL;
    remote->knows_inventory = remote->knows_catalog = remote->goes_on = false;
}

static void set_source(const struct remote *remote, struct inventory *inventory) {
    const struct source_options *options = &remote->endpoint.options;
    for (size_t i = 0; i < inventory->count; i++)
        inventory_set(inventory, &inventory->entities[i]->source, remote->source);
    inventory_stamp(inventory, options->target, options->labels);
}

static const struct inventory *take_inventory(void *context, struct inventory *inventory) {
    struct remote *remote = context;
    set_source(remote, inventory);
    inventory_free(remote->inventory);
    remote->inventory = inventory;
    return inventory;
}

static void pass_report(const struct remote *remote, struct record *message) {
    int64_t level = record_number(message);
    const char *text = record_text(message);
    if (text && level >= REPORT_DETAIL && level <= REPORT_WARNING)
        report(remote->endpoint.options.reporter, (enum report_level)level, "%s: %s",
               remote->endpoint.target.text, text);
}

static bool pass_events(struct remote *remote, struct record *message, struct error *error) {
    struct replay replay = {
        .events = remote->events,
        .inventory = remote->inventory,
        .counters = remote->counters,
        .counter_count = remote->counter_count,
        .source = remote->source,
        .renew = take_inventory,
        .context = remote,
    };
    if (replay_message(&replay, message, error))
        return true;
    remote->output_failed = error->kind != ERROR_PROTOCOL;
    return false;
}

/* What comes before an answer. False with the error. */
static bool hear(struct remote *remote, struct record *message, struct error *error) {
    if (remote->helper->said == MESSAGE_REPORT)
        pass_report(remote, message);
    else if (remote->events && remote->helper->state == HELPER_BUSY)
        return pass_events(remote, message, error);
    return true;
}

static bool is_silent(const struct remote *remote) {
    int timeout = remote->endpoint.options.timeout_seconds;
    int64_t limit = (timeout > 0 ? timeout : TIMEOUT_SECONDS) + MARGIN_SECONDS;
    return clock_now_ns() - remote->helper->beat_ns > limit * second_ns;
}

/* Looks after the helper for a moment. */
static enum helper_event watch(struct remote *remote, struct record *answer, struct error *error) {
    struct pollfd end = {.fd = remote->helper->process.stream.socket, .events = POLLIN};
    enum helper_event event = helper_client_next(remote->helper, answer, error);
    if (event == HELPER_SAID)
        return hear(remote, answer, error) ? HELPER_SAID : HELPER_LOST;
    if (event != HELPER_NOTHING || remote->helper->state == HELPER_IDLE)
        return event;
    if (cancel_requested(remote->endpoint.options.cancel)) {
        error_set(error, ERROR_INTERRUPTED, "interrupted");
        return HELPER_LOST;
    }
    if (is_silent(remote)) {
        error_set(error, ERROR_TIMEOUT, "vperf-rest does not answer in time");
        return HELPER_LOST;
    }
    poll(&end, 1, SLICE_MS);
    return HELPER_NOTHING;
}

/* A login that is refused now may be right in the next process, with a password file read anew. */
static bool give_up(struct remote *remote, enum helper_event event, const struct error *error) {
    if (event == HELPER_LOST || error->kind == ERROR_AUTH)
        drop_helper(remote);
    return false;
}

/* Waits until there is a helper whose source is open and which is idle. */
static bool await_idle(struct remote *remote, struct error *error) {
    struct record answer;
    if (!remote->helper)
        remote->helper = helper_client_new(&remote->endpoint.base, error);
    while (remote->helper && remote->helper->state != HELPER_IDLE) {
        enum helper_event event = watch(remote, &answer, error);
        if (event == HELPER_LOST || event == HELPER_REFUSED)
            return give_up(remote, event, error);
    }
    return remote->helper;
}

/* Sends the message, which it frees, and waits for the answer, borrowed until the next call. */
static bool ask(struct remote *remote, GByteArray *message, struct record *answer,
                struct error *error) {
    if (!await_idle(remote, error)) {
        message_free(message);
        return false;
    }
    helper_client_request(remote->helper, message);
    for (;;) {
        enum helper_event event = watch(remote, answer, error);
        if (event == HELPER_ANSWERED)
            return true;
        if (event == HELPER_LOST || event == HELPER_REFUSED)
            return give_up(remote, event, error);
    }
}

static bool ends_well(const struct record *answer, struct error *error) {
    return record_done(answer) || error_set(error, ERROR_PROTOCOL,
                                            "the answer of vperf-rest cannot be read: install "
                                            "vperf anew");
}

static struct remote *remote_new(const struct source_ops *ops, const struct target *target,
                                 const struct source_options *options) {
    struct remote *remote = memory_alloc(sizeof *remote);
    struct endpoint *endpoint = &remote->endpoint.base;
    remote->base.ops = ops;
    target_copy(&remote->endpoint.target, target);
    remote->endpoint.options = *options;
    endpoint->ops = &rest_helper;
    endpoint->path = process_path(rest_helper.process.program);
    endpoint->uri = memory_strdup(target->uri);
    endpoint->target = &remote->endpoint.target;
    endpoint->password_file = memory_strdup(options->password_file);
    endpoint->kept = options->kept;
    remote->source = target_source_name(target);
    remote->selection = g_byte_array_new();
    return remote;
}

struct source *remote_open(const struct source_ops *ops, const struct target *target,
                           const struct source_options *options, struct error *error) {
    struct remote *remote = remote_new(ops, target, options);
    if (await_idle(remote, error))
        return &remote->base;
    name_target(remote, error);
    remote_close(&remote->base);
    return NULL;
}

void remote_close(struct source *source) {
    if (!source)
        return;
    struct remote *remote = from_base(source);
    drop_helper(remote);
    endpoint_done(&remote->endpoint.base);
    target_done(&remote->endpoint.target);
    free(remote->source);
    catalog_free(remote->catalog);
    free(remote->counters);
    inventory_free(remote->inventory);
    g_byte_array_free(remote->selection, TRUE);
    free(remote);
}

/* Counters keep their addresses, whatever process names them. */
static void read_counters(struct remote *remote, struct record *answer) {
    size_t count = record_count(answer, REST_COUNTER_LEAST);
    free(remote->counters);
    remote->counters = memory_array(count, sizeof *remote->counters);
    remote->counter_count = 0;
    if (!remote->catalog)
        remote->catalog = catalog_new();
    for (size_t i = 0; i < count && !answer->damaged; i++) {
        struct counter counter = rest_counter_read(answer);
        if (!answer->damaged)
            remote->counters[remote->counter_count++] = catalog_add(remote->catalog, &counter);
    }
}

static bool load_catalog(struct remote *remote, struct error *error) {
    struct record answer;
    if (!ask(remote, message_new(MESSAGE_CATALOG), &answer, error))
        return false;
    read_counters(remote, &answer);
    remote->knows_catalog = ends_well(&answer, error);
    return remote->knows_catalog;
}

static bool load_inventory(struct remote *remote, const struct selection *selection,
                           struct error *error) {
    struct record answer;
    GByteArray *message = message_new(MESSAGE_INVENTORY);
    rest_selection_write(message, selection);
    g_byte_array_set_size(remote->selection, 0);
    rest_selection_write(remote->selection, selection);
    if (!ask(remote, message, &answer, error))
        return false;
    char *lost = memory_strdup(record_text(&answer));
    struct inventory *inventory = inventory_read(&answer);
    inventory->lost = lost;
    if (!ends_well(&answer, error)) {
        inventory_free(inventory);
        return false;
    }
    take_inventory(remote, inventory);
    remote->knows_inventory = true;
    return true;
}

struct catalog *remote_catalog(struct source *source, struct error *error) {
    struct remote *remote = from_base(source);
    if (!remote->knows_catalog && !load_catalog(remote, error)) {
        name_target(remote, error);
        return NULL;
    }
    return remote->catalog;
}

struct inventory *remote_inventory(struct source *source, const struct selection *selection,
                                   struct error *error) {
    struct remote *remote = from_base(source);
    if (load_inventory(remote, selection, error))
        return remote->inventory;
    name_target(remote, error);
    return NULL;
}

bool remote_about(struct source *source, struct source_about *about, struct error *error) {
    struct remote *remote = from_base(source);
    struct record answer;
    bool good = ask(remote, message_new(MESSAGE_ABOUT), &answer, error);
    if (good) {
        about->version = memory_strdup(record_text(&answer));
        about->has_clock = record_number(&answer);
        about->clock_offset_ms = record_number(&answer);
        about->certificate_end = record_number(&answer);
        good = ends_well(&answer, error);
    }
    if (!good)
        name_target(remote, error);
    return good;
}

bool remote_now(struct source *source, int64_t *seconds, struct error *error) {
    struct remote *remote = from_base(source);
    struct record answer;
    bool good = ask(remote, message_new(MESSAGE_NOW), &answer, error);
    if (good) {
        *seconds = record_number(&answer);
        good = ends_well(&answer, error);
    }
    if (!good)
        name_target(remote, error);
    return good;
}

static bool read_files(struct record *answer, const struct source_files *files,
                       struct error *error) {
    size_t count = record_count(answer, 2 * RECORD_BLOCK);
    for (size_t i = 0; i < count && !answer->damaged; i++) {
        size_t size;
        const char *name = record_text(answer);
        const void *bytes = record_block(answer, &size);
        if (name && bytes && !files->file(files->context, name, bytes, size, error))
            return false;
    }
    return ends_well(answer, error);
}

bool remote_save(struct source *source, const struct source_files *files, struct error *error) {
    struct remote *remote = from_base(source);
    struct record answer;
    bool good =
        ask(remote, message_new(MESSAGE_SAVE), &answer, error) && read_files(&answer, files, error);
    if (!good)
        name_target(remote, error);
    return good;
}

/* The same selection as that of the inventory, or another one. */
static bool has_selection(const struct remote *remote, const struct selection *selection) {
    GByteArray *bytes = g_byte_array_new();
    rest_selection_write(bytes, selection);
    bool same = bytes->len == remote->selection->len &&
                memcmp(bytes->data, remote->selection->data, bytes->len) == 0;
    g_byte_array_free(bytes, TRUE);
    return same;
}

/* The process in use knows what it will name by number: also one that was started anew. */
static bool prepare(struct remote *remote, const struct selection *selection,
                    const struct source_events *events, struct error *error) {
    bool renewed = !remote->knows_inventory || !has_selection(remote, selection);
    if (!await_idle(remote, error) || (renewed && !load_inventory(remote, selection, error)) ||
        (!remote->knows_catalog && !load_catalog(remote, error)))
        return false;
    if (renewed && events->renewed)
        events->renewed(events->context, remote->inventory);
    return true;
}

/* A source of moments may remember what came after the newest sample that an earlier run has. */
static void go_on(const struct remote *remote, struct window *window) {
    const struct source_marks *marks = remote->endpoint.options.marks;
    const struct inventory *inventory = remote->inventory;
    struct mark mark;
    if (remote->goes_on || window->archived || window->after > 0 || remote->base.ops->keeps_samples)
        return;
    for (size_t i = 0; marks && i < inventory->count; i++)
        if (marks->find(marks->context, inventory->entities[i], window->interval, &mark))
            window->after = MAX(window->after, mark_after(&mark));
}

static bool run_round(struct remote *remote, const struct window *window, struct error *error) {
    struct record answer;
    GByteArray *message = message_new(MESSAGE_ROUND);
    rest_window_write(message, window);
    if (!ask(remote, message, &answer, error))
        return false;
    remote->due = (struct due){.at_ns = record_number(&answer)};
    remote->due.period_ns = record_number(&answer);
    remote->has_due = ends_well(&answer, error);
    return remote->has_due;
}

bool remote_round(struct source *source, const struct selection *selection,
                  const struct window *window, const struct source_events *events,
                  struct error *error) {
    struct remote *remote = from_base(source);
    remote->output_failed = false;
    bool good = prepare(remote, selection, events, error);
    if (good) {
        struct window wanted = *window;
        go_on(remote, &wanted);
        remote->events = events;
        good = run_round(remote, &wanted, error);
        remote->events = NULL;
        remote->goes_on = remote->goes_on || good;
    }
    if (!good && !remote->output_failed)
        name_target(remote, error);
    return good;
}

struct due remote_due(struct source *source, int32_t interval) {
    struct remote *remote = from_base(source);
    int64_t now_ns = clock_boot_ns();
    if (!remote->has_due)
        return (struct due){now_ns, interval * second_ns};
    struct due due = remote->due;
    /* After a round that was lost, the next place of the same grid. */
    if (due.period_ns > 0 && due.at_ns < now_ns)
        due.at_ns += (now_ns - due.at_ns + due.period_ns - 1) / due.period_ns * due.period_ns;
    return due;
}
