/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A lock, a condition, and two counters: the next task to claim, and the task whose turn it is. */
#include "source/vsphere/query/workers.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/memory.h"
#include "source/vsphere/session/session.h"

struct workers {
    struct channel **channels;
    size_t count;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    const struct workers_job *job;
    size_t next; /* task to claim */
    size_t turn; /* the first task that has not ended */
    bool failed;
    size_t failed_task;
    struct error error;
};

struct worker {
    struct workers *workers;
    size_t index;
    pthread_t thread;
};

struct workers *workers_new(struct session *session, size_t count) {
    struct workers *workers = memory_alloc(sizeof *workers);
    workers->count = count;
    workers->channels = memory_array(count, sizeof *workers->channels);
    workers->channels[0] = session->main;
    for (size_t i = 1; i < count; i++)
        workers->channels[i] = channel_new(session);
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
    pthread_cond_destroy(&workers->changed);
    pthread_mutex_destroy(&workers->lock);
    free(workers);
}

size_t workers_count(const struct workers *workers) {
    return workers->count;
}

struct channel *workers_channel(const struct workers *workers, size_t worker) {
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

static void run_tasks(struct workers *workers, size_t worker) {
    pthread_mutex_lock(&workers->lock);
    while (!workers->failed && workers->job->claim(workers->job->context, worker, workers->next)) {
        size_t task = workers->next++;
        struct error error = {0};
        pthread_mutex_unlock(&workers->lock);
        bool good = workers->job->run(workers->job->context, worker, task, &error);
        pthread_mutex_lock(&workers->lock);
        if (!good)
            record_failure(workers, task, &error);
        else if (await_turn_locked(workers, task))
            workers->turn++;
        pthread_cond_broadcast(&workers->changed);
    }
    pthread_mutex_unlock(&workers->lock);
}

static void *run_worker(void *argument) {
    const struct worker *worker = argument;
    run_tasks(worker->workers, worker->index);
    return NULL;
}

bool workers_run(struct workers *workers, const struct workers_job *job, struct error *error) {
    struct worker *threads = memory_array(workers->count, sizeof *threads);
    size_t started = 1;
    workers->job = job;
    workers->next = workers->turn = 0;
    workers->failed = false;
    workers->failed_task = 0;
    error_clear(&workers->error);
    for (; started < workers->count; started++) {
        threads[started] = (struct worker){.workers = workers, .index = started};
        if (pthread_create(&threads[started].thread, NULL, run_worker, &threads[started]) != 0)
            break; /* the others do the work */
    }
    run_tasks(workers, 0);
    for (size_t i = 1; i < started; i++)
        pthread_join(threads[i].thread, NULL);
    free(threads);
    if (workers->failed)
        *error = workers->error;
    return !workers->failed;
}
