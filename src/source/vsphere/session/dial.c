/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Sockets do not block: each wait looks at the signals and at the deadline of the call. */
#include "source/vsphere/session/dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/memory.h"
#include "source/tls/proxy.h"
#include "source/tls/tls.h"
#include "source/vsphere/session/channel.h"
#include "source/vsphere/session/session.h"

enum { MAX_PROXY_HEADER = 8192 };

#define DIAL_OLD_TLS "the server has no TLS 1.2 or newer: update it, or switch TLS 1.2 on there"
#define DIAL_WEAK_TLS                                                                              \
    "the server and this machine's OpenSSL have no protocol or key in common that both take: "     \
    "update the server, or its TLS settings"

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
    while (channel_may_wait(channel) && clock_now_ms() < until_ms)
        if (poll(&ready, 1, CHANNEL_POLL_MS) > 0)
            return true;
    return false;
}

/* An address with others behind it gets half of the time that is left. */
static int64_t share_of_time(const struct channel *channel, const struct addrinfo *address) {
    int64_t now = clock_now_ms();
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

/* A name being looked up in a thread of its own, which may outlive the wait for it. */
struct lookup {
    char *host;
    char service[16];
    pthread_mutex_t lock;
    pthread_cond_t finished;
    bool done;
    bool abandoned; /* the thread frees it */
    int failure;    /* of getaddrinfo(3) */
    int system_failure;
    struct addrinfo *addresses;
};

static struct lookup *lookup_new(const char *host, int port) {
    struct lookup *lookup = memory_alloc(sizeof *lookup);
    lookup->host = memory_strdup(host);
    snprintf(lookup->service, sizeof lookup->service, "%d", port);
    pthread_mutex_init(&lookup->lock, NULL);
    /* Not the clock that may be set meanwhile. */
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&lookup->finished, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return lookup;
}

static void lookup_free(struct lookup *lookup) {
    if (lookup->addresses)
        freeaddrinfo(lookup->addresses);
    pthread_cond_destroy(&lookup->finished);
    pthread_mutex_destroy(&lookup->lock);
    free(lookup->host);
    free(lookup);
}

static void resolve(struct lookup *lookup, int flags) {
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags};
    errno = 0;
    lookup->failure = getaddrinfo(lookup->host, lookup->service, &hints, &lookup->addresses);
    lookup->system_failure = errno;
    if (lookup->failure && errno == EMFILE)
        lookup->failure = EAI_SYSTEM;
}

static void *run_lookup(void *argument) {
    struct lookup *lookup = argument;
    resolve(lookup, AI_ADDRCONFIG);
    pthread_mutex_lock(&lookup->lock);
    bool abandoned = lookup->abandoned;
    lookup->done = true;
    pthread_cond_signal(&lookup->finished);
    pthread_mutex_unlock(&lookup->lock);
    if (abandoned)
        lookup_free(lookup);
    return NULL;
}

/* False when the thread still works: lookup is its own from then on. */
static bool await_lookup(struct channel *channel, struct lookup *lookup) {
    pthread_mutex_lock(&lookup->lock);
    while (!lookup->done && channel_may_wait(channel)) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += CHANNEL_POLL_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&lookup->finished, &lookup->lock, &until);
    }
    bool done = lookup->done;
    lookup->abandoned = !done;
    pthread_mutex_unlock(&lookup->lock);
    return done;
}

/* The addresses of a host; NULL when it was not looked up in time. An address needs no thread. */
static struct lookup *look_up(struct channel *channel, const char *host, int port) {
    struct lookup *lookup = lookup_new(host, port);
    pthread_t thread;
    resolve(lookup, AI_NUMERICHOST);
    if (!lookup->failure)
        return lookup;
    if (pthread_create(&thread, NULL, run_lookup, lookup) != 0) {
        resolve(lookup, AI_ADDRCONFIG);
        return lookup;
    }
    pthread_detach(thread);
    return await_lookup(channel, lookup) ? lookup : NULL;
}

static SOAP_SOCKET connect_to_host(struct soap *soap, const char *host, int port) {
    struct lookup *lookup = look_up(soap->user, host, port);
    int fd = -1;
    if (!lookup)
        return fail(soap, SOAP_TCP_ERROR, strerror(ETIMEDOUT));
    if (lookup->failure) {
        fail(soap, SOAP_TCP_ERROR,
             lookup->failure == EAI_SYSTEM ? strerror(lookup->system_failure)
                                           : gai_strerror(lookup->failure));
        lookup_free(lookup);
        return SOAP_INVALID_SOCKET;
    }
    for (const struct addrinfo *address = lookup->addresses; address && fd < 0;
         address = address->ai_next)
        fd = connect_to(soap->user, address);
    int failure = errno;
    lookup_free(lookup);
    return fd >= 0 ? fd : fail(soap, SOAP_TCP_ERROR, strerror(failure));
}

