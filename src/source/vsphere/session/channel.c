/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* gSOAP leaves every time limit open by default; here a call as a whole has one. */
#include "source/vsphere/session/channel.h"

#include <glib.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/clock.h"
#include "core/memory.h"
#include "source/vsphere/session/dial.h"
#include "source/vsphere/session/failure.h"
#include "source/vsphere/session/retry.h"
#include "source/vsphere/session/session.h"
#include "version.h"

enum {
    MAX_ARRAY_ELEMENTS = 10000000, /* of one array in an answer */
    MAX_REST_READS = 64,           /* of what follows the envelope of an answer */
    MAX_HEAD_LINE = SOAP_HDRLEN - 64,
    MAX_CUT_REPEATS = 2, /* of a call whose answer ends in the middle */
};

/*
 * What TLS waits for; 0 when there are data, or an end. A session ticket, or a part of a record,
 * makes the socket readable and holds no data; a change of keys may have to be answered first.
 */
static short tls_waits_for(const struct soap *soap) {
    char byte;
    ERR_clear_error();
    int peeked = soap->ssl ? SSL_peek(soap->ssl, &byte, 1) : 1;
    int code = peeked <= 0 ? SSL_get_error(soap->ssl, peeked) : SSL_ERROR_NONE;
    if (code == SSL_ERROR_WANT_READ)
        return POLLIN;
    return code == SSL_ERROR_WANT_WRITE ? POLLOUT : 0;
}

static bool is_interrupted(const struct channel *channel) {
    return !channel->closing && cancel_requested(channel->session->cancel);
}

bool channel_may_wait(struct channel *channel) {
    channel->interrupted = is_interrupted(channel);
    channel->timed_out = clock_now_ms() >= channel->deadline_ms;
    return !channel->interrupted && !channel->timed_out;
}

static bool wait_for_bytes(struct channel *channel) {
    struct soap *soap = channel->soap;
    while (channel_may_wait(channel)) {
        short events = tls_waits_for(soap);
        if (!events)
            return true;
        struct pollfd socket = {.fd = soap->socket, .events = events};
        poll(&socket, 1, CHANNEL_POLL_MS);
    }
    return false;
}

static void keep_tail(struct channel *channel, const char *bytes, size_t count) {
    const size_t room = sizeof channel->tail;
    size_t fresh = count < room ? count : room;
    memmove(channel->tail, channel->tail + fresh, room - fresh);
    memcpy(channel->tail + room - fresh, bytes + count - fresh, fresh);
}

static void keep_start(struct channel *channel, const char *bytes, size_t count) {
    const size_t room = sizeof channel->start;
    if (channel->received < room)
        memcpy(channel->start + channel->received, bytes, MIN(count, room - channel->received));
}

/* Cuts long lines of the head, which gSOAP refuses: none that matters is that long. */
static size_t cut_head_lines(struct channel *channel, char *bytes, size_t count) {
    size_t kept = 0, i = 0;
    for (; channel->in_head && i < count; i++) {
        bool ends = bytes[i] == '\n';
        if (ends || channel->line_length < MAX_HEAD_LINE)
            bytes[kept++] = bytes[i];
        channel->in_head = !ends || channel->line_length > 0;
        channel->line_length = ends ? 0 : channel->line_length + (bytes[i] != '\r');
    }
    memmove(bytes + kept, bytes + i, count - i);
    return kept + count - i;
}

/* As many bytes as have come; 0 at the end. */
static size_t receive_some(struct soap *soap, char *buffer, size_t length) {
    struct channel *channel = soap->user;
    size_t received, kept;
    do {
        if (!wait_for_bytes(channel))
            return 0;
        received = channel->receive(soap, buffer, length);
        kept = cut_head_lines(channel, buffer, received);
    } while (received && !kept);
    return kept;
}

