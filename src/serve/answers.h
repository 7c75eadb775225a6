/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What requests are answered with, whatever brings them. Threads may share it. */
#ifndef VPERF_SERVE_ANSWERS_H
#define VPERF_SERVE_ANSWERS_H

#include <stdbool.h>

#include "serve/body.h"
#include "serve/store.h"

struct answers;

/* A GET, taken apart; texts are borrowed. */
struct request {
    const char *path;
    const char *target;  /* the parameters; NULL when not given */
    const char *counter; /* several ones are joined by commas */
    const char *unknown; /* a parameter that is none of ours, or one too many */
    bool openmetrics;    /* how the metrics are wanted */
    bool gzip;
};

struct answer {
    unsigned status; /* of HTTP */
    const char *type;
    struct body *body; /* to be dropped */
    bool gzip;
};

/* answers_new: of what the store, which is borrowed, holds; owned by the caller. */
struct answers *answers_new(struct store *store, bool timestamps);

/* answers_free: takes NULL. */
void answers_free(struct answers *answers);

/*
 * answers_get: /metrics, whole or a part, /health and /; else a status from 400 on with a line that
 * says why. It never waits for a target. The whole of /metrics is made once per round.
 */
struct answer answers_get(struct answers *answers, const struct request *request);

/* answers_refuse: a status with a line of text; for what never gets so far. */
struct answer answers_refuse(unsigned status, const char *text);

#endif
