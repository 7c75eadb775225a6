/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which series of an answer are what was asked for: a server may send others, or one twice. */
#ifndef VPERF_SOURCE_VSPHERE_WANTED_H
#define VPERF_SOURCE_VSPHERE_WANTED_H

#include <glib.h>

#include "source/vsphere/query/query.h"
#include "source/vsphere/wire/wire.h"

/* Of one entity. */
struct wanted {
    const struct query *query;
    const struct query_item *item;
    const struct vim_series *first; /* of the answer */
    const struct vim_series *run;   /* the first of those of one counter that follow each other */
    GHashTable *met;                /* all so far; NULL as long as the counters ascend */
    size_t place;                   /* of the counter that was found last, in the item */
};

/* wanted_init: for the answer to the item, of which first is the first series. wanted_done is due.
 */
void wanted_init(struct wanted *wanted, const struct query *query, const struct query_item *item,
                 const struct vim_series *first);

/*
 * wanted_counter: the counter of the series, which is behind all that were given before; NULL when
 * it was not asked for, or is not the first readable one of its counter and instance.
 */
const struct counter *wanted_counter(struct wanted *wanted, const struct vim_series *series);

/* wanted_done: frees what wanted_init made. */
void wanted_done(struct wanted *wanted);

#endif
