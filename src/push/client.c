/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "push/client.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/copies.h"
#include "core/inventory.h"
#include "core/meanings.h"
#include "core/memory.h"
#include "core/process.h"
#include "push/protocol.h"
#include "sink/formats.h"
#include "version.h"

enum {
    MESSAGE_BYTES = 1 << 16,
    MAX_ENTITIES = 1 << 16, /* then all are numbered anew */
    PIECE_SAMPLES = 1024,   /* of a series at a time */
    LOOK_MS = 100,
};

/* Longer than vperf-push takes to give up. */
static const int64_t margin_ns = 5000000000;
static const int64_t interrupted_ns = 5000000000;
static const int64_t second_ns = 1000000000;

static const struct process_kind push_helper = {"vperf-push", "the program for URLs"};

struct push_client {
    struct sink sink;
    struct sink_ops ops;
    const struct log *log;
    const struct cancel *cancel;
    char *shown;
    char *path; /* of the executable */
    int64_t timeout_ns;
    struct process process;
    GByteArray *data;        /* a message that grows */
    struct copies *entities; /* that the process knows */
    struct meanings *counters;
    GHashTable *numbers; /* of counters, by address, plus one */
    int64_t rounds;      /* that were completed */
    int64_t delivered;   /* the newest round of which nothing is left */
    bool patient;
    int64_t sending_ns; /* when the last message began to be sent */
    int64_t heard_ns;   /* when the process last said something */
    bool greeted;
    bool ended;       /* the end was said */
    bool failed;      /* the process is of no more use */
    bool interrupted; /* this is why */
    bool done;        /* the account is there */
    struct push_account account;
    struct error error; /* why it failed */
};

static struct push_client *client_of(struct sink *sink) {
    return (struct push_client *)(void *)sink;
}

static void begin_data(struct push_client *client) {
    g_byte_array_set_size(client->data, 0);
    record_begin(client->data);
    record_add_number(client->data, PUSH_DATA);
}

static void fail(struct push_client *client, const char *what) {
    client->failed = true;
    error_set(&client->error, ERROR_OUTPUT, "%s: %s %s %s", client->shown, push_helper.title,
              client->path, what);
}

static char *copy_reason(const char *reason) {
    return memory_strdup(reason ? reason : "no reason is known");
}

static void read_account(struct push_client *client, struct record *message) {
    client->account.samples = record_number(message);
    client->account.lost = record_number(message);
    client->account.refused = record_number(message);
    client->account.reason = copy_reason(record_text(message));
    client->account.refusal = copy_reason(record_text(message));
    client->done = true;
}

static void read_message(struct push_client *client, struct record *message) {
    int64_t kind = record_number(message);
    const char *text = NULL;
    client->heard_ns = clock_boot_ns();
    switch (kind) {
    case PUSH_HELLO:
        text = record_text(message);
        client->greeted = text && strcmp(text, VPERF_VERSION) == 0;
        if (!client->greeted)
            fail(client, "is of another version: install both together");
        break;
    case PUSH_INFO:
    case PUSH_WARNING:
        text = record_text(message);
        if (kind == PUSH_INFO)
            log_info(client->log, "%s: %s", client->shown, text ? text : "");
        else
            log_warn(client->log, "%s: %s", client->shown, text ? text : "");
        break;
    case PUSH_DELIVERED:
        client->delivered = record_number(message);
        break;
    case PUSH_DONE:
        read_account(client, message);
        break;
    default:
        fail(client, "says what cannot be understood");
    }
}

/* What has arrived; waits for nothing. */
static void listen(struct push_client *client) {
    struct record message;
    while (!client->failed && !client->done) {
        enum stream_state state = stream_next(&client->process.stream, &message, false);
        if (state == STREAM_NOTHING)
            return;
        if (state == STREAM_MESSAGE)
            read_message(client, &message);
        else
            fail(client, client->greeted ? "has ended" : "cannot run: are its libraries there?");
    }
}

/* It always reads, unless it was told to be patient. */
static bool going(void *context) {
    struct push_client *client = context;
    listen(client);
    if (!client->patient && clock_boot_ns() > client->sending_ns + margin_ns)
        fail(client, "hangs");
    client->interrupted = !client->failed && cancel_requested(client->cancel);
    return !client->failed && !client->interrupted;
}

/* An interrupt while it is waited for room makes the rest a loss, which its account tells. */
static void flush(struct push_client *client) {
    record_end(client->data, 0);
    client->sending_ns = clock_boot_ns();
    if (!client->failed &&
        !stream_send_while(&client->process.stream, client->data, going, client) && !client->failed)
        fail(client, client->interrupted ? "was interrupted" : "has ended");
    begin_data(client);
}

