/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* From the rows of an interval to values under vSphere's names, units and rounding. */
#ifndef VPERF_SOURCE_XAPI_FIGURES_H
#define VPERF_SOURCE_XAPI_FIGURES_H

#include "core/catalog.h"
#include "source/xapi/counters/layout.h"
#include "source/xapi/records/pool.h"

/* A VM or host in an answer; all borrowed. One of vm and host is there. */
struct subject {
    const struct updates *updates;
    const struct layout *layout;
    const struct pool *pool;
    const struct pool_vm *vm;
    const struct pool_host *host; /* of a VM: where it runs, or NULL */
    int64_t end;                  /* of the interval, Unix seconds */
    int64_t interval;             /* a multiple of the rows' step */
    bool at_moment;               /* what the records say is true of its end */
};

/* Who gets what there is; counters are named by index. */
struct figures_output {
    void *context;
    const bool *wanted; /* by counter; NULL wants all */
    bool aggregate_only;
    /* offer: the counter can have values, once or more often. */
    void (*offer)(void *context, size_t counter);
    /* value: instance "" is the aggregate; the text is borrowed for the call. */
    void (*value)(void *context, size_t counter, const char *instance, int64_t value);
};

/* figures_name: of counter number index in the order of the catalogue, or NULL behind the last. */
const char *figures_name(size_t index);

/* figures_catalog: a new catalogue of all counters, owned by the caller. */
struct catalog *figures_catalog(void);

/* figures_emit: every wanted value of the subject in this interval; false without all its rows. */
bool figures_emit(const struct subject *subject, const struct figures_output *output);

/* figures_offer: offers what the data sources give, whatever rows there are; drop its values. */
void figures_offer(const struct subject *subject, const struct figures_output *output);

/* figures_emit_storage: what the record says of the storage. */
void figures_emit_storage(const struct pool_sr *sr, const struct figures_output *output);

#endif
