/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Work in a thread of its own that can be given up. */
#include "source/libvirt/errand.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/interrupt.h"
#include "core/memory.h"

static const int64_t second_ns = 1000000000;
static const int64_t slice_ns = 50000000;
static const int64_t close_ns = 1000000000;

enum errand_state { ERRAND_RUNS, ERRAND_ASKS, ERRAND_ENDED, ERRAND_ABANDONED };

struct errand {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    enum errand_state state; /* under the mutex; the rest belongs to the thread until it ended, */
    atomic_uint beats;       /* but for this, and for endpoint and error while it asks */
    struct endpoint endpoint;
    struct connection *connection;
    struct errand_work work;
    struct error error;
    bool good;
};

void errand_sleep(int64_t ns) {
    const struct timespec time = {ns / second_ns, ns % second_ns};
    nanosleep(&time, NULL);
}

static void errand_free(struct errand *errand) {
    endpoint_done(&errand->endpoint);
    pthread_cond_destroy(&errand->changed);
    pthread_mutex_destroy(&errand->mutex);
    free(errand);
}

static void discard(struct errand *errand) {
    connection_free(errand->connection);
    errand->work.discard(errand->work.data);
    errand_free(errand);
}

/* In the thread: lets the one who waits find the credentials, for that one owns the terminal. */
static bool ask(void *context, struct endpoint *endpoint, struct error *error) {
    struct errand *errand = context;

    pthread_mutex_lock(&errand->mutex);
    if (errand->state == ERRAND_RUNS)
        errand->state = ERRAND_ASKS;
    pthread_cond_broadcast(&errand->changed);
    while (errand->state == ERRAND_ASKS)
        pthread_cond_wait(&errand->changed, &errand->mutex);
    pthread_mutex_unlock(&errand->mutex);
    if (errand->error.kind != ERROR_NONE)
        *error = errand->error;
    return endpoint->credentials.username != NULL;
}

/* In the one who waits. */
static void answer(struct errand *errand) {
    struct target target;

    if (target_init(&target, errand->endpoint.uri, &errand->error) &&
        !credentials_init(&errand->endpoint.credentials, &target, errand->endpoint.password_file,
                          &errand->error))
        errand->endpoint.credentials = (struct credentials){0};
    target_done(&target);
    atomic_fetch_add(&errand->beats, 1);
    pthread_mutex_lock(&errand->mutex);
    errand->state = ERRAND_RUNS;
    pthread_cond_broadcast(&errand->changed);
    pthread_mutex_unlock(&errand->mutex);
}

static void do_work(struct errand *errand) {
    const struct asker asker = {ask, errand};
    if (!errand->connection)
        errand->connection = connection_new(&errand->endpoint, &asker, &errand->error);
    if (!errand->connection)
        return;
    errand->connection->beats = &errand->beats;
    errand->good = errand->work.run(errand->connection, errand->work.data, &errand->error);
    errand->connection->beats = NULL;
}

static void *run_thread(void *context) {
    struct errand *errand = context;

    do_work(errand);
    pthread_mutex_lock(&errand->mutex);
    bool is_mine = errand->state == ERRAND_ABANDONED;
    if (!is_mine)
        errand->state = ERRAND_ENDED;
    pthread_cond_broadcast(&errand->changed);
    pthread_mutex_unlock(&errand->mutex);
    if (is_mine)
        discard(errand);
    return NULL;
}

/* Signals are for the thread that started us. */
static bool start_thread(struct errand *errand) {
    sigset_t all;
    sigset_t old;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    bool good = pthread_create(&errand->thread, NULL, run_thread, errand) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return good;
}

struct errand *errand_start(const struct endpoint *endpoint, struct connection *connection,
                            const struct errand_work *work) {
    struct errand *errand = memory_alloc(sizeof *errand);
    pthread_condattr_t attributes;

    errand->endpoint = endpoint_copy(endpoint);
    errand->connection = connection;
    errand->work = *work;
    pthread_mutex_init(&errand->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&errand->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    memory_check(start_thread(errand) ? errand : NULL);
    return errand;
}

bool errand_wait(struct errand *errand, int64_t until_ns) {
    struct timespec until = {until_ns / second_ns, until_ns % second_ns};
    int failure = 0;

    pthread_mutex_lock(&errand->mutex);
    while (errand->state == ERRAND_RUNS && !failure)
        failure = pthread_cond_timedwait(&errand->changed, &errand->mutex, &until);
    enum errand_state state = errand->state;
    pthread_mutex_unlock(&errand->mutex);
    if (state == ERRAND_ASKS)
        answer(errand);
    return state == ERRAND_ENDED;
}

void errand_take(struct errand *errand, struct errand_result *result) {
    pthread_join(errand->thread, NULL);
    *result = (struct errand_result){
        .good = errand->good,
        .connection = errand->connection,
        .data = errand->work.data,
        .error = errand->error,
        .credentials = errand->endpoint.credentials,
    };
    errand->endpoint.credentials = (struct credentials){0};
    if (result->connection && !result->good && !connection_alive(result->connection)) {
        connection_free(result->connection);
        result->connection = NULL;
    }
    errand_free(errand);
}

static bool run_close(struct connection *connection, void *data, struct error *error) {
    (void)data;
    (void)error;
    connection_close(connection);
    return true;
}

static struct errand *start_close(struct connection *connection) {
    const struct endpoint nowhere = {0};
    const struct errand_work work = {run_close, free, NULL};
    return errand_start(&nowhere, connection, &work);
}

void errand_drop(struct connection *connection) {
    if (connection)
        errand_abandon(start_close(connection));
}

void errand_close(struct connection *connection) {
    struct errand_result result;
    if (!connection)
        return;

    struct errand *errand = start_close(connection);
    if (!errand_wait(errand, clock_now_ns() + close_ns)) {
        errand_abandon(errand);
        return;
    }
    errand_take(errand, &result);
    connection_free(result.connection);
}

void errand_abandon(struct errand *errand) {
    pthread_mutex_lock(&errand->mutex);
    bool runs = errand->state != ERRAND_ENDED;
    errand->state = ERRAND_ABANDONED;
    if (runs)
        pthread_detach(errand->thread);
    pthread_cond_broadcast(&errand->changed);
    pthread_mutex_unlock(&errand->mutex);
    if (!runs) {
        pthread_join(errand->thread, NULL);
        discard(errand);
    }
}

static bool give_up(struct errand *errand, enum error_kind kind, const char *what,
                    struct errand_result *result) {
    bool interrupted = kind == ERROR_INTERRUPTED;
    errand_abandon(errand);
    *result = (struct errand_result){0};
    return error_set(&result->error, kind,
                     interrupted ? "%s: interrupted" : "%s: no answer in time", what);
}

bool errand_finish(struct errand *errand, int64_t limit_ns, const char *what,
                   struct errand_result *result) {
    int64_t last_ns = clock_now_ns();
    unsigned int beats = 0;

    while (!errand_wait(errand, clock_now_ns() + slice_ns)) {
        unsigned int seen = atomic_load(&errand->beats);
        if (interrupt_requested())
            return give_up(errand, ERROR_INTERRUPTED, what, result);
        if (seen != beats)
            last_ns = clock_now_ns();
        beats = seen;
        if (clock_now_ns() - last_ns > limit_ns)
            return give_up(errand, ERROR_TIMEOUT, what, result);
    }
    errand_take(errand, result);
    return result->good;
}
