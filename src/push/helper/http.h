/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One request at a time over HTTP, by libcurl; nothing here waits but http_wait. */
#ifndef VPERF_PUSH_HELPER_HTTP_H
#define VPERF_PUSH_HELPER_HTTP_H

#include "push/helper/encoding.h"
#include "push/helper/verdict.h"
#include "push/protocol.h"

struct http;

/* http_new: requests go to the URL of the setup, which is borrowed for the call. */
struct http *http_new(const struct push_setup *setup, const struct encoding *encoding);

/* http_free: gives up a request that is on its way. */
void http_free(struct http *http);

/* http_send: begins a request; the body is borrowed until its end. */
void http_send(struct http *http, const GByteArray *body);

/* http_give_up: forgets the request that is on its way. */
void http_give_up(struct http *http);

/* http_busy: a request is on its way. */
bool http_busy(const struct http *http);

/*
 * http_wait: until the request moves on, the socket (none: -1) can be read, or so many ms pass;
 * *readable tells about the socket.
 */
void http_wait(struct http *http, int socket, int timeout_ms, bool *readable);

/* http_ended: the request has ended; the outcome's reason is borrowed until the next request. */
bool http_ended(struct http *http, struct outcome *outcome);

#endif
