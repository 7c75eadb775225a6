/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A proxy of HTTP between us and the server: which one, and how it is asked for a tunnel. */
#ifndef VPERF_SOURCE_TLS_PROXY_H
#define VPERF_SOURCE_TLS_PROXY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

struct proxy {
    char *host;
    int port;
    char *name;  /* host and port, for people */
    char *login; /* user name and password as Basic wants them; NULL for none */
};

/*
 * proxy_find: what HTTPS_PROXY or https_proxy names, unless NO_PROXY or no_proxy excepts this host
 * and port, or the host is this machine: as for govc. *proxy is NULL for none, else the caller's.
 * ERROR_USAGE when the variable names a kind of proxy that is not known.
 */
bool proxy_find(struct proxy **proxy, const char *host, int port, struct error *error)
    __attribute__((warn_unused_result));

/* proxy_free: takes NULL. */
void proxy_free(struct proxy *proxy);

/* proxy_request: the header that asks for a tunnel to host and port; to be wiped by the caller. */
char *proxy_request(const struct proxy *proxy, const char *host, int port);

/*
 * proxy_refusal: why the header of an answer opens no tunnel, owned by the caller; NULL when it
 * does.
 */
char *proxy_refusal(const char *header);

#endif
