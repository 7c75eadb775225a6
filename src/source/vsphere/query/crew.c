/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A lock, a condition, and two counters: the next task to claim, and the task whose turn it is. */
#include "source/vsphere/query/crew.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/memory.h"
#include "source/vsphere/session/session.h"

struct crew {
    struct channel **channels;
    size_t size;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    const struct crew_work *work;
    size_t next; /* task to claim */
    size_t turn; /* the first task that has not ended */
    bool failed;
    size_t failed_task;
    struct error error;
};

struct worker {
    struct crew *crew;
    size_t index;
    pthread_t thread;
};

struct crew *crew_new(struct session *session, size_t jobs) {
    struct crew *crew = memory_alloc(sizeof *crew);
    crew->size = jobs;
    crew->channels = memory_array(jobs, sizeof *crew->channels);
    crew->channels[0] = session->main;
    for (size_t i = 1; i < jobs; i++)
        crew->channels[i] = channel_new(session);
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->changed, NULL);
    return crew;
}

void crew_free(struct crew *crew) {
    if (!crew)
        return;
    for (size_t i = 1; i < crew->size; i++)
        channel_free(crew->channels[i]);
    free(crew->channels);
    pthread_cond_destroy(&crew->changed);
    pthread_mutex_destroy(&crew->lock);
    free(crew);
}

size_t crew_size(const struct crew *crew) {
    return crew->size;
}

struct channel *crew_channel(const struct crew *crew, size_t worker) {
    return crew->channels[worker];
}

static bool await_turn_locked(struct crew *crew, size_t task) {
    while (!crew->failed && crew->turn != task)
        pthread_cond_wait(&crew->changed, &crew->lock);
    return !crew->failed;
}

bool crew_await_turn(struct crew *crew, size_t task) {
    pthread_mutex_lock(&crew->lock);
    bool granted = await_turn_locked(crew, task);
    pthread_mutex_unlock(&crew->lock);
    return granted;
}

static void record_failure(struct crew *crew, size_t task, const struct error *error) {
    bool tells = error->kind != ERROR_NONE;
    if (tells && (!crew->failed || task < crew->failed_task)) {
        crew->error = *error;
        crew->failed_task = task;
    }
    crew->failed = true;
}

static void run_tasks(struct crew *crew, size_t worker) {
    pthread_mutex_lock(&crew->lock);
    while (!crew->failed && crew->work->claim(crew->work->context, worker, crew->next)) {
        size_t task = crew->next++;
        struct error error = {0};
        pthread_mutex_unlock(&crew->lock);
        bool good = crew->work->run(crew->work->context, worker, task, &error);
        pthread_mutex_lock(&crew->lock);
        if (!good)
            record_failure(crew, task, &error);
        else if (await_turn_locked(crew, task))
            crew->turn++;
        pthread_cond_broadcast(&crew->changed);
    }
    pthread_mutex_unlock(&crew->lock);
}

static void *run_worker(void *argument) {
    const struct worker *worker = argument;
    run_tasks(worker->crew, worker->index);
    return NULL;
}

bool crew_run(struct crew *crew, const struct crew_work *work, struct error *error) {
    struct worker *workers = memory_array(crew->size, sizeof *workers);
    size_t started = 1;
    crew->work = work;
    crew->next = crew->turn = 0;
    crew->failed = false;
    crew->failed_task = 0;
    error_clear(&crew->error);
    for (; started < crew->size; started++) {
        workers[started] = (struct worker){.crew = crew, .index = started};
        if (pthread_create(&workers[started].thread, NULL, run_worker, &workers[started]) != 0)
            break; /* the others do the work */
    }
    run_tasks(crew, 0);
    for (size_t i = 1; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    free(workers);
    if (crew->failed)
        *error = crew->error;
    return !crew->failed;
}
