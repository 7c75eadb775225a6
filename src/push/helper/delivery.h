/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One destination: what waits to be sent, how sending goes, and what is told about it. */
#ifndef VPERF_PUSH_HELPER_DELIVERY_H
#define VPERF_PUSH_HELPER_DELIVERY_H

#include "core/stream.h"
#include "push/helper/encoding.h"
#include "push/helper/http.h"
#include "push/helper/outage.h"
#include "push/helper/queue.h"
#include "push/protocol.h"

struct delivery {
    struct stream *stream; /* to vperf */
    const struct encoding *encoding;
    struct http *http;
    struct queue queue;
    int64_t timeout_ns;
    bool endless;
    bool patient;
    bool ended;        /* nothing more comes */
    bool interrupted;  /* and there is little time */
    bool given_up;     /* nothing more is sent */
    int64_t alive_ns;  /* when it last went on: nothing was left to send, or something was taken */
    int64_t due_ns;    /* when the next attempt may begin */
    unsigned failures; /* attempts, one after the other */
    struct outage outage;
    struct outage overflow; /* while more comes than can be kept */
    int64_t dropped;        /* samples that this has cost so far */
    unsigned splits;        /* that may still be made for what is refused of a batch */
    struct outage refusals; /* which of them are told */
    int64_t round;          /* the newest of which nothing is left */
    int64_t samples;
    int64_t lost;
    int64_t refused; /* of these: they will never be taken */
    char *reason;    /* of the last failure or refusal; NULL for none */
    char *refusal;   /* of the first one; NULL for none */
};

/* delivery_init: one way to the URL of the setup. */
void delivery_init(struct delivery *delivery, struct stream *stream,
                   const struct push_setup *setup);

/* delivery_done: frees what it holds. */
void delivery_done(struct delivery *delivery);

/* delivery_add: a body of so many samples, which it takes over. */
void delivery_add(struct delivery *delivery, GByteArray *body, int64_t samples);

/* delivery_end_round: what was added so far is all of this round and those before. */
void delivery_end_round(struct delivery *delivery, int64_t round);

/* delivery_end: nothing more is added, and what is there is to be sent in a limited time. */
void delivery_end(struct delivery *delivery);

/* delivery_step: takes what the last request has come to, and begins the next if it is due. */
void delivery_step(struct delivery *delivery);

/* delivery_wait_ms: how long nothing is to be done if nothing happens. */
int delivery_wait_ms(const struct delivery *delivery);

/* delivery_over: nothing is left after the end; then the account is complete. */
bool delivery_over(const struct delivery *delivery);

/* delivery_account: the account to vperf. */
void delivery_account(const struct delivery *delivery);

#endif
