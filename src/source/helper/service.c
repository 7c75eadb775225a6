/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/helper/service.h"

#include "core/memory.h"
#include "core/secret.h"
#include "version.h"

bool service_send(struct stream *stream, GByteArray *message) {
    message_end(message);
    bool sent = stream_send(stream, message, true);
    message_free(message);
    return sent;
}

static void read_credentials(struct record *message, struct credentials *credentials,
                             struct error *error) {
    if (message_kind(message) != MESSAGE_CREDENTIALS) {
        error_set(error, ERROR_PROTOCOL, "no credentials came");
    } else if (record_number(message)) {
        credentials->username = memory_strdup(record_text(message));
        credentials->password = secret_copy(record_text(message));
    } else {
        error_read(message, error);
    }
}

bool service_login(struct stream *stream, struct credentials *credentials, struct error *error) {
    struct record message;
    if (!service_send(stream, message_new(MESSAGE_LOGIN)) ||
        stream_next(stream, &message, true) != STREAM_MESSAGE)
        return error_set(error, ERROR_INTERRUPTED, "nobody waits for the connection");
    read_credentials(&message, credentials, error);
    stream_wipe(stream);
    return credentials->username && credentials->password;
}

static GByteArray *failure_message(const struct error *error, bool alive) {
    GByteArray *failure = message_new(MESSAGE_FAILURE);
    error_write(failure, error);
    record_add_number(failure, alive);
    return failure;
}

/* Answers one request; false when there can be no other. */
static bool answer_request(struct stream *stream, const struct service_ops *ops, void *context,
                           struct record *request) {
    enum message kind = message_kind(request);
    struct error error = {0};
    if ((kind == MESSAGE_OPEN) != !ops->is_open(context))
        return false;
    GByteArray *answer = message_new(MESSAGE_ANSWER);
    bool good = ops->answer(context, kind, request, answer, &error);
    bool known = good || error.kind != ERROR_NONE;
    bool alive = good || (known && ops->is_alive(context));
    if (!good) {
        message_free(answer);
        answer = failure_message(&error, alive);
    }
    if (known)
        return service_send(stream, answer) && alive;
    message_free(answer);
    return false;
}

void service_run(struct stream *stream, const struct service_ops *ops, void *context) {
    struct record request;
    GByteArray *hello = message_new(MESSAGE_HELLO);
    record_add_text(hello, VPERF_VERSION);
    bool good = service_send(stream, hello);
    while (good && stream_next(stream, &request, true) == STREAM_MESSAGE)
        good = answer_request(stream, ops, context, &request);
}
