/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "push/helper/queue.h"

#include <stdlib.h>

#include "core/memory.h"

void queue_init(struct queue *queue, size_t limit) {
    *queue = (struct queue){.limit = limit};
    g_queue_init(&queue->batches);
}

static struct batch *new_batch(GByteArray *body, int64_t samples) {
    struct batch *batch = memory_alloc(sizeof *batch);
    *batch = (struct batch){.body = body, .samples = samples};
    return batch;
}

static void free_batch(struct batch *batch) {
    g_byte_array_free(batch->body, TRUE);
    free(batch);
}

void queue_done(struct queue *queue) {
    while (queue_first(queue))
        queue_remove(queue);
}

/* The oldest one that may be dropped; NULL when there is none. */
static struct batch *droppable(struct queue *queue) {
    return g_queue_peek_nth(&queue->batches, queue->sending ? 1 : 0);
}

static int64_t drop(struct queue *queue, struct batch *batch) {
    int64_t samples = batch->samples;
    g_queue_remove(&queue->batches, batch);
    queue->bytes -= batch->body->len;
    free_batch(batch);
    return samples;
}

int64_t queue_add(struct queue *queue, GByteArray *body, int64_t samples) {
    int64_t dropped = 0;
    while (queue->bytes + body->len > queue->limit && droppable(queue))
        dropped += drop(queue, droppable(queue));
    g_queue_push_tail(&queue->batches, new_batch(body, samples));
    queue->bytes += body->len;
    return dropped;
}

bool queue_end_round(struct queue *queue, int64_t round) {
    struct batch *last = g_queue_peek_tail(&queue->batches);
    if (last)
        last->round = round;
    return last;
}

struct batch *queue_first(const struct queue *queue) {
    return g_queue_peek_head((GQueue *)&queue->batches);
}

int64_t queue_remove(struct queue *queue) {
    struct batch *first = queue_first(queue);
    int64_t round = first->round;
    queue->sending = false;
    drop(queue, first);
    return round;
}

void queue_split(struct queue *queue, GByteArray *first, GByteArray *second) {
    struct batch *old = queue_first(queue);
    int64_t half = old->samples / 2;
    struct batch *rest = new_batch(second, old->samples - half);
    struct batch *begin = new_batch(first, half);
    rest->round = old->round;
    rest->part = begin->part = true;
    queue_remove(queue);
    g_queue_push_head(&queue->batches, rest);
    g_queue_push_head(&queue->batches, begin);
    queue->bytes += first->len + second->len;
}

int64_t queue_samples(const struct queue *queue) {
    int64_t samples = 0;
    for (const GList *at = queue->batches.head; at; at = at->next)
        samples += ((const struct batch *)at->data)->samples;
    return samples;
}

bool queue_full(const struct queue *queue) {
    return queue->bytes >= queue->limit / 2;
}
