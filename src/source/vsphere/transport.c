/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* gSOAP leaves every time limit open by default; here a call as a whole has one. */
#include "source/vsphere/transport.h"

#include <openssl/err.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/interrupt.h"
#include "core/memory.h"
#include "version.h"

enum {
    POLL_MS = 100,                 /* how soon a signal is seen */
    MAX_ANSWER_BYTES = 256 << 20,  /* of one answer */
    MAX_ARRAY_ELEMENTS = 10000000, /* of one array in an answer */
};

static const char cookie_name[] = "vmware_soap_session=";

int64_t transport_now_ms(void) {
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

/* False when a signal has come or the time of the call is over. */
static bool wait_for_bytes(struct session *session) {
    struct soap *soap = session->soap;
    for (;;) {
        session->interrupted = !session->closing && interrupt_requested();
        session->timed_out = transport_now_ms() >= session->deadline_ms;
        if (session->interrupted || session->timed_out)
            return false;
        if (!only_tls_came(soap))
            return true;
        struct pollfd socket = {.fd = soap->socket, .events = POLLIN};
        poll(&socket, 1, POLL_MS);
    }
}

static size_t receive(struct soap *soap, char *buffer, size_t length) {
    struct session *session = soap->user;
    if (!wait_for_bytes(session))
        return 0;
    size_t received = session->receive(soap, buffer, length);
    session->received += received;
    return received;
}

/* gSOAP's own cookie jar rewrites values: the session's cookie is kept as the server sent it. */
static int parse_header(struct soap *soap, const char *key, const char *value) {
    struct session *session = soap->user;
    if (strcasecmp(key, "Set-Cookie") != 0)
        return session->parse_header(soap, key, value);
    const char *cookie = strstr(value, cookie_name);
    if (cookie) {
        free(session->cookie);
        session->cookie = memory_printf("Cookie: %.*s", (int)strcspn(cookie, ";"), cookie);
    }
    return SOAP_OK;
}

static int post_header(struct soap *soap, const char *key, const char *value) {
    const struct session *session = soap->user;
    if (key && strcmp(key, "User-Agent") == 0)
        value = "vperf/" VPERF_VERSION;
    return session->post_header(soap, key, value);
}

static void install_hooks(struct session *session, struct soap *soap) {
    soap->user = session;
    session->receive = soap->frecv;
    session->parse_header = soap->fparsehdr;
    session->post_header = soap->fposthdr;
    soap->frecv = receive;
    soap->fparsehdr = parse_header;
    soap->fposthdr = post_header;
}

struct soap *transport_new(struct session *session) {
    soap_mode input = SOAP_XML_TREE | SOAP_C_UTFSTRING | SOAP_IO_KEEPALIVE;
    soap_mode output = SOAP_C_UTFSTRING | SOAP_IO_KEEPALIVE | SOAP_IO_STORE;
    struct soap *soap = soap_new2(input, output);
    if (!soap)
        abort();
    soap_set_namespaces(soap, namespaces);
    soap->maxoccurs = MAX_ARRAY_ELEMENTS;
    soap->recv_maxlength = MAX_ANSWER_BYTES;
    soap->ctx = tls_context(session->tls);
    SSL_CTX_up_ref(soap->ctx);
    soap->ssl_flags = SOAP_SSL_REQUIRE_SERVER_AUTHENTICATION | SOAP_SSL_SKIP_HOST_CHECK;
    install_hooks(session, soap);
    return soap;
}

void transport_free(struct soap *soap) {
    if (!soap)
        return;
    soap_force_closesock(soap);
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
}

void transport_limit(struct session *session, int seconds) {
    struct soap *soap = session->soap;
    soap->connect_timeout = seconds;
    soap->send_timeout = seconds;
    soap->recv_timeout = seconds;
    soap->transfer_timeout = seconds;
    session->deadline_ms = transport_now_ms() + (int64_t)seconds * 1000;
}
