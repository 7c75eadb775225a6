/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Workers with a connection each, and turns that keep the order of what they do side by side. */
#ifndef VPERF_SOURCE_VSPHERE_WORKERS_H
#define VPERF_SOURCE_VSPHERE_WORKERS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "source/vsphere/session/channel.h"

struct workers;

/* Tasks are numbered from 0 in the order in which they are claimed. */
struct workers_job {
    void *context;
    /* claim: gets the next task ready for a worker; one at a time. False: there are no more. */
    bool (*claim)(void *context, size_t worker, size_t task);
    /*
     * run: does the task on the worker's connection. What has to happen in the order of the tasks
     * is done after workers_await_turn. False ends the whole run.
     */
    bool (*run)(void *context, size_t worker, size_t task, struct error *error);
    /* more: a task of this number, the next one, may be there to claim: a worker is started for it.
     */
    bool (*more)(void *context, size_t task);
};

/* workers_new: count workers, the first on the session's main connection; owned by the caller. */
struct workers *workers_new(struct session *session, size_t count);

/* workers_free: closes the connections but the main one. Takes NULL. */
void workers_free(struct workers *workers);

/* workers_count: the number of workers. */
size_t workers_count(const struct workers *workers);

/* workers_channel: the connection of a worker, which it alone asks for. */
struct channel *workers_channel(const struct workers *workers, size_t worker);

/*
 * workers_run: all tasks of the job. False when one failed; the error is that of the first in order
 * that is known to have failed.
 */
bool workers_run(struct workers *workers, const struct workers_job *job, struct error *error);

/* workers_await_turn: waits until all tasks before this one have ended; false when the run ends. */
bool workers_await_turn(struct workers *workers, size_t task);

#endif
