/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A TARGET of the command line, taken apart by GLib's URI parser. */
#include "core/target.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/memory.h"
#include "core/secret.h"

/*
 * GLib rather than libcurl: of "qemu:///system" libcurl takes "system" for the host, and it refuses
 * the '@' in "administrator@vsphere.local:secret@vc01" that PARSE_RELAXED leaves to the user name.
 */
static const GUriFlags uri_flags = G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_PARSE_RELAXED;

static const char default_scheme[] = "https://";

/* Where a connection without a host makes no sense. Schemes of one API are the same target. */
static const struct {
    const char *name;
    const char *api;
    int port;
} remote_schemes[] = {
    {"https", "vsphere", TARGET_HTTPS_PORT}, {"http", "vsphere", TARGET_HTTPS_PORT},
    {"esx", "vsphere", TARGET_HTTPS_PORT},   {"vpx", "vsphere", TARGET_HTTPS_PORT},
    {"pve", "pve", TARGET_PVE_PORT},         {"xapi", "xapi", TARGET_HTTPS_PORT},
};

struct parts {
    char *scheme;
    char *username;
    char *password;
    char *host;
    int port;
    char *path;
    char *query;
    char *fragment;
};

static void parts_done(struct parts *parts) {
    g_free(parts->scheme);
    g_free(parts->username);
    if (parts->password)
        explicit_bzero(parts->password, strlen(parts->password));
    g_free(parts->password);
    g_free(parts->host);
    g_free(parts->path);
    g_free(parts->query);
    g_free(parts->fragment);
}

/* What follows "SCHEME://", or the whole text when it does not begin so. */
static const char *after_scheme(const char *text) {
    size_t length = strspn(text, G_CSET_A_2_Z G_CSET_a_2_z "0123456789+.-");
    return length && strncmp(text + length, "://", 3) == 0 ? text + length + 3 : text;
}

/* A malformed text for people, without what may be a password; owned by the caller. */
static char *without_secret(const char *text) {
    const char *rest = after_scheme(text);
    int scheme = (int)(rest - text);
    const char *at = strrchr(rest, '@');
    if (at)
        return memory_printf("%.*s...%s", scheme, text, at);

    const char *colon = strchr(rest, ':');
    size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;
    if (colon && (!digits || !strchr("/", colon[1 + digits])))
        return memory_printf("%.*s:...", (int)(colon - text), text);
    return memory_strdup(text);
}

static bool refuse(const char *text, const char *reason, struct error *error) {
    char *shown = without_secret(text);
    error_set(error, ERROR_USAGE,
              "'%s' is no target (%s): give a host name, https://[user@]host[:port][/sdk], or a "
              "libvirt URI such as qemu:///system, or a history file such as vperf.db",
              shown, reason);
    free(shown);
    return false;
}

/* The place in remote_schemes; their number when it is none of them. */
static size_t find_scheme(const char *scheme) {
    size_t i = 0;
    while (i < G_N_ELEMENTS(remote_schemes) && strcmp(scheme, remote_schemes[i].name) != 0)
        i++;
    return i;
}

static bool is_remote(const char *scheme) {
    return find_scheme(scheme) < G_N_ELEMENTS(remote_schemes);
}

/* A name or address; '-' in front could be taken for an option by ssh. */
static bool is_host(const char *host) {
    static const char letters[] = G_CSET_A_2_Z G_CSET_a_2_z "0123456789_";
    static const char others[] = G_CSET_A_2_Z G_CSET_a_2_z "0123456789_-.:%";
    if (!*host)
        return true;
    if (!strchr(host, ':'))
        return strchr(letters, *host) && !strchr(host, '%') && !host[strspn(host, others)];
    return strchr("0123456789abcdefABCDEF:", *host) && !host[strspn(host, others)];
}

/* USER@REALM!TOKEN=SECRET, as Proxmox VE's own header has it, is a token and its secret. */
static void cut_secret(struct parts *parts) {
    bool token = parts->scheme && strcmp(parts->scheme, "pve") == 0 && !parts->password;
    char *name = token && parts->username ? strchr(parts->username, '!') : NULL;
    char *secret = name ? strchr(name, '=') : NULL;
    if (!secret)
        return;
    parts->password = g_strdup(secret + 1);
    explicit_bzero(secret, strlen(secret));
}

