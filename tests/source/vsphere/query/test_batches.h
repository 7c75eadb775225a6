/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A server, in place of the calls that ask it, and what becomes of what it gives and refuses. */
#ifndef VPERF_TESTS_QUERY_TEST_BATCHES_H
#define VPERF_TESTS_QUERY_TEST_BATCHES_H

#include "source/vsphere/query/batches.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/memory.h"
#include "source/tls/tls.h"
#include "source/vsphere/session/present.h"
#include "source/vsphere/session/session.h"

enum { ENTITIES = 150, COUNTERS = 6, START = 1700000000 / 20 * 20, MAX_TEXT = 1 << 20 };

/* How the server behaves. */
static struct server {
    size_t limit;            /* metrics per call; 0 for none */
    bool silent;             /* beyond the limit it does not answer */
    const char *refused;     /* id of an entity */
    bool names_object;       /* that it refuses */
    const char *fault;       /* type */
    int32_t refused_counter; /* of all entities */
    const char *interval;    /* a fault's words about the interval */
    const char *valueless;   /* id of an entity that has sample times, but no values */
    bool lists_only;         /* '*' is given back */
    bool dead;               /* it does not tell the time either */
    int fails_at;            /* number of the call that breaks the connection; 0 for none */
    int64_t now;
    atomic_int calls, listings;
} server;

static struct session session;
static struct entity entities[ENTITIES];
static struct tracked tracked[ENTITIES];
static char ids[ENTITIES][16];
static struct counter counters[COUNTERS];
static const struct counter *wanted[COUNTERS];
static struct catalog *catalog;
static struct selection selection;
static struct refusals refusals;
static struct limits limits;
static char *emitted, *lost;
static int64_t newest;
static bool output_fails, quiet;
static int32_t asked_interval;

static inline bool refuse(struct channel *channel, struct error *error, const char *type,
                          const char *object, const char *message) {
    snprintf(channel->fault_type, sizeof channel->fault_type, "%s", type);
    snprintf(channel->fault_object, sizeof channel->fault_object, "%s", object);
    channel->result = SOAP_FAULT;
    return error_set(error, ERROR_FAULT, "host: %s", message);
}

static inline bool refuses(const struct query_call *call, struct channel *channel,
                           struct error *error) {
    size_t metrics = 0;
    channel->fault_type[0] = channel->fault_object[0] = '\0';
    channel->result = SOAP_OK;
    for (size_t i = 0; i < call->count; i++) {
        const struct query_item *item = &call->items[i];
        metrics += item->metrics;
        if (server.interval)
            return !refuse(channel, error, "InvalidArgument", "", server.interval);
        if (server.refused && strcmp(item->entity->id, server.refused) == 0)
            return !refuse(channel, error, server.fault, server.names_object ? server.refused : "",
                           "refused");
        for (size_t k = 0; server.refused_counter && k < item->count; k++)
            if (item->counters[k]->id == server.refused_counter &&
                !refusals_holds(&refusals, item->group, item->tracked->number,
                                server.refused_counter))
                return !refuse(channel, error, "InvalidArgument", "", "metricId");
    }
    if (!server.limit || metrics <= server.limit)
        return false;
    if (server.silent)
        error_set(error, ERROR_TIMEOUT, "host: no answer");
    else
        refuse(channel, error, "RestrictedByAdministrator", "", "too much");
    return true;
}

static inline bool is_valueless(const struct query_item *item) {
    return server.valueless && strcmp(item->entity->id, server.valueless) == 0;
}

static inline void fill_series(struct soap *soap, const struct query_item *item,
                               struct vim_entity_metric *metric) {
    metric->series = soap_malloc(soap, item->count * sizeof *metric->series);
    for (size_t k = 0; k < item->count; k++) {
        struct vim_series *series = &metric->series[metric->series_count];
        int32_t id = item->counters[k]->id;
        if (refusals_holds(&refusals, item->group, item->tracked->number, id))
            continue;
        bool echoes = server.lists_only && !item->listed;
        *series = (struct vim_series){.instance = echoes ? "*" : "",
                                      .values = soap_malloc(soap, 8 * metric->sample_count + 8),
                                      .count = metric->sample_count,
                                      .counter_id = id};
        for (size_t i = 0; i < metric->sample_count; i++)
            series->values[i] = is_valueless(item) ? -1 : id;
        metric->series_count++;
    }
}

