/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * One piece of work on a connection, in a thread of its own: a call into libvirt may hang for as
 * long as a guest or a network does, and then it is left alone with everything it holds.
 */
#ifndef VPERF_SOURCE_LIBVIRT_ERRAND_H
#define VPERF_SOURCE_LIBVIRT_ERRAND_H

#include "source/libvirt/helper/connection.h"

struct errand;

/* What is to be done. It owns all its data: nobody else may look at it while the thread runs. */
struct errand_work {
    bool (*run)(struct connection *connection, void *data, struct error *error);
    void (*discard)(void *data); /* frees the data when nobody waits any more */
    void *data;
};

/* What came out of it, the caller's from then on. */
struct errand_result {
    bool good;
    struct connection *connection; /* NULL when it was lost, or not made */
    void *data;
    struct error error;
    struct credentials credentials; /* those that libvirt asked for */
};

/*
 * errand_start: begins the work on the connection, which it takes, or on a new one when that is
 * NULL. The endpoint is copied.
 */
struct errand *errand_start(const struct endpoint *endpoint, struct connection *connection,
                            const struct errand_work *work);

/*
 * errand_wait: waits for the end until this time of CLOCK_MONOTONIC, in ns; true at the end. Finds
 * credentials, by a prompt if need be, when libvirt asks for them.
 */
bool errand_wait(struct errand *errand, int64_t until_ns);

/*
 * errand_finish: waits as long as no call takes more than limit_ns, and ends at an interrupt. False
 * when the work failed or was given up, with the error; what names the work in it.
 */
bool errand_finish(struct errand *errand, int64_t limit_ns, const char *what,
                   struct errand_result *result);

/* errand_take: the result of an ended errand; frees the errand. */
void errand_take(struct errand *errand, struct errand_result *result);

/* errand_abandon: leaves the thread alone; it frees everything should it ever end. */
void errand_abandon(struct errand *errand);

/* errand_drop: ends a connection that nobody waits for. Takes NULL. */
void errand_drop(struct connection *connection);

/* errand_close: ends a connection, or leaves it alone when that takes long. Takes NULL. */
void errand_close(struct connection *connection);

/* errand_sleep: sleeps for this many ns, or less when a signal comes. */
void errand_sleep(int64_t ns);

#endif
