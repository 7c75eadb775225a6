/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Workers with a connection each, and turns that keep the order of what they do side by side. */
#ifndef VPERF_SOURCE_VSPHERE_CREW_H
#define VPERF_SOURCE_VSPHERE_CREW_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "source/vsphere/session/channel.h"

struct crew;

/* Tasks are numbered from 0 in the order in which they are claimed. */
struct crew_work {
    void *context;
    /* claim: gets the next task ready for a worker; one at a time. False: there are no more. */
    bool (*claim)(void *context, size_t worker, size_t task);
    /*
     * run: does the task on the worker's connection. What has to happen in the order of the tasks
     * is done after crew_await_turn. False ends the whole run.
     */
    bool (*run)(void *context, size_t worker, size_t task, struct error *error);
};

/* crew_new: jobs workers, the first on the session's main connection; owned by the caller. */
struct crew *crew_new(struct session *session, size_t jobs);

/* crew_free: closes the connections but the main one. Takes NULL. */
void crew_free(struct crew *crew);

/* crew_size: the number of workers. */
size_t crew_size(const struct crew *crew);

/* crew_channel: the connection of a worker. */
struct channel *crew_channel(const struct crew *crew, size_t worker);

/*
 * crew_run: all tasks of the work. False when one failed; the error is that of the first in order
 * that is known to have failed.
 */
bool crew_run(struct crew *crew, const struct crew_work *work, struct error *error);

/* crew_await_turn: waits until all tasks before this one have ended; false when the run ends. */
bool crew_await_turn(struct crew *crew, size_t task);

#endif
