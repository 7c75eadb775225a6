/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which entities have samples in real time. */
#ifndef VPERF_SOURCE_VSPHERE_PROVIDERS_H
#define VPERF_SOURCE_VSPHERE_PROVIDERS_H

#include "core/inventory.h"
#include "core/selection.h"
#include "source/vsphere/inventory/space.h"
#include "source/vsphere/session/channel.h"

/*
 * providers_check: an entity of each selected type has samples in real time, by what its
 * QueryPerfProviderSummary says; guests and hosts have them everywhere, and need no call. Of other
 * types the readings may want something: still becomes true for these, and a warning says so. Else
 * ERROR_USAGE names the type.
 */
bool providers_check(struct channel *channel, const struct inventory *inventory,
                     const struct selection *selection, const struct readings *readings,
                     bool still[ENTITY_TYPES], struct error *error);

#endif
