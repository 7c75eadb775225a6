/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A login on an ESXi host or vCenter, shared by connections. */
#ifndef VPERF_SOURCE_VSPHERE_SESSION_H
#define VPERF_SOURCE_VSPHERE_SESSION_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "core/backoff.h"
#include "core/credentials.h"
#include "core/error.h"
#include "source/source.h"
#include "source/tls/tls.h"
#include "source/vsphere/session/channel.h"
#include "source/vsphere/session/cookies.h"

/* A managed object that outlives the answer it came in. */
struct session_moref {
    char *type;
    char *value;
};

/* session_service_instance: the one object that is known before any answer. */
extern const struct session_moref session_service_instance;

struct session {
    struct tls *tls;
    struct proxy *proxy; /* NULL for none */
    const struct reporter *reporter;
    const struct cancel *cancel;
    char *label;     /* host[:port when not 443] */
    char *origin;    /* https://host:port */
    char *endpoint;  /* https://host:port/sdk */
    char *action;    /* SOAPAction: urn:vim25/VERSION */
    bool unverified; /* the target asks for it, as libvirt's users write it */
    struct credentials credentials;
    int timeout_seconds;

    struct session_moref property_collector;
    struct session_moref view_manager;
    struct session_moref performance_manager;
    struct session_moref session_manager;
    struct session_moref option_manager;        /* vCenter; may be empty */
    struct session_moref custom_fields_manager; /* the same */
    struct session_moref root_folder;
    char *api_version; /* such as 6.5 */
    char *product;     /* with its version, for people; NULL when it is not told */
    bool is_vcenter;

    atomic_size_t memory_used; /* by the answers of all connections; see wire.h */
    struct channel *main;      /* of the thread that opened the session */
    pthread_mutex_t login_lock;
    pthread_mutex_t cookie_lock;
    struct cookies *cookies; /* of the newest login; under cookie_lock */
    atomic_uint generation;  /* number of logins */
    atomic_bool refused;     /* the last login again; another one too soon may lock the account */
    struct backoff refusal;  /* of logins; under login_lock */
    bool logged_in;
    struct rest *rest; /* of the main channel; NULL: it was not needed */
};

/* session_is_version: the text may stand for a version of the API, such as 6.5 or 8.0.3.0. */
bool session_is_version(const char *text);

/* session_open: connects, learns the API version and logs in. NULL on failure. */
struct session *session_open(const struct target *target, const struct source_options *options,
                             struct error *error);

/* session_close: logs out and frees the session; takes NULL. All other connections are closed. */
void session_close(struct session *session);

/* session_established: a login has succeeded. */
bool session_established(const struct session *session);

/* session_copy_cookies: gives the connection the cookies of the newest login. */
void session_copy_cookies(struct session *session, struct channel *channel);

/*
 * session_renew: logs in again on the connection, unless another connection has done so since its
 * last call. A login that the server refuses is not tried again for a while, by anyone. On failure
 * *result is that of the login, if there was one.
 */
bool session_renew(struct session *session, struct channel *channel, int *result);

/* session_reference: the reference in the form that requests take; borrows from moref. */
struct vim25__ManagedObjectReference session_reference(const struct session_moref *moref);

#endif
