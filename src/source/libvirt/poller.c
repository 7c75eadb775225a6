/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Polls that end in time. libvirt's call for all guests hangs when the QEMU of one does, with
 * NOWAIT too; but while it hangs, that guest is known to be busy, and NOWAIT leaves it out of the
 * same call on another connection.
 */
#include "source/libvirt/poller.h"

#include <stdlib.h>
#include <string.h>

#include "core/interrupt.h"
#include "core/memory.h"

enum { ATTEMPTS = 8 };

static const int64_t slice_ns = 20000000;
static const int64_t retry_ns = 250000000;

struct poll_data {
    struct stats_wish wish;
    struct snapshot *snapshot;
    int64_t blocked_ns; /* poll only if a guest is blocked for that long; 0 polls always */
    bool careful;
    bool nothing_blocked; /* that was not so */
};

struct round {
    struct poller *poller;
    const struct stats_wish *wish;
    struct errand *attempts[ATTEMPTS]; /* the newest last */
    size_t count;
    struct snapshot *snapshot; /* what comes out */
    struct snapshot *partial;  /* the same without what blocked guests keep back */
    struct error error;
    bool is_final; /* trying again would not help */
};

static void discard_poll(void *context) {
    struct poll_data *data = context;
    snapshot_free(data->snapshot);
    free(data);
}

static bool run_poll(struct connection *connection, void *context, struct error *error) {
    struct poll_data *data = context;

    connection->careful = data->careful;
    if (data->blocked_ns && !stats_any_blocked(connection, data->blocked_ns)) {
        data->nothing_blocked = true;
        return true;
    }
    return stats_poll(connection, &data->wish, data->snapshot, error);
}

static void start_attempt(struct round *round, int64_t blocked_ns) {
    struct poller *poller = round->poller;
    struct poll_data *data = memory_alloc(sizeof *data);

    data->wish = *round->wish;
    data->snapshot = snapshot_new();
    data->blocked_ns = blocked_ns;
    data->careful = poller->no_nowait && poller->hung;
    struct errand_work work = {run_poll, discard_poll, data};
    round->attempts[round->count++] = errand_start(&poller->endpoint, poller->connection, &work);
    poller->connection = NULL;
}

static void keep_credentials(struct poller *poller, struct credentials *credentials) {
    credentials_done(&poller->endpoint.credentials);
    poller->endpoint.credentials = *credentials;
}

static void keep_connection(struct poller *poller, struct connection *connection) {
    if (poller->connection || !connection) {
        connection_free(connection);
        return;
    }
    if (!poller->endpoint.host_known)
        poller->endpoint.host = host_facts_copy(&connection->host);
    poller->endpoint.host_known = true;
    poller->connection = connection;
    poller->no_nowait = connection->no_nowait;
}

static void remember_error(struct round *round, const struct error *error) {
    round->error = *error;
    round->is_final =
        error->kind == ERROR_AUTH || error->kind == ERROR_USAGE || error->kind == ERROR_TLS;
}

static bool is_partial(const struct snapshot *snapshot) {
    for (size_t i = 0; i < snapshot->count; i++) {
        if (snapshot->guests[i].blocked)
            return true;
    }
    return false;
}

/* A partial result waits for an older call that may still bring everything. */
static void keep_snapshot(struct round *round, struct snapshot **snapshot) {
    struct snapshot **place =
        round->count > 0 && is_partial(*snapshot) ? &round->partial : &round->snapshot;
    if (*place)
        return;
    *place = *snapshot;
    *snapshot = NULL;
}

static void take_attempt(struct round *round, size_t index) {
    struct errand_result result;

    errand_take(round->attempts[index], &result);
    memmove(round->attempts + index, round->attempts + index + 1,
            (round->count - index - 1) * sizeof round->attempts[0]);
    round->count--;

    struct poll_data *data = result.data;
    keep_credentials(round->poller, &result.credentials);
    keep_connection(round->poller, result.connection);
    if (!result.good)
        remember_error(round, &result.error);
    else if (!data->nothing_blocked)
        keep_snapshot(round, &data->snapshot);
    discard_poll(data);
}

/* Looks after all attempts for a moment. */
static void watch(struct round *round) {
    int64_t until_ns = errand_now() + slice_ns;
    for (size_t i = round->count; i-- > 0 && !round->snapshot;) {
        if (errand_wait(round->attempts[i], i + 1 == round->count ? until_ns : 0))
            take_attempt(round, i);
    }
}

/* A call that is late: because a guest hangs, or because there is much to do? */
static void look_why(struct round *round, int64_t late_ns) {
    round->poller->hung = true;
    if (round->count < ATTEMPTS)
        start_attempt(round, late_ns / 2);
}

static bool goes_on(const struct round *round, int64_t end_ns) {
    if (round->partial && !round->count)
        return false;
    return !round->snapshot && !round->is_final && !interrupt_requested() && errand_now() < end_ns;
}

static void try_until(struct round *round, int64_t late_ns, int64_t end_ns) {
    int64_t look_ns = errand_now() + late_ns;
    int64_t again_ns = 0;

    while (goes_on(round, end_ns)) {
        int64_t now_ns = errand_now();
        if (!round->count && now_ns >= again_ns) {
            start_attempt(round, 0);
            again_ns = now_ns + retry_ns;
            look_ns = now_ns + late_ns;
        } else if (round->count && now_ns >= look_ns && !round->partial) {
            look_why(round, late_ns);
            look_ns = now_ns + late_ns;
        }
        if (round->count)
            watch(round);
        else
            errand_sleep(slice_ns);
    }
}

static void settle(struct round *round) {
    while (round->count > 0)
        errand_abandon(round->attempts[--round->count]);
    if (!round->snapshot) {
        round->snapshot = round->partial;
        round->partial = NULL;
    }
    snapshot_free(round->partial);
}

struct snapshot *poller_round(struct poller *poller, const struct stats_wish *wish,
                              const struct poller_limits *limits, struct error *error) {
    struct round round = {.poller = poller, .wish = wish};
    int64_t start_ns = errand_now();

    try_until(&round, limits->late_ns, start_ns + limits->slow_ns);
    if (!round.partial)
        try_until(&round, limits->late_ns, start_ns + limits->deadline_ns);
    settle(&round);
    if (round.snapshot)
        return round.snapshot;
    if (interrupt_requested())
        error_set(error, ERROR_INTERRUPTED, "interrupted");
    else if (round.error.kind != ERROR_NONE)
        error_set(error, round.error.kind, "%s", round.error.message);
    else
        error_set(error, ERROR_TIMEOUT, "no statistics within %lld s",
                  (long long)(limits->deadline_ns / 1000000000));
    return NULL;
}

bool poller_run(struct poller *poller, struct errand_work *work, const char *what,
                struct error *error) {
    struct errand_result result;
    struct errand *errand = errand_start(&poller->endpoint, poller->connection, work);

    poller->connection = NULL;
    bool good = errand_finish(errand, poller->timeout_ns, what, &result);
    work->data = result.data;
    keep_credentials(poller, &result.credentials);
    keep_connection(poller, result.connection);
    return good || error_set(error, result.error.kind, "%s", result.error.message);
}

void poller_done(struct poller *poller) {
    connection_free(poller->connection);
    endpoint_done(&poller->endpoint);
    *poller = (struct poller){0};
}
