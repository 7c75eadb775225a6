/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The cookies of one server: that of its session, and those of load balancers, which lead further
 * requests to the same server. They are secrets, and go back as they came.
 */
#ifndef VPERF_SOURCE_VSPHERE_COOKIES_H
#define VPERF_SOURCE_VSPHERE_COOKIES_H

/* The server's own. */
#define COOKIES_SESSION "vmware_soap_session"

struct cookies;

/* cookies_new: none yet; owned by the caller. */
struct cookies *cookies_new(void);

/* cookies_free: wipes them. Takes NULL. */
void cookies_free(struct cookies *cookies);

/*
 * cookies_set: takes over what a header line Set-Cookie says, or drops the cookie when it has
 * expired. path is that of the request. Those for other paths, too large ones, and those beyond a
 * number that no server needs are not kept.
 */
void cookies_set(struct cookies *cookies, const char *line, const char *path);

/* cookies_drop: forgets the cookie of this name. */
void cookies_drop(struct cookies *cookies, const char *name);

/* cookies_copy: makes cookies the same as others. */
void cookies_copy(struct cookies *cookies, const struct cookies *others);

/* cookies_line: the header line for a request, owned by cookies until they change; NULL for none.
 */
const char *cookies_line(const struct cookies *cookies);

#endif
