/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Sockets do not block: each wait looks at the signals and at the deadline of the call. */
#include "source/vsphere/dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "source/vsphere/channel.h"

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
    if (failure == EINPROGRESS && !await(channel, fd, POLLOUT))
        failure = ETIMEDOUT;
    else if (failure == EINPROGRESS)
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size);
    if (!failure)
        return fd;
    close(fd);
    errno = failure;
    return -1;
}

static SOAP_SOCKET connect_to_host(struct soap *soap, const char *host, int port) {
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *addresses = NULL;
    char service[16];
    int fd = -1;
    snprintf(service, sizeof service, "%d", port);
    int failure = getaddrinfo(host, service, &hints, &addresses);
    if (failure)
        return fail(soap, SOAP_TCP_ERROR,
                    failure == EAI_SYSTEM ? strerror(errno) : gai_strerror(failure));
    for (const struct addrinfo *address = addresses; address && fd < 0; address = address->ai_next)
        fd = connect_to(soap->user, address);
    failure = errno;
    freeaddrinfo(addresses);
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
    if (!soap->ssl || !SSL_set_tlsext_host_name(soap->ssl, host) || !SSL_set_fd(soap->ssl, fd)) {
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
