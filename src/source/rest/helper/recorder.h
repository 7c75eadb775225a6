/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * What a target was asked and what it answered, logins left out, in stand-ins from the moment on at
 * which it is kept; as files, for a report about a server that is read wrongly. Of each answer the
 * body is a file; requests.json says in their order what was asked for.
 */
#ifndef VPERF_SOURCE_REST_RECORDER_H
#define VPERF_SOURCE_REST_RECORDER_H

#include "core/error.h"
#include "source/rest/helper/http.h"

struct recorder;

/* recorder_new: of a target with this scheme. */
struct recorder *recorder_new(const char *scheme);

/* recorder_free: takes NULL. */
void recorder_free(struct recorder *recorder);

/* recorder_keep: one more call to this host that has ended; nothing for a recorder that is NULL. */
void recorder_keep(struct recorder *recorder, const char *host, const struct http_call *call);

/*
 * recorder_pack: appends the number of files, and name and bytes of each. ERROR_UNAVAILABLE when
 * the answers were too large to be kept.
 */
bool recorder_pack(const struct recorder *recorder, GByteArray *bytes, struct error *error);

#endif
