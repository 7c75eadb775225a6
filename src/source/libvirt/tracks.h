/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What is remembered of each entity from round to round; guests arrive, restart, move and end. */
#ifndef VPERF_SOURCE_LIBVIRT_TRACKS_H
#define VPERF_SOURCE_LIBVIRT_TRACKS_H

#include "core/inventory.h"
#include "core/known.h"
#include "core/selection.h"
#include "source/libvirt/sample/sample.h"

/* Where a guest is in its life here. */
enum phase {
    PHASE_ABSENT,   /* it does not run here */
    PHASE_COMING,   /* it is being migrated here, and runs elsewhere */
    PHASE_BASELINE, /* it came from elsewhere: its moments belong to this host from now on */
    PHASE_RUNS,
    PHASE_LEAVING, /* it is paused for the last part of its migration away */
};

/* phase_next: what follows when the guest's sample is this one; same_run: so was the last one's. */
enum phase phase_next(enum phase before, const struct guest_sample *sample, bool same_run);

/* phase_is_here: in this phase, the guest's moments belong to this host. */
bool phase_is_here(enum phase phase);

struct track {
    unsigned char uuid[SAMPLE_UUID_SIZE];
    const struct entity *entity;
    bool selected;
    enum phase phase;
    int id;             /* libvirt's number of the run that was seen last; -1 for none */
    int settling;       /* polls in which QEMU may yet be busy with its migration here */
    bool seen;          /* what it offers was looked for */
    bool *offered;      /* by counter: this was reported */
    struct known known; /* the series that were emitted */
};

/* A run of a guest that is in no inventory: its description cannot be read. */
struct unlisted {
    unsigned char uuid[SAMPLE_UUID_SIZE];
    int id;
    unsigned polls; /* that it was seen in */
};

struct tracks {
    struct track **items; /* in inventory order, without the host */
    size_t count;
    struct track *host;  /* NULL unless it is selected */
    GHashTable *by_uuid; /* the same guests */
    size_t counters;     /* their number */
    struct unlisted *unlisted;
    size_t unlisted_count;
};

/* tracks_init: none yet. */
void tracks_init(struct tracks *tracks, size_t counters);

/* tracks_done: frees all of them. */
void tracks_done(struct tracks *tracks);

/*
 * tracks_follow: the entities are those of a new inventory, which is borrowed from now on; what was
 * remembered of those that are in it stays.
 */
void tracks_follow(struct tracks *tracks, const struct inventory *inventory,
                   const struct selection *selection);

/* tracks_find: the guest with this UUID, or NULL. */
struct track *tracks_find(const struct tracks *tracks, const unsigned char *uuid);

/* tracks_adopt: the runs of the guests are those of this first snapshot. */
void tracks_adopt(const struct tracks *tracks, const struct snapshot *now);

/*
 * tracks_outdated: a guest runs that is not known, has another name, or began another run; or one
 * has ended. The inventory is to be renewed; for the same unlisted guests only every few polls.
 */
bool tracks_outdated(const struct tracks *tracks, const struct snapshot *now);

/* tracks_note_unlisted: the inventory is the newest: a guest that is not in it is unlisted. */
void tracks_note_unlisted(struct tracks *tracks, const struct snapshot *now);

/* tracks_is_unlisted: it was so in more than one poll; in one, it may have ended after it. */
bool tracks_is_unlisted(const struct tracks *tracks, const struct guest_sample *guest);

#endif
