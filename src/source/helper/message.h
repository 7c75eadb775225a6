/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * What program and helpers say to each other: one record each, which begins with its kind. The
 * program asks one thing at a time, and the helper answers once; what it says before belongs to the
 * answer.
 */
#ifndef VPERF_SOURCE_HELPER_MESSAGE_H
#define VPERF_SOURCE_HELPER_MESSAGE_H

#include "core/error.h"
#include "core/inventory.h"
#include "core/message.h"

enum message {
    /* Of a helper. */
    MESSAGE_HELLO,   /* the first one: the version */
    MESSAGE_BEAT,    /* a call came back, and more is to be done */
    MESSAGE_LOGIN,   /* it wants user name and password */
    MESSAGE_ANSWER,  /* what was asked for */
    MESSAGE_FAILURE, /* an error, and whether the connection is still there */
    /* Of the program. */
    MESSAGE_CREDENTIALS, /* the answer to MESSAGE_LOGIN: both, or an error */
    MESSAGE_OPEN,        /* what is needed to connect; answer: what is known then */
    MESSAGE_INVENTORY,   /* answer: the entities */
    MESSAGE_ABOUT,       /* answer: what the target tells of itself */
    /* Of the program to vperf-libvirt. */
    MESSAGE_LOOK,   /* a limit in ns; answer: whether a guest has been blocked for longer */
    MESSAGE_POLL,   /* wish, careful; answer: whether NOWAIT is not known, the snapshot */
    MESSAGE_PERIOD, /* seconds, UUIDs; answer: number of changed guests, failures */
    /* Of the program to vperf-rest; see source/rest/. */
    MESSAGE_CATALOG, /* answer: the counters */
    MESSAGE_NOW,     /* answer: the source's present */
    MESSAGE_ROUND,   /* a window; answer: when the next one is due */
    /* Of vperf-rest in a round, and of any time: */
    MESSAGE_EVENT,  /* one of struct source_events */
    MESSAGE_REPORT, /* level and text of a struct reporter */
    /* Of the program to vperf-rest again: */
    MESSAGE_SAVE, /* answer: number of files, then name and block of each */
    MESSAGES,
};

/* message_kind: reads the kind; MESSAGES when it is none. */
enum message message_kind(struct record *record);

/* inventory_write: appends the entities, their source left out. */
void inventory_write(GByteArray *bytes, const struct inventory *inventory);

/* inventory_read: a new inventory, owned by the caller. */
struct inventory *inventory_read(struct record *record);

/* error_write: appends kind and message. */
void error_write(GByteArray *bytes, const struct error *error);

/* error_read: sets kind and message. */
void error_read(struct record *record, struct error *error);

#endif
