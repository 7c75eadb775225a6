/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The REST API of a vCenter, which knows what its SOAP API does not. It goes over the connection of
 * the session, with its trust, proxy, time limit and signals, but has a login of its own.
 */
#ifndef VPERF_SOURCE_VSPHERE_REST_H
#define VPERF_SOURCE_VSPHERE_REST_H

#include <jansson.h>
#include <stdbool.h>

#include "core/error.h"
#include "source/vsphere/session/channel.h"

struct rest;

/* GET, or with a body POST. */
struct rest_request {
    const char *resource; /* below cis: tagging/tag */
    const char *id;       /* of one of them; NULL for all */
    const char *action;   /* NULL for none */
    const json_t *body;   /* NULL for none */
};

/*
 * rest_call: the answer, owned by the caller, without what 6.x puts around it; NULL on failure.
 * Logs in when need be. ERROR_UNAVAILABLE: there is no such thing; ERROR_AUTH: the login is
 * refused.
 */
json_t *rest_call(struct channel *channel, const struct rest_request *request, struct error *error);

/* rest_close: logs out and frees. Takes NULL. */
void rest_close(struct rest *rest, struct channel *channel);

#endif
