/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The socket that requests come in by. */
#ifndef VPERF_SERVE_LISTEN_H
#define VPERF_SERVE_LISTEN_H

#include <stdbool.h>

#include "core/error.h"

struct listener {
    int socket;
    bool local;  /* only this machine can reach it */
    char *shown; /* address and port as they stand in a URL */
};

/*
 * listen_open: listens on HOST:PORT; an IPv6 address stands in brackets, without HOST all addresses
 * of this machine are meant, and port 0 is any free one. ERROR_USAGE for what is no such address,
 * ERROR_CONNECT when it cannot be had. listen_done is due when it is true.
 */
bool listen_open(struct listener *listener, const char *address, struct error *error)
    __attribute__((warn_unused_result));

/* listen_done: closes the socket, if it is open, and frees the rest. */
void listen_done(struct listener *listener);

#endif
