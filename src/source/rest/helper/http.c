/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One multi handle of libcurl for each pool; the trust of a peer is judged by source/tls. */
#include "source/rest/helper/http.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/cancel.h"
#include "core/memory.h"
#include "source/rest/helper/budget.h"
#include "source/rest/helper/recorder.h"
#include "source/rest/helper/transfer.h"
#include "source/rest/helper/tunnel.h"
#include "source/tls/tls.h"

enum { POLL_MS = 200 };

/* All of one http_run. */
struct batch {
    struct http_pool *pool;
    struct transfer *transfers;
    size_t count;
    size_t first; /* all before it are settled */
    size_t in_group;
    size_t running;
    GHashTable *groups; /* of struct place */
};

/* How many calls of a group are under way. */
struct place {
    const struct http_peer *peer;
    int group;
    int running;
};

static guint place_hash(gconstpointer key) {
    const struct place *place = key;
    return g_direct_hash(place->peer) * 31 + (guint)place->group;
}

static gboolean place_equal(gconstpointer left, gconstpointer right) {
    const struct place *a = left, *b = right;
    return a->peer == b->peer && a->group == b->group;
}

static bool uses_openssl(void) {
    const char *library = curl_version_info(CURLVERSION_NOW)->ssl_version;
    return library && (strstr(library, "OpenSSL") || strstr(library, "LibreSSL"));
}

struct http_pool *http_pool_new(const struct source_options *options, struct error *error) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (!uses_openssl()) {
        error_set(error, ERROR_UNAVAILABLE,
                  "libcurl is built without OpenSSL, which verifies certificates here: install "
                  "libcurl4 (Debian), libcurl (Fedora, Alpine), curl (Arch)");
        return NULL;
    }
    struct http_pool *pool = memory_alloc(sizeof *pool);
    pool->options = options;
    pool->multi = memory_check(curl_multi_init());
    return pool;
}

static void peer_free(struct http_peer *peer) {
    free(peer->host);
    free(peer->origin);
    tls_free(peer->tls);
    proxy_free(peer->proxy);
    tunnel_lines_free(peer->proxy_lines);
    free(peer);
}

void http_pool_free(struct http_pool *pool) {
    if (!pool)
        return;
    curl_multi_cleanup(pool->multi);
    while (pool->peers) {
        struct http_peer *peer = pool->peers;
        pool->peers = peer->next;
        peer_free(peer);
    }
    free(pool);
}

struct http_peer *http_peer(struct http_pool *pool, const char *host, int port,
                            struct error *error) {
    for (struct http_peer *peer = pool->peers; peer; peer = peer->next)
        if (peer->port == port && strcasecmp(peer->host, host) == 0)
            return peer;
    struct proxy *proxy = NULL;
    if (!proxy_find(&proxy, host, port, error))
        return NULL;
    struct tls *tls = tls_new(host, port, pool->options, error);
    if (!tls) {
        proxy_free(proxy);
        return NULL;
    }
    struct http_peer *peer = memory_alloc(sizeof *peer);
    peer->host = memory_strdup(host);
    peer->port = port;
    peer->origin =
        memory_printf(strchr(host, ':') ? "https://[%s]:%d" : "https://%s:%d", host, port);
    peer->tls = tls;
    peer->proxy = proxy;
    peer->proxy_lines = tunnel_lines(proxy);
    peer->next = pool->peers;
    pool->peers = peer;
    return peer;
}

int64_t http_certificate_end(const struct http_peer *peer) {
    return tls_certificate_end(peer->tls);
}

/* One more or less of the calls of the same group that are under way. */
static void count_in_group(struct batch *batch, const struct transfer *transfer, int step) {
    const struct http_call *call = transfer->call;
    struct place key = {.peer = call->peer, .group = call->group};
    struct place *place = g_hash_table_lookup(batch->groups, &key);
    if (!place) {
        place = memory_alloc(sizeof *place);
        *place = key;
        g_hash_table_add(batch->groups, place);
    }
    place->running += step;
    batch->running += (size_t)step;
}

