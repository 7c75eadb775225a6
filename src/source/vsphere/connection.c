/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* gSOAP leaves every time limit open by default; here a call as a whole has one. */
#include "source/vsphere/connection.h"

#include <openssl/err.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/interrupt.h"
#include "core/memory.h"
#include "source/vsphere/failure.h"
#include "source/vsphere/session.h"
#include "version.h"

enum {
    POLL_MS = 100,                 /* how soon a signal is seen */
    MAX_ANSWER_BYTES = 256 << 20,  /* of one answer */
    MAX_ARRAY_ELEMENTS = 10000000, /* of one array in an answer */
    MAX_ATTEMPTS = 4,              /* of one call, when connections break */
    FIRST_PAUSE_MS = 200,          /* before the second attempt; doubled before each further one */
};

static const char cookie_name[] = "vmware_soap_session=";

int64_t connection_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A session ticket, or a part of a record, makes the socket readable and holds no data. */
static bool only_tls_came(const struct soap *soap) {
    char byte;
    ERR_clear_error();
    int peeked = soap->ssl ? SSL_peek(soap->ssl, &byte, 1) : 1;
    return peeked <= 0 && SSL_get_error(soap->ssl, peeked) == SSL_ERROR_WANT_READ;
}

static bool is_interrupted(const struct connection *connection) {
    return !connection->closing && interrupt_requested();
}

/* False when a signal has come or the time of the call is over. */
static bool wait_for_bytes(struct connection *connection) {
    struct soap *soap = connection->soap;
    for (;;) {
        connection->interrupted = is_interrupted(connection);
        connection->timed_out = connection_now_ms() >= connection->deadline_ms;
        if (connection->interrupted || connection->timed_out)
            return false;
        if (!only_tls_came(soap))
            return true;
        struct pollfd socket = {.fd = soap->socket, .events = POLLIN};
        poll(&socket, 1, POLL_MS);
    }
}

static size_t receive(struct soap *soap, char *buffer, size_t length) {
    struct connection *connection = soap->user;
    if (!wait_for_bytes(connection))
        return 0;
    size_t received = connection->receive(soap, buffer, length);
    connection->received += received;
    return received;
}

/* gSOAP's own cookie jar rewrites values: the session's cookie is kept as the server sent it. */
static int parse_header(struct soap *soap, const char *key, const char *value) {
    struct connection *connection = soap->user;
    if (strcasecmp(key, "Set-Cookie") != 0)
        return connection->parse_header(soap, key, value);
    const char *cookie = strstr(value, cookie_name);
    if (cookie) {
        memory_wipe_free(connection->cookie);
        connection->cookie = memory_printf("Cookie: %.*s", (int)strcspn(cookie, ";"), cookie);
    }
    return SOAP_OK;
}

static int post_header(struct soap *soap, const char *key, const char *value) {
    const struct connection *connection = soap->user;
    if (key && strcmp(key, "User-Agent") == 0)
        value = "vperf/" VPERF_VERSION;
    return connection->post_header(soap, key, value);
}

static void install_hooks(struct connection *connection, struct soap *soap) {
    soap->user = connection;
    connection->receive = soap->frecv;
    connection->parse_header = soap->fparsehdr;
    connection->post_header = soap->fposthdr;
    soap->frecv = receive;
    soap->fparsehdr = parse_header;
    soap->fposthdr = post_header;
}

struct connection *connection_new(struct session *session) {
    soap_mode input = SOAP_XML_TREE | SOAP_C_UTFSTRING | SOAP_IO_KEEPALIVE;
    soap_mode output = SOAP_C_UTFSTRING | SOAP_IO_KEEPALIVE | SOAP_IO_STORE;
    struct connection *connection = memory_alloc(sizeof *connection);
    struct soap *soap = memory_check(soap_new2(input, output));
    soap_set_namespaces(soap, namespaces);
    soap->maxoccurs = MAX_ARRAY_ELEMENTS;
    soap->recv_maxlength = MAX_ANSWER_BYTES;
    soap->ctx = tls_context(session->tls);
    SSL_CTX_up_ref(soap->ctx);
    soap->ssl_flags = SOAP_SSL_REQUIRE_SERVER_AUTHENTICATION | SOAP_SSL_SKIP_HOST_CHECK;
    install_hooks(connection, soap);
    connection->session = session;
    connection->soap = soap;
    return connection;
}