/* How the answer's end is known: by the last chunk, or by its length. */
static bool is_chunked(const struct soap *soap) {
    return (soap->mode & SOAP_IO) == SOAP_IO_CHUNK;
}

static bool has_last_chunk(const struct channel *channel) {
    static const char end[] = {'\r', '\n', '\r', '\n'};
    return memcmp(channel->tail, end, sizeof end) == 0;
}

static bool lacks_bytes(const struct channel *channel) {
    const struct soap *soap = channel->soap;
    return is_chunked(soap) ? !has_last_chunk(channel)
                            : channel->received - channel->head_received < soap->length;
}

/* No more than the head announced comes, however long one waits for it. */
static bool has_announced(const struct channel *channel) {
    const struct soap *soap = channel->soap;
    return channel->head_received && soap->length && !is_chunked(soap) && !lacks_bytes(channel);
}

static size_t receive(struct soap *soap, char *buffer, size_t length) {
    struct channel *channel = soap->user;
    if (channel->drains && !lacks_bytes(channel))
        return 0;
    channel->exhausted = has_announced(channel);
    if (channel->exhausted)
        return 0;
    size_t received = receive_some(soap, buffer, length);
    if (channel->interrupted || channel->timed_out)
        return 0;
    keep_start(channel, buffer, received);
    keep_tail(channel, buffer, received);
    channel->received += received;
    channel->broken = received == 0;
    return received;
}

static int parse_head(struct soap *soap) {
    struct channel *channel = soap->user;
    int result = channel->parse_head(soap);
    channel->head_received = channel->received - (soap->buflen - soap->bufidx);
    return result;
}

static bool is_whole(const struct channel *channel) {
    const struct soap *soap = channel->soap;
    return is_chunked(soap) ? has_last_chunk(channel)
                            : channel->received - channel->head_received == soap->length;
}

/* gSOAP leaves white space behind the envelope, and all behind the size of the last chunk. */
static int read_rest(struct soap *soap) {
    struct channel *channel = soap->user;
    char scratch[512];
    bool more = !channel->interrupted && !channel->timed_out && !channel->broken;
    for (size_t reads = 0; more && reads < MAX_REST_READS && lacks_bytes(channel); reads++)
        more = receive(soap, scratch, sizeof scratch) > 0;
    channel->whole = more && is_whole(channel);
    soap->bufidx = soap->buflen = 0;
    return SOAP_OK;
}

/* gSOAP's own cookie jar rewrites values: cookies are kept as the server sent them. */
static int parse_header(struct soap *soap, const char *key, const char *value) {
    struct channel *channel = soap->user;
    if (strcasecmp(key, "Set-Cookie") != 0)
        return channel->parse_header(soap, key, value);
    cookies_set(channel->cookies, value, soap->path);
    return SOAP_OK;
}

static int post_header(struct soap *soap, const char *key, const char *value) {
    const struct channel *channel = soap->user;
    if (key && strcmp(key, "User-Agent") == 0)
        value = "vperf/" VPERF_VERSION;
    return channel->post_header(soap, key, value);
}

static void install_hooks(struct channel *channel, struct soap *soap) {
    soap->user = channel;
    channel->receive = soap->frecv;
    channel->parse_head = soap->fparse;
    channel->parse_header = soap->fparsehdr;
    channel->post_header = soap->fposthdr;
    soap->fopen = dial;
    soap->frecv = receive;
    soap->fparse = parse_head;
    soap->fpreparefinalrecv = read_rest;
    soap->fparsehdr = parse_header;
    soap->fposthdr = post_header;
}

static const size_t answer_limit = (size_t)CHANNEL_MAX_ANSWER_MIB << 20;

/* Frees the answer; others may take its memory. */
static void drop_answer(struct channel *channel) {
    soap_destroy(channel->soap);
    soap_end(channel->soap);
    atomic_fetch_sub(&channel->session->memory_used, answer_limit - channel->memory.left);
    channel->memory.left = answer_limit;
}

