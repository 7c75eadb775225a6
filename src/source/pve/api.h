/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The REST API of Proxmox VE: login by API token or ticket, and answers as JSON. */
#ifndef VPERF_SOURCE_PVE_API_H
#define VPERF_SOURCE_PVE_API_H

#include <jansson.h>

#include "source/rest/helper/http.h"

enum { PVE_MOST_OTHERS = 64 };

/* Another node of the cluster, which can be asked the same. */
struct pve_other {
    struct http_peer *peer;
    char host[256];
};

struct pve_api {
    struct http_pool *pool;
    struct http_peer *peer;
    const struct target *target; /* with user name and secret */
    const char *username;        /* with its realm; the token included */
    char *user_text;             /* what username is in, when the target has no realm */
    bool is_token;
    char *header; /* Authorization, a secret; NULL for a ticket */
    char *cookie; /* with the ticket, a secret; NULL for a token */
    int64_t ticket_ns;
    bool has_clock;
    int64_t clock_offset; /* seconds by which the clock of the server is ahead of ours */
    const struct reporter *reporter;
    int port;
    struct pve_other others[PVE_MOST_OTHERS];
    size_t other_count;
    size_t next_other;          /* of them: who is tried next */
    struct pve_other contacted; /* peer, and its address */
};

/* One request to be made. */
struct pve_get {
    char *path; /* from /api2/json on; the caller's */
    int group;  /* calls of one group, a node, are limited together */
    int timeout_ms;
    /* What came of it. */
    json_t *root;       /* NULL without */
    const json_t *data; /* in it */
    struct error error;
    int status;      /* of HTTP; 0 when none came */
    int64_t time_ns; /* clock_boot_ns in the middle of what the server did */
    int64_t date;    /* Unix seconds of the server; 0 when not told */
    bool answered;   /* data came, whether it is still there or not */
    /* arrived: called as soon as data is there; may release it. NULL: it waits for all others. */
    void (*arrived)(struct pve_get *get);
    void *context; /* of who made it */
    /* keeps: of rows in data.data which are to be there; NULL: all. */
    bool (*keeps)(const json_t *row);
};

/* pve_api_open: nothing but the login; target and options are borrowed. */
bool pve_api_open(struct pve_api *api, const struct target *target,
                  const struct source_options *options, struct error *error);

/* pve_api_close: frees what it holds. */
void pve_api_close(struct pve_api *api);

/*
 * pve_api_learn: takes the addresses of the other nodes from the data of /cluster/status. Their
 * certificates are judged as that of the target, each by its address.
 */
void pve_api_learn(struct pve_api *api, const json_t *status);

/*
 * pve_api_get: makes the requests, at most two of each group at a time. A ticket is renewed before
 * it ends, and a session that was lost begins anew. When the contacted node does not answer at all,
 * others are asked; the first one that answers is the contacted node from then on.
 */
void pve_api_get(struct pve_api *api, struct pve_get *gets, size_t count);

/* pve_api_ask: one of them; false with the error. */
bool pve_api_ask(struct pve_api *api, struct pve_get *get, struct error *error);

/*
 * pve_node_path: /nodes/NODE/ and what the format gives, for path; a name of whatever kind is one
 * part of it.
 */
char *pve_node_path(const char *node, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* pve_get_release: frees the data that came. */
void pve_get_release(struct pve_get *get);

/* pve_get_done: frees the path and what came. */
void pve_get_done(struct pve_get *get);

/* pve_get_is_lost: no answer of the contacted node itself came: not one of a node behind it. */
bool pve_get_is_lost(const struct pve_get *get);

#endif
