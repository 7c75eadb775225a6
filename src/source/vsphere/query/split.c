/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A stack of pieces: what is halved goes back as two, the first one on top. */
#include "source/vsphere/query/split.h"

#include <assert.h>
#include <stdlib.h>

#include "core/memory.h"

/* A server that falls silent is asked for much less at once: each try costs a whole time limit. */
enum { SILENCE_DIVISOR = 4, SIZE_DIVISOR = 2, MAX_OVERSIZED = 3 };

static void push(struct split *split, const struct split_piece *piece) {
    if (!piece->items)
        return;
    split->pending =
        memory_grow(split->pending, split->count, &split->capacity, sizeof *split->pending);
    split->pending[split->count++] = *piece;
}

/* The items from first on, with all their counters. */
static struct split_piece piece_of(const struct split *split, size_t first, size_t count,
                                   size_t window) {
    struct split_piece piece = {.item = first, .items = count, .window = window};
    for (size_t i = first; i < first + count; i++)
        piece.metrics += split->items[i].metrics;
    if (count == 1)
        piece.counters = split->items[first].counters;
    return piece;
}

static bool has_windows(const struct split_item *items, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (items[i].windows > 1)
            return true;
    return false;
}

/* In windows, items come one after the other: each has its samples together. */
static void push_windows(struct split *split, size_t count) {
    for (size_t i = count; i-- > 0;)
        for (size_t window = split->items[i].windows; window-- > 0;) {
            struct split_piece piece = piece_of(split, i, 1, window);
            push(split, &piece);
        }
}

void split_init(struct split *split, const struct split_item *items, size_t count) {
    assert(count <= SPLIT_MAX_ITEMS);
    *split = (struct split){.items = items};
    if (has_windows(items, count)) {
        push_windows(split, count);
        return;
    }
    struct split_piece all = piece_of(split, 0, count, 0);
    push(split, &all);
}

void split_done(struct split *split) {
    free(split->pending);
    *split = (struct split){0};
}

/* The piece can be asked for in parts. */
static bool is_divisible(const struct split_piece *piece) {
    return piece->items > 1 || piece->counters > 1;
}

static void push_halves(struct split *split, const struct split_piece *piece) {
    struct split_piece first = *piece, second = *piece;
    if (piece->items > 1) {
        size_t half = piece->items / 2;
        first = piece_of(split, piece->item, half, piece->window);
        second = piece_of(split, piece->item + half, piece->items - half, piece->window);
    } else {
        first.counters = piece->counters / 2;
        first.metrics = piece->metrics / 2;
        second.counter += first.counters;
        second.counters -= first.counters;
        second.metrics -= first.metrics;
    }
    push(split, &second);
    push(split, &first);
}

static uint64_t bit(size_t item) {
    return UINT64_C(1) << item;
}

bool split_next(struct split *split, size_t limit, struct split_piece *piece) {
    while (split->count) {
        *piece = split->pending[--split->count];
        if (piece->items == 1 && split->ended & bit(piece->item))
            continue;
        if (!is_divisible(piece) || piece->metrics <= limit)
            return true;
        push_halves(split, piece);
    }
    return false;
}

static enum split_loss lose_item(struct split *split, size_t item) {
    bool known = split->reported & bit(item);
    split->reported |= bit(item);
    return known ? SPLIT_NOTHING_LOST : SPLIT_ITEM_LOST;
}

/* The piece goes on without the object. */
static enum split_loss lose_object(struct split *split, const struct split_piece *piece,
                                   size_t object) {
    size_t end = piece->item + piece->items;
    struct split_piece before = piece_of(split, piece->item, object - piece->item, piece->window);
    struct split_piece behind = piece_of(split, object + 1, end - object - 1, piece->window);
    push(split, &behind);
    push(split, &before);
    split->ended |= bit(object);
    return lose_item(split, object);
}

static enum split_loss lose_last(struct split *split, const struct split_piece *piece,
                                 enum split_verdict verdict) {
    if (verdict == SPLIT_REFUSED_COUNTER)
        return SPLIT_COUNTER_LOST;
    /* What is too large with one counter may do with another, but each try can cost 64 MiB. */
    if (verdict == SPLIT_TOO_LONG)
        split->oversized[piece->item]++;
    if (verdict == SPLIT_REFUSED || split->oversized[piece->item] >= MAX_OVERSIZED)
        split->ended |= bit(piece->item);
    return lose_item(split, piece->item);
}

/* Fewer counters do not help an entity that is refused itself. */
static bool helps_to_halve(const struct split_piece *piece, enum split_verdict verdict) {
    return piece->items > 1 || (piece->counters > 1 && verdict != SPLIT_REFUSED);
}

enum split_loss split_judge(struct split *split, const struct split_piece *piece,
                            enum split_verdict verdict, size_t object, size_t *lost) {
    *lost = piece->item;
    if (verdict == SPLIT_UNEXPANDED) {
        split->count = 0;
        return SPLIT_INSTANCES_DUE;
    }
    if (verdict == SPLIT_REFUSED_OBJECT) {
        *lost = object;
        return lose_object(split, piece, object);
    }
    if (!helps_to_halve(piece, verdict))
        return lose_last(split, piece, verdict);
    push_halves(split, piece);
    return SPLIT_NOTHING_LOST;
}

size_t split_smaller(const struct split_piece *piece, enum split_verdict verdict) {
    bool for_size = verdict == SPLIT_TOO_LARGE || verdict == SPLIT_TOO_LONG;
    if ((!for_size && verdict != SPLIT_SILENT) || !is_divisible(piece))
        return 0;
    size_t size = piece->metrics / (verdict == SPLIT_SILENT ? SILENCE_DIVISOR : SIZE_DIVISOR);
    return size ? size : 1;
}
