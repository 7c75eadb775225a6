/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Polls that end in time. libvirt's call for all guests hangs when the QEMU of one does, with
 * NOWAIT too; but while it hangs, that guest is known to be busy, and NOWAIT leaves it out of the
 * same call on another connection.
 */
#include "source/libvirt/poller.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "core/backoff.h"
#include "core/clock.h"
#include "core/memory.h"
#include "source/libvirt/sample/sample_record.h"

enum {
    STARTS = 8, /* helpers in one round, each time that all others hang */
    CAREFUL_POLLS = 10,
};

enum { SLICE_MS = 100, BRIEF_MS = 20 };

static const int64_t retry_ns = 250000000;

struct round {
    struct poller *poller;
    const struct sample_wish *wish;
    const struct poller_limits *limits;
    int64_t end_ns;    /* what is not there by then is lost */
    int64_t start_ns;  /* the first helper is started from then on */
    int64_t look_ns;   /* the second one looks for guests that hang from then on */
    int64_t poll_ns;   /* the next poll is made from then on */
    unsigned failures; /* requests and starts that failed, one after the other */
    int starts;
    struct snapshot *snapshot; /* what comes out */
    struct error error;
    bool is_final; /* trying again would not help */
};

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static void drop_helper(struct poller *poller, int index) {
    helper_client_free(poller->helpers[index]);
    poller->helpers[index] = NULL;
}

/* One that nobody needs is not worth a wait. */
static void kill_helper(struct poller *poller, int index) {
    if (poller->helpers[index])
        poller->helpers[index]->state = HELPER_BUSY;
    drop_helper(poller, index);
}

static void swap_helpers(struct poller *poller) {
    struct helper_client *first = poller->helpers[0];
    poller->helpers[0] = poller->helpers[1];
    poller->helpers[1] = first;
}

/* Waits for a moment, or until one of these helpers says something: it must then be read. */
static void wait_for_news(struct helper_client *const *helpers, nfds_t count, int slice_ms) {
    struct pollfd ends[2];
    for (nfds_t i = 0; i < count; i++)
        ends[i] = (struct pollfd){.fd = helpers[i] ? helpers[i]->process.stream.socket : -1,
                                  .events = POLLIN};
    poll(ends, count, slice_ms);
}

static bool is_idle(const struct helper_client *helper) {
    return helper && helper->state == HELPER_IDLE;
}

static bool is_busy(const struct helper_client *helper, enum message request) {
    return helper && helper->state == HELPER_BUSY && helper->request == request;
}

static void remember_error(struct round *round, int index, const struct error *error) {
    if (error->kind == ERROR_NONE)
        return;
    round->error = *error;
    round->is_final = index == 0 && (error->kind == ERROR_AUTH || error->kind == ERROR_USAGE ||
                                     error->kind == ERROR_TLS || error->kind == ERROR_PROTOCOL);
}

static bool start_helper(struct round *round, int index) {
    struct error error = {0};
    round->poller->helpers[index] = helper_client_new(&round->poller->endpoint, &error);
    round->starts++;
    remember_error(round, index, &error);
    round->is_final = round->is_final || (index == 0 && !round->poller->helpers[0]);
    return round->poller->helpers[index];
}

/* NOWAIT does not protect from guests that hang: each is looked at before it is asked. */
static bool is_careful(const struct poller *poller) {
    return poller->no_nowait && poller->careful_polls > 0;
}

static void request_poll(struct round *round, struct helper_client *helper) {
    struct poller *poller = round->poller;
    GByteArray *message = message_new(MESSAGE_POLL);
    wish_write(message, round->wish);
    record_add_number(message, is_careful(poller));
    helper->round = poller->round;
    helper_client_request(helper, message);
    round->look_ns = clock_now_ns() + round->limits->late_ns;
}

