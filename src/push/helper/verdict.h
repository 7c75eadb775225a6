/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What an answer means for the request, and when the next attempt is due. */
#ifndef VPERF_PUSH_HELPER_VERDICT_H
#define VPERF_PUSH_HELPER_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

/* How a request ended. */
struct outcome {
    long status;                 /* of HTTP; 0: there was no answer */
    bool hopeless;               /* without an answer: another attempt ends the same way */
    int64_t retry_after_seconds; /* that the server asks for; 0 for none */
    const char *reason;          /* for people: the server's words, or why there was no answer */
    bool page;                   /* the answer is a web page: no database gives one */
    bool error;                  /* the answer is JSON that begins with an error */
    bool timeout;                /* which is that the database took too long */
};

enum verdict {
    VERDICT_DELIVERED,
    VERDICT_AGAIN,   /* the same request, later */
    VERDICT_SPLIT,   /* some of it is refused, or all of it is too much: in two halves */
    VERDICT_REFUSED, /* whatever is sent is refused: the URL, the credentials or trust are wrong */
};

/*
 * verdict_read: what the answer is, whatever its status says, by its type (NULL for none) and the
 * beginning of its body.
 */
void verdict_read(struct outcome *outcome, const char *type, const char *body);

/*
 * verdict_of: by the class of the status. A success is none with a web page, as login pages of
 * proxies are, nor with an error: InfluxDB 1 answers so (200) what it could not complete;
 * its timeout passes.
 */
enum verdict verdict_of(const struct outcome *outcome);

/*
 * verdict_pause_ns: before the next attempt, after so many that failed one after the other: 1 s,
 * doubled each time up to a minute, or as long as the server asks for, up to an hour.
 */
int64_t verdict_pause_ns(const struct outcome *outcome, unsigned failures);

#endif