void connection_free(struct connection *connection) {
    if (!connection)
        return;
    soap_force_closesock(connection->soap);
    soap_destroy(connection->soap);
    soap_end(connection->soap);
    soap_free(connection->soap);
    memory_wipe_free(connection->cookie);
    free(connection);
}

/* What is left of the session's time limit for the call, at least a second. */
static int seconds_left(const struct connection *connection) {
    int64_t used = connection_now_ms() - connection->first_ms;
    int64_t left = connection->session->timeout_seconds - used / 1000;
    return left < 1 ? 1 : (int)left;
}

static void limit(struct connection *connection) {
    struct soap *soap = connection->soap;
    int seconds = seconds_left(connection);
    soap->connect_timeout = seconds;
    soap->send_timeout = seconds;
    soap->recv_timeout = seconds;
    soap->transfer_timeout = seconds;
    connection->deadline_ms = connection->started_ms + (int64_t)seconds * 1000;
}

void connection_first(struct connection *connection) {
    connection->first_ms = connection_now_ms();
    connection->attempts = 0;
    connection->renewed = false;
}

void connection_begin(struct connection *connection) {
    soap_destroy(connection->soap);
    soap_end(connection->soap);
    session_lend_cookie(connection->session, connection);
    connection->started_ms = connection_now_ms();
    connection->attempts++;
    connection->received = 0;
    connection->timed_out = false;
    connection->interrupted = false;
    connection->fault_type[0] = '\0';
    connection->fault_object[0] = '\0';
    connection->soap->http_extra_header = connection->cookie;
    limit(connection);
}

/* The call may be made again: the connection broke, or the service is starting. */
static bool is_passing(const struct connection *connection, int result) {
    static const int passing[] = {SOAP_EOF, SOAP_TCP_ERROR, SOAP_SSL_ERROR, 502, 503, 504};
    if (connection->interrupted || connection->timed_out || connection->closing ||
        tls_refusal(connection->session->tls))
        return false;
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
        if (passing[i] == result)
            return true;
    return false;
}

/* Waits before the next attempt; false when the time of the call does not allow it. */
static bool pause_before_retry(struct connection *connection) {
    int64_t wait_ms = (int64_t)FIRST_PAUSE_MS << (connection->attempts - 1);
    int64_t until_ms = connection_now_ms() + wait_ms;
    int64_t limit_ms = connection->first_ms + (int64_t)connection->session->timeout_seconds * 1000;
    if (connection->attempts >= MAX_ATTEMPTS || until_ms >= limit_ms)
        return false;
    while (connection_now_ms() < until_ms && !is_interrupted(connection))
        poll(NULL, 0, POLL_MS);
    return !is_interrupted(connection);
}

static void log_failed_attempt(const struct connection *connection, const char *operation,
                               const char *remedy) {
    log_debug(connection->session->log, "%s: %s: attempt %u failed: %s", connection->session->label,
              operation, connection->attempts, remedy);
}

bool connection_again(struct connection *connection, const char *operation, int *result) {
    if (*result == SOAP_OK)
        return false;
    if (*result == SOAP_FAULT) {
        if (connection->closing || connection->renewed || !failure_is_lost_session(connection))
            return false;
        connection->renewed = true;
        log_failed_attempt(connection, operation, "the session has ended: logging in again");
        return session_renew(connection->session, connection, result);
    }
    bool again = session_established(connection->session) && is_passing(connection, *result);
    soap_force_closesock(connection->soap);
    if (again)
        log_failed_attempt(connection, operation, "the connection broke: trying again");
    return again && pause_before_retry(connection);
}

bool connection_end(struct connection *connection, const char *operation, int result,
                    struct error *error) {
    const struct session *session = connection->session;
    bool succeeded = result == SOAP_OK;
    connection->result = result;
    if (!succeeded)
        failure_describe(connection, operation, result, error);
    log_debug(session->log, "%s: %s: %s, %lld ms, %llu bytes", session->label, operation,
              succeeded ? "ok" : "failed",
              (long long)(connection_now_ms() - connection->started_ms),
              (unsigned long long)connection->received);
    return succeeded;
}