/* A call is late: because a guest hangs, or because there is much to do? */
static void request_look(struct round *round, struct helper_client *helper) {
    GByteArray *message = message_new(MESSAGE_LOOK);
    record_add_number(message, round->limits->late_ns / 2);
    helper->round = round->poller->round;
    helper_client_request(helper, message);
    round->look_ns = clock_now_ns() + round->limits->late_ns;
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
static void keep_snapshot(struct round *round, struct snapshot *snapshot) {
    int64_t now_ns = clock_now_ns();
    round->poll_ns = now_ns + retry_ns;
    if (round->snapshot) {
        snapshot_complete(round->snapshot, snapshot);
        snapshot_free(snapshot);
        return;
    }
    round->snapshot = snapshot;
    round->end_ns = smaller(round->end_ns, now_ns + round->limits->hung_ns);
}

/* Care costs a call for each guest: it ends when no guest has hung for some polls. */
static void count_careful(struct poller *poller, const struct snapshot *snapshot) {
    if (poller->careful_polls > 0)
        poller->careful_polls--;
    for (size_t i = 0; i < snapshot->failure_count; i++) {
        if (snapshot->failures[i].error.kind == ERROR_TIMEOUT)
            poller->careful_polls = CAREFUL_POLLS;
    }
}

static void read_poll(struct round *round, struct record *answer) {
    bool no_nowait = record_number(answer);
    struct snapshot *snapshot = snapshot_read(answer);
    /* A careful poll does not find out. */
    if (!is_careful(round->poller))
        round->poller->no_nowait = no_nowait;
    if (record_done(answer)) {
        count_careful(round->poller, snapshot);
        keep_snapshot(round, snapshot);
        return;
    }
    snapshot_free(snapshot);
    round->is_final = true;
    error_set(&round->error, ERROR_PROTOCOL, "the libvirt helper's answer cannot be read");
}

/* What hangs on two connections hangs on the first for longer: the second takes its place. */
static void read_look(struct round *round, struct record *answer, struct helper_client *helper) {
    if (!record_number(answer) || round->snapshot)
        return;
    round->poller->careful_polls = CAREFUL_POLLS;
    request_poll(round, helper);
}

static void handle_answer(struct round *round, struct record *answer,
                          struct helper_client *helper) {
    if (helper->round != round->poller->round)
        return;
    if (helper->request == MESSAGE_POLL)
        read_poll(round, answer);
    else if (helper->request == MESSAGE_LOOK)
        read_look(round, answer, helper);
}

static void postpone(struct round *round) {
    int64_t pause_ns = backoff_pause(retry_ns, round->failures++, round->limits->deadline_ns);
    round->start_ns = round->poll_ns = clock_now_ns() + pause_ns;
}

static void handle_event(struct round *round, int index) {
    struct helper_client *helper = round->poller->helpers[index];
    struct record answer;
    struct error error = {0};
    enum helper_event event = helper ? helper_client_next(helper, &answer, &error) : HELPER_NOTHING;
    switch (event) {
    case HELPER_ANSWERED:
        handle_answer(round, &answer, helper);
        break;
    case HELPER_LOST:
        kill_helper(round->poller, index);
        postpone(round);
        remember_error(round, index, &error);
        break;
    case HELPER_REFUSED:
        postpone(round);
        remember_error(round, index, &error);
        break;
    case HELPER_SAID:
    case HELPER_NOTHING:
        break;
    }
}

/* The second helper while the first is late. */
static void help_out(struct round *round) {
    struct poller *poller = round->poller;
    struct helper_client *second = poller->helpers[1];
    poller->second_used = poller->round;
    if (is_idle(second)) {
        request_look(round, second);
    } else if (!second && round->starts < STARTS) {
        start_helper(round, 1);
    } else if (is_busy(second, MESSAGE_POLL) && round->starts < STARTS) {
        /* Another guest hangs on the second one, and nothing waits on the first any more. */
        swap_helpers(poller);
        kill_helper(poller, 1);
        start_helper(round, 1);
    }
}

/* Starts what is due. */
static void act(struct round *round) {
    struct poller *poller = round->poller;
    struct helper_client *first = poller->helpers[0];
    struct helper_client *second = poller->helpers[1];
    int64_t now_ns = clock_now_ns();

    if (!first && is_idle(second))
        swap_helpers(poller);
    else if (!first && now_ns >= round->start_ns && round->starts < STARTS)
        start_helper(round, 0);
    else if (is_idle(first) && now_ns >= round->poll_ns)
        request_poll(round, first);
    else if (is_busy(first, MESSAGE_POLL) && !round->snapshot && now_ns >= round->look_ns)
        help_out(round);
    else if (round->snapshot && is_idle(second) && !is_idle(first) && now_ns >= round->poll_ns)
        request_poll(round, second);
}

/* While nothing but an answer is awaited, which wakes, it is long: until the answer is late. */
static int slice_of(const struct round *round) {
    int64_t left_ms = (round->look_ns - clock_now_ns()) / 1000000;
    bool awaits_answer = is_busy(round->poller->helpers[0], MESSAGE_POLL) &&
                         !round->poller->helpers[1] && !round->snapshot;
    return awaits_answer && left_ms > BRIEF_MS ? (int)MIN(left_ms, SLICE_MS) : BRIEF_MS;
}

static bool goes_on(const struct round *round) {
    if (round->is_final || cancel_requested(round->poller->cancel) ||
        clock_now_ns() >= round->end_ns)
        return false;
    return !round->snapshot || is_doubtful(round->snapshot, round->limits->hung_ns);
}

/* One that has been silent for so long will not speak again. */
static void kill_silent(struct poller *poller, int64_t poll_limit_ns) {
    for (int i = 0; i < 2; i++) {
        const struct helper_client *helper = poller->helpers[i];
        if (!helper || helper->state == HELPER_IDLE)
            continue;
        bool polls = helper->state == HELPER_BUSY;
        int64_t limit_ns = polls ? smaller(poll_limit_ns, poller->timeout_ns) : poller->timeout_ns;
        if (clock_now_ns() - helper->beat_ns > limit_ns)
            kill_helper(poller, i);
    }
}

/*
 * The first helper is the one that has the guests' facts, also when it was late in the round
 * before. But if that round got its answer from the second one, and the first still hangs, it is
 * given up.
 */
static void choose_first(struct poller *poller) {
    struct helper_client *first = poller->helpers[0];
    struct helper_client *second = poller->helpers[1];
    bool replaced = first && first->state == HELPER_BUSY && is_idle(second) &&
                    second->answered_poll && second->round + 1 == poller->round;
    if (replaced)
        kill_helper(poller, 0);
    if (!poller->helpers[0])
        swap_helpers(poller);
    if (is_idle(poller->helpers[0]) && poller->helpers[1] &&
        poller->second_used + 1 < poller->round)
        kill_helper(poller, 1);
}

struct snapshot *poller_round(struct poller *poller, const struct sample_wish *wish,
                              const struct poller_limits *limits, struct error *error) {
    struct round round = {.poller = poller,
                          .wish = wish,
                          .limits = limits,
                          .end_ns = clock_now_ns() + limits->deadline_ns};
    poller->round++;
    /* What arrives now is of rounds before. */
    for (int i = 0; i < 2; i++)
        handle_event(&round, i);
    kill_silent(poller, 2 * limits->deadline_ns);
    choose_first(poller);
    round.error = (struct error){0};
    round.is_final = false;
    round.start_ns = round.poll_ns = 0;
    while (goes_on(&round)) {
        act(&round);
        wait_for_news(poller->helpers, 2, slice_of(&round));
        for (int i = 0; i < 2; i++)
            handle_event(&round, i);
        kill_silent(poller, 2 * limits->deadline_ns);
    }
    if (round.snapshot)
        return round.snapshot;
    if (cancel_requested(poller->cancel))
        error_set(error, ERROR_INTERRUPTED, "interrupted");
    else if (round.error.kind != ERROR_NONE)
        error_set(error, round.error.kind, "%s", round.error.message);
    else
        error_set(error, ERROR_TIMEOUT, "no statistics within %lld s",
                  (long long)(limits->deadline_ns / 1000000000));
    return NULL;
}

/* A request that is no poll. */
struct call {
    struct poller *poller;
    const char *what;
    struct record *answer;
    struct error *error;
    int index; /* of the helper that gets it */
};

/* Looks after the helper for a moment; one that is lost is gone. */
static enum helper_event watch(const struct call *call) {
    struct helper_client *helper = call->poller->helpers[call->index];
    wait_for_news(&helper, 1, BRIEF_MS);
    enum helper_event event = helper_client_next(helper, call->answer, call->error);
    bool cancelled = cancel_requested(call->poller->cancel);
    if (event == HELPER_NOTHING && cancelled)
        event = HELPER_LOST;
    if (event == HELPER_LOST && cancelled)
        error_set(call->error, ERROR_INTERRUPTED, "%s: interrupted", call->what);
    if (event == HELPER_NOTHING && helper->state != HELPER_IDLE &&
        clock_now_ns() - helper->beat_ns > call->poller->timeout_ns) {
        error_set(call->error, ERROR_TIMEOUT, "%s: no answer in time", call->what);
        event = HELPER_LOST;
    }
    if (event == HELPER_LOST)
        kill_helper(call->poller, call->index);
    return event;
}

/* The first helper, unless it is busy with a poll that is late. */
static int helper_for_call(struct poller *poller) {
    if (!poller->helpers[0])
        swap_helpers(poller);
    if (!poller->helpers[0] || poller->helpers[0]->state != HELPER_BUSY)
        return 0;
    if (poller->helpers[1] && poller->helpers[1]->state == HELPER_BUSY)
        kill_helper(poller, 1);
    return 1;
}

/* Waits until there is a helper that is connected and idle. */
static bool await_idle(struct call *call) {
    struct poller *poller = call->poller;
    /* The late answer of a poll may have come. */
    for (int i = 0; i < 2; i++) {
        struct error ignored = {0};
        if (poller->helpers[i] &&
            helper_client_next(poller->helpers[i], call->answer, &ignored) == HELPER_LOST)
            kill_helper(poller, i);
    }
    call->index = helper_for_call(poller);
    if (!poller->helpers[call->index])
        poller->helpers[call->index] = helper_client_new(&poller->endpoint, call->error);
    while (poller->helpers[call->index] && !is_idle(poller->helpers[call->index]))
        watch(call);
    return poller->helpers[call->index];
}

bool poller_call(struct poller *poller, GByteArray *message, const char *what,
                 struct record *answer, struct error *error) {
    struct call call = {poller, what, answer, error, 0};
    enum helper_event event = HELPER_NOTHING;
    if (!await_idle(&call)) {
        message_free(message);
        return false;
    }
    helper_client_request(poller->helpers[call.index], message);
    while (event == HELPER_NOTHING)
        event = watch(&call);
    return event == HELPER_ANSWERED;
}

bool poller_connect(struct poller *poller, struct error *error) {
    struct record answer;
    struct call call = {poller, "cannot connect", &answer, error, 0};
    return await_idle(&call);
}

/* libvirt would take a password in the URI for a part of the user name, and show it to ps. */
static char *bare_uri(const struct endpoint *endpoint) {
    struct target target;
    struct error error = {0};
    char *uri = NULL;
    if (target_init(&target, endpoint->uri, &error))
        uri = memory_strdup(target.password ? target.text : endpoint->uri);
    target_done(&target);
    return uri;
}

static GByteArray *write_opening(const struct endpoint *endpoint) {
    const struct poller *poller = (const struct poller *)endpoint;
    GByteArray *message = message_new(MESSAGE_OPEN);
    char *uri = bare_uri(endpoint);
    record_add_text(message, uri);
    record_add_number(message, poller->read_write);
    record_add_number(message, poller->host_known);
    host_facts_write(message, &poller->host);
    free(uri);
    return message;
}

static void read_host(struct endpoint *endpoint, struct record *answer) {
    struct poller *poller = (struct poller *)endpoint;
    host_facts_done(&poller->host);
    poller->host = host_facts_read(answer);
    poller->host_known = true;
}

static const struct endpoint_ops libvirt_helper = {
    .process = {"vperf-libvirt", "the libvirt helper"},
    .library = "libvirt's library",
    .open = write_opening,
    .opened = read_host,
};

void poller_init(struct poller *poller, const char *uri, const char *password_file) {
    *poller = (struct poller){0};
    poller->endpoint.ops = &libvirt_helper;
    poller->endpoint.path = process_path(libvirt_helper.process.program);
    poller->endpoint.uri = memory_strdup(uri);
    poller->endpoint.password_file = memory_strdup(password_file);
}

void poller_done(struct poller *poller) {
    for (int i = 0; i < 2; i++)
        drop_helper(poller, i);
    endpoint_done(&poller->endpoint);
    host_facts_done(&poller->host);
    *poller = (struct poller){0};
}
