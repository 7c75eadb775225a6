/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The counter catalogue of a server. */
#ifndef VPERF_SOURCE_VSPHERE_COUNTERS_H
#define VPERF_SOURCE_VSPHERE_COUNTERS_H

#include <glib.h>

#include "core/catalog.h"
#include "core/globs.h"
#include "source/vsphere/session/channel.h"
#include "source/vsphere/wire/wire.h"

/* counters_object: the object of the property collector that has the catalogue, borrowed. */
const struct session_moref *counters_object(const struct channel *channel);

/* counters_property: what it calls the catalogue. */
extern const char counters_property[];

/* Where the counters go that come in answers. */
struct counters_reader {
    struct vim_counter_visitor visitor;
    struct channel *channel;
    struct catalog *catalog;
    const struct globs *wanted; /* others are left out of the catalogue; NULL for none */
    GString *name;              /* of the counter at hand */
};

/*
 * counters_begin: from now on, the counters that come over the channel go to the catalogue, those
 * that no pattern names only by their ids; counters_end is due. Everything is borrowed.
 */
void counters_begin(struct counters_reader *reader, struct channel *channel,
                    struct catalog *catalog, const struct globs *wanted);

/* counters_end: counters are for nobody from now on. */
void counters_end(struct counters_reader *reader);

/* counters_check: false for a catalogue without counters. */
bool counters_check(const struct channel *channel, const struct catalog *catalog,
                    struct error *error);

/* counters_load: perfCounter of the PerformanceManager, owned by the caller; NULL on failure. */
struct catalog *counters_load(struct channel *channel, struct error *error);

/*
 * counters_reload: adds what the server defines by now, and names counters that were only known by
 * their id. Those that there were stay valid.
 */
bool counters_reload(struct channel *channel, struct catalog *catalog, struct error *error);

#endif
