/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What an answer holds: bytes that do not change, and that several answers may share. */
#ifndef VPERF_SERVE_BODY_H
#define VPERF_SERVE_BODY_H

#include <stdatomic.h>
#include <stddef.h>

/* Fields are for reading. */
struct body {
    atomic_size_t owners;
    size_t size;
    char *data;
};

/* body_new: takes over the data, which free(3) frees; body_drop is due. */
struct body *body_new(char *data, size_t size) __attribute__((returns_nonnull));

/* body_share: the body itself, which has one more owner. */
struct body *body_share(struct body *body) __attribute__((returns_nonnull));

/* body_drop: one owner less; frees what has none. Takes NULL. */
void body_drop(struct body *body);

/* body_compressed: the same as gzip, for speed; NULL when memory is short. */
struct body *body_compressed(const struct body *body);

#endif
