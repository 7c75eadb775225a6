/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a call of QueryPerf asks for, entity by entity. */
#ifndef VPERF_SOURCE_VSPHERE_REQUEST_H
#define VPERF_SOURCE_VSPHERE_REQUEST_H

#include <glib.h>

#include "core/value.h"
#include "source/vsphere/query/query.h"
#include "source/vsphere/wire/wire.h"

/* The times of one entity. */
struct request_times {
    char start[TIME_TEXT_SIZE];
    char end[TIME_TEXT_SIZE];
};

struct request {
    struct vim_query_spec *specs;
    size_t count;
    struct request_times *times;
    GPtrArray *metrics; /* the texts that the specs borrow */
};

/*
 * request_init: a spec for each item of the call, but for those without a counter that may be asked
 * for: a spec without one would ask for all. request_done is due.
 */
void request_init(struct request *request, const struct query *query,
                  const struct query_call *call);

/* request_done: frees what request_init made. */
void request_done(struct request *request);

#endif
