/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "push/url.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/secret.h"

static const struct {
    const char *name;
    enum push_protocol protocol;
} protocols[] = {{"influx:", PUSH_INFLUX}, {"remote-write:", PUSH_REMOTE_WRITE}};

/* How the paths of the known servers end: the longer one first. */
static const struct {
    const char *path;
    enum push_protocol protocol;
    const char *token;
} endings[] = {
    {"/api/v2/write", PUSH_INFLUX, "Token"},          /* InfluxDB 2 */
    {"/api/v1/write", PUSH_REMOTE_WRITE, "Bearer"},   /* Prometheus, VictoriaMetrics */
    {"/api/v1/push", PUSH_REMOTE_WRITE, "Bearer"},    /* Mimir */
    {"/api/prom/push", PUSH_REMOTE_WRITE, "Bearer"},  /* Cortex */
    {"/api/v1/receive", PUSH_REMOTE_WRITE, "Bearer"}, /* Thanos */
    {"/write", PUSH_INFLUX, "Bearer"},                /* InfluxDB 1, VictoriaMetrics */
};

/* What stands behind the protocol. */
static const char *skip_protocol(const char *text) {
    for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++)
        if (g_str_has_prefix(text, protocols[i].name))
            return text + strlen(protocols[i].name);
    return text;
}

/* What stands behind "http://" or "https://"; NULL when neither is there. */
static const char *skip_scheme(const char *text) {
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++)
        if (g_ascii_strncasecmp(text, schemes[i], strlen(schemes[i])) == 0)
            return text + strlen(schemes[i]);
    return NULL;
}

bool push_url_is(const char *text) {
    return text && skip_scheme(skip_protocol(text));
}

/* What stands behind the "://" of any scheme; NULL for the name of a file. */
static const char *skip_any_scheme(const char *text) {
    const char *slash = strchr(text, '/');
    bool is_url = slash && slash > text && slash[-1] == ':' && slash[1] == '/';
    return is_url ? slash + 2 : NULL;
}

bool push_url_is_unknown(const char *text) {
    return text && !push_url_is(text) && skip_any_scheme(text);
}

/* The '@' behind user and password; NULL when there are none. */
static const char *find_login_end(const char *authority) {
    size_t length = strcspn(authority, "/?#");
    return memrchr(authority, '@', length);
}

void push_url_hide(char *text) {
    const char *authority = skip_any_scheme(text);
    const char *at = authority ? strrchr(authority, '@') : NULL;
    const char *colon = at ? memchr(authority, ':', (size_t)(at - authority)) : NULL;
    if (colon)
        memset(text + (colon + 1 - text), 'x', (size_t)(at - colon - 1));
}

/* What a password has not encoded would pass for the host and the path. */
static bool check_login(const char *authority, const char *at, struct error *error) {
    return !strchr(authority, '@') || (at && !strchr(at + 1, '@')) ||
           error_set(error, ERROR_USAGE,
                     "--output: the URL has '@' behind '/', '?' or '#': in a password, encode / as "
                     "%%2F, ? as %%3F and # as %%23; elsewhere, encode @ as %%40");
}

static bool take_login(struct push_url *url, const char *authority, const char *at,
                       struct error *error) {
    if (!at)
        return true;
    size_t length = (size_t)(at - authority);
    char *encoded = memory_strndup(authority, length);
    char *decoded = g_uri_unescape_string(encoded, NULL);
    memory_wipe_free(encoded);
    if (!decoded)
        return error_set(error, ERROR_USAGE,
                         "--output: the password in the URL is not encoded as URIs are");
    url->login = secret_copy(decoded);
    explicit_bzero(decoded, strlen(decoded));
    g_free(decoded);
    return true;
}

static bool is_secret(const char *parameter) {
    static const char *const secrets[] = {"p", "token", "password"};
    size_t length = strcspn(parameter, "=&");
    for (size_t i = 0; i < G_N_ELEMENTS(secrets); i++)
        if (strlen(secrets[i]) == length && memcmp(parameter, secrets[i], length) == 0)
            return true;
    return false;
}

/* The command line, where it stands, is seen by everybody. */
static bool check_query(const char *shown, const char *query, struct error *error) {
    for (; *query == '?' || *query == '&'; query += strcspn(query, "&"))
        if (is_secret(++query))
            return error_set(error, ERROR_USAGE,
                             "--output '%s': a password or token has no place in the query: give "
                             "--token-file or VPERF_TOKEN",
                             shown);
    return true;
}

/* Times are in nanoseconds, and the server is to take them as that. */
static bool check_precision(const char *shown, const char *query, struct error *error) {
    static const char name[] = "precision=";
    for (; *query == '?' || *query == '&'; query += strcspn(query, "&")) {
        const char *value = ++query + strlen(name);
        if (!g_str_has_prefix(query, name))
            continue;
        size_t length = strcspn(value, "&#");
        if ((length != 1 && length != 2) || strncmp(value, "ns", length) != 0)
            return error_set(error, ERROR_USAGE,
                             "--output '%s': times are sent in ns: leave precision out of "
                             "the query, or give precision=ns",
                             shown);
    }
    return true;
}

