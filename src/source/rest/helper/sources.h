/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The sources that live in vperf-rest. Each is a struct source_ops as those of source/source.h, and
 * knows nothing of the process: serve.c calls it for vperf, and passes its events on. What differs:
 * - name, help, takes, keeps_samples, recorded, schemes are not read here: those of the entry in
 *   source/rest/rest.c count.
 * - open gets a target with user name and password; where these came from is vperf's business. An
 *   ERROR_AUTH makes vperf read a password file again at the next attempt.
 * - source_options holds password_file NULL, ca_file, thumbprint, known_hosts, insecure, measures,
 *   timeout_seconds, reporter, jobs; marks, resume and kept are NULL. target and labels are stamped
 *   by vperf. cancel ends the work when vperf is gone or waits for nothing but close.
 * - Entities of events are those of the inventory that was given last by inventory() or renewed;
 *   an inventory is renewed within a round by events->renewed, which is never NULL here. One that
 *   has left the inventory can be named in ended() all the same.
 * - Counters of events are those of the catalogue, by address or name.
 * - A selection lives as long as the source.
 * - due: at_ns is of clock_boot_ns, which is the same in both processes.
 * - A call that takes long says something now and then: each request over HTTP is reported.
 */
#ifndef VPERF_SOURCE_REST_SOURCES_H
#define VPERF_SOURCE_REST_SOURCES_H

#include "source/source.h"

extern const struct source_ops pve_hosted;
extern const struct source_ops xapi_hosted;

/* sources_find: the hosted source of this scheme, or NULL. */
const struct source_ops *sources_find(const char *scheme);

#endif