static void flush_if_full(struct push_client *client) {
    if (client->data->len >= MESSAGE_BYTES)
        flush(client);
}

static void add_item(struct push_client *client, enum push_item item) {
    record_add_number(client->data, item);
}

static void forget(struct push_client *client) {
    add_item(client, PUSH_FORGET);
    copies_free(client->entities);
    meanings_free(client->counters);
    g_hash_table_remove_all(client->numbers);
    client->entities = copies_new();
    client->counters = meanings_new();
}

static int32_t number_of_entity(struct push_client *client, const struct entity *entity) {
    if (copies_count(client->entities) >= MAX_ENTITIES)
        forget(client);
    size_t known = copies_count(client->entities);
    struct copy copy = copies_add(client->entities, entity);
    if (copies_count(client->entities) > known) {
        add_item(client, PUSH_ENTITY);
        message_add_entity(client->data, copy.entity);
    }
    return copy.number;
}

static int32_t number_of_counter(struct push_client *client, const struct counter *counter) {
    const struct counter *known = meanings_add(client->counters, counter);
    int32_t number = GPOINTER_TO_INT(g_hash_table_lookup(client->numbers, known));
    if (number)
        return number - 1;
    number = (int32_t)g_hash_table_size(client->numbers);
    g_hash_table_insert(client->numbers, (gpointer)known, GINT_TO_POINTER(number + 1));
    add_item(client, PUSH_COUNTER);
    push_write_counter(client->data, known);
    return number;
}

static void write_series(struct sink *sink, const struct series *series) {
    struct push_client *client = client_of(sink);
    if (client->failed)
        return;
    struct push_series head = {
        .target = (int32_t)sink->target,
        .interval = series->interval,
        .continues = series->continues,
    };
    head.entity = number_of_entity(client, series->entity);
    head.counter = number_of_counter(client, series->counter);
    for (size_t i = 0; i < series->count; i += PIECE_SAMPLES) {
        size_t count = MIN(series->count - i, (size_t)PIECE_SAMPLES);
        add_item(client, PUSH_SERIES);
        record_add_block(client->data, &head, sizeof head);
        record_add_text(client->data, series->instance);
        record_add_block(client->data, series->samples + i, count * sizeof *series->samples);
        head.continues = true;
        flush_if_full(client);
    }
}

static void nothing(struct sink *sink) {
    (void)sink;
}

static bool check(struct sink *sink, struct error *error) {
    struct push_client *client = client_of(sink);
    if (!client->failed)
        return true;
    enum error_kind kind =
        cancel_requested(client->cancel) ? ERROR_INTERRUPTED : client->error.kind;
    return error_set(error, kind, "%s", client->error.message);
}

static bool end_round(struct sink *sink, struct error *error) {
    struct push_client *client = client_of(sink);
    add_item(client, PUSH_ROUND);
    record_add_number(client->data, sink->target);
    record_add_number(client->data, ++client->rounds);
    flush(client);
    listen(client);
    return check(sink, error);
}

static void end(struct sink *sink) {
    struct push_client *client = client_of(sink);
    add_item(client, PUSH_END);
    if (cancel_requested(client->cancel))
        add_item(client, PUSH_INTERRUPT);
    client->ended = true;
    client->heard_ns = clock_boot_ns();
    flush(client);
}

static void know(struct sink *sink, const struct inventory *inventory) {
    struct push_client *client = client_of(sink);
    for (size_t i = 0; i < inventory->count; i++) {
        if (inventory->entities[i]->type != ENTITY_DATASTORE)
            continue;
        add_item(client, PUSH_KNOWN);
        record_add_number(client->data, sink->target);
        message_add_entity(client->data, inventory->entities[i]);
        flush_if_full(client);
    }
}

/* What the protocol's format wants to know, it is told. */
static void set_ops(struct push_client *client, enum push_protocol protocol) {
    client->ops = (struct sink_ops){
        .name = protocol == PUSH_INFLUX ? "influx" : "remote write",
        .begin = nothing,
        .write = write_series,
        .check = check,
        .round_end = end_round,
        .end = end,
    };
    if (protocol == PUSH_INFLUX) {
        client->ops.context = sink_influx.context;
        client->ops.know = know;
    }
    client->sink.ops = &client->ops;
}

/* The secrets in it are wiped. */
static void send_setup(struct push_client *client, const struct push_setup *setup) {
    GByteArray *message = message_new(PUSH_SETUP);
    push_write_setup(message, setup);
    message_end(message);
    if (!stream_send(&client->process.stream, message, true))
        fail(client, "has ended");
    explicit_bzero(message->data, message->len);
    message_free(message);
}