static bool has_blank(const char *text) {
    for (; *text; text++)
        if (g_ascii_isspace(*text) || g_ascii_iscntrl(*text))
            return true;
    return false;
}

/* Without a number, the port is the scheme's. */
static bool is_port(const char *text, size_t length) {
    enum { LAST_PORT = 65535, DIGITS = 5 };
    if (length == 0 || (length == 1 && *text == ':'))
        return true;
    if (*text != ':' || length > 1 + DIGITS || strspn(text + 1, "0123456789") < length - 1)
        return false;
    long port = strtol(text + 1, NULL, 10);
    return port >= 1 && port <= LAST_PORT;
}

/* A name, or an address of IPv6 in brackets, that may have a zone. */
static size_t measure_host(const char *host, size_t length) {
    if (*host != '[')
        return MIN(strcspn(host, ":[]{}\\$'\"^`*<>=;,+&()|!"), length);
    size_t address = 1 + strspn(host + 1, "0123456789abcdefABCDEF:.");
    size_t end = host[address] == '%' ? address + strcspn(host + address, "]/?#") : address;
    return address > 1 && end < length && host[end] == ']' ? end + 1 : 0;
}

static bool check_host(const struct push_url *url, const char *host, size_t length,
                       struct error *error) {
    if (has_blank(url->request))
        return error_set(error, ERROR_USAGE,
                         "--output: the URL has a blank or a control character: encode a blank as "
                         "%%20");
    size_t own = measure_host(host, length);
    if (!length || *host == ':')
        return error_set(error, ERROR_USAGE, "--output '%s': the URL has no host", url->shown);
    if (!own || (own < length && host[own] != ':'))
        return error_set(error, ERROR_USAGE,
                         "--output '%s': the host is no name and no address: an address of IPv6 "
                         "has brackets",
                         url->shown);
    return is_port(host + own, length - own) ||
           error_set(error, ERROR_USAGE, "--output '%s': the port is no number from 1 to 65535",
                     url->shown);
}

static bool find_protocol(struct push_url *url, const char *text, const char *path, size_t length,
                          struct error *error) {
    bool given = false;
    for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++) {
        if (g_str_has_prefix(text, protocols[i].name)) {
            url->protocol = protocols[i].protocol;
            given = true;
        }
    }
    url->token = "Bearer";
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        size_t ending = strlen(endings[i].path);
        if (length < ending || memcmp(path + length - ending, endings[i].path, ending) != 0)
            continue;
        url->token = endings[i].token;
        url->protocol = given ? url->protocol : endings[i].protocol;
        return true;
    }
    return given || error_set(error, ERROR_USAGE,
                              "--output '%s': the path does not tell the protocol: it ends in "
                              "/write or /api/v1/write, or put influx: or remote-write: before "
                              "the URL",
                              url->shown);
}

/* An address of IPv6 has brackets. */
static char *copy_host(const char *host, size_t length) {
    const char *bracket = *host == '[' ? memchr(host, ']', length) : NULL;
    const char *colon = memchr(host, ':', length);
    size_t own = bracket ? (size_t)(bracket + 1 - host) : colon ? (size_t)(colon - host) : length;
    char *copy = memory_strndup(host, own);
    for (char *at = copy; *at; at++)
        *at = g_ascii_tolower(*at);
    return copy;
}

bool push_url_exposed(const struct push_url *url) {
    const char *host = url->host;
    return g_ascii_strncasecmp(url->request, "https:", strlen("https:")) != 0 &&
           strcmp(host, "localhost") != 0 && !g_str_has_suffix(host, ".localhost") &&
           strcmp(host, "[::1]") != 0 &&
           !(g_str_has_prefix(host, "127.") && g_hostname_is_ip_address(host));
}

bool push_url_init(struct push_url *url, const char *text, struct error *error) {
    *url = (struct push_url){0};
    const char *begin = skip_protocol(text);
    const char *authority = skip_scheme(begin);
    const char *at = find_login_end(authority);
    if (!check_login(authority, at, error))
        return false;
    const char *host = at ? at + 1 : authority;
    size_t host_length = strcspn(host, "/?#"), length = strcspn(host, "?#");
    int scheme_length = (int)(authority - begin);
    url->host = copy_host(host, host_length);
    url->shown = memory_printf("%.*s%.*s", scheme_length, begin, (int)length, host);
    url->request = memory_printf("%.*s%.*s", scheme_length, begin, (int)strcspn(host, "#"), host);
    return check_host(url, host, host_length, error) && take_login(url, authority, at, error) &&
           check_query(url->shown, host + length, error) &&
           check_precision(url->shown, host + length, error) &&
           find_protocol(url, text, host + host_length, length - host_length, error);
}

void push_url_done(struct push_url *url) {
    free(url->request);
    free(url->host);
    free(url->shown);
    secret_free(url->login);
    *url = (struct push_url){0};
}
