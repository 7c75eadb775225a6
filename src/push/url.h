/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The URL of a database that samples are sent to, and the protocol that it takes them in. */
#ifndef VPERF_PUSH_URL_H
#define VPERF_PUSH_URL_H

#include <stdbool.h>

#include "core/error.h"

enum push_protocol {
    PUSH_INFLUX,       /* line protocol, of InfluxDB 1 and 2 and of VictoriaMetrics */
    PUSH_REMOTE_WRITE, /* Prometheus remote write 1.0 */
};

struct push_url {
    enum push_protocol protocol;
    char *request;     /* the URL without user and password */
    char *host;        /* in lower case, without the port */
    char *shown;       /* for people: without these and without the query */
    char *login;       /* a secret, "user:password" as in HTTP, or NULL */
    const char *token; /* how the header with a token begins: "Token" or "Bearer" */
};

/* push_url_is: the text of an --output is a URL and no file; a protocol may stand before it. */
bool push_url_is(const char *text);

/* push_url_is_unknown: it has "://" as URLs do, behind anything but http and https. */
bool push_url_is_unknown(const char *text);

/*
 * push_url_init: takes the text apart:
 * [influx:|remote-write:]http[s]://[USER[:PASSWORD]@]HOST/PATH. Without a protocol, the end of the
 * path tells. ERROR_USAGE without the secrets.
 */
bool push_url_init(struct push_url *url, const char *text, struct error *error)
    __attribute__((warn_unused_result));

/*
 * push_url_hide: overwrites the password in the text of an --output, up to the last '@', whatever
 * the scheme is.
 */
void push_url_hide(char *text);

/* push_url_exposed: what goes there is not encrypted, and leaves this machine. */
bool push_url_exposed(const struct push_url *url);

/* push_url_done: wipes and frees. */
void push_url_done(struct push_url *url);

#endif
