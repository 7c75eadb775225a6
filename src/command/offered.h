/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* How many guests and hosts of a source offer each counter. */
#ifndef VPERF_COMMAND_OFFERED_H
#define VPERF_COMMAND_OFFERED_H

#include <glib.h>

#include "source/source.h"

struct offered {
    size_t guests;
    size_t hosts;
};

/* Who asks. */
struct offered_request {
    const struct selection *selection;
    void *context;
    /* missing: data of the target is lost; a line for people. */
    void (*missing)(void *context, const char *reason);
    /* absent: entities that nothing came of; may be NULL. */
    void (*absent)(void *context, const struct absence *absence);
    const struct inventory *inventory; /* becomes the source's */
};

/*
 * offered_read: a table from names of counters to struct offered, owned by the caller; NULL with
 * the error. A source without a past is polled twice, a second apart.
 */
GHashTable *offered_read(struct source *source, struct offered_request *request,
                         struct error *error);

#endif
