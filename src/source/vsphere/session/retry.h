/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Whether a call that failed is made again, when, and whether with a new login. */
#ifndef VPERF_SOURCE_VSPHERE_RETRY_H
#define VPERF_SOURCE_VSPHERE_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/backoff.h"

/* How an attempt ended. */
struct attempt {
    int result;  /* of gSOAP */
    bool broken; /* the answer, or its connection, ended before it was whole */
    bool final;  /* interrupted, out of time, too long, cut too often, closing, not trusted */
};

/* retry_helps: the same call may succeed: the connection broke, or the service is starting. */
bool retry_helps(const struct attempt *attempt);

/* retry_at: when the next attempt of a call may be made; 0 when it has no time or attempts left. */
int64_t retry_at(unsigned attempts, int64_t now_ms, int64_t limit_ms);

/* What a call does whose session has ended. */
enum renewal {
    RENEWAL_DONE,  /* another connection has logged in since: the call is made again */
    RENEWAL_LOGIN, /* log in */
    RENEWAL_HELD,  /* a login was refused a while ago: another one may lock the account */
};

/* retry_renewal: by the logins that the call and the session know, and the refusal of one. */
enum renewal retry_renewal(unsigned of_call, unsigned of_session, const struct backoff *refused,
                           int64_t now_ns);

/* retry_login_refused: the server refused to log us in again. */
void retry_login_refused(struct backoff *refused, int64_t now_ns);

#endif
