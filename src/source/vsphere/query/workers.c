/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A lock, a condition, and two counters: the next task to claim, and the task whose turn it is. */
#include "source/vsphere/query/workers.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/memory.h"
#include "source/vsphere/session/session.h"

struct worker {
    struct workers *workers;
    size_t index;
    pthread_t thread;
};

struct workers {
    struct session *session;
    struct channel **channels; /* NULL where none was asked for yet */
    size_t count;
    struct worker *threads; /* by number; that of the first one is the caller's */

    pthread_mutex_t lock;
    size_t started;
    pthread_cond_t changed;
    const struct workers_job *job;
    size_t next; /* task to claim */
    size_t turn; /* the first task that has not ended */
    bool failed;
    size_t failed_task;
    struct error error;
};

struct workers *workers_new(struct session *session, size_t count) {
    struct workers *workers = memory_alloc(sizeof *workers);
    workers->session = session;
    workers->count = count;
    workers->channels = memory_array(count, sizeof *workers->channels);
    workers->threads = memory_array(count, sizeof *workers->threads);
    for (size_t i = 0; i < count; i++)
        workers->threads[i] = (struct worker){.workers = workers, .index = i};
    workers->channels[0] = session->main;
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->changed, NULL);
    return workers;
}

void workers_free(struct workers *workers) {
    if (!workers)
        return;
    for (size_t i = 1; i < workers->count; i++)
        channel_free(workers->channels[i]);
    free(workers->channels);
    free(workers->threads);
    pthread_cond_destroy(&workers->changed);
    pthread_mutex_destroy(&workers->lock);
    free(workers);
}

size_t workers_count(const struct workers *workers) {
    return workers->count;
}

/* 160 KiB each: a run with one task has one. */
struct channel *workers_channel(const struct workers *workers, size_t worker) {
    if (worker && !workers->channels[worker])
        workers->channels[worker] = channel_new(workers->session);
    return workers->channels[worker];
}

static bool await_turn_locked(struct workers *workers, size_t task) {
    while (!workers->failed && workers->turn != task)
        pthread_cond_wait(&workers->changed, &workers->lock);
    return !workers->failed;
}

bool workers_await_turn(struct workers *workers, size_t task) {
    pthread_mutex_lock(&workers->lock);
    bool granted = await_turn_locked(workers, task);
    pthread_mutex_unlock(&workers->lock);
    return granted;
}

static void record_failure(struct workers *workers, size_t task, const struct error *error) {
    bool tells = error->kind != ERROR_NONE;
    if (tells && (!workers->failed || task < workers->failed_task)) {
        workers->error = *error;
        workers->failed_task = task;
    }
    workers->failed = true;
}

/*
 * Whoever gets a task starts the next worker if there is a task for it: where there is one task, it
 * is the first worker's, and no other thread or connection is made. A thread that cannot be had
 * leaves its work to the others.
 */
static void start_next(struct workers *workers, void *(*run)(void *)) {
    struct worker *next = &workers->threads[workers->started];
    if (workers->started < workers->count && pthread_create(&next->thread, NULL, run, next) == 0)
        workers->started++;
}

static void *run_tasks(void *argument) {
    const struct worker *worker = argument;
    struct workers *workers = worker->workers;
    pthread_mutex_lock(&workers->lock);
    while (!workers->failed &&
           workers->job->claim(workers->job->context, worker->index, workers->next)) {
        size_t task = workers->next++;
        struct error error = {0};
        if (workers->job->more(workers->job->context, workers->next))
            start_next(workers, run_tasks);
        pthread_mutex_unlock(&workers->lock);
        bool good = workers->job->run(workers->job->context, worker->index, task, &error);
        pthread_mutex_lock(&workers->lock);
        if (!good)
            record_failure(workers, task, &error);
        else if (await_turn_locked(workers, task))
            workers->turn++;
        pthread_cond_broadcast(&workers->changed);
    }
    pthread_mutex_unlock(&workers->lock);
    return NULL;
}

/* Also those that are started meanwhile: by one that is waited for. */
static void join_threads(struct workers *workers) {
    for (size_t i = 1;; i++) {
        pthread_mutex_lock(&workers->lock);
        bool last = i >= workers->started;
        pthread_mutex_unlock(&workers->lock);
        if (last)
            return;
        pthread_join(workers->threads[i].thread, NULL);
    }
}

bool workers_run(struct workers *workers, const struct workers_job *job, struct error *error) {
    workers->job = job;
    workers->started = 1;
    workers->next = workers->turn = 0;
    workers->failed = false;
    workers->failed_task = 0;
    error_clear(&workers->error);
    run_tasks(&workers->threads[0]);
    join_threads(workers);
    if (workers->failed)
        *error = workers->error;
    return !workers->failed;
}
