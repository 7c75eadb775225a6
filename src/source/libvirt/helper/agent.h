/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What the QEMU guest agent says of a guest. It is asked when the user wants it, and briefly. */
#ifndef VPERF_SOURCE_LIBVIRT_AGENT_H
#define VPERF_SOURCE_LIBVIRT_AGENT_H

#include "source/libvirt/helper/connection.h"
#include "source/libvirt/sample/sample.h"

/*
 * agent_read_filesystems: adds the file systems of a guest whose agent answers. It is asked once a
 * minute; in between, its last answer counts. One that does not answer within a second is left
 * alone for ten minutes, and all of them take about 2 s of a poll at most.
 */
void agent_read_filesystems(struct connection *connection, virDomainPtr domain,
                            struct guest_facts *facts, struct guest_sample *sample);

/* agent_host_name: the name that the guest has given itself, owned by the caller, or NULL. */
char *agent_host_name(struct connection *connection, virDomainPtr domain,
                      struct guest_facts *facts);

/* agent_address: the first address of the guest that is no loopback's; the same. */
char *agent_address(struct connection *connection, virDomainPtr domain, struct guest_facts *facts);

#endif
