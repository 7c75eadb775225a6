/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The snapshots that were taken of a guest: how many, how old, and what space they cost. */
#ifndef VPERF_SOURCE_LIBVIRT_GUEST_SNAPSHOTS_H
#define VPERF_SOURCE_LIBVIRT_GUEST_SNAPSHOTS_H

#include "source/libvirt/helper/connection.h"

/*
 * guest_snapshots_read: adds what is known of the guest's snapshots to its sample. They are read
 * at once the first time, then every ten minutes, in each poll for as many guests as take no time
 * to speak of; the poll is then one call, as without them. Absent where the driver has none.
 */
void guest_snapshots_read(struct connection *connection, virDomainPtr domain,
                          struct guest_facts *facts, struct guest_sample *sample);

#endif