struct channel *channel_new(struct session *session) {
    soap_mode input = SOAP_XML_TREE | SOAP_C_UTFSTRING | SOAP_IO_KEEPALIVE;
    soap_mode output = SOAP_C_UTFSTRING | SOAP_IO_KEEPALIVE | SOAP_IO_STORE;
    struct channel *channel = memory_alloc(sizeof *channel);
    struct soap *soap = memory_check(soap_new2(input, output));
    soap_set_namespaces(soap, namespaces);
    soap->maxoccurs = MAX_ARRAY_ELEMENTS;
    soap->recv_maxlength = (uint64_t)CHANNEL_MAX_ANSWER_MIB << 20;
    soap->ctx = tls_context(session->tls);
    SSL_CTX_up_ref(soap->ctx);
    soap->ssl_flags = SOAP_SSL_REQUIRE_SERVER_AUTHENTICATION | SOAP_SSL_SKIP_HOST_CHECK;
    channel->memory = (struct wire_memory){answer_limit, &session->memory_used};
    wire_limit(soap, &channel->memory);
    install_hooks(channel, soap);
    channel->session = session;
    channel->soap = soap;
    channel->cookies = cookies_new();
    return channel;
}

void channel_free(struct channel *channel) {
    if (!channel)
        return;
    soap_force_closesock(channel->soap);
    drop_answer(channel);
    soap_free(channel->soap);
    cookies_free(channel->cookies);
    free(channel);
}

/* What is left of the time limit for the call, at least a second. */
static int seconds_left(const struct channel *channel) {
    int limit = channel->session->timeout_seconds;
    int64_t used = clock_now_ms() - channel->first_ms;
    if (channel->patience_seconds && channel->patience_seconds < limit)
        limit = channel->patience_seconds;
    int64_t left = limit - used / 1000;
    return left < 1 ? 1 : (int)left;
}

static void limit(struct channel *channel) {
    struct soap *soap = channel->soap;
    int seconds = seconds_left(channel);
    soap->connect_timeout = seconds;
    soap->send_timeout = seconds;
    soap->recv_timeout = seconds;
    soap->transfer_timeout = seconds;
    channel->deadline_ms = channel->started_ms + (int64_t)seconds * 1000;
}

void channel_first(struct channel *channel) {
    channel->first_ms = clock_now_ms();
    channel->attempts = 0;
    channel->renewed = false;
}

void channel_begin(struct channel *channel) {
    if (!channel->whole)
        soap_force_closesock(channel->soap);
    drop_answer(channel);
    session_copy_cookies(channel->session, channel);
    channel->started_ms = clock_now_ms();
    channel->attempts++;
    channel->received = 0;
    channel->head_received = 0;
    channel->in_head = true;
    channel->line_length = 0;
    channel->whole = false;
    channel->broken = false;
    channel->too_long = false;
    channel->damaged = false;
    channel->exhausted = false;
    channel->cut = false;
    channel->timed_out = false;
    channel->interrupted = false;
    channel->tls_advice = NULL;
    channel->fault_type[0] = '\0';
    channel->fault_object[0] = '\0';
    channel->soap->http_extra_header = cookies_line(channel->cookies);
    limit(channel);
}

static bool is_passing(const struct channel *channel, int result) {
    const struct attempt attempt = {
        .result = result,
        .broken = channel->broken || channel->cut,
        .final = channel->interrupted || channel->timed_out || channel->too_long ||
                 (channel->cut && channel->attempts > MAX_CUT_REPEATS) || channel->closing ||
                 tls_refusal(channel->session->tls),
    };
    return retry_helps(&attempt);
}

