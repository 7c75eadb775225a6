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

static const int64_t second_ns = 1000000000;
static const double most_seconds = 4e9; /* until 2096: twice as nanoseconds, they are an int64_t */

int64_t host_clock_at(const struct host_clock *clock, int64_t boot_ns) {
    return (clock->offset_ns + boot_ns) / second_ns;
}

/* The answer has whole seconds: on average it is half a second old, and half the call. */
bool host_clock_read(struct host_clock *clock, struct master *master, const char *reference,
                     struct error *error) {
    const char *const arguments[] = {reference, NULL};
    int64_t begin_ns = clock_boot_ns();
    json_t *value = master_call(master, "host.get_servertime", arguments, error);
    int64_t middle_ns = begin_ns + (clock_boot_ns() - begin_ns) / 2;
    json_t *record = json_object();
    json_object_set(record, "time", value);
    double seconds = member_time(record, "time");
    json_decref(record);
    bool good = value && seconds > 0 && seconds < most_seconds;
    if (value && !good)
        error_set(error, ERROR_PROTOCOL, "host.get_servertime gives no time");
    json_decref(value);
    if (good)
        *clock =
            (struct host_clock){true, (int64_t)seconds * second_ns + second_ns / 2 - middle_ns};
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

static bool prepare(const struct rows_request *request, struct host_rows *rows,
                    struct http_call *call) {
    struct error *error = &rows->error;
    if (!rows->host->live)
        return error_set(error, ERROR_CONNECT, "the master of the pool does not reach it");
    if (!rows->clock->known &&
        !host_clock_read(rows->clock, request->master, rows->host->reference, error))
        return false;
    rows->shift = shift_of(request, rows->clock);
    struct http_peer *peer = peer_of(request, rows->host, error);
    if (!peer)
        return false;
    *call = (struct http_call){
        .peer = peer,
        .request = {.path = path_of(request, rows),
                    .accept = "text/xml",
                    .timeout_ms = request->timeout_ms,
                    .limit = ROWS_LIMIT},
    };
    return true;
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

static bool is_unauthorized(const struct http_call *call) {
    return call->done && call->answer.status == HTTP_UNAUTHORIZED;
}

static void wipe_path(struct http_call *call) {
    memory_wipe_free((char *)call->request.path);
    call->request.path = NULL;
}

/* With the session of now. */
static void ask_again(const struct rows_request *request, const struct host_rows *rows,
                      struct http_call *call) {
    struct http_request again = call->request;
    struct http_peer *peer = call->peer;
    wipe_path(call);
    http_call_done(call);
    again.path = path_of(request, rows);
    *call = (struct http_call){.peer = peer, .request = again};
    http_run(master_http(request->master), call, 1, 1, 1);
}

/* A session that has ended is begun anew, once for all hosts: a second refusal tells nothing new.
 */
static void run(const struct rows_request *request, struct host_rows *rows, struct http_call *calls,
                const size_t *hosts, size_t count) {
    bool tried = false;
    struct error lost = {0};
    http_run(master_http(request->master), calls, count, PARALLEL, PARALLEL);
    for (size_t i = 0; i < count; i++) {
        struct host_rows *of = &rows[hosts[i]];
        bool refused = is_unauthorized(&calls[i]);
        if (refused && !tried)
            master_renew(request->master, &lost);
        tried |= refused;
        if (refused && lost.kind == ERROR_NONE)
            ask_again(request, of, &calls[i]);
        else if (refused)
            of->error = lost;
        read_answer(request, of, &calls[i]);
        wipe_path(&calls[i]);
        http_call_done(&calls[i]);
    }
}

struct host_rows *rows_ask(const struct rows_request *request) {
    size_t hosts = request->pool->host_count, count = 0;
    struct host_rows *rows = memory_array(hosts + 1, sizeof *rows);
    struct http_call *calls = memory_array(hosts + 1, sizeof *calls);
    size_t *numbers = memory_array(hosts + 1, sizeof *numbers);
    for (size_t i = 0; i < hosts; i++) {
        rows[i].host = &request->pool->hosts[i];
        rows[i].clock = &request->clocks[i];
        if (prepare(request, &rows[i], &calls[count]))
            numbers[count++] = i;
    }
    run(request, rows, calls, numbers, count);
    free(numbers);
    free(calls);
    return rows;
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