static bool has_room(const struct batch *batch, const struct http_call *call) {
    const struct place key = {.peer = call->peer, .group = call->group};
    const struct place *place = g_hash_table_lookup(batch->groups, &key);
    return !place || place->running < (int)batch->in_group;
}

static void start(struct batch *batch, struct transfer *transfer) {
    transfer_start(transfer);
    count_in_group(batch, transfer, 1);
}

static void settle(struct transfer *transfer) {
    transfer->settled = true;
    recorder_keep(transfer->pool->options->recorder, transfer->call->peer->host, transfer->call);
    if (transfer->call->settled)
        transfer->call->settled(transfer->call->context, transfer->call);
}

static void start_more(struct batch *batch, size_t parallel) {
    while (batch->first < batch->count && batch->transfers[batch->first].settled)
        batch->first++;
    for (size_t i = batch->first; i < batch->count && batch->running < parallel; i++) {
        struct transfer *transfer = &batch->transfers[i];
        if (!transfer->easy && !transfer->settled && has_room(batch, transfer->call))
            start(batch, transfer);
    }
}

static void finish(struct batch *batch, struct transfer *transfer, CURLcode code) {
    bool settled = transfer_finish(transfer, code);
    count_in_group(batch, transfer, -1);
    if (settled)
        settle(transfer);
    else
        start(batch, transfer);
}

static void read_results(struct batch *batch) {
    int left = 0;
    const CURLMsg *message = NULL;
    while ((message = curl_multi_info_read(batch->pool->multi, &left))) {
        char *private = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        finish(batch, (struct transfer *)(void *)private, code);
    }
}

static void interrupt(struct batch *batch) {
    for (size_t i = 0; i < batch->count; i++) {
        struct transfer *transfer = &batch->transfers[i];
        if (transfer->easy)
            transfer_stop(transfer);
        if (!transfer->settled) {
            error_set(&transfer->call->error, ERROR_INTERRUPTED, "interrupted");
            settle(transfer);
        }
    }
}

static void run(struct batch *batch, size_t parallel) {
    int running = 0;
    for (;;) {
        start_more(batch, parallel ? parallel : 1);
        if (!batch->running)
            return;
        if (cancel_requested(batch->pool->options->cancel)) {
            interrupt(batch);
            return;
        }
        curl_multi_perform(batch->pool->multi, &running);
        if (running == (int)batch->running)
            curl_multi_poll(batch->pool->multi, NULL, 0, POLL_MS, NULL);
        read_results(batch);
    }
}

void http_run(struct http_pool *pool, struct http_call *calls, size_t count, size_t parallel,
              size_t in_group) {
    struct batch batch = {
        .pool = pool,
        .transfers = memory_array(count, sizeof *batch.transfers),
        .count = count,
        .in_group = in_group ? in_group : 1,
        .groups = g_hash_table_new_full(place_hash, place_equal, free, NULL),
    };
    for (size_t i = 0; i < count; i++)
        batch.transfers[i] = (struct transfer){.pool = pool, .call = &calls[i]};
    for (struct http_peer *peer = pool->peers; peer; peer = peer->next)
        tls_forget_refusal(peer->tls);
    run(&batch, parallel);
    g_hash_table_destroy(batch.groups);
    free(batch.transfers);
}

bool http_ask(struct http_pool *pool, struct http_call *call, struct error *error) {
    http_run(pool, call, 1, 1, 1);
    if (!call->done)
        *error = call->error;
    return call->done;
}

void http_call_done(struct http_call *call) {
    struct http_answer *answer = &call->answer;
    if (answer->body) {
        explicit_bzero(answer->body, answer->size);
        budget_give(answer->size);
    }
    free(answer->body);
    free(answer->reason);
    free(answer->type);
    free(answer->location);
    free(answer->server);
    call->answer = (struct http_answer){0};
    call->done = false;
}