static void set_up(struct push_client *client, const struct push_url *url,
                   const struct push_options *options) {
    const struct sink_options *sink = &client->sink.options;
    GString *fields = g_string_new(NULL);
    for (size_t i = 0; i < sink->field_count; i++)
        g_string_append_printf(fields, "%s%s%s", i ? "," : "", sink->fields[i]->label ? "=" : "",
                               sink->fields[i]->name);
    char *token =
        options->token && !url->login ? memory_printf("%s %s", url->token, options->token) : NULL;
    const struct push_setup setup = {
        .request = url->request,
        .shown = url->shown,
        .login = url->login,
        .token = token,
        .ca_file = options->ca_file,
        .fields = fields->str,
        .protocol = url->protocol,
        .timeout_seconds = options->timeout_seconds,
        .endless = options->endless,
        .patient = options->patient,
    };
    send_setup(client, &setup);
    memory_wipe_free(token);
    g_string_free(fields, TRUE);
}

struct push_client *push_client_new(const struct push_url *url, const struct push_options *options,
                                    const struct sink_options *sink, struct error *error) {
    struct process process;
    char *path = process_path(push_helper.program);
    if (!process_start(&process, &push_helper, path, error)) {
        free(path);
        return NULL;
    }
    struct push_client *client = memory_alloc(sizeof *client);
    set_ops(client, url->protocol);
    client->sink.options = *sink;
    client->log = options->log;
    client->shown = memory_strdup(url->shown);
    client->path = path;
    client->timeout_ns = options->timeout_seconds * second_ns;
    client->patient = options->patient;
    client->process = process;
    client->data = g_byte_array_new();
    client->entities = copies_new();
    client->counters = meanings_new();
    client->numbers = g_hash_table_new(NULL, NULL);
    begin_data(client);
    set_up(client, url, options);
    return client;
}

struct sink *push_client_sink(struct push_client *client) {
    return &client->sink;
}

void push_client_end_with(struct push_client *client, const struct cancel *cancel) {
    client->cancel = cancel;
}

int64_t push_client_rounds(const struct push_client *client) {
    return client->rounds;
}

int64_t push_client_delivered(const struct push_client *client) {
    return client->delivered;
}

static void hurry(struct push_client *client, bool *hurried) {
    if (*hurried || !cancel_requested(client->cancel))
        return;
    *hurried = true;
    client->timeout_ns = MIN(client->timeout_ns, interrupted_ns);
    client->heard_ns = clock_boot_ns();
    GByteArray *message = message_new(PUSH_DATA);
    record_add_number(message, PUSH_INTERRUPT);
    message_end(message);
    stream_send(&client->process.stream, message, false);
    message_free(message);
}

/* It gives up by itself; the limit is for one that hangs. */
static void await_account(struct push_client *client) {
    bool hurried = false;
    struct pollfd news = {.fd = client->process.stream.socket, .events = POLLIN};
    while (!client->done && !client->failed) {
        hurry(client, &hurried);
        if (clock_boot_ns() > client->heard_ns + client->timeout_ns + margin_ns)
            fail(client, "hangs");
        poll(&news, 1, LOOK_MS);
        listen(client);
    }
}

enum push_result push_client_finish(struct push_client *client, struct error *error) {
    await_account(client);
    const struct push_account *account = &client->account;
    if (!client->done) {
        error_set(error, ERROR_OUTPUT, "%s", client->error.message);
        return PUSH_NONE;
    }
    if (account->lost < account->samples)
        log_info(client->log, "%s: %" PRId64 " samples delivered", client->shown,
                 account->samples - account->lost);
    if (!account->lost)
        return PUSH_ALL;
    error_set(error, ERROR_OUTPUT, "%s: %" PRId64 " of %" PRId64 " samples were not delivered: %s",
              client->shown, account->lost, account->samples, account->reason);
    return account->lost < account->samples ? PUSH_PART : PUSH_NONE;
}

const struct push_account *push_client_account(const struct push_client *client) {
    return client->done ? &client->account : NULL;
}

bool push_client_interrupted(const struct push_client *client) {
    return client->interrupted;
}

void push_client_free(struct push_client *client) {
    if (!client)
        return;
    process_end(&client->process, client->done ? second_ns : 0);
    g_byte_array_free(client->data, TRUE);
    copies_free(client->entities);
    meanings_free(client->counters);
    g_hash_table_destroy(client->numbers);
    free((char *)client->account.reason);
    free((char *)client->account.refusal);
    free(client->shown);
    free(client->path);
    free(client);
}
