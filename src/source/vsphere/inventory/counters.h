/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The counter catalogue of a server. */
#ifndef VPERF_SOURCE_VSPHERE_COUNTERS_H
#define VPERF_SOURCE_VSPHERE_COUNTERS_H

#include "core/catalog.h"
#include "source/vsphere/session/channel.h"

/* counters_object: the object of the property collector that has the catalogue, borrowed. */
const struct session_moref *counters_object(const struct channel *channel);

/* counters_property: what it calls the catalogue. */
extern const char counters_property[];

/* counters_add: adds the counters that a retrieved object has; others are left alone. */
void counters_add(struct catalog *catalog, const struct vim25__ObjectContent *object);

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
