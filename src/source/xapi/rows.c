/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/xapi/rows.h"

#include <glib.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "source/xapi/records/member.h"

enum {
    PARALLEL = 8,
    ROWS_LIMIT = 256 << 20, /* bytes of an answer */
    HTTP_OK = 200,
    HTTP_UNAUTHORIZED = 401,
    HTTP_FORBIDDEN = 403,
};

static const char servertime[] = "host.get_servertime";
static const int64_t second_ns = 1000000000;
static const double most_seconds = 4e9; /* until 2096: twice as nanoseconds, they are an int64_t */

int64_t host_clock_at(const struct host_clock *clock, int64_t boot_ns) {
    return (clock->offset_ns + boot_ns) / second_ns;
}

/* The answer has whole seconds: on average it is half a second old, and half the call. */
static bool keep_clock(struct host_clock *clock, json_t *value, int64_t middle_ns,
                       struct error *error) {
    json_t *record = json_object();
    json_object_set(record, "time", value);
    double seconds = member_time(record, "time");
    json_decref(record);
    if (!(seconds > 0 && seconds < most_seconds))
        return error_set(error, ERROR_PROTOCOL, "%s gives no time", servertime);
    *clock = (struct host_clock){true, (int64_t)seconds * second_ns + second_ns / 2 - middle_ns};
    return true;
}

bool host_clock_read(struct host_clock *clock, struct master *master, const char *reference,
                     struct error *error) {
    const char *const arguments[] = {reference, NULL};
    int64_t begin_ns = clock_boot_ns();
    json_t *value = master_call(master, servertime, arguments, error);
    int64_t middle_ns = begin_ns + (clock_boot_ns() - begin_ns) / 2;
    bool good = value && keep_clock(clock, value, middle_ns, error);
    json_decref(value);
    return good;
}

/* The master is asked where the calls go: this is the name that the user trusts. */
static struct http_peer *peer_of(const struct rows_request *request, const struct pool_host *host,
                                 struct error *error) {
    const char *master = request->pool->master;
    if (request->pool->host_count == 1 || (master && strcmp(master, host->reference) == 0))
        return master_peer(request->master);
    if (!host->address)
        error_set(error, ERROR_PROTOCOL, "XAPI does not tell its address");
    return host->address ? master_host(request->master, host->address, error) : NULL;
}

static char *path_of(const struct rows_request *request, const struct host_rows *rows) {
    return memory_printf(
        "/rrd_updates?session_id=%s&start=%" PRId64 "&cf=AVERAGE&interval=%d&host=true",
        master_reference(request->master), request->plan->after + rows->shift, request->plan->step);
}

/* By how much the host's clock is ahead of the plan's. */
static int64_t shift_of(const struct rows_request *request, const struct host_clock *clock) {
    int64_t ahead_ns = clock->offset_ns - request->clock->offset_ns;
    int64_t half_ns = ahead_ns < 0 ? -second_ns / 2 : second_ns / 2;
    return plan_shift(request->plan, (ahead_ns + half_ns) / second_ns);
}

static bool prepare_clock(const struct rows_request *request, const struct host_rows *rows,
                          struct http_call *call) {
    const char *const arguments[] = {rows->host->reference, NULL};
    *call = master_begin(request->master, servertime, arguments);
    call->request.timeout_ms = request->timeout_ms;
    return true;
}

static bool prepare_rows(const struct rows_request *request, struct host_rows *rows,
                         struct http_call *call) {
    struct http_peer *peer = peer_of(request, rows->host, &rows->error);
    if (!peer)
        return false;
    rows->shift = shift_of(request, rows->clock);
    *call = (struct http_call){
        .peer = peer,
        .request = {.path = path_of(request, rows),
                    .accept = "text/xml",
                    .timeout_ms = request->timeout_ms,
                    .limit = ROWS_LIMIT},
    };
    return true;
}

/* Rows are asked for by the host's clock, which comes first. */
static bool prepare(const struct rows_request *request, struct host_rows *rows,
                    struct http_call *call) {
    if (!rows->host->live)
        return error_set(&rows->error, ERROR_CONNECT, "the master of the pool does not reach it");
    return rows->clock->known ? prepare_rows(request, rows, call)
                              : prepare_clock(request, rows, call);
}

static bool check_status(const struct http_answer *answer, struct error *error) {
    if (answer->status == HTTP_UNAUTHORIZED)
        return error_set(error, ERROR_FAULT, "it does not take the session");
    if (answer->status == HTTP_FORBIDDEN)
        return error_set(error, ERROR_FAULT, "the user's role is too small to read RRDs");
    return answer->status == HTTP_OK ||
           error_set(error, ERROR_PROTOCOL, "HTTP status %d for /rrd_updates", answer->status);
}

