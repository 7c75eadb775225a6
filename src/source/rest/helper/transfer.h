/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One call of http.h under way, as an easy handle of libcurl. */
#ifndef VPERF_SOURCE_REST_HELPER_TRANSFER_H
#define VPERF_SOURCE_REST_HELPER_TRANSFER_H

#include <curl/curl.h>
#include <glib.h>

#include "source/rest/helper/http.h"

struct http_peer {
    struct http_peer *next;
    char *host;
    int port;
    char *origin; /* https://host:port */
    struct tls *tls;
    struct proxy *proxy; /* NULL: none */
    struct curl_slist *proxy_lines;
};

struct http_pool {
    const struct source_options *options;
    CURLM *multi;
    struct http_peer *peers;
};

struct transfer {
    struct http_pool *pool;
    struct http_call *call;
    CURL *easy; /* NULL: it is not under way */
    struct curl_slist *lines;
    GByteArray *body;
    size_t header_bytes;
    bool too_large;
    bool refused; /* by the budget */
    bool repeated;
    bool settled; /* the call is done or has failed */
    char failure[CURL_ERROR_SIZE];
    int no_socket; /* errno of socket() that failed; 0: it did not */
};

/* transfer_start: its handle is one of the pool's. */
void transfer_start(struct transfer *transfer);

/* transfer_stop: ends it, whatever has come of it so far. */
void transfer_stop(struct transfer *transfer);

/*
 * transfer_finish: libcurl is through with it, and the call gets its answer or error. False when it
 * is to be started once more, for the server closed a kept connection at the moment of its use.
 */
bool transfer_finish(struct transfer *transfer, CURLcode code);

#endif