/* Why the parts cannot be a target, or NULL. What is no scheme is a part of the path to GLib. */
static const char *find_fault(const struct parts *parts) {
    if (!parts->scheme || !parts->host)
        return "a scheme begins with a letter";
    bool remote = is_remote(parts->scheme);
    if (remote && !*parts->host)
        return "it has no host name";
    /* GLib ends a host at ';' too, and makes a path of the rest. */
    if (!is_host(parts->host) || (*parts->path && *parts->path != '/'))
        return "the host name is malformed";
    if (parts->port == 0)
        return "the port is out of range";
    if (parts->fragment)
        return "'#' must be written as %23";
    /* What looks like a path may be the rest of a password. */
    if (remote && (strchr(parts->path, '@') || (parts->query && strchr(parts->query, '@'))))
        return "'/', '?' and '@' in a password must be written as %2F, %3F and %40";
    return NULL;
}

static char *without_password(const struct parts *parts) {
    char *joined = g_uri_join_with_user(uri_flags, parts->scheme, parts->username, NULL, NULL,
                                        parts->host, parts->port, parts->path, parts->query, NULL);
    char *text = memory_strdup(joined);
    g_free(joined);
    return text;
}

static bool has_space_or_control(const char *text) {
    for (; *text; text++) {
        if (g_ascii_isspace(*text) || g_ascii_iscntrl(*text))
            return true;
    }
    return false;
}

/* A history: no host name ends so, and none is a path; what may hold a password is none. */
static bool is_history(const char *text) {
    size_t length = strlen(text);
    if (strpbrk(text, ":@"))
        return false;
    return *text == '/' || strncmp(text, "./", 2) == 0 || strncmp(text, "../", 3) == 0 ||
           (length > 3 && strcmp(text + length - 3, ".db") == 0);
}

/* A user name as people write it: TARGETs take it so. Those of libvirt are as it takes them. */
static void show_plain(char *uri) {
    const char *host = strrchr(uri, '@');
    char *out = uri;
    for (const char *in = uri; *in;) {
        bool in_user = host && in < host;
        bool at = in_user && strncmp(in, "%40", 3) == 0;
        bool backslash = in_user && strncmp(in, "%5C", 3) == 0;
        *out++ = at ? '@' : backslash ? '\\' : *in;
        in += at || backslash ? 3 : 1;
    }
    *out = '\0';
}

/* The scheme stays when the rest alone would be a history, as that of "https://rack.db:". */
static char *text_for_people(const struct parts *parts, bool bare) {
    char *uri = without_password(parts);
    if (is_remote(parts->scheme))
        show_plain(uri);
    const char *rest = uri + (bare ? strlen(default_scheme) : 0);
    char *text = memory_strdup(is_history(rest) ? uri : rest);
    free(uri);
    return text;
}

static void fill(struct target *target, const struct parts *parts, const char *uri, bool bare) {
    *target = (struct target){
        .text = text_for_people(parts, bare),
        .uri = parts->password && is_remote(parts->scheme) ? without_password(parts)
                                                           : memory_strdup(uri),
        .scheme = memory_strndup(parts->scheme, strcspn(parts->scheme, "+")),
        .host = memory_strdup(parts->host),
        .port = parts->port > 0 ? parts->port : 0,
        .path = memory_strdup(parts->path),
        .username = memory_strdup(parts->username),
        .password = secret_copy(parts->password),
    };
}

/* One file has one path, however it is written. */
static bool fill_history(struct target *target, const char *text) {
    char *real = realpath(text, NULL);
    *target = (struct target){
        .text = memory_strdup(text),
        .uri = memory_strdup(text),
        .scheme = memory_strdup(TARGET_HISTORY),
        .host = memory_strdup(""),
        .path = memory_strdup(real ? real : text),
    };
    free(real);
    return true;
}

bool target_init(struct target *target, const char *text, struct error *error) {
    bool bare = after_scheme(text) == text;
    struct parts parts = {0};

    *target = (struct target){0};
    if (!*text)
        return refuse(text, "it is empty", error);
    if (bare && is_history(text))
        return fill_history(target, text);
    if (has_space_or_control(text))
        return refuse(text, "it holds a space or control character", error);
    if (bare && strchr(text, '/') && strchr("./~", *text))
        return refuse(text, "it looks like a file", error);
    if (bare && strstr(text, ":/"))
        return refuse(text, "a scheme is followed by '://'", error);

    if (strchr(text, ':') && g_hostname_is_ip_address(text))
        return refuse(text, "an IPv6 address stands in brackets, as in [::1]", error);

    char *uri = memory_printf("%s%s", bare ? default_scheme : "", text);
    bool good = g_uri_split_with_user(uri, uri_flags, &parts.scheme, &parts.username,
                                      &parts.password, NULL, &parts.host, &parts.port, &parts.path,
                                      &parts.query, &parts.fragment, NULL);
    cut_secret(&parts);
    /* GLib's own message may quote a piece of the password. */
    const char *fault = good ? find_fault(&parts) : "its host name or port is malformed";
    if (fault)
        refuse(text, fault, error);
    else
        fill(target, &parts, text, bare);
    parts_done(&parts);
    memory_wipe_free(uri);
    return !fault;
}

