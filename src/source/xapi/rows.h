/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The rows of all hosts of a pool: each is asked, for it has only itself and the VMs on it. */
#ifndef VPERF_SOURCE_XAPI_ROWS_H
#define VPERF_SOURCE_XAPI_ROWS_H

#include "source/xapi/counters/layout.h"
#include "source/xapi/master.h"
#include "source/xapi/plan.h"
#include "source/xapi/records/pool.h"

/* The clock of a host against ours, clock_boot_ns. */
struct host_clock {
    bool known;
    int64_t offset_ns; /* Unix time of the host less ours */
};

/* What one host answered. */
struct host_rows {
    const struct pool_host *host;
    struct host_clock *clock;
    int64_t shift; /* seconds that its times are later by than the plan's */
    struct updates updates;
    struct layouts *layouts; /* NULL when it did not answer */
    struct error error;      /* why not */
};

/* host_clock_at: Unix seconds of the host at this time of clock_boot_ns. */
int64_t host_clock_at(const struct host_clock *clock, int64_t boot_ns);

/* host_clock_read: asks for the time of the host. */
bool host_clock_read(struct host_clock *clock, struct master *master, const char *reference,
                     struct error *error);

/* What is asked of all hosts. */
struct rows_request {
    struct master *master;
    const struct pool *pool;
    const struct plan *plan;
    struct host_clock *clocks;      /* by host */
    const struct host_clock *clock; /* of the plan: the master's */
    int timeout_ms;
};

/* rows_ask: the answers of all hosts, by host; for rows_free. */
struct host_rows *rows_ask(const struct rows_request *request);

/* rows_free: takes NULL. */
void rows_free(struct host_rows *rows, size_t count);

/* rows_end: end of the newest interval that is whole, by the plan's clock; INT64_MIN for none. */
int64_t rows_end(const struct host_rows *rows, const struct plan *plan);

#endif