/* What the reason of OpenSSL alone does not tell. */
static const struct {
    int reason;
    const char *advice;
} handshake_advice[] = {
    {SSL_R_UNSUPPORTED_PROTOCOL, DIAL_OLD_TLS},
    {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, DIAL_OLD_TLS},
    {SSL_R_DH_KEY_TOO_SMALL, DIAL_WEAK_TLS},
    {SSL_R_BAD_ECPOINT, DIAL_WEAK_TLS},
    {SSL_R_WRONG_SIGNATURE_TYPE, DIAL_WEAK_TLS},
    {SSL_R_NO_SHARED_CIPHER, DIAL_WEAK_TLS},
    {SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, DIAL_WEAK_TLS},
    {SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY, DIAL_WEAK_TLS},
};

static const char *advice_for(unsigned long error) {
    for (size_t i = 0; i < sizeof handshake_advice / sizeof *handshake_advice; i++)
        if (ERR_GET_LIB(error) == ERR_LIB_SSL &&
            ERR_GET_REASON(error) == handshake_advice[i].reason)
            return handshake_advice[i].advice;
    return NULL;
}

/* OpenSSL's word for what went wrong, or the system's. */
static const char *handshake_failure(struct channel *channel, int code) {
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    channel->tls_advice = advice_for(ERR_peek_last_error());
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
            fail(soap, SOAP_SSL_ERROR, handshake_failure(soap->user, code));
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
    char *name = tls_name(host);
    bool named = tls_is_address(host) || (soap->ssl && SSL_set_tlsext_host_name(soap->ssl, name));
    free(name);
    if (!soap->ssl || !named || !SSL_set_fd(soap->ssl, fd)) {
        fail(soap, SOAP_SSL_ERROR, "OpenSSL cannot be set up");
        return false;
    }
    return shake_hands(soap, fd);
}

static bool send_all(struct channel *channel, int fd, const char *text) {
    size_t left = strlen(text);
    while (left && await(channel, fd, POLLOUT)) {
        ssize_t sent = send(fd, text, left, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        text += sent > 0 ? sent : 0;
        left -= sent > 0 ? (size_t)sent : 0;
    }
    errno = left ? ETIMEDOUT : 0;
    return !left;
}

/* The header of an answer, to its empty line; nothing follows before we speak TLS. */
static bool receive_header(struct channel *channel, int fd, char *header, size_t size) {
    size_t length = 0;
    header[0] = '\0';
    while (length + 1 < size && !strstr(header, "\r\n\r\n")) {
        if (!await(channel, fd, POLLIN)) {
            errno = ETIMEDOUT;
            return false;
        }
        ssize_t got = recv(fd, header + length, size - 1 - length, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
            errno = got ? errno : ECONNRESET;
            return false;
        }
        length += got > 0 ? (size_t)got : 0;
        header[length] = '\0';
    }
    return true;
}

static bool open_tunnel(struct soap *soap, int fd, const char *host, int port) {
    struct channel *channel = soap->user;
    char header[MAX_PROXY_HEADER];
    char *request = proxy_request(channel->session->proxy, host, port);
    bool good =
        send_all(channel, fd, request) && receive_header(channel, fd, header, sizeof header);
    memory_wipe_free(request);
    char *refusal = good ? proxy_refusal(header) : memory_strdup(strerror(errno));
    if (refusal)
        fail(soap, SOAP_TCP_ERROR, soap_strdup(soap, refusal));
    free(refusal);
    return !refusal;
}

static SOAP_SOCKET connect_on_the_way(struct soap *soap, const char *host, int port) {
    const struct channel *channel = soap->user;
    const struct proxy *proxy = channel->session->proxy;
    if (!proxy)
        return connect_to_host(soap, host, port);
    SOAP_SOCKET fd = connect_to_host(soap, proxy->host, proxy->port);
    if (!soap_valid_socket(fd) || open_tunnel(soap, fd, host, port))
        return fd;
    close(fd);
    return SOAP_INVALID_SOCKET;
}

SOAP_SOCKET dial(struct soap *soap, const char *endpoint, const char *host, int port) {
    (void)endpoint; /* always https */
    SOAP_SOCKET fd = connect_on_the_way(soap, host, port);
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
