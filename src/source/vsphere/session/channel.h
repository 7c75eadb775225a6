/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * A connection to the server with its gSOAP context, used by one thread; several share a session.
 * CALL is how every operation of the vSphere API is called.
 */
#ifndef VPERF_SOURCE_VSPHERE_CHANNEL_H
#define VPERF_SOURCE_VSPHERE_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "soapH.h"

enum {
    CHANNEL_POLL_MS = 100,      /* how soon a waiting channel sees a signal */
    CHANNEL_MAX_ANSWER_MIB = 64 /* no more is read of one answer */
};

struct session;

struct channel {
    struct session *session;
    struct soap *soap;
    struct cookies *cookies;
    unsigned generation; /* of the login that the cookies belong to */

    int patience_seconds; /* a time limit below that of the session; 0 for none */

    /* Of the call under way, or the last one. */
    int64_t first_ms;    /* when it was made for the first time */
    int64_t started_ms;  /* when it was made the last time */
    int64_t deadline_ms; /* of the last time */
    unsigned attempts;
    bool renewed;     /* it has logged in again */
    unsigned repeats; /* calls of the connection that were made again, since it was opened */
    struct wire_memory memory; /* that the answer may still take */
    uint64_t received;         /* bytes of the answer */
    uint64_t head_received;    /* those of them before its body */
    bool in_head;              /* what comes next is of the answer's head */
    size_t line_length;        /* of its line at hand, so far */
    char tail[4];              /* the last bytes received */
    char start[1024];          /* the first ones */
    bool whole;    /* the answer is read to its end: the connection may serve another call */
    bool broken;   /* the connection ended before the answer did */
    bool too_long; /* the answer is larger than CHANNEL_MAX_ANSWER_MIB */
    bool damaged;  /* the answer was compressed, and cannot be what the server compressed */
    bool drains;   /* the answer is read to its end, and no further */
    bool timed_out;
    bool interrupted;
    bool closing;           /* signals no longer end calls */
    int result;             /* of gSOAP */
    const char *tls_advice; /* about the handshake that failed; NULL for none */
    char fault_type[64];    /* "" when it met no fault */
    char fault_object[80];  /* id of the managed object that the fault names; "" when none */
    bool exhausted;         /* more was asked for than the answer has by its length */
    bool cut;               /* the answer came whole, and its text ends in the middle */

    size_t (*receive)(struct soap *soap, char *buffer, size_t length);
    int (*parse_head)(struct soap *soap);
    int (*parse_header)(struct soap *soap, const char *key, const char *value);
    int (*post_header)(struct soap *soap, const char *key, const char *value);
};

/* channel_new: not yet connected, owned by the caller. The session must have its TLS. */
struct channel *channel_new(struct session *session);

/* channel_free: closes the connection. Takes NULL. */
void channel_free(struct channel *channel);

/*
 * CALL: one operation; true when it succeeded. The answer lives until the next call. A session that
 * has ended is renewed once, and a connection that broke is made anew, within the time limit of the
 * session; channel->repeats then grows. On failure the error names the target; channel->fault_type
 * names the fault.
 */
#define CALL(channel, operation, request, response, error)                                         \
    __extension__({                                                                                \
        int result_ = SOAP_OK;                                                                     \
        channel_first(channel);                                                                    \
        do {                                                                                       \
            channel_begin(channel);                                                                \
            result_ =                                                                              \
                soap_call___vim25__##operation((channel)->soap, (channel)->session->endpoint,      \
                                               (channel)->session->action, request, response);     \
        } while (channel_again(channel, #operation, &result_));                                    \
        channel_end(channel, #operation, result_, error);                                          \
    })

/* channel_first, channel_begin, channel_again, channel_end: the parts of CALL. */
void channel_first(struct channel *channel);
void channel_begin(struct channel *channel);
bool channel_again(struct channel *channel, const char *operation, int *result);
bool channel_end(struct channel *channel, const char *operation, int result, struct error *error);

/* channel_may_wait: no signal has come and the call has time left; else the channel notes which. */
bool channel_may_wait(struct channel *channel);

#endif
