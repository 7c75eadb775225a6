/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Requests from the pipe become calls of libvirt, and what these say becomes the answer. */
#include "source/libvirt/helper/serve.h"

#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "source/helper/service.h"
#include "source/libvirt/helper/connection.h"
#include "source/libvirt/helper/domains.h"
#include "source/libvirt/helper/stats.h"
#include "source/libvirt/sample/sample_record.h"

static const int64_t beat_gap_ns = 20000000;

struct server {
    struct stream stream;
    struct pulse pulse;
    struct connection *connection; /* NULL until the first request */
    int64_t beat_ns;               /* when the last beat was sent */
};

/* Nobody may be listening just now: then a beat is lost, and that is no harm. */
static void send_beat(void *context) {
    struct server *server = context;
    int64_t now_ns = clock_now_ns();
    if (now_ns < server->beat_ns + beat_gap_ns)
        return;
    GByteArray *beat = message_new(MESSAGE_BEAT);
    message_end(beat);
    stream_send(&server->stream, beat, false);
    message_free(beat);
    server->beat_ns = now_ns;
}

static bool request_login(void *context, struct credentials *credentials, struct error *error) {
    struct server *server = context;
    return service_login(&server->stream, credentials, error);
}

static bool open_connection(struct server *server, struct record *request, GByteArray *answer,
                            struct error *error) {
    /* The login takes the place of this message. */
    char *uri = memory_strdup(record_text(request));
    struct opening opening = {.uri = uri ? uri : "",
                              .read_write = record_number(request),
                              .host_known = record_number(request),
                              .pulse = &server->pulse,
                              .login = request_login,
                              .login_context = server};
    struct host_facts host = host_facts_read(request);
    server->connection = connection_new(&opening, &host, error);
    host_facts_done(&host);
    free(uri);
    if (!server->connection)
        return false;
    host_facts_write(answer, &server->connection->host);
    return true;
}

static bool list_guests(struct server *server, struct record *request, GByteArray *answer,
                        struct error *error) {
    struct inventory *inventory = inventory_new();
    unsigned context = (unsigned)record_number(request);
    bool good = domains_list(server->connection, context, inventory, error);
    if (good)
        inventory_write(answer, inventory);
    inventory_free(inventory);
    return good;
}

static bool look_for_blocked(struct server *server, struct record *request, GByteArray *answer,
                             struct error *error) {
    (void)error;
    record_add_number(answer, stats_any_blocked(server->connection, record_number(request)));
    return true;
}

static bool poll_statistics(struct server *server, struct record *request, GByteArray *answer,
                            struct error *error) {
    struct snapshot *snapshot = snapshot_new();
    struct sample_wish wish = wish_read(request);
    server->connection->careful = record_number(request);
    bool good = stats_poll(server->connection, &wish, snapshot, error);
    if (good) {
        record_add_number(answer, server->connection->no_nowait);
        snapshot_write(answer, snapshot);
    }
    snapshot_free(snapshot);
    return good;
}

static bool set_periods(struct server *server, struct record *request, GByteArray *answer,
                        struct error *error) {
    struct domains_period period = {.seconds = (int)record_number(request),
                                    .guests = snapshot_new()};
    size_t size;
    const unsigned char *uuids = record_block(request, &size);
    (void)error;
    for (size_t i = 0; i + SAMPLE_UUID_SIZE <= size; i += SAMPLE_UUID_SIZE)
        memcpy(snapshot_add(period.guests)->uuid, uuids + i, SAMPLE_UUID_SIZE);
    domains_set_period(server->connection, &period);
    record_add_number(answer, (int64_t)period.changed);
    failures_write(answer, period.guests);
    snapshot_free(period.guests);
    return true;
}

static bool tell_versions(struct server *server, struct record *request, GByteArray *answer,
                          struct error *error) {
    (void)request, (void)error;
    char *versions = connection_versions(server->connection);
    record_add_text(answer, versions);
    free(versions);
    return true;
}

static bool (*const handlers[MESSAGES])(struct server *server, struct record *request,
                                        GByteArray *answer, struct error *error) = {
    [MESSAGE_OPEN] = open_connection,  [MESSAGE_INVENTORY] = list_guests,
    [MESSAGE_LOOK] = look_for_blocked, [MESSAGE_POLL] = poll_statistics,
    [MESSAGE_PERIOD] = set_periods,    [MESSAGE_ABOUT] = tell_versions,
};

static bool is_open(void *context) {
    const struct server *server = context;
    return server->connection;
}

static bool is_alive(void *context) {
    const struct server *server = context;
    return server->connection && connection_alive(server->connection);
}

static bool answer_request(void *context, enum message kind, struct record *request,
                           GByteArray *answer, struct error *error) {
    return kind < MESSAGES && handlers[kind] && handlers[kind](context, request, answer, error);
}

void serve_requests(int socket) {
    static const struct service_ops ops = {
        .is_open = is_open,
        .answer = answer_request,
        .is_alive = is_alive,
    };
    struct server server = {0};
    stream_init(&server.stream, socket);
    server.pulse = (struct pulse){send_beat, &server};
    service_run(&server.stream, &ops, &server);
    connection_free(server.connection);
    stream_done(&server.stream);
}
