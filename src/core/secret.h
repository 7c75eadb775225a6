/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Passwords: one copy however many own it, wiped by the last of them, in no core dump or swap. */
#ifndef VPERF_CORE_SECRET_H
#define VPERF_CORE_SECRET_H

#include <stddef.h>

/*
 * secret_protect_process: from now on the process leaves no core dump, and only root may trace it
 * or read its environment; for secrets that are in a library's memory too.
 */
void secret_protect_process(void);

/*
 * secret_new: size zeroed bytes, to be freed by secret_free; it protects the process.
 */
char *secret_new(size_t size) __attribute__((returns_nonnull));

/* secret_copy: a copy of the text; NULL for NULL. */
char *secret_copy(const char *text);

/* secret_share: the secret itself, which has one more owner; takes NULL. */
char *secret_share(char *secret);

/* secret_free: one owner less; wipes what has none. Takes NULL. */
void secret_free(char *secret);

#endif
