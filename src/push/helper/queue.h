/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Requests that wait to be sent, in bounded memory. */
#ifndef VPERF_PUSH_HELPER_QUEUE_H
#define VPERF_PUSH_HELPER_QUEUE_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The body of a request. */
struct batch {
    GByteArray *body; /* compressed */
    int64_t samples;
    int64_t round; /* the newest round of which nothing comes behind it; 0 for none */
    bool part;     /* of one that was split */
};

struct queue {
    GQueue batches; /* the oldest first */
    size_t bytes;   /* of all bodies */
    size_t limit;
    bool sending; /* the first one is on its way: it stays */
};

/* queue_init: empty; limit is in bytes. */
void queue_init(struct queue *queue, size_t limit);

/* queue_done: frees all batches. */
void queue_done(struct queue *queue);

/* queue_add: takes over the body; drops the oldest batches that no longer fit, and returns how many
 * samples they had. A batch that is dropped leaves its round to the one behind it.
 */
int64_t queue_add(struct queue *queue, GByteArray *body, int64_t samples);

/* queue_end_round: what comes from now on is of later rounds; false when nothing is queued. */
bool queue_end_round(struct queue *queue, int64_t round);

/* queue_first: the oldest batch, or NULL. */
struct batch *queue_first(const struct queue *queue);

/* queue_remove: removes the oldest batch, and returns its round. */
int64_t queue_remove(struct queue *queue);

/* queue_split: puts two bodies, which it takes over, in place of the oldest batch's. */
void queue_split(struct queue *queue, GByteArray *first, GByteArray *second);

/* queue_samples: those of all batches. */
int64_t queue_samples(const struct queue *queue);

/* queue_full: no other batch should come for now. */
bool queue_full(const struct queue *queue);

#endif