/* Rows of another archive are not what was asked for: the clock of the host is not what it said. */
static void read_answer(const struct rows_request *request, struct host_rows *rows,
                        const struct http_call *call) {
    if (!call->done)
        rows->error = call->error;
    else if (check_status(&call->answer, &rows->error) &&
             updates_read(&rows->updates, call->answer.body, call->answer.size, &rows->error)) {
        if (rows->updates.row_count && rows->updates.step != request->plan->step) {
            rows->clock->known = false;
            error_set(&rows->error, ERROR_PROTOCOL,
                      "it gives rows of %" PRId64 " s where %d s were asked for: its clock may "
                      "have been set",
                      rows->updates.step, request->plan->step);
        } else {
            rows->layouts = layouts_new(&rows->updates);
        }
    }
}

/* False when the session has ended. */
static bool end_clock(const struct rows_request *request, struct host_rows *rows,
                      struct http_call *call) {
    bool ended = false;
    const struct http_answer *answer = &call->answer;
    int64_t middle_ns = answer->begin_ns + (answer->end_ns - answer->begin_ns) / 2;
    json_t *value = master_end(request->master, call, servertime, &ended, &rows->error);
    if (value)
        keep_clock(rows->clock, value, middle_ns, &rows->error);
    json_decref(value);
    return !ended;
}

static bool end_rows(const struct rows_request *request, struct host_rows *rows,
                     struct http_call *call) {
    bool ended = call->done && call->answer.status == HTTP_UNAUTHORIZED;
    read_answer(request, rows, call);
    memory_wipe_free((char *)call->request.path);
    http_call_done(call);
    return !ended;
}

/* What is asked of one host. */
struct job {
    const struct rows_request *request;
    struct host_rows *rows;
    bool clock; /* the clock, and not the rows */
    bool ended; /* by what came, the session has ended */
};

/* The hosts that there is something to ask of, side by side: one that hangs costs itself alone. */
struct asking {
    const struct rows_request *request;
    struct host_rows *rows; /* by host */
    struct http_call *calls;
    struct job *jobs; /* by call */
    size_t count;
    bool renewed; /* the session was begun anew */
};

/* Each as it comes: the answers of all hosts would be more than may be held. */
static void on_settled(void *context, struct http_call *call) {
    struct job *job = context;
    job->ended = job->clock ? !end_clock(job->request, job->rows, call)
                            : !end_rows(job->request, job->rows, call);
}

static void prepare_all(struct asking *asking) {
    const struct rows_request *request = asking->request;
    asking->count = 0;
    for (size_t i = 0; i < request->pool->host_count; i++) {
        struct host_rows *rows = &asking->rows[i];
        struct job *job = &asking->jobs[asking->count];
        struct http_call *call = &asking->calls[asking->count];
        if (rows->layouts || rows->error.kind != ERROR_NONE)
            continue;
        *job = (struct job){.request = request, .rows = rows, .clock = !rows->clock->known};
        if (!prepare(request, rows, call))
            continue;
        call->settled = on_settled;
        call->context = job;
        asking->count++;
    }
}

/* A session that has ended is begun anew once: a second refusal tells nothing new. */
static void renew(struct asking *asking) {
    struct error lost = {0};
    bool renewable = !asking->renewed;
    for (size_t i = 0; i < asking->count; i++) {
        const struct job *job = &asking->jobs[i];
        if (!job->ended || !renewable)
            continue;
        if (!asking->renewed)
            master_renew(asking->request->master, &lost);
        asking->renewed = true;
        job->rows->error = lost;
    }
}

/* Clocks, then rows; and once more with a new session. */
struct host_rows *rows_ask(const struct rows_request *request) {
    size_t room = request->pool->host_count + 1;
    struct asking asking = {
        .request = request,
        .rows = memory_array(room, sizeof *asking.rows),
        .calls = memory_array(room, sizeof *asking.calls),
        .jobs = memory_array(room, sizeof *asking.jobs),
    };
    for (size_t i = 0; i < request->pool->host_count; i++) {
        asking.rows[i].host = &request->pool->hosts[i];
        asking.rows[i].clock = &request->clocks[i];
    }
    for (prepare_all(&asking); asking.count; prepare_all(&asking)) {
        http_run(master_http(request->master), asking.calls, asking.count, PARALLEL, PARALLEL);
        renew(&asking);
    }
    free(asking.calls);
    free(asking.jobs);
    return asking.rows;
}

void rows_free(struct host_rows *rows, size_t count) {
    for (size_t i = 0; rows && i < count; i++) {
        updates_done(&rows[i].updates);
        layouts_free(rows[i].layouts);
    }
    free(rows);
}

int64_t rows_end(const struct host_rows *rows, const struct plan *plan) {
    if (!rows->layouts || !rows->updates.row_count)
        return INT64_MIN;
    int64_t newest = rows->updates.rows[rows->updates.row_count - 1].time;
    return plan_floor(plan, newest) - rows->shift;
}
