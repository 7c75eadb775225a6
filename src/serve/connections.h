/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * How long a connection may take for what it does: one that sends a byte now and then is not idle,
 * and would stay for ever.
 */
#ifndef VPERF_SERVE_CONNECTIONS_H
#define VPERF_SERVE_CONNECTIONS_H

#include <stdbool.h>

struct connections;
struct connection;

/* connections_new: none yet; owned by the caller. */
struct connections *connections_new(void);

/* connections_watch: ends those that take too long, in a thread; false when there is none. */
bool connections_watch(struct connections *connections) __attribute__((warn_unused_result));

/* connections_free: ends the thread; those that are left are forgotten. Takes NULL. */
void connections_free(struct connections *connections);

/* connections_add: one has begun on the socket, and has seconds for its first request. */
struct connection *connections_add(struct connections *connections, int socket);

/* connections_await_answer: its request is there; it has a minute to take the answer. */
void connections_await_answer(struct connection *connection);

/* connections_await_request: it was answered, and may be idle for some time. */
void connections_await_request(struct connection *connection);

/* connections_remove: it ends; its socket is still open. */
void connections_remove(struct connections *connections, struct connection *connection);

#endif
