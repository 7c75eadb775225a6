/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/session/cookies.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/memory.h"

/* RFC 6265 asks for 4096 bytes; all of them have to fit into a server's limit for a line. */
enum { MAX_COOKIES = 16, MAX_COOKIE_BYTES = 4096 }; /* less than a line that is cut */

struct cookies {
    char *pairs[MAX_COOKIES]; /* name=value, as it came */
    size_t count;
    char *line;
};

struct cookies *cookies_new(void) {
    return memory_alloc(sizeof(struct cookies));
}

static void clear(struct cookies *cookies) {
    for (size_t i = 0; i < cookies->count; i++)
        memory_wipe_free(cookies->pairs[i]);
    memory_wipe_free(cookies->line);
    *cookies = (struct cookies){0};
}

void cookies_free(struct cookies *cookies) {
    if (!cookies)
        return;
    clear(cookies);
    free(cookies);
}

static void compose(struct cookies *cookies) {
    memory_wipe_free(cookies->line);
    cookies->line = NULL;
    for (size_t i = 0; i < cookies->count; i++) {
        char *shorter = cookies->line;
        cookies->line = memory_printf("%s%s%s", shorter ? shorter : "Cookie: ", shorter ? "; " : "",
                                      cookies->pairs[i]);
        memory_wipe_free(shorter);
    }
}

static bool has_name(const char *pair, const char *name, size_t length) {
    return strncmp(pair, name, length) == 0 && pair[length] == '=';
}

static void drop(struct cookies *cookies, const char *name, size_t length) {
    size_t kept = 0;
    for (size_t i = 0; i < cookies->count; i++) {
        if (has_name(cookies->pairs[i], name, length))
            memory_wipe_free(cookies->pairs[i]);
        else
            cookies->pairs[kept++] = cookies->pairs[i];
    }
    cookies->count = kept;
}

void cookies_drop(struct cookies *cookies, const char *name) {
    drop(cookies, name, strlen(name));
    compose(cookies);
}

/* The value of an attribute of the line, and its length; NULL when it does not have it. */
static const char *attribute(const char *line, const char *name, size_t *length) {
    size_t size = strlen(name);
    while ((line = strchr(line, ';'))) {
        line++;
        line += strspn(line, " \t");
        if (strncasecmp(line, name, size) != 0 || line[size] != '=')
            continue;
        line += size + 1;
        *length = strcspn(line, ";");
        while (*length && isspace((unsigned char)line[*length - 1]))
            --*length;
        return line;
    }
    return NULL;
}

/* A server deletes a cookie by a date in the past, which is that of 1970. */
static bool is_expired(const char *line) {
    size_t length = 0;
    const char *age = attribute(line, "Max-Age", &length);
    if (age)
        return strtol(age, NULL, 10) <= 0;
    const char *date = attribute(line, "Expires", &length);
    return date && memmem(date, length, "1970", 4);
}

/* RFC 6265, 5.1.4; a line without a path is for the requests beside this one. */
static bool is_for(const char *line, const char *path) {
    size_t length = 0;
    const char *wanted = attribute(line, "Path", &length);
    if (!wanted || *wanted != '/')
        return true;
    if (strncmp(path, wanted, length) != 0)
        return false;
    return !path[length] || path[length] == '/' || wanted[length - 1] == '/';
}

/* No blank in the name, no control character anywhere. */
static bool is_sound(const char *line, size_t name, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (iscntrl((unsigned char)line[i]) || (i < name && line[i] == ' '))
            return false;
    return name > 0 && name < length;
}

void cookies_set(struct cookies *cookies, const char *line, const char *path) {
    line += strspn(line, " \t");
    size_t length = strcspn(line, ";"), name = strcspn(line, "=;");
    while (length && isspace((unsigned char)line[length - 1]))
        length--;
    if (!is_sound(line, name, length) || !is_for(line, path))
        return;
    drop(cookies, line, name);
    if (!is_expired(line) && length <= MAX_COOKIE_BYTES && cookies->count < MAX_COOKIES)
        cookies->pairs[cookies->count++] = memory_strndup(line, length);
    compose(cookies);
}

void cookies_copy(struct cookies *cookies, const struct cookies *others) {
    clear(cookies);
    for (size_t i = 0; i < others->count; i++)
        cookies->pairs[i] = memory_strdup(others->pairs[i]);
    cookies->count = others->count;
    compose(cookies);
}

const char *cookies_line(const struct cookies *cookies) {
    return cookies->line;
}
