/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * What program and helper say to each other: one record each, which begins with its kind. The
 * program asks one thing at a time, and the helper answers once.
 */
#ifndef VPERF_SOURCE_HELPER_MESSAGE_H
#define VPERF_SOURCE_HELPER_MESSAGE_H

#include "core/inventory.h"
#include "core/message.h"
#include "source/libvirt/sample/sample.h"

enum message {
    /* The helper's. */
    MESSAGE_HELLO,   /* the first one: the version */
    MESSAGE_BEAT,    /* a call of libvirt came back, and more is to be done */
    MESSAGE_LOGIN,   /* libvirt wants user name and password */
    MESSAGE_ANSWER,  /* what was asked for */
    MESSAGE_FAILURE, /* an error, and whether the connection is still there */
    /* The program's. */
    MESSAGE_CREDENTIALS, /* the answer to MESSAGE_LOGIN: both, or an error */
    MESSAGE_OPEN,        /* URI, whether to write, the host if known; answer: the host */
    MESSAGE_INVENTORY,   /* bits of enum selection_context; answer: the entities */
    MESSAGE_LOOK,        /* a limit in ns; answer: whether a guest has been blocked for longer */
    MESSAGE_POLL,        /* wish, careful; answer: whether NOWAIT is not known, the snapshot */
    MESSAGE_PERIOD,      /* seconds, UUIDs; answer: number of changed guests, failures */
    MESSAGE_ABOUT,       /* answer: the versions of hypervisor and library, for people */
    MESSAGES,
};

/* message_kind: reads the kind; MESSAGES when it is none. */
enum message message_kind(struct record *record);

/* inventory_write: appends the entities, their source left out. */
void inventory_write(GByteArray *bytes, const struct inventory *inventory);

/* inventory_read: a new inventory, owned by the caller. */
struct inventory *inventory_read(struct record *record);

/* wish_write: appends a wish. */
void wish_write(GByteArray *bytes, const struct sample_wish *wish);

/* wish_read: reads a wish. */
struct sample_wish wish_read(struct record *record);

#endif