/* All grid times of the span, as servers do that take the start for inclusive. */
static inline void fill_metric(struct soap *soap, const struct query_item *item,
                               struct vim_entity_metric *metric) {
    const struct span *span = &item->span;
    int64_t end = span->open || span->end > server.now ? server.now : span->end;
    end -= is_valueless(item) ? 20 : 0;
    size_t room = (size_t)((end - span->start) / 20 + 2);
    *metric = (struct vim_entity_metric){.entity = {"VirtualMachine", item->entity->id}};
    metric->times = soap_malloc(soap, room * sizeof *metric->times);
    metric->intervals = soap_malloc(soap, room * sizeof *metric->intervals);
    for (int64_t time = (span->start + 19) / 20 * 20; time <= end; time += 20) {
        metric->intervals[metric->sample_count] = 20;
        metric->times[metric->sample_count++] = time;
    }
    fill_series(soap, item, metric);
}

bool __wrap_query_ask(const struct query *query, struct channel *channel,
                      const struct query_call *call, struct _vim25__QueryPerfResponse *response,
                      struct error *error);

bool __wrap_query_ask(const struct query *query, struct channel *channel,
                      const struct query_call *call, struct _vim25__QueryPerfResponse *response,
                      struct error *error) {
    struct soap *soap = channel->soap;
    (void)query;
    *response = (struct _vim25__QueryPerfResponse){0};
    if (atomic_fetch_add(&server.calls, 1) + 1 == server.fails_at)
        return error_set(error, ERROR_PROTOCOL, "host: closed");
    if (refuses(call, channel, error))
        return false;
    soap_end(soap);
    response->__sizereturnval = (int)call->count;
    response->returnval = soap_malloc(soap, call->count * sizeof *response->returnval);
    for (size_t i = 0; i < call->count; i++)
        fill_metric(soap, &call->items[i], &response->returnval[i]);
    return true;
}

bool __wrap_available_ask(struct channel *channel, const struct entity *entity, int32_t interval,
                          struct _vim25__QueryAvailablePerfMetricResponse *response,
                          struct error *error);

bool __wrap_available_ask(struct channel *channel, const struct entity *entity, int32_t interval,
                          struct _vim25__QueryAvailablePerfMetricResponse *response,
                          struct error *error) {
    static struct vim25__PerfMetricId listed[COUNTERS];
    (void)interval;
    atomic_fetch_add(&server.listings, 1);
    if (server.refused && strcmp(entity->id, server.refused) == 0)
        return refuse(channel, error, server.fault, "", "refused");
    for (int i = 0; i < COUNTERS; i++)
        listed[i] =
            (struct vim25__PerfMetricId){.counterId = counters[i].id, .instance = (char *)""};
    response->__sizereturnval = COUNTERS;
    response->returnval = listed;
    return true;
}

bool __wrap_present_read(struct channel *channel, struct server_reading *reading,
                         struct error *error);

bool __wrap_present_read(struct channel *channel, struct server_reading *reading,
                         struct error *error) {
    (void)channel;
    (void)reading;
    return !server.dead || error_set(error, ERROR_TIMEOUT, "host: no answer");
}

static inline void append(char *to, const char *text) {
    size_t length = strlen(to);
    assert_true(length + strlen(text) < MAX_TEXT);
    strcpy(to + length, text);
}

static inline bool on_series(void *context, const struct series *series, struct error *error) {
    (void)context;
    if (output_fails)
        return error_set(error, ERROR_OUTPUT, "disk full");
    for (size_t i = 0; i < series->count && !quiet; i++) {
        char text[64];
        assert_int_equal(series->samples[i].value, series->counter->id);
        snprintf(text, sizeof text, "%s/%d@%d ", series->entity->id, series->counter->id,
                 (int)(series->samples[i].time - START) / 20);
        append(emitted, text);
    }
    return true;
}

static inline void on_missing(void *context, const struct entity *entity, const char *reason) {
    char text[160];
    (void)context;
    snprintf(text, sizeof text, "%s: %s; ", entity->id, reason);
    append(lost, text);
}

static void on_omitted(void *context, enum entity_type type, const struct counter *counter,
                       enum omission why) {
    (void)context;
    (void)type;
    (void)counter;
    assert_int_equal(why, OMISSION_REFUSED);
}

