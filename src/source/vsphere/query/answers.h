/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What an answer of QueryPerf has of each entity: mostly one part, but a server may give several.
 */
#ifndef VPERF_SOURCE_VSPHERE_ANSWERS_H
#define VPERF_SOURCE_VSPHERE_ANSWERS_H

#include <glib.h>

#include "source/vsphere/wire/wire.h"

enum { ANSWERS_PARTS = 8 }; /* of one entity that are read */

struct answers {
    struct vim_entity_metric *metrics; /* the parts of all entities, borrowed */
    GHashTable *first;                 /* number of the first part + 1, by id */
    size_t *next;                      /* number of the entity's next part + 1; 0 for none */
};

/* The parts of one entity, in the order of the answer. */
struct answer {
    struct vim_entity_metric *parts[ANSWERS_PARTS];
    size_t count;
    size_t left_out; /* parts beyond that */
};

/* answers_init: for the metrics of an answer, which are borrowed; answers_done is due. */
void answers_init(struct answers *answers, struct vim_entity_metric *metrics, size_t count);

/*
 * answers_find: the parts of the entity. A value that an earlier part has for the same series and
 * time becomes VIM_ABSENT.
 */
void answers_find(const struct answers *answers, const char *id, struct answer *answer);

/* answers_sort: puts the series of the part into the order of their counters' ids. */
void answers_sort(struct vim_entity_metric *part);

/* answers_done: frees what answers_init made. */
void answers_done(struct answers *answers);

#endif
