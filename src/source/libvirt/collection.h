/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The polls of one target at even distances, and what becomes of each entity in them. */
#ifndef VPERF_SOURCE_LIBVIRT_COLLECTION_H
#define VPERF_SOURCE_LIBVIRT_COLLECTION_H

#include "source/libvirt/poller.h"
#include "source/source.h"

/* What the rounds need; all borrowed. */
struct collection_input {
    struct poller *poller;
    const char *name;              /* of the target, for messages */
    const struct catalog *catalog; /* of mapping_catalog */
    const struct selection *selection;
    const struct source_options *options;
    int32_t interval; /* seconds between two polls */
    /*
     * renew: lists the guests anew and calls collection_follow with them; the inventory before goes
     * away. False with the error.
     */
    bool (*renew)(void *context, struct error *error);
    void *context;
};

struct collection;

/* collection_new: nothing polled yet; owned by the caller. */
struct collection *collection_new(const struct collection_input *input);

/* collection_follow: the entities are those of this inventory, which is borrowed. */
void collection_follow(struct collection *collection, const struct inventory *inventory);

/*
 * collection_round: one poll; emits the sample of the interval since the poll before. The first one
 * emits none. False when the output failed, on an interrupt, or when the poll is lost.
 */
bool collection_round(struct collection *collection, const struct source_events *events,
                      struct error *error);

/* collection_due: when the next poll is due, at even distances from the first. */
struct due collection_due(const struct collection *collection);

/* collection_free: takes NULL. */
void collection_free(struct collection *collection);

#endif
