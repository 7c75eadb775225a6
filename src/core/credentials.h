/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* User name and password, from the places that DESIGN.md and govc name. */
#ifndef VPERF_CORE_CREDENTIALS_H
#define VPERF_CORE_CREDENTIALS_H

#include "core/error.h"
#include "core/target.h"

struct credentials {
    char *username;
    char *password; /* a secret */
};

/*
 * credentials_init: user name from the target, VPERF_USERNAME or GOVC_USERNAME; password from
 * password_file (its first line; may be NULL), the target, VPERF_PASSWORD or GOVC_PASSWORD, or a
 * prompt on the terminal. A target that yields comes after the variables. ERROR_USAGE says what is
 * missing and where to put it, or why it cannot be sent.
 */
bool credentials_init(struct credentials *credentials, const struct target *target,
                      const char *password_file, struct error *error)
    __attribute__((warn_unused_result));

/*
 * credentials_token: stores the first line of the file, or VPERF_TOKEN when path is NULL, as a
 * secret; NULL when that is not set either. ERROR_USAGE as with password files.
 */
bool credentials_token(const char *path, char **token, struct error *error)
    __attribute__((warn_unused_result));

/* credentials_move: to gets what from has, and from has nothing any more. */
void credentials_move(struct credentials *to, struct credentials *from);

/* credentials_done: wipes and frees both. */
void credentials_done(struct credentials *credentials);

#endif