/* Waits before the next attempt; false when the time of the call does not allow it. */
static bool pause_before_retry(struct channel *channel) {
    int64_t limit_ms = channel->first_ms + (int64_t)channel->session->timeout_seconds * 1000;
    int64_t until_ms = retry_at(channel->attempts, clock_now_ms(), limit_ms);
    if (!until_ms)
        return false;
    while (clock_now_ms() < until_ms && !is_interrupted(channel))
        poll(NULL, 0, CHANNEL_POLL_MS);
    channel->interrupted = is_interrupted(channel);
    return !channel->interrupted;
}

static void log_failed_attempt(const struct channel *channel, const char *operation,
                               const char *remedy) {
    report(channel->session->reporter, REPORT_DETAIL, "%s: %s: attempt %u failed: %s",
           channel->session->label, operation, channel->attempts, remedy);
}

static bool renew_session(struct channel *channel, const char *operation, int *result) {
    if (channel->closing || channel->renewed || !failure_is_lost_session(channel))
        return false;
    log_failed_attempt(channel, operation, "the session has ended: logging in again");
    bool renewed = session_renew(channel->session, channel, result);
    while (!renewed && *result != SOAP_FAULT && is_passing(channel, *result) &&
           pause_before_retry(channel))
        renewed = session_renew(channel->session, channel, result);
    return renewed;
}

static bool renew_connection(struct channel *channel, const char *operation, int result) {
    bool again = session_established(channel->session) && is_passing(channel, result);
    soap_force_closesock(channel->soap);
    if (again)
        log_failed_attempt(channel, operation, "no whole answer came: trying again");
    return again && pause_before_retry(channel);
}

/* gSOAP reports an answer that is too long as one that ended; see wire_limit for the other one. */
static bool is_too_long(const struct soap *soap, int result) {
    if (result == SOAP_OCCURS)
        return true;
    return result == SOAP_EOF && soap->recv_maxlength && soap->count > soap->recv_maxlength;
}

/* What a damaged body turns into is no XML, in most cases; its checksum comes at its end. */
static bool is_damaged(struct channel *channel, int result) {
    struct soap *soap = channel->soap;
    if (result == SOAP_ZLIB_ERROR)
        return true;
    if (result == SOAP_FAULT || soap->zlib_in == SOAP_ZLIB_NONE || channel->broken ||
        !soap_valid_socket(soap->socket))
        return false;
    soap->error = SOAP_OK;
    channel->drains = true;
    while (soap_recv(soap) == SOAP_OK)
        continue;
    channel->drains = false;
    channel->broken = false;
    return !channel->interrupted && !channel->timed_out && soap->zlib_in != SOAP_ZLIB_NONE;
}

/* The last chunk, and the end of what is compressed, are ends that gSOAP sees by itself. */
static bool is_cut(const struct channel *channel, int result) {
    bool ended = channel->exhausted || (result == SOAP_EOF && channel->head_received);
    return ended && !channel->broken && !channel->interrupted && !channel->timed_out;
}

bool channel_again(struct channel *channel, const char *operation, int *result) {
    if (*result == SOAP_OK)
        return false;
    channel->too_long = is_too_long(channel->soap, *result);
    channel->cut = !channel->too_long && is_cut(channel, *result);
    channel->damaged = !channel->too_long && is_damaged(channel, *result);
    bool again = *result == SOAP_FAULT ? renew_session(channel, operation, result)
                                       : renew_connection(channel, operation, *result);
    channel->repeats += again;
    return again;
}

bool channel_end(struct channel *channel, const char *operation, int result, struct error *error) {
    const struct session *session = channel->session;
    bool succeeded = result == SOAP_OK;
    channel->result = result;
    channel->cut |= !succeeded && is_cut(channel, result);
    if (!succeeded)
        failure_describe(channel, operation, result, error);
    report(session->reporter, REPORT_DETAIL, "%s: %s: %s, %lld ms, %llu bytes", session->label,
           operation, succeeded ? "ok" : "failed",
           (long long)(clock_now_ms() - channel->started_ms),
           (unsigned long long)channel->received);
    return succeeded;
}
