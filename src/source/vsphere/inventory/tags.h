/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Tags: vCenter's REST API knows their names, and what they are attached to. */
#ifndef VPERF_SOURCE_VSPHERE_TAGS_H
#define VPERF_SOURCE_VSPHERE_TAGS_H

#include "core/backoff.h"
#include "core/inventory.h"
#include "source/vsphere/session/channel.h"

/* All zero: nothing is known. */
struct tags {
    GHashTable *names;      /* of tags by id: "category:name" */
    GHashTable *categories; /* their names by id */
    int64_t named_ns;       /* clock_boot_ns since which names are kept */
    GHashTable *texts;      /* the tags of entities by their id; the newest that are known */
    struct backoff pause;   /* behind a failure */
    char *lost;             /* for people: why they could not be read; NULL: nothing is lost */
};

/*
 * tags_load: the entities of the inventory get their tags: "category:name" in alphabetical order,
 * with "; " between them. Two requests for 500 tags of the server, and once in an hour one more for
 * each tag and category that an entity has. When they cannot be read, they are those that were read
 * before, the inventory says so as lost, and the next attempt waits for minutes. A server other
 * than vCenter has none, and is not asked. False when a signal has come.
 */
bool tags_load(struct tags *tags, struct channel *channel, struct inventory *inventory,
               struct error *error);

/* tags_done: forgets them. */
void tags_done(struct tags *tags);

#endif
