/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/tls/proxy.h"

#include <arpa/inet.h>
#include <glib.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/memory.h"

enum { DEFAULT_PORT = 80, STATUS_OK_FIRST = 200, STATUS_OK_LAST = 299, STATUS_LOGIN = 407 };

struct address {
    unsigned char bytes[16];
    int bits; /* 0: no address */
};

static struct address parse_address(const char *text) {
    struct address address = {.bits = 0};
    if (inet_pton(AF_INET, text, address.bytes) == 1)
        address.bits = 32;
    else if (inet_pton(AF_INET6, text, address.bytes) == 1)
        address.bits = 128;
    return address;
}

static bool same_network(const struct address *a, const struct address *b, int bits) {
    int rest = bits % 8;
    size_t whole = (size_t)bits / 8;
    if (!a->bits || a->bits != b->bits || memcmp(a->bytes, b->bytes, whole) != 0)
        return false;
    return !rest || (a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest) == 0;
}

/* Digits only, or -1. */
static int parse_number(const char *text, unsigned max) {
    guint64 number = 0;
    return g_ascii_string_to_unsigned(text, 10, 0, max, &number, NULL) ? (int)number : -1;
}

static bool is_this_machine(const char *host) {
    const struct address address = parse_address(host);
    const struct address four = {{127}, 32}, six = {{[15] = 1}, 128};
    return strcasecmp(host, "localhost") == 0 || same_network(&address, &four, 8) ||
           same_network(&address, &six, 128);
}

/* Takes a port off the end of a pattern; 0 for none. */
static int cut_port(char *pattern) {
    char *colon = strrchr(pattern, ':');
    bool bracketed = *pattern == '[';
    if (!colon || (strchr(pattern, ':') != colon && (!bracketed || colon[-1] != ']')))
        return 0;
    *colon = '\0';
    int port = parse_number(colon + 1, UINT16_MAX);
    return port > 0 ? port : 0;
}

static void cut_brackets(char *pattern) {
    size_t length = strlen(pattern);
    if (*pattern != '[' || pattern[length - 1] != ']')
        return;
    memmove(pattern, pattern + 1, length - 2);
    pattern[length - 2] = '\0';
}

static bool is_network(char *pattern, const struct address *address) {
    char *slash = strchr(pattern, '/');
    if (slash)
        *slash = '\0';
    const struct address network = parse_address(pattern);
    int bits = slash ? parse_number(slash + 1, 128) : network.bits;
    return bits >= 0 && bits <= network.bits && same_network(&network, address, bits);
}

/* A domain stands for the hosts in it and, unless it begins with a dot, for its own name. */
static bool is_domain(const char *pattern, const char *host) {
    pattern += strncmp(pattern, "*.", 2) == 0;
    size_t length = strlen(pattern), whole = strlen(host);
    if (!length || whole < length || strcasecmp(host + whole - length, pattern) != 0)
        return false;
    return *pattern == '.' ? whole > length : whole == length || host[whole - length - 1] == '.';
}

static bool matches(char *pattern, const char *host, int port) {
    const struct address address = parse_address(host);
    g_strstrip(pattern);
    if (strcmp(pattern, "*") == 0)
        return true;
    int wanted = cut_port(pattern);
    cut_brackets(pattern);
    if (wanted && wanted != port)
        return false;
    return address.bits ? is_network(pattern, &address) : is_domain(pattern, host);
}

static const char *variable(const char *upper, const char *lower) {
    const char *value = getenv(upper);
    if (!value || !*value)
        value = getenv(lower);
    return value && *value ? value : NULL;
}

static bool is_excepted(const char *host, int port) {
    const char *exceptions = variable("NO_PROXY", "no_proxy");
    char *list = memory_strdup(exceptions ? exceptions : "");
    char *rest = list;
    bool found = is_this_machine(host);
    for (char *pattern = NULL; !found && (pattern = strsep(&rest, ","));)
        found = *pattern && matches(pattern, host, port);
    free(list);
    return found;
}

static char *login_of(const char *user, const char *password) {
    if (!user)
        return NULL;
    char *plain = memory_printf("%s:%s", user, password ? password : "");
    char *encoded = g_base64_encode((const unsigned char *)plain, strlen(plain));
    char *login = memory_strdup(encoded);
    memory_wipe_free(plain);
    memory_wipe_free(encoded);
    return login;
}

/* The value is not quoted: it may hold a password. */
static struct proxy *parse(const char *value, struct error *error) {
    const GUriFlags flags = G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_PARSE_RELAXED;
    char *uri = memory_printf("%s%s", strstr(value, "://") ? "" : "http://", value);
    char *scheme = NULL, *user = NULL, *password = NULL, *host = NULL;
    int port = 0;
    struct proxy *proxy = NULL;
    bool good = g_uri_split_with_user(uri, flags, &scheme, &user, &password, NULL, &host, &port,
                                      NULL, NULL, NULL, NULL);
    if (!good || !scheme || !host || !*host) {
        error_set(error, ERROR_USAGE, "HTTPS_PROXY is malformed: expected http://HOST:PORT");
    } else if (strcasecmp(scheme, "http") != 0) {
        error_set(error, ERROR_USAGE,
                  "HTTPS_PROXY: a proxy of %s:// is not supported: expected http://HOST:PORT",
                  scheme);
    } else {
        proxy = memory_alloc(sizeof *proxy);
        proxy->host = memory_strdup(host);
        proxy->port = port > 0 ? port : DEFAULT_PORT;
        proxy->name = memory_printf(strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, proxy->port);
        proxy->login = login_of(user, password);
    }
    g_free(scheme);
    g_free(user);
    memory_wipe_free(password);
    g_free(host);
    memory_wipe_free(uri);
    return proxy;
}

bool proxy_find(struct proxy **proxy, const char *host, int port, struct error *error) {
    const char *value = variable("HTTPS_PROXY", "https_proxy");
    *proxy = NULL;
    if (!value || is_excepted(host, port))
        return true;
    *proxy = parse(value, error);
    return *proxy != NULL;
}

void proxy_free(struct proxy *proxy) {
    if (!proxy)
        return;
    free(proxy->host);
    free(proxy->name);
    memory_wipe_free(proxy->login);
    free(proxy);
}

char *proxy_request(const struct proxy *proxy, const char *host, int port) {
    char *server = memory_printf(strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, port);
    char *request = memory_printf("CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s%s%s\r\n", server, server,
                                  proxy->login ? "Proxy-Authorization: Basic " : "",
                                  proxy->login ? proxy->login : "", proxy->login ? "\r\n" : "");
    free(server);
    return request;
}

char *proxy_refusal(const char *header) {
    enum { STATUS_AT = 9, STATUS_DIGITS = 3 }; /* behind "HTTP/1.1 " */
    char digits[STATUS_DIGITS + 1] = "";
    bool http = g_str_has_prefix(header, "HTTP/1.1 ") || g_str_has_prefix(header, "HTTP/1.0 ");
    if (http)
        g_strlcpy(digits, header + STATUS_AT, sizeof digits);
    int status = strlen(digits) == STATUS_DIGITS ? parse_number(digits, 999) : -1;
    if (status < 0)
        return memory_strdup("the answer is not that of a proxy");
    if (status >= STATUS_OK_FIRST && status <= STATUS_OK_LAST)
        return NULL;
    if (status == STATUS_LOGIN)
        return memory_strdup("it asks for a login: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT");
    const char *text = header + STATUS_AT + STATUS_DIGITS;
    return memory_printf("it says %d%.*s", status, (int)strcspn(text, "\r\n"), text);
}
