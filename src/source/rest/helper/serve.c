/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One source for one target, from its opening to the end of the socket. */
#include "source/rest/helper/serve.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/secret.h"
#include "core/stream.h"
#include "source/helper/message.h"
#include "source/rest/helper/forward.h"
#include "source/rest/helper/recorder.h"
#include "source/rest/helper/sources.h"
#include "source/rest/protocol.h"
#include "version.h"

struct server {
    struct stream stream;
    struct target target;
    struct source_options options;
    struct reporter reporter;
    struct selection selection;
    struct source *source; /* NULL until it is open */
    struct forward forward;
    const struct cancel *cancel;
};

static bool send_message(struct server *server, GByteArray *message) {
    message_end(message);
    bool sent = stream_send(&server->stream, message, true);
    message_free(message);
    return sent;
}

static void on_report(void *context, enum report_level level, const char *text) {
    GByteArray *message = message_new(MESSAGE_REPORT);
    record_add_number(message, level);
    record_add_text(message, text);
    send_message(context, message);
}

/* The program finds them, for it owns the terminal. */
static bool request_login(struct server *server, struct error *error) {
    struct record message;
    if (!send_message(server, message_new(MESSAGE_LOGIN)) ||
        stream_next(&server->stream, &message, true) != STREAM_MESSAGE)
        return error_set(error, ERROR_INTERRUPTED, "nobody waits for the connection");
    if (message_kind(&message) != MESSAGE_CREDENTIALS) {
        error_set(error, ERROR_PROTOCOL, "no credentials came");
    } else if (record_number(&message)) {
        server->target.username = memory_strdup(record_text(&message));
        server->target.password = secret_copy(record_text(&message));
    } else {
        error_read(&message, error);
    }
    stream_wipe(&server->stream);
    return server->target.username && server->target.password;
}

static bool open_source(struct server *server, struct record *request, GByteArray *answer,
                        struct error *error) {
    server->target = rest_target_read(request);
    server->options = rest_options_read(request);
    server->options.reporter = &server->reporter;
    server->options.cancel = server->cancel;
    if (server->options.keeps_answers)
        server->options.recorder = recorder_new(server->target.scheme);
    (void)answer;
    const struct source_ops *ops = sources_find(server->target.scheme);
    if (!ops)
        return error_set(error, ERROR_USAGE, "this vperf-rest is built without %s",
                         server->target.scheme);
    if (request_login(server, error))
        server->source = ops->open(&server->target, &server->options, error);
    return server->source;
}

static void read_selection(struct server *server, struct record *request) {
    selection_done(&server->selection);
    server->selection = rest_selection_read(request);
}

static bool give_inventory(struct server *server, struct record *request, GByteArray *answer,
                           struct error *error) {
    read_selection(server, request);
    const struct inventory *inventory =
        server->source->ops->inventory(server->source, &server->selection, error);
    if (!inventory)
        return false;
    record_add_text(answer, inventory->lost);
    inventory_write(answer, inventory);
    forward_inventory(&server->forward, inventory);
    return true;
}

static bool give_catalog(struct server *server, struct record *request, GByteArray *answer,
                         struct error *error) {
    const struct catalog *catalog = server->source->ops->catalog(server->source, error);
    (void)request;
    if (!catalog)
        return false;
    record_add_number(answer, (int64_t)catalog_size(catalog));
    for (size_t i = 0; i < catalog_size(catalog); i++)
        rest_counter_write(answer, catalog_at(catalog, i));
    forward_catalog(&server->forward, catalog);
    return true;
}

static bool give_about(struct server *server, struct record *request, GByteArray *answer,
                       struct error *error) {
    struct source_about about = {0};
    (void)request;
    if (!server->source->ops->about(server->source, &about, error))
        return false;
    record_add_text(answer, about.version);
    record_add_number(answer, about.has_clock);
    record_add_number(answer, about.clock_offset_ms);
    record_add_number(answer, about.certificate_end);
    free(about.version);
    return true;
}

static bool give_now(struct server *server, struct record *request, GByteArray *answer,
                     struct error *error) {
    int64_t seconds = 0;
    (void)request;
    if (!server->source->ops->now(server->source, &seconds, error))
        return false;
    record_add_number(answer, seconds);
    return true;
}

static bool run_round(struct server *server, struct record *request, GByteArray *answer,
                      struct error *error) {
    struct source *source = server->source;
    const struct window window = rest_window_read(request);
    const struct source_events events = forward_events(&server->forward);
    bool good = source->ops->round(source, &server->selection, &window, &events, error);
    forward_flush(&server->forward);
    struct due due = source->ops->due(source, window.interval);
    record_add_number(answer, due.at_ns);
    record_add_number(answer, due.period_ns);
    return good;
}

static bool give_files(struct server *server, struct record *request, GByteArray *answer,
                       struct error *error) {
    (void)request;
    return server->options.recorder
               ? recorder_pack(server->options.recorder, answer, error)
               : error_set(error, ERROR_USAGE, "nothing was kept of what was asked");
}

static bool (*const handlers[MESSAGES])(struct server *server, struct record *request,
                                        GByteArray *answer, struct error *error) = {
    [MESSAGE_OPEN] = open_source,     [MESSAGE_INVENTORY] = give_inventory,
    [MESSAGE_CATALOG] = give_catalog, [MESSAGE_ABOUT] = give_about,
    [MESSAGE_NOW] = give_now,         [MESSAGE_ROUND] = run_round,
    [MESSAGE_SAVE] = give_files,
};

static GByteArray *failure_message(const struct error *error, bool alive) {
    GByteArray *failure = message_new(MESSAGE_FAILURE);
    error_write(failure, error);
    record_add_number(failure, alive);
    return failure;
}

/* Answers one request; false when there can be no other. */
static bool answer_request(struct server *server, struct record *request) {
    enum message kind = message_kind(request);
    struct error error = {0};
    if (kind >= MESSAGES || !handlers[kind] || (kind == MESSAGE_OPEN) != !server->source)
        return false;
    GByteArray *answer = message_new(MESSAGE_ANSWER);
    if (!handlers[kind](server, request, answer, &error)) {
        message_free(answer);
        answer = failure_message(&error, server->source);
    }
    return send_message(server, answer) && server->source;
}

static void server_done(struct server *server) {
    if (server->source)
        server->source->ops->close(server->source);
    forward_done(&server->forward);
    selection_done(&server->selection);
    recorder_free(server->options.recorder);
    rest_options_done(&server->options);
    target_done(&server->target);
    stream_done(&server->stream);
}

void rest_serve(int socket, const struct cancel *cancel) {
    struct server server = {.cancel = cancel};
    struct record request;
    stream_init(&server.stream, socket);
    forward_init(&server.forward, &server.stream);
    server.reporter = (struct reporter){&server, on_report};
    GByteArray *hello = message_new(MESSAGE_HELLO);
    record_add_text(hello, VPERF_VERSION);
    bool good = send_message(&server, hello);
    while (good && stream_next(&server.stream, &request, true) == STREAM_MESSAGE)
        good = answer_request(&server, &request);
    server_done(&server);
}
