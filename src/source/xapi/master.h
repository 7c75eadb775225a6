/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The master of a pool, logged in at, and the calls of it. */
#ifndef VPERF_SOURCE_XAPI_MASTER_H
#define VPERF_SOURCE_XAPI_MASTER_H

#include "source/rest/helper/http.h"
#include "source/xapi/wire/answer.h"

struct master;

/*
 * master_open: logs in at the target, or at the master that it names, under the same rules of
 * trust. Target and options are borrowed as long as the session lives.
 */
struct master *master_open(const struct target *target, const struct source_options *options,
                           struct error *error);

/* master_close: logs out and frees. Takes NULL. */
void master_close(struct master *master);

/*
 * master_call: the value of a call with these arguments behind the session's, up to a NULL; owned
 * by the caller. A session that XAPI has ended is begun anew, once, and at the target when the
 * master that it named is gone. NULL with ERROR_FAULT when XAPI refuses, with its code in the
 * message.
 */
json_t *master_call(struct master *master, const char *method, const char *const *arguments,
                    struct error *error);

/*
 * master_begin: the same call for http_run, beside others; master_end takes its value and frees it.
 * Ended tells that the session has: after master_renew the call is worth another try.
 */
struct http_call master_begin(const struct master *master, const char *method,
                              const char *const *arguments);
json_t *master_end(const struct master *master, struct http_call *call, const char *method,
                   bool *ended, struct error *error);

/* master_renew: logs in again, for a session that a host has ended. */
bool master_renew(struct master *master, struct error *error);

/* master_reference: what requests for rows carry; a secret, borrowed until the next call. */
const char *master_reference(const struct master *master);

/* master_http: for requests to hosts of the pool. */
struct http_pool *master_http(const struct master *master);

/* master_peer: where the calls go. */
struct http_peer *master_peer(const struct master *master);

/*
 * master_host: the host of the pool with this address, which is that of an answer; NULL with the
 * error when it is no address or name.
 */
struct http_peer *master_host(const struct master *master, const char *address,
                              struct error *error);

#endif
