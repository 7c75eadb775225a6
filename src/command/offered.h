/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* How many guests and hosts of a source offer each counter. */
#ifndef VPERF_COMMAND_OFFERED_H
#define VPERF_COMMAND_OFFERED_H

#include <glib.h>

#include "core/log.h"
#include "source/source.h"

struct offered {
    size_t guests;
    size_t hosts;
};

/*
 * offered_read: a table from names of counters to struct offered, owned by the caller; NULL with
 * the error. A source without a past is polled twice, a second apart. What is lost of an entity is
 * logged and counted in *missing.
 */
GHashTable *offered_read(struct source *source, const struct selection *selection,
                         const struct log *log, size_t *missing, struct error *error);

#endif
