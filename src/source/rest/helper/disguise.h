/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Stand-ins for what an answer tells of somebody's machines. One text has the same stand-in
 * wherever it stands, so that answers still belong together, and a stand-in is of the same shape: a
 * UUID for a UUID, an address for an address. What is not known to be harmless is replaced.
 */
#ifndef VPERF_SOURCE_REST_DISGUISE_H
#define VPERF_SOURCE_REST_DISGUISE_H

#include <stdbool.h>
#include <stddef.h>

struct disguise;

/* disguise_new: knows no text yet. */
struct disguise *disguise_new(void);

/* disguise_free: wipes what it knows. Takes NULL. */
void disguise_free(struct disguise *disguise);

/* disguise_text: the stand-in of a text, owned by the disguise; "" for "". */
const char *disguise_text(struct disguise *disguise, const char *text);

/*
 * disguise_value: what a member of this name may say, the caller's: itself if the name vouches for
 * it, or with stand-ins in those of its parts that need one. The name "" vouches for nothing: it is
 * that of members which anybody may have named.
 */
char *disguise_value(struct disguise *disguise, const char *key, const char *value);

/* disguise_knows: the name is one of those that an API gives to members. */
bool disguise_knows(const char *key);

/* disguise_is_number: of C, a short one; NaN and infinity are numbers. */
bool disguise_is_number(const char *text);

/* disguise_device: a device that an API names is itself, such as scsi0; another is replaced. */
char *disguise_device(struct disguise *disguise, const char *name);

/* disguise_path: of a request, with its query; the caller's. */
char *disguise_path(struct disguise *disguise, const char *path);

/* disguise_legend: an entry of rrd_updates, AVERAGE:vm:UUID:NAME; the caller's. */
char *disguise_legend(struct disguise *disguise, const char *entry);

/*
 * disguise_body: an answer as a whole, JSON or XML, the caller's; NULL when it is neither, so that
 * nothing is known of what it says.
 */
char *disguise_body(struct disguise *disguise, const char *body, size_t size);

/* disguise_json, _xml: the two of disguise_body. */
char *disguise_json(struct disguise *disguise, const char *body, size_t size);
char *disguise_xml(struct disguise *disguise, const char *body, size_t size);

/* disguise_call: method and arguments of an XML-RPC request but the first, the session: NAME A,B.
 */
char *disguise_call(struct disguise *disguise, const char *body);

#endif
