/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The gSOAP context of a session: modes, limits, time limits, cookie, user agent. */
#ifndef VPERF_SOURCE_VSPHERE_TRANSPORT_H
#define VPERF_SOURCE_VSPHERE_TRANSPORT_H

#include "source/vsphere/session.h"

/* transport_new: a context for the session, owned by the caller. The session must have its TLS. */
struct soap *transport_new(struct session *session);

/* transport_free: closes the connection and frees the context. Takes NULL. */
void transport_free(struct soap *soap);

/* transport_limit: the next call ends after this time, by a timeout of each phase as well. */
void transport_limit(struct session *session, int seconds);

/* transport_now_ms: milliseconds on a clock that does not jump. */
int64_t transport_now_ms(void);

#endif
