/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * A helper: a process with one connection to libvirt, seen from the program. Nothing here waits,
 * but for the user who types a password.
 */
#ifndef VPERF_SOURCE_HELPER_CLIENT_H
#define VPERF_SOURCE_HELPER_CLIENT_H

#include "core/credentials.h"
#include "core/process.h"
#include "source/helper/message.h"
#include "source/libvirt/host.h"

/* What is needed to connect, once more if need be. */
struct endpoint {
    char *path; /* of the helper's executable */
    char *uri;  /* password included */
    char *password_file;
    bool read_write;
    struct credentials credentials; /* once they were asked for; then not again */
    struct credentials *kept;       /* as in source_options */
    bool host_known;                /* nor is the host, which can take the daemon seconds */
    struct host_facts host;
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
    int64_t beat_ns;      /* when it was last heard of, or asked */
};

enum helper_event {
    HELPER_NOTHING,  /* no news, or none that matters */
    HELPER_ANSWERED, /* the request is answered */
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

/* helper_client_free: ends the process, a busy one at once, an idle one after a second; or NULL. */
void helper_client_free(struct helper_client *helper);

#endif
