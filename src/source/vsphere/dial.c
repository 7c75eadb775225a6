/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Sockets do not block: each wait looks at the signals and at the deadline of the call. */
#include "source/vsphere/dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/memory.h"
#include "source/vsphere/channel.h"
#include "source/vsphere/tls.h"

static SOAP_SOCKET fail(struct soap *soap, int kind, const char *reason) {
    soap_set_receiver_error(soap, reason, NULL, kind);
    return SOAP_INVALID_SOCKET;
}

/* Waits until the socket is ready; false when a signal has come or the time is over. */
static bool await(struct channel *channel, int socket, short events) {
    struct pollfd ready = {.fd = socket, .events = events};
    while (channel_may_wait(channel))
        if (poll(&ready, 1, CHANNEL_POLL_MS) > 0)
            return true;
    return false;
}

/* Waits as await does, but not beyond the time; the next address may answer. */
static bool await_until(struct channel *channel, int socket, int64_t until_ms) {
    struct pollfd ready = {.fd = socket, .events = POLLOUT};
    while (channel_may_wait(channel) && channel_now_ms() < until_ms)
        if (poll(&ready, 1, CHANNEL_POLL_MS) > 0)
            return true;
    return false;
}

/* An address with others behind it gets half of the time that is left. */
static int64_t share_of_time(const struct channel *channel, const struct addrinfo *address) {
    int64_t now = channel_now_ms();
    int64_t left = channel->deadline_ms - now;
    return now + (address->ai_next ? left / 2 : left);
}

/* A connected socket; -1 with errno, which is ETIMEDOUT when the channel may not wait longer. */
static int connect_to(struct channel *channel, const struct addrinfo *address) {
    int on = 1, failure = 0;
    socklen_t size = sizeof failure;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, address->ai_addr, address->ai_addrlen) == 0)
        return fd;
    failure = errno;
    if (failure == EINPROGRESS && !await_until(channel, fd, share_of_time(channel, address)))
        failure = ETIMEDOUT;
    else if (failure == EINPROGRESS)
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size);
    if (!failure)
        return fd;
    close(fd);
    errno = failure;
    return -1;
}

/* getaddrinfo_a(3) looks the name up in a thread of its own, which may outlive the wait. */
static int look_up(struct channel *channel, struct gaicb *request) {
    struct gaicb *requests[] = {request};
    const struct timespec slice = {.tv_nsec = CHANNEL_POLL_MS * 1000000L};
    int failure = getaddrinfo_a(GAI_NOWAIT, requests, 1, NULL);
    if (failure)
        return failure;
    while ((failure = gai_error(request)) == EAI_INPROGRESS) {
        if (!channel_may_wait(channel))
            return EAI_AGAIN;
        gai_suspend((const struct gaicb *const *)requests, 1, &slice);
    }
    return failure;
}

/* What a lookup works on; it is left to the lookup that does not end in time. */
struct lookup {
    struct addrinfo hints;
    char service[16];
    char *host;
    struct gaicb request;
};

static struct lookup *lookup_new(const char *host, int port) {
    struct lookup *lookup = memory_alloc(sizeof *lookup);
    lookup->hints = (struct addrinfo){.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    snprintf(lookup->service, sizeof lookup->service, "%d", port);
    lookup->host = memory_strdup(host);
    lookup->request = (struct gaicb){
        .ar_name = lookup->host, .ar_service = lookup->service, .ar_request = &lookup->hints};
    return lookup;
}

static void lookup_free(struct lookup *lookup) {
    if (gai_cancel(&lookup->request) == EAI_NOTCANCELED)
        return; /* it still works on this memory */
    if (lookup->request.ar_result)
        freeaddrinfo(lookup->request.ar_result);
    free(lookup->host);
    free(lookup);
}

static SOAP_SOCKET connect_to_host(struct soap *soap, const char *host, int port) {
    struct lookup *lookup = lookup_new(host, port);
    int fd = -1;
    int failure = look_up(soap->user, &lookup->request);
    if (failure) {
        fail(soap, SOAP_TCP_ERROR, failure == EAI_SYSTEM ? strerror(errno) : gai_strerror(failure));
        lookup_free(lookup);
        return SOAP_INVALID_SOCKET;
    }
    for (const struct addrinfo *address = lookup->request.ar_result; address && fd < 0;
         address = address->ai_next)
        fd = connect_to(soap->user, address);
    failure = errno;
    lookup_free(lookup);
    return fd >= 0 ? fd : fail(soap, SOAP_TCP_ERROR, strerror(failure));
}

/* OpenSSL's word for what went wrong, or the system's. */
static const char *handshake_failure(int code) {
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    if (code == SSL_ERROR_SYSCALL && errno)
        return strerror(errno);
    return reason ? reason : "the server closed the connection";
}

static bool shake_hands(struct soap *soap, int fd) {
    for (;;) {
        ERR_clear_error();
        errno = 0;
        int result = SSL_connect(soap->ssl);
        if (result > 0)
            return true;
        int code = SSL_get_error(soap->ssl, result);
        bool reads = code == SSL_ERROR_WANT_READ;
        if (!reads && code != SSL_ERROR_WANT_WRITE) {
            fail(soap, SOAP_SSL_ERROR, handshake_failure(code));
            return false;
        }
        if (!await(soap->user, fd, reads ? POLLIN : POLLOUT)) {
            fail(soap, SOAP_TCP_ERROR, strerror(ETIMEDOUT));
            return false;
        }
    }
}

static bool start_tls(struct soap *soap, int fd, const char *host) {
    if (soap->ssl)
        SSL_free(soap->ssl);
    soap->ssl = SSL_new(soap->ctx);
    /* Names only: an address is none (RFC 6066). */
    bool named = tls_is_address(host) || (soap->ssl && SSL_set_tlsext_host_name(soap->ssl, host));
    if (!soap->ssl || !named || !SSL_set_fd(soap->ssl, fd)) {
        fail(soap, SOAP_SSL_ERROR, "OpenSSL cannot be set up");
        return false;
    }
    return shake_hands(soap, fd);
}

SOAP_SOCKET dial(struct soap *soap, const char *endpoint, const char *host, int port) {
    (void)endpoint; /* always https */
    SOAP_SOCKET fd = connect_to_host(soap, host, port);
    if (!soap_valid_socket(fd))
        return fd;
    if (!start_tls(soap, fd, host)) {
        close(fd);
        return SOAP_INVALID_SOCKET;
    }
    soap->ssl_flags |= SOAP_SSL_CLIENT;
    soap->imode |= SOAP_ENC_SSL;
    soap->omode |= SOAP_ENC_SSL;
    return fd;
}
