/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * A helper: a process with one connection to a target, seen from the program. Nothing here waits,
 * but for the user who types a password.
 */
#ifndef VPERF_SOURCE_HELPER_CLIENT_H
#define VPERF_SOURCE_HELPER_CLIENT_H

#include "core/credentials.h"
#include "core/process.h"
#include "source/helper/message.h"

struct endpoint;

/* One kind of helper. */
struct endpoint_ops {
    struct process_kind process;
    const char *library; /* for people: without which it cannot run */
    /* open: the message of MESSAGE_OPEN, which the client frees. */
    GByteArray *(*open)(const struct endpoint *endpoint);
    /* opened: reads the answer to it. */
    void (*opened)(struct endpoint *endpoint, struct record *answer);
    bool talks;         /* it says more than answers: HELPER_SAID */
    int64_t goodbye_ns; /* how long one that is busy may take to end; 0: it is killed */
};

/* What is needed to connect, once more if need be. The first member of who knows more. */
struct endpoint {
    const struct endpoint_ops *ops;
    char *path;                  /* of the helper's executable */
    char *uri;                   /* password included */
    const struct target *target; /* of the login; NULL: the one that the URI makes */
    char *password_file;
    struct credentials credentials; /* once they were asked for; then not again */
    struct credentials *kept;       /* as in source_options */
};

/* endpoint_done: wipes and frees. */
void endpoint_done(struct endpoint *endpoint);

enum helper_state {
    HELPER_STARTS, /* until it says hello */
    HELPER_OPENS,  /* until it is connected */
    HELPER_IDLE,
    HELPER_BUSY, /* with a request */
};

struct helper_client {
    struct endpoint *endpoint;
    struct process process;
    enum helper_state state;
    enum message request; /* that it is busy with, or was */
    unsigned round;       /* of the poller that the request belongs to */
    bool answered_poll;   /* the last poll of it that was started was answered */
    enum message said;    /* kind of the message of HELPER_SAID */
    int64_t beat_ns;      /* when it was last heard of, or asked */
};

enum helper_event {
    HELPER_NOTHING,  /* no news, or none that matters */
    HELPER_ANSWERED, /* the request is answered */
    HELPER_SAID,     /* something that belongs to no answer: the message, its kind read */
    HELPER_REFUSED,  /* the request failed; the helper is idle */
    HELPER_LOST,     /* the helper is of no more use: helper_client_free it */
};

/*
 * helper_client_new: starts a process that connects to the endpoint, which is borrowed. NULL with
 * the error.
 */
struct helper_client *helper_client_new(struct endpoint *endpoint, struct error *error);

/* helper_client_request: sends a request to an idle helper; ends and frees the message. */
void helper_client_request(struct helper_client *helper, GByteArray *message);

/*
 * helper_client_next: looks what has arrived. An answer is borrowed until the next call. Stores the
 * error when the request failed or the helper is lost.
 */
enum helper_event helper_client_next(struct helper_client *helper, struct record *answer,
                                     struct error *error);

/*
 * helper_client_free: ends the process. A busy one may take goodbye_ns of its endpoint until it is
 * killed, an idle one a second at least; after Ctrl-C no more than two seconds. Takes NULL.
 */
void helper_client_free(struct helper_client *helper);

#endif
