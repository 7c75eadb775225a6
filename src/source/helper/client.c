/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One helper: from its hello to its end. */
#include "source/helper/client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "core/clock.h"
#include "core/memory.h"
#include "version.h"

enum { CANNOT_EXECUTE = 127 };

static const int64_t close_ns = 1000000000;

void endpoint_done(struct endpoint *endpoint) {
    free(endpoint->path);
    memory_wipe_free(endpoint->uri);
    free(endpoint->password_file);
    if (endpoint->kept)
        credentials_move(endpoint->kept, &endpoint->credentials);
    credentials_done(&endpoint->credentials);
    *endpoint = (struct endpoint){.ops = endpoint->ops};
}

struct helper_client *helper_client_new(struct endpoint *endpoint, struct error *error) {
    struct process process;
    if (!process_start(&process, &endpoint->ops->process, endpoint->path, error))
        return NULL;
    struct helper_client *helper = memory_alloc(sizeof *helper);
    helper->endpoint = endpoint;
    helper->process = process;
    helper->beat_ns = clock_now_ns();
    return helper;
}

void helper_client_free(struct helper_client *helper) {
    if (!helper)
        return;
    int64_t patience_ns = helper->endpoint->ops->goodbye_ns;
    if (helper->state == HELPER_IDLE && patience_ns < close_ns)
        patience_ns = close_ns;
    process_end(&helper->process, patience_ns);
    free(helper);
}

void helper_client_request(struct helper_client *helper, GByteArray *message) {
    struct record record = {.next = message->data + RECORD_HEAD,
                            .left = message->len - RECORD_HEAD};
    message_end(message);
    helper->request = message_kind(&record);
    helper->state = helper->request == MESSAGE_OPEN ? HELPER_OPENS : HELPER_BUSY;
    helper->beat_ns = clock_now_ns();
    helper->answered_poll = helper->answered_poll && helper->request != MESSAGE_POLL;
    /* If it cannot be sent, the next look finds the helper gone. */
    stream_send(&helper->process.stream, message, false);
    message_free(message);
}

static bool find_credentials(struct endpoint *endpoint, struct error *error) {
    struct target target;
    if (!endpoint->credentials.username && endpoint->kept)
        credentials_move(&endpoint->credentials, endpoint->kept);
    if (endpoint->credentials.username)
        return true;
    if (endpoint->target)
        return credentials_init(&endpoint->credentials, endpoint->target, endpoint->password_file,
                                error);
    bool good = target_init(&target, endpoint->uri, error) &&
                credentials_init(&endpoint->credentials, &target, endpoint->password_file, error);
    target_done(&target);
    return good;
}

static void answer_login(struct helper_client *helper) {
    const struct credentials *credentials = &helper->endpoint->credentials;
    GByteArray *message = message_new(MESSAGE_CREDENTIALS);
    struct error error = {0};
    bool good = find_credentials(helper->endpoint, &error);
    record_add_number(message, good);
    if (good) {
        record_add_text(message, credentials->username);
        record_add_text(message, credentials->password);
    } else {
        error_write(message, &error);
    }
    message_end(message);
    stream_send(&helper->process.stream, message, false);
    explicit_bzero(message->data, message->len);
    message_free(message);
}

/* Whatever was wrong with what came. */
static enum helper_event lose(struct helper_client *helper, struct error *error) {
    const struct endpoint_ops *ops = helper->endpoint->ops;
    const char *title = ops->process.title, *path = helper->endpoint->path;
    int status = process_end(&helper->process, close_ns);
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
        error_set(error, ERROR_CONNECT, "%s %s was ended by signal %d", title, path,
                  WTERMSIG(status));
    else if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_EXECUTE)
        error_set(error, ERROR_PROTOCOL, "%s %s cannot run: check that %s is installed", title,
                  path, ops->library);
    else
        error_set(error, helper->state == HELPER_STARTS ? ERROR_PROTOCOL : ERROR_CONNECT,
                  "%s %s ended without an answer", title, path);
    return HELPER_LOST;
}

static enum helper_event read_hello(struct helper_client *helper, struct record *message,
                                    struct error *error) {
    const struct endpoint *endpoint = helper->endpoint;
    const char *version = record_text(message);
    if (helper->state != HELPER_STARTS || !version)
        return lose(helper, error);
    if (strcmp(version, VPERF_VERSION) != 0) {
        error_set(error, ERROR_PROTOCOL, "%s %s is of version %s, not %s: install both together",
                  endpoint->ops->process.title, endpoint->path, version, VPERF_VERSION);
        return HELPER_LOST;
    }
    helper_client_request(helper, endpoint->ops->open(endpoint));
    return HELPER_NOTHING;
}

static enum helper_event read_answer(struct helper_client *helper, struct record *message) {
    struct endpoint *endpoint = helper->endpoint;
    bool opened = helper->state == HELPER_OPENS;
    helper->state = HELPER_IDLE;
    helper->answered_poll = helper->answered_poll || helper->request == MESSAGE_POLL;
    if (!opened)
        return HELPER_ANSWERED;
    endpoint->ops->opened(endpoint, message);
    return HELPER_NOTHING;
}

static enum helper_event read_failure(struct helper_client *helper, struct record *message,
                                      struct error *error) {
    error_read(message, error);
    bool alive = record_number(message);
    helper->state = HELPER_IDLE;
    /* A password file may be changed meanwhile; who typed one is not asked again. */
    if (error->kind == ERROR_AUTH && helper->endpoint->password_file)
        credentials_done(&helper->endpoint->credentials);
    return alive ? HELPER_REFUSED : HELPER_LOST;
}

static bool is_said(const struct helper_client *helper, enum message kind) {
    return helper->endpoint->ops->talks && (kind == MESSAGE_EVENT || kind == MESSAGE_REPORT);
}

static enum helper_event read_message(struct helper_client *helper, struct record *message,
                                      struct error *error) {
    bool asked = helper->state == HELPER_OPENS || helper->state == HELPER_BUSY;
    enum message kind = message_kind(message);
    if (kind == MESSAGE_HELLO)
        return read_hello(helper, message, error);
    if (asked && kind == MESSAGE_ANSWER)
        return read_answer(helper, message);
    if (asked && kind == MESSAGE_FAILURE)
        return read_failure(helper, message, error);
    helper->said = kind;
    if (asked && kind == MESSAGE_LOGIN)
        answer_login(helper);
    else if (!asked || (kind != MESSAGE_BEAT && !is_said(helper, kind)))
        return lose(helper, error);
    helper->beat_ns = clock_now_ns();
    return is_said(helper, kind) ? HELPER_SAID : HELPER_NOTHING;
}

enum helper_event helper_client_next(struct helper_client *helper, struct record *answer,
                                     struct error *error) {
    for (;;) {
        enum stream_state state = stream_next(&helper->process.stream, answer, false);
        if (state == STREAM_NOTHING)
            return HELPER_NOTHING;
        enum helper_event event =
            state == STREAM_MESSAGE ? read_message(helper, answer, error) : lose(helper, error);
        if (event != HELPER_NOTHING)
            return event;
    }
}
