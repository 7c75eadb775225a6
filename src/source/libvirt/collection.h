/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The polls of one target at even distances, and what became of each entity in them. */
#ifndef VPERF_SOURCE_LIBVIRT_COLLECTION_H
#define VPERF_SOURCE_LIBVIRT_COLLECTION_H

#include "source/libvirt/poller.h"
#include "source/source.h"

/* What the rounds need; all borrowed. */
struct collection_input {
    struct poller *poller;
    const char *name;                  /* of the target, for messages */
    const struct catalog *catalog;     /* of mapping_catalog */
    const struct inventory *inventory; /* sorted */
    const struct selection *selection;
    const struct source_options *options;
    int32_t interval; /* seconds between two polls */
};

struct collection;

/* collection_new: nothing polled yet; owned by the caller. */
struct collection *collection_new(const struct collection_input *input);

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
