/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "serve/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/memory.h"

enum { BACKLOG = 1024, MOST_PORTS = 65535, HOST_SIZE = 256, PORT_SIZE = 16 };

static bool refuse(const char *address, struct error *error) {
    return error_set(error, ERROR_USAGE,
                     "--listen '%s': expected HOST:PORT, such as 127.0.0.1:9272, [::1]:9272 or "
                     ":9272 for all addresses",
                     address);
}

static bool is_port(const char *text) {
    size_t length = strspn(text, "0123456789");
    return length && length <= 5 && !text[length] && strtol(text, NULL, 10) <= MOST_PORTS;
}

/* The host without brackets, "" when there is none. */
static bool split(const char *address, char host[HOST_SIZE], const char **port,
                  struct error *error) {
    const char *colon = strrchr(address, ':');
    size_t length = colon ? (size_t)(colon - address) : 0;
    if (!colon || !is_port(colon + 1) || length >= HOST_SIZE)
        return refuse(address, error);
    bool bracketed = length > 2 && *address == '[' && address[length - 1] == ']';
    if (!bracketed && memchr(address, ':', length))
        return refuse(address, error);
    memcpy(host, address + bracketed, length - 2 * bracketed);
    host[length - 2 * bracketed] = '\0';
    *port = colon + 1;
    return true;
}

/* The socket, or -1 with errno. */
static int open_socket(const struct addrinfo *info) {
    const int on = 1, off = 0;
    int kind = info->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK;
    int opened = socket(info->ai_family, kind, info->ai_protocol);
    if (opened < 0)
        return -1;
    setsockopt(opened, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (info->ai_family == AF_INET6)
        setsockopt(opened, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(opened, info->ai_addr, info->ai_addrlen) == 0 && listen(opened, BACKLOG) == 0)
        return opened;
    int reason = errno;
    close(opened);
    errno = reason;
    return -1;
}

static bool is_local(const struct sockaddr_storage *address) {
    if (address->ss_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> IN_CLASSA_NSHIFT ==
               IN_LOOPBACKNET;
    const struct in6_addr *own = &((const struct sockaddr_in6 *)address)->sin6_addr;
    static const unsigned char mapped[] = {
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, IN_LOOPBACKNET};
    return memcmp(own, &in6addr_loopback, sizeof *own) == 0 ||
           memcmp(own, mapped, sizeof mapped) == 0;
}

static void describe(struct listener *listener, const char *host) {
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    char name[HOST_SIZE] = "", port[PORT_SIZE] = "";
    getsockname(listener->socket, (struct sockaddr *)&address, &size);
    getnameinfo((const struct sockaddr *)&address, size, name, sizeof name, port, sizeof port,
                NI_NUMERICHOST | NI_NUMERICSERV);
    listener->local = is_local(&address);
    const char *shown = *host ? host : name;
    listener->shown = memory_printf(strchr(shown, ':') ? "[%s]:%s" : "%s:%s", shown, port);
}

/* All addresses are one socket of IPv6, or one of IPv4 where there is no other. */
static struct addrinfo *look_up(const char *address, const char *host, const char *port,
                                struct error *error) {
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int failure =
        *host ? getaddrinfo(host, port, &hints, &found) : getaddrinfo("::", port, &hints, &found);
    if (failure && !*host)
        failure = getaddrinfo("0.0.0.0", port, &hints, &found);
    if (!failure)
        return found;
    error_set(error, ERROR_CONNECT, "--listen '%s': %s", address, gai_strerror(failure));
    return NULL;
}

static int open_any(const struct addrinfo *found) {
    int opened = -1;
    for (; found && opened < 0; found = found->ai_next)
        opened = open_socket(found);
    return opened;
}

static int open_ipv4(const char *port) {
    struct error ignored = {0};
    struct addrinfo *found = look_up("", "0.0.0.0", port, &ignored);
    int opened = open_any(found);
    if (found)
        freeaddrinfo(found);
    return opened;
}

bool listen_open(struct listener *listener, const char *address, struct error *error) {
    char host[HOST_SIZE] = "";
    const char *port = NULL;
    *listener = (struct listener){.socket = -1};
    if (!split(address, host, &port, error))
        return false;
    struct addrinfo *found = look_up(address, host, port, error);
    if (!found)
        return false;
    listener->socket = open_any(found);
    int reason = errno;
    freeaddrinfo(found);
    errno = reason;
    if (listener->socket < 0 && errno == EAFNOSUPPORT && !*host)
        listener->socket = open_ipv4(port);
    if (listener->socket < 0)
        return error_set(error, ERROR_CONNECT, "--listen '%s': cannot listen there: %s", address,
                         strerror(errno));
    describe(listener, host);
    return true;
}

void listen_done(struct listener *listener) {
    if (listener->socket >= 0)
        close(listener->socket);
    listener->socket = -1;
    free(listener->shown);
    listener->shown = NULL;
}
