/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * HTTP 1.1 by libmicrohttpd, over TLS if wanted: GET and HEAD. Connections are bounded in number,
 * requests in size, and both in time.
 */
#ifndef VPERF_SERVE_SERVER_H
#define VPERF_SERVE_SERVER_H

#include "core/log.h"
#include "serve/accounts.h"
#include "serve/answers.h"
#include "serve/listen.h"

struct server;

/* Everything is borrowed as long as the server runs. */
struct server_options {
    struct listener *listener;
    struct answers *answers;
    struct accounts *accounts; /* NULL: everybody may read */
    const char *certificate;   /* PEM, the server's own first; NULL: without TLS */
    const char *key;
    const struct log *log;
    size_t targets; /* how many need descriptors */
};

/* server_start: answers requests from now on, in threads of its own. NULL with the error. */
struct server *server_start(const struct server_options *options, struct error *error);

/* server_stop: takes no more requests, ends those that are being answered, and frees it. Takes
 * NULL. */
void server_stop(struct server *server);

#endif
