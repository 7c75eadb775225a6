/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Who may read: users with hashed passwords, and HTTP's basic authentication (RFC 7617) against
 * them. Threads may share them.
 */
#ifndef VPERF_SERVE_ACCOUNTS_H
#define VPERF_SERVE_ACCOUNTS_H

#include <sys/socket.h>

#include "core/error.h"

struct accounts;

/*
 * accounts_read: the users of a file, a line "NAME:HASH" for each, as htpasswd -B writes it, or
 * "NAME: HASH" below "basic_auth_users:", as a Prometheus web configuration has it; # begins a
 * comment. A hash is one of crypt(5) that is still recommended, with a cost of about a second at
 * most. ERROR_USAGE names file, line and user of what is wrong; others may read the file, but not
 * write it. Owned by the caller.
 */
struct accounts *accounts_read(const char *path, struct error *error);

/* accounts_free: takes NULL. */
void accounts_free(struct accounts *accounts);

enum accounts_verdict {
    ACCOUNTS_REFUSED,
    ACCOUNTS_ALLOWED,
    ACCOUNTS_UNKNOWN, /* too much is being checked: to be asked again, a second later */
};

/*
 * accounts_check: whether the value of a header Authorization is of one of the users; NULL is not.
 * Verdict and time are the same for a wrong password and for a user who does not exist. What was
 * found out is remembered for the next request, and is answered at once. What is not known is found
 * out by one thread at a time, for which one more waits, and as often as guesses.h says of the
 * address that it comes from, which may be NULL.
 */
enum accounts_verdict accounts_check(struct accounts *accounts, const char *authorization,
                                     const struct sockaddr *from);

#endif
