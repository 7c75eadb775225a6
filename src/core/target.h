/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A TARGET of the command line, taken apart. */
#ifndef VPERF_CORE_TARGET_H
#define VPERF_CORE_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

enum {
    TARGET_HTTPS_PORT = 443, /* of a target without a port, */
    TARGET_PVE_PORT = 8006,  /* and of one of Proxmox VE */
};

/* The scheme of a history file, which is written without one: a path, or a name that ends in .db.
 */
#define TARGET_HISTORY "history"

struct target {
    char *text;     /* for people: the URI without a password */
    char *uri;      /* as given; without the password, unless it is libvirt's */
    char *scheme;   /* lower case, without transport: qemu for qemu+ssh; https for a bare host */
    char *host;     /* without brackets; "" for a local connection */
    int port;       /* 0 when not given */
    char *path;     /* "" when not given; of a history file the one that leads there for sure */
    char *username; /* NULL when not given */
    char *password; /* a secret; NULL when not given */
    bool yields;    /* its user name and password, to those of the environment */
};

/* target_init: takes text apart; ERROR_USAGE when it is no URI, host name or history file. */
bool target_init(struct target *target, const char *text, struct error *error)
    __attribute__((warn_unused_result));

/* target_copy: all parts again; the password is shared. */
void target_copy(struct target *target, const struct target *from);

/*
 * target_set_login: user name and password of a target that has none; either may be NULL. The
 * password is a secret, and shared. They go into the URI where libvirt reads them there. A user
 * name of the target stays, unless it yields.
 */
void target_set_login(struct target *target, const char *username, char *password);

/*
 * target_sdk_path: where a vSphere target has its API, without slashes at the end, and its length:
 * /sdk unless an https URI tells another path. Borrowed.
 */
const char *target_sdk_path(const struct target *target, size_t *length);

/* target_default_port: the port of the target's scheme; 0 when it has none here. */
int target_default_port(const struct target *target);

/*
 * target_source_name: what the column source calls it: host[:port unless it is the scheme's own].
 * The caller's; the text of a target without a host.
 */
char *target_source_name(const struct target *target);

/* target_same: both lead to the same host, port and path of vSphere, or are the same URI of
 * libvirt.
 */
bool target_same(const struct target *left, const struct target *right);

/* target_done: wipes the password and frees the parts. */
void target_done(struct target *target);

#endif
