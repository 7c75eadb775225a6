/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/session/retry.h"

#include <stddef.h>
#include <stdsoap2.h>

enum {
    MAX_ATTEMPTS = 8,
    FIRST_PAUSE_MS = 200, /* before the second attempt; doubled before each further one */
    REFUSED_FIRST_SECONDS = 300,
    REFUSED_LONGEST_SECONDS = 3600,
};

bool retry_helps(const struct attempt *attempt) {
    static const int passing[] = {SOAP_EOF, SOAP_TCP_ERROR, SOAP_SSL_ERROR, 502, 503, 504};
    if (attempt->final || attempt->broken)
        return !attempt->final;
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
        if (passing[i] == attempt->result)
            return true;
    return false;
}

int64_t retry_at(unsigned attempts, int64_t now_ms, int64_t limit_ms) {
    int64_t at_ms = now_ms + backoff_pause(FIRST_PAUSE_MS, attempts - 1, limit_ms);
    return attempts < MAX_ATTEMPTS && at_ms < limit_ms ? at_ms : 0;
}

enum renewal retry_renewal(unsigned of_call, unsigned of_session, const struct backoff *refused,
                           int64_t now_ns) {
    if (of_call != of_session)
        return RENEWAL_DONE;
    return backoff_holds(refused, now_ns) ? RENEWAL_HELD : RENEWAL_LOGIN;
}

void retry_login_refused(struct backoff *refused, int64_t now_ns) {
    backoff_extend(refused, now_ns, REFUSED_FIRST_SECONDS, REFUSED_LONGEST_SECONDS);
}
