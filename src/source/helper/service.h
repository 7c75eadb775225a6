/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The side of a helper: it says hello, and answers one request after the other. */
#ifndef VPERF_SOURCE_HELPER_SERVICE_H
#define VPERF_SOURCE_HELPER_SERVICE_H

#include "core/credentials.h"
#include "core/stream.h"
#include "source/helper/message.h"

/* What a helper does with requests; the context is the one of service_run. */
struct service_ops {
    /* is_open: MESSAGE_OPEN has been answered; until then no other request can be. */
    bool (*is_open)(void *context);
    /* answer: appends the answer; false with the error, or without when it is no request of its. */
    bool (*answer)(void *context, enum message kind, struct record *request, GByteArray *answer,
                   struct error *error);
    /* is_alive: after one that failed, others can be answered. */
    bool (*is_alive)(void *context);
};

/* service_send: ends the message, sends all of it, and frees it. False when nobody reads. */
bool service_send(struct stream *stream, GByteArray *message);

/* service_login: user name and password, which vperf finds, for it owns the terminal. */
bool service_login(struct stream *stream, struct credentials *credentials, struct error *error);

/* service_run: answers until the stream ends, or nothing can be answered any more. */
void service_run(struct stream *stream, const struct service_ops *ops, void *context);

#endif