static inline void on_progress(void *context, int done, int total) {
    (void)context;
    assert_true(done <= total);
}

static inline int setup(void **state) {
    static const struct source_options options = {.insecure = true};
    struct error error = {0};
    (void)state;
    session.label = (char *)"host";
    session.tls = tls_new("127.0.0.1", 443, &options, &error);
    session.main = channel_new(&session);
    selection_init(&selection);
    refusals_init(&refusals);
    catalog = catalog_new();
    for (int i = 0; i < COUNTERS; i++) {
        char name[16];
        snprintf(name, sizeof name, "c.%d", i + 1);
        wanted[i] =
            catalog_add(catalog, &(struct counter){.has_id = true, .id = i + 1, .name = name});
        counters[i] = *wanted[i];
    }
    emitted = memory_alloc(MAX_TEXT);
    lost = memory_alloc(MAX_TEXT);
    return 0;
}

static inline int teardown(void **state) {
    (void)state;
    free(emitted);
    free(lost);
    catalog_free(catalog);
    selection_done(&selection);
    refusals_done(&refusals);
    channel_free(session.main);
    tls_free(session.tls);
    return 0;
}

/* A new handle, and a server without faults. */
static inline void reset(void) {
    server = (struct server){.fault = "NoPermission", .now = START + 20};
    refusals_done(&refusals);
    refusals_init(&refusals);
    limits = (struct limits){.interval = 20, .stated = LIMITS_VALUES, .metrics = LIMITS_VALUES};
    emitted[0] = lost[0] = '\0';
    newest = 0;
    output_fails = quiet = false;
    asked_interval = 20;
    for (size_t i = 0; i < ENTITIES; i++) {
        free(tracked[i].reason);
        known_done(&tracked[i].known);
        snprintf(ids[i], sizeof ids[i], "vm-%zu", i);
        entities[i] = (struct entity){.type = ENTITY_VM, .id = ids[i], .name = ids[i]};
        tracked[i] = (struct tracked){.id = ids[i], .number = (uint32_t)i + 1};
        mark_init(&tracked[i].mark, 20, START);
    }
}

static inline const struct query_item *make_items(size_t count, bool fresh, int64_t end) {
    static struct query_item items[ENTITIES];
    for (size_t i = 0; i < count; i++) {
        int64_t start = fresh ? mark_after(&tracked[i].mark) : START;
        items[i] = (struct query_item){.entity = &entities[i],
                                       .tracked = &tracked[i],
                                       .group = 1,
                                       .counters = wanted,
                                       .count = COUNTERS,
                                       .metrics = COUNTERS,
                                       .span = {.bounded = true,
                                                .open = fresh,
                                                .start = start,
                                                .end = end,
                                                .interval = asked_interval}};
        items[i].samples = span_samples(&items[i].span);
    }
    return items;
}

static inline bool run(size_t count, size_t jobs, bool fresh, struct batches_order *order,
                       struct error *error) {
    const struct source_events events = {
        .series = on_series, .missing = on_missing, .omitted = on_omitted, .progress = on_progress};
    const struct query query = {catalog, &selection, &events, &refusals, fresh,
                                0,       &newest,    NULL,    NULL};
    struct workers *workers = workers_new(&session, jobs);
    *order = (struct batches_order){.query = &query,
                                    .items = make_items(count, fresh, server.now),
                                    .count = count,
                                    .limits = &limits,
                                    .reports_progress = true};
    bool good = batches_run(workers, order, error);
    workers_free(workers);
    return good;
}

static inline bool run_simply(size_t count, size_t jobs, bool fresh) {
    struct batches_order order;
    struct error error = {0};
    return run(count, jobs, fresh, &order, &error);
}

/* All samples at one time, but of an entity and a counter. */
static inline char *expected(size_t count, int time, const char *without, int without_counter) {
    char *text = memory_alloc(MAX_TEXT);
    for (size_t i = 0; i < count; i++)
        for (int k = 1; k <= COUNTERS && !(without && strcmp(ids[i], without) == 0); k++) {
            char *one = memory_printf("%s/%d@%d ", ids[i], k, time);
            if (k != without_counter)
                append(text, one);
            free(one);
        }
    return text;
}

static inline void assert_emitted(size_t count, int time, const char *without,
                                  int without_counter) {
    char *all = expected(count, time, without, without_counter);
    assert_string_equal(emitted, all);
    free(all);
}

#endif
