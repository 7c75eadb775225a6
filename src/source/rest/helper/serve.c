/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One source for one target, from its opening to the end of the socket. */
#include "source/rest/helper/serve.h"

#include <stdlib.h>

#include "source/helper/service.h"
#include "source/rest/helper/forward.h"
#include "source/rest/helper/recorder.h"
#include "source/rest/helper/sources.h"
#include "source/rest/protocol.h"

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

static void on_report(void *context, enum report_level level, const char *text) {
    struct server *server = context;
    GByteArray *message = message_new(MESSAGE_REPORT);
    record_add_number(message, level);
    record_add_text(message, text);
    service_send(&server->stream, message);
}

static bool request_login(struct server *server, struct error *error) {
    struct credentials found = {0};
    bool good = service_login(&server->stream, &found, error);
    server->target.username = found.username;
    server->target.password = found.password;
    return good;
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

static bool is_open(void *context) {
    const struct server *server = context;
    return server->source;
}

static bool answer_request(void *context, enum message kind, struct record *request,
                           GByteArray *answer, struct error *error) {
    return kind < MESSAGES && handlers[kind] && handlers[kind](context, request, answer, error);
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
    static const struct service_ops ops = {
        .is_open = is_open,
        .answer = answer_request,
        .is_alive = is_open,
    };
    struct server server = {.cancel = cancel};
    stream_init(&server.stream, socket);
    forward_init(&server.forward, &server.stream);
    server.reporter = (struct reporter){&server, on_report};
    service_run(&server.stream, &ops, &server);
    server_done(&server);
}
