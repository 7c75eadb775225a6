/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A login on an ESXi host or vCenter, and the calls made under it. */
#ifndef VPERF_SOURCE_VSPHERE_SESSION_H
#define VPERF_SOURCE_VSPHERE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/credentials.h"
#include "core/error.h"
#include "core/log.h"
#include "soapH.h"
#include "source/source.h"
#include "source/vsphere/tls.h"

/* A managed object that outlives the answer it came in. */
struct session_moref {
    char *type;
    char *value;
};

struct session {
    struct soap *soap;
    struct tls *tls;
    const struct log *log;
    char *label;    /* host[:port when not 443] */
    char *endpoint; /* https://host:port/sdk */
    char *action;   /* SOAPAction: urn:vim25/VERSION */
    char *cookie;   /* the header line that carries the session */
    struct credentials credentials;
    int timeout_seconds;

    struct session_moref property_collector;
    struct session_moref view_manager;
    struct session_moref performance_manager;
    struct session_moref session_manager;
    struct session_moref root_folder;
    bool logged_in;

    /* Of the call under way, or the last one. */
    int64_t deadline_ms;
    int64_t started_ms;
    uint64_t received;
    bool timed_out;
    bool interrupted;
    bool closing;        /* signals no longer end calls */
    char fault_type[64]; /* "" when the last call met no fault */
    size_t (*receive)(struct soap *soap, char *buffer, size_t length);
    int (*parse_header)(struct soap *soap, const char *key, const char *value);
    int (*post_header)(struct soap *soap, const char *key, const char *value);
};

/* session_open: connects, learns the API version and logs in. NULL on failure. */
struct session *session_open(const struct target *target, const struct source_options *options,
                             struct error *error);

/* session_close: logs out and frees the session; takes NULL. */
void session_close(struct session *session);

/*
 * SESSION_CALL: one operation of the vSphere API; true when it succeeded. The answer lives until
 * the next call. On failure the error names the target; session->fault_type names the fault.
 */
#define SESSION_CALL(session, operation, request, response, error)                                 \
    (session_begin(session),                                                                       \
     session_end(session, #operation,                                                              \
                 soap_call___vim25__##operation((session)->soap, (session)->endpoint,              \
                                                (session)->action, request, response),             \
                 error))

/* session_begin: gets ready for a call; what the last one returned is gone. Use SESSION_CALL. */
void session_begin(struct session *session);

/* session_end: turns the result of a call into an error. Use SESSION_CALL. */
bool session_end(struct session *session, const char *operation, int result, struct error *error);

/* session_moref: the reference in the form that requests take; borrows from moref. */
struct vim25__ManagedObjectReference session_reference(const struct session_moref *moref);

#endif
