/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One run of collect: polls at even distances, and what became of each entity in them. */
#ifndef VPERF_SOURCE_LIBVIRT_COLLECTION_H
#define VPERF_SOURCE_LIBVIRT_COLLECTION_H

#include "source/libvirt/poller.h"
#include "source/source.h"

/* What a run needs; all borrowed. */
struct collection_input {
    struct poller *poller;
    const char *name;                  /* of the target, for messages */
    const struct catalog *catalog;     /* of mapping_catalog */
    const struct inventory *inventory; /* sorted */
    const struct selection *selection;
    const struct source_options *options;
    const struct source_events *events;
};

/*
 * collection_run: polls samples + 1 times. Samples are kept in memory, 16 bytes each, and given to
 * the events when the last poll is over; or earlier, in several blocks each in inventory order,
 * when there would be more than 64 MiB of them. False when the output failed, on an interrupt, or
 * when no poll but the first worked.
 */
bool collection_run(const struct collection_input *input, struct error *error);

#endif
