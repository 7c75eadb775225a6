/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * HTTPS for the sources that live in vperf-rest, over libcurl. A pool keeps the connections of one
 * target, which are kept alive and used again; a peer is one host and port in it, with its trust.
 * For one thread.
 */
#ifndef VPERF_SOURCE_REST_HTTP_H
#define VPERF_SOURCE_REST_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "source/source.h"

struct http_pool;
struct http_peer;

/* Bytes of a body, unless the call says otherwise. All that are held together: see budget.h. */
enum { HTTP_BODY_LIMIT = 64 << 20 };

/* What is asked; all borrowed until http_run returns. */
struct http_request {
    const char *method; /* NULL: GET, or POST with a body */
    const char *path;   /* with its query, from the first slash on */
    const char *accept; /* NULL: whatever the server likes to give */
    const char *type;   /* of the body: "application/json" */
    const char *body;   /* NULL: none */
    const char *header; /* one more line, such as "Authorization: ..."; not shown to anybody */
    const char *cookie; /* "name=value", or NULL; not shown either */
    int timeout_ms;     /* 0: the target's */
    size_t limit;       /* bytes of the body; 0: HTTP_BODY_LIMIT */
};

/* What came. Owned by the call. */
struct http_answer {
    int status;         /* of HTTP, 200 or higher */
    char *reason;       /* of the status line, "" when there is none; one line */
    char *type;         /* Content-Type, "" when there is none */
    char *location;     /* Location, NULL when there is none: redirects are not followed */
    char *body;         /* with a NUL behind it, which size does not count; never NULL */
    size_t size;        /* of the body */
    int64_t date;       /* Unix seconds of the header Date; 0 when there is none */
    int64_t begin_ns;   /* clock_boot_ns when the request was sent; 0 when it was not */
    int64_t arrived_ns; /* the same, when the first byte of the answer was there */
    int64_t end_ns;     /* the same, when all of it was there */
    char *server;       /* Server, "" when there is none */
};

struct http_call {
    struct http_peer *peer;
    struct http_request request;
    int group; /* calls of one group are limited together: a node behind the peer */
    /* What becomes of it. */
    bool done; /* an answer of whatever status came, as a whole */
    struct http_answer answer;
    struct error error; /* why none came: _CONNECT, _TLS, _TIMEOUT, _PROTOCOL, _INTERRUPTED */
    /*
     * settled: called within http_run as soon as one of both is there; may end the call, so that
     * its answer is not held until all have come. NULL: nobody waits for it.
     */
    void (*settled)(void *context, struct http_call *call);
    void *context;
};

/*
 * http_pool_new: nothing is connected. The options are borrowed: timeout, trust, cancel, and the
 * reporter, which gets a line of detail for each request. ERROR_UNAVAILABLE when libcurl uses
 * another TLS library than OpenSSL.
 */
struct http_pool *http_pool_new(const struct source_options *options, struct error *error);

/* http_pool_free: closes all connections; the peers end with it. Takes NULL. */
void http_pool_free(struct http_pool *pool);

/*
 * http_peer: the peer with this host (without brackets) and port, made when there is none; it lives
 * as long as the pool. NULL with ERROR_USAGE for a thumbprint or CA file that is none.
 */
struct http_peer *http_peer(struct http_pool *pool, const char *host, int port,
                            struct error *error);

/*
 * http_run: makes all calls, at most parallel of them at a time and at most in_group of each group,
 * and returns when each is done or has failed. http_call_done ends each of them. A call on a kept
 * connection that the server closed at this moment is repeated once.
 */
void http_run(struct http_pool *pool, struct http_call *calls, size_t count, size_t parallel,
              size_t in_group);

/* http_ask: http_run of one call. False with the error when no answer came. */
bool http_ask(struct http_pool *pool, struct http_call *call, struct error *error);

/* http_call_done: frees the answer, and wipes its body. */
void http_call_done(struct http_call *call);

/*
 * http_certificate_end: when the certificate of the peer ends, in Unix seconds; 0 before the first
 * answer.
 */
int64_t http_certificate_end(const struct http_peer *peer);

#endif
