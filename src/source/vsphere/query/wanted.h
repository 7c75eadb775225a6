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
    GHashTable *met;
};

/* wanted_init: for the answer to the item. wanted_done is due. */
void wanted_init(struct wanted *wanted, const struct query *query, const struct query_item *item);

/*
 * wanted_has: the series, which has to live until wanted_done, was asked for, and is the first of
 * its counter and instance.
 */
bool wanted_has(const struct wanted *wanted, const struct vim_series *series);

/* wanted_done: frees what wanted_init made. */
void wanted_done(struct wanted *wanted);

#endif
