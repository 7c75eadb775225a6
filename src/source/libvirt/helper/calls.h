/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Numbers that need a call each: those of guests where there is no bulk call, and the host's. */
#ifndef VPERF_SOURCE_LIBVIRT_CALLS_H
#define VPERF_SOURCE_LIBVIRT_CALLS_H

#include "source/libvirt/helper/connection.h"
#include "source/libvirt/sample/sample.h"

/*
 * calls_complete: asks call by call for what the sample lacks and is wanted, and moves the sample's
 * time to the middle of these calls. A call that the driver does not have is not made again, nor
 * one for a device that gave nothing, until its guest's facts are renewed. The facts may be NULL.
 * False when the guest is gone, or with the error when it does not tell even its state.
 */
bool calls_complete(struct connection *connection, virDomainPtr domain, struct guest_facts *facts,
                    struct guest_sample *sample, struct error *error);

/* calls_host: the host's own numbers that are wanted; what is not available stays absent. */
void calls_host(struct connection *connection, struct host_sample *host, bool each_cpu);

#endif