void target_copy(struct target *target, const struct target *from) {
    *target = (struct target){
        .text = memory_strdup(from->text),
        .uri = memory_strdup(from->uri),
        .scheme = memory_strdup(from->scheme),
        .host = memory_strdup(from->host),
        .port = from->port,
        .path = memory_strdup(from->path),
        .username = memory_strdup(from->username),
        .password = secret_share(from->password),
        .yields = from->yields,
    };
}

static bool is_bare(const struct target *target) {
    return after_scheme(target->text) == target->text;
}

/* The target's text with these in front of the host; owned by the caller, who wipes it. */
static char *text_with_login(const struct target *target, const char *username,
                             const char *password) {
    const char *text = is_bare(target) ? target->text : target->uri;
    const char *rest = after_scheme(text);
    char *user = g_uri_escape_string(username, NULL, TRUE);
    char *word = password ? g_uri_escape_string(password, NULL, TRUE) : NULL;
    char *whole = memory_printf("%.*s%s%s%s@%s", (int)(rest - text), text, user, word ? ":" : "",
                                word ? word : "", rest);
    if (word)
        explicit_bzero(word, strlen(word));
    g_free(word);
    g_free(user);
    return whole;
}

/* A local connection has no place for them in its URI. */
static void set_username(struct target *target, const char *username, const char *password) {
    struct error ignored = {0};
    struct target named;
    if (target->username || !*target->host) {
        free(target->username);
        target->username = memory_strdup(username);
        target->yields = false;
        return;
    }
    char *text = text_with_login(target, username, is_remote(target->scheme) ? NULL : password);
    if (target_init(&named, text, &ignored)) {
        secret_free(named.password);
        named.password = secret_share(target->password);
        target_done(target);
        *target = named;
    }
    memory_wipe_free(text);
}

void target_set_login(struct target *target, const char *username, char *password) {
    if (strcmp(target->scheme, TARGET_HISTORY) == 0)
        return;
    if (username && (!target->username || target->yields))
        set_username(target, username, password);
    if (password && !target->password)
        target->password = secret_share(password);
}

int target_default_port(const struct target *target) {
    size_t scheme = find_scheme(target->scheme);
    return scheme < G_N_ELEMENTS(remote_schemes) ? remote_schemes[scheme].port : 0;
}

char *target_source_name(const struct target *target) {
    bool is_address = strchr(target->host, ':') != NULL;
    if (!*target->host)
        return memory_strdup(target->text);
    if (!target->port || target->port == target_default_port(target))
        return memory_strdup(target->host);
    return memory_printf(is_address ? "[%s]:%d" : "%s:%d", target->host, target->port);
}

static int port_of(const struct target *target) {
    return target->port ? target->port : target_default_port(target);
}

static bool same_api(const struct target *left, const struct target *right) {
    const char *api = remote_schemes[find_scheme(left->scheme)].api;
    return strcmp(api, remote_schemes[find_scheme(right->scheme)].api) == 0;
}

const char *target_sdk_path(const struct target *target, size_t *length) {
    static const char usual[] = "/sdk";
    *length = strcmp(target->scheme, "https") == 0 ? strlen(target->path) : 0;
    while (*length && target->path[*length - 1] == '/')
        --*length;
    if (*length)
        return target->path;
    *length = strlen(usual);
    return usual;
}

static bool same_path(const struct target *left, const struct target *right) {
    size_t left_length, right_length;
    const char *left_path = target_sdk_path(left, &left_length);
    const char *right_path = target_sdk_path(right, &right_length);
    return left_length == right_length && strncmp(left_path, right_path, left_length) == 0;
}

bool target_same(const struct target *left, const struct target *right) {
    bool histories =
        strcmp(left->scheme, TARGET_HISTORY) == 0 && strcmp(right->scheme, TARGET_HISTORY) == 0;
    if (histories)
        return strcmp(left->path, right->path) == 0;
    if (!is_remote(left->scheme) || !is_remote(right->scheme))
        return strcmp(left->text, right->text) == 0;
    return same_api(left, right) && strcasecmp(left->host, right->host) == 0 &&
           port_of(left) == port_of(right) && same_path(left, right);
}

void target_done(struct target *target) {
    free(target->text);
    memory_wipe_free(target->uri);
    free(target->scheme);
    free(target->host);
    free(target->path);
    free(target->username);
    secret_free(target->password);
    *target = (struct target){0};
}
