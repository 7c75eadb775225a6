/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Polls that end in time. libvirt's call for all guests hangs when the QEMU of one does, with
 * NOWAIT too; but while it hangs, that guest is known to be busy, and NOWAIT leaves it out of the
 * same call on another connection.
 */
#include "source/libvirt/poller.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
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
    bool answered;    /* the last one that was started has ended */
    int64_t asked_ns; /* when it was started */
    int64_t end_ns;   /* what is not there by then is lost */
    int64_t hung_ns;
    struct snapshot *snapshot; /* what comes out */
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
    round->answered = false;
    round->asked_ns = clock_now_ns();
    poller->connection = NULL;
}

/* Those of work that was given up are lost with it; what was known before is still good. */
static void keep_credentials(struct poller *poller, struct credentials *credentials) {
    if (!credentials->username)
        return;
    credentials_done(&poller->endpoint.credentials);
    poller->endpoint.credentials = *credentials;
}

static void keep_connection(struct poller *poller, struct connection *connection) {
    if (poller->connection || !connection) {
        errand_drop(connection);
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

/* A guest that was left out, and not for long enough to say that it hangs. */
static bool is_doubtful(const struct snapshot *snapshot, int64_t hung_ns) {
    for (size_t i = 0; i < snapshot->count; i++) {
        if (snapshot->guests[i].blocked && snapshot->guests[i].blocked_ms < hung_ns / 1000000)
            return true;
    }
    return false;
}

/* The first one counts; later ones bring what it lacks, for which there is little time. */
static void keep_snapshot(struct round *round, struct snapshot **snapshot) {
    int64_t doubt_ns = clock_now_ns() + round->hung_ns;

    if (round->snapshot) {
        snapshot_complete(round->snapshot, *snapshot);
        return;
    }
    round->snapshot = *snapshot;
    *snapshot = NULL;
    if (doubt_ns < round->end_ns)
        round->end_ns = doubt_ns;
}

static void take_attempt(struct round *round, size_t index) {
    struct errand_result result;

    errand_take(round->attempts[index], &result);
    round->answered = round->answered || index + 1 == round->count;
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
    int64_t until_ns = clock_now_ns() + slice_ns;
    if (!round->count)
        errand_sleep(slice_ns);
    for (size_t i = round->count; i-- > 0;) {
        if (errand_wait(round->attempts[i], i + 1 == round->count ? until_ns : 0))
            take_attempt(round, i);
    }
}

/* A call that is late: because a guest hangs, or because there is much to do? */
static void look_why(struct round *round, int64_t late_ns) {
    round->poller->hung = true;
    start_attempt(round, late_ns / 2);
}

static bool goes_on(const struct round *round) {
    if (round->is_final || interrupt_requested() || clock_now_ns() >= round->end_ns)
        return false;
    return !round->snapshot || is_doubtful(round->snapshot, round->hung_ns);
}

/* Calls that hang are given time; what failed, or left out a guest, is soon tried again. */
static bool is_due(const struct round *round, int64_t late_ns) {
    bool soon = !round->count || (round->snapshot && round->answered);
    return round->count < ATTEMPTS &&
           clock_now_ns() >= round->asked_ns + (soon ? retry_ns : late_ns);
}

static void try_all(struct round *round, int64_t late_ns) {
    while (goes_on(round)) {
        if (!is_due(round, late_ns))
            watch(round);
        else if (round->count)
            look_why(round, late_ns);
        else
            start_attempt(round, 0);
    }
    while (round->count > 0)
        errand_abandon(round->attempts[--round->count]);
}

struct snapshot *poller_round(struct poller *poller, const struct stats_wish *wish,
                              const struct poller_limits *limits, struct error *error) {
    struct round round = {.poller = poller,
                          .wish = wish,
                          .end_ns = clock_now_ns() + limits->deadline_ns,
                          .hung_ns = limits->hung_ns};

    try_all(&round, limits->late_ns);
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
    errand_close(poller->connection);
    endpoint_done(&poller->endpoint);
    *poller = (struct poller){0};
}
