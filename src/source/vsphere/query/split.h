/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Which piece of a batch is asked for next, after what the server said to the last one. Servers
 * have limits that nobody documents: a refused piece is halved, by items first and then by the
 * counters of the last one. Nothing here makes a call.
 */
#ifndef VPERF_SOURCE_VSPHERE_SPLIT_H
#define VPERF_SOURCE_VSPHERE_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SPLIT_MAX_ITEMS = 64 }; /* of one batch */

/* One entity of the batch. */
struct split_item {
    size_t counters;
    size_t metrics; /* pairs of counter and instance that are expected */
    size_t windows; /* stretches of time that are asked for one after the other; at least 1 */
};

/* What one call asks for: items in a row in one window; of a single item, some of its counters. */
struct split_piece {
    size_t item; /* the first */
    size_t items;
    size_t counter; /* the first of a single item; 0 for several items */
    size_t counters;
    size_t metrics;
    size_t window;
};

/* What the server said to a piece. */
enum split_verdict {
    SPLIT_TOO_LARGE,       /* it refuses calls or answers of this size */
    SPLIT_TOO_LONG,        /* it answers, with more than is read of any answer */
    SPLIT_SILENT,          /* no answer in time: it may be too much work */
    SPLIT_REFUSED_OBJECT,  /* it refuses the entity that its fault names */
    SPLIT_REFUSED_COUNTER, /* it refuses a counter that its fault does not name */
    SPLIT_REFUSED,         /* it refuses the piece for a reason of its own */
    SPLIT_UNEXPANDED,      /* it gave '*' back instead of the instances that it stands for */
};

/* What is lost by it. */
enum split_loss {
    SPLIT_NOTHING_LOST,
    SPLIT_ITEM_LOST,     /* some or all data of the item; once per item */
    SPLIT_COUNTER_LOST,  /* the piece's only counter */
    SPLIT_INSTANCES_DUE, /* nothing more is asked until the instances are listed by name */
};

struct split {
    const struct split_item *items;
    struct split_piece *pending; /* the next one last */
    size_t count;
    size_t capacity;
    uint64_t ended;    /* bits of the items that are no longer asked */
    uint64_t reported; /* bits of the items that are known to have lost something */
    unsigned char
        oversized[SPLIT_MAX_ITEMS]; /* single counters of the item whose answers were too long */
};

/* split_init: all of the batch, whose items are borrowed; split_done is due. */
void split_init(struct split *split, const struct split_item *items, size_t count);

/* split_done: frees what is left. */
void split_done(struct split *split);

/*
 * split_next: the next piece to ask for, divided until it holds at most limit metrics, or a single
 * counter. False when all has been asked for.
 */
bool split_next(struct split *split, size_t limit, struct split_piece *piece);

/*
 * split_judge: the piece was not answered; what is left of it is asked for next. object is the item
 * that the fault names, for SPLIT_REFUSED_OBJECT. *lost becomes the item that the loss is about.
 */
enum split_loss split_judge(struct split *split, const struct split_piece *piece,
                            enum split_verdict verdict, size_t object, size_t *lost);

/* split_smaller: the most metrics to ask for after this verdict on the piece; 0 for no news. */
size_t split_smaller(const struct split_piece *piece, enum split_verdict verdict);

#endif
