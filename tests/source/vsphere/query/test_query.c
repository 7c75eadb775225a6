/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which samples of an answer are emitted, in which order, and what is said about the rest. */
#include "source/vsphere/query/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "source/vsphere/query/samples.h"

enum { START = 1700000000 / 20 * 20, MAX_TIMES = 8 };

static char told[1024];

/* What an answer has: values by time, and the span that was asked for. */
static const struct {
    const char *what;
    struct span span;
    int64_t times[MAX_TIMES];
    int64_t values[MAX_TIMES];
    size_t count;
    int mark; /* number of the newest time that was emitted before; -1 for none */
    const char *samples;
} cases[] = {
    {"newest there are", {.newest = 5}, {20, 40, 60}, {1, 2, 3}, 3, -1, "20=1 40=2 60=3 "},
    {"newest first", {.newest = 5}, {60, 40, 20}, {3, 2, 1}, 3, -1, "20=1 40=2 60=3 "},
    {"only the newest", {.newest = 2}, {60, 40, 20}, {3, 2, 1}, 3, -1, "40=2 60=3 "},
    {"no value", {.newest = 5}, {20, 40, 60}, {-1, 2, VIM_ABSENT}, 3, -1, "40=2 "},
    {"zero is a value", {.newest = 5}, {20}, {0}, 1, -1, "20=0 "},
    {"start is exclusive, end inclusive",
     {.bounded = true, .start = START + 20, .end = START + 60},
     {20, 40, 60, 80},
     {1, 2, 3, 4},
     4,
     -1,
     "40=2 60=3 "},
    {"a guessed end",
     {.bounded = true, .open = true, .start = START + 20, .end = START + 60},
     {20, 40, 60, 80},
     {1, 2, 3, 4},
     4,
     -1,
     "40=2 60=3 80=4 "},
    {"what was emitted before",
     {.bounded = true, .open = true, .start = START},
     {20, 40, 60},
     {1, 2, 3},
     3,
     40,
     "20=1 60=3 "},
    {"the same time twice", {.newest = 5}, {20, 40, 20, 40}, {1, 2, 3, 4}, 4, -1, "20=1 40=2 "},
    {"nothing", {.newest = 5}, {0}, {0}, 0, -1, ""},
};

static void test_samples_of_a_series(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t times[MAX_TIMES] = {0}, values[MAX_TIMES];
        int32_t intervals[MAX_TIMES] = {20, 20, 20, 20, 20, 20, 20, 20};
        struct vim_entity_metric metric = {
            .times = times, .intervals = intervals, .sample_count = cases[i].count};
        struct vim_series series = {.values = values, .count = cases[i].count};
        struct sample_times wanted;
        struct tracked tracked = {.floor = START + 60};
        char text[256] = "";
        for (size_t k = 0; k < cases[i].count; k++)
            times[k] = START + cases[i].times[k];
        memcpy(values, cases[i].values, sizeof values);
        mark_init(&tracked.mark, 20, START);
        if (cases[i].mark >= 0)
            mark_add(&tracked.mark, START + cases[i].mark);
        sample_times_init(&wanted, &metric, &cases[i].span, cases[i].mark >= 0 ? &tracked : NULL);
        size_t count = samples_fill(&wanted, 20, &series, 0);
        for (size_t k = 0; k < count; k++)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%d=%d ",
                     (int)(wanted.samples[k].time - START), (int)wanted.samples[k].value);
        if (strcmp(text, cases[i].samples) != 0)
            fail_msg("%s: %s", cases[i].what, text);
        sample_times_done(&wanted);
    }
}

/* A time that was emitted is wanted of the series that had no value then. */
static void test_late_samples_of_a_series(void **state) {
    int64_t times[] = {START + 20, START + 40, START + 60}, values[] = {1, 2, 3};
    int32_t intervals[] = {20, 20, 20};
    const struct vim_entity_metric metric = {
        .times = times, .intervals = intervals, .sample_count = 3};
    const struct vim_series series = {.values = values, .count = 3};
    const struct span span = {.bounded = true, .open = true, .start = START};
    struct tracked tracked = {.floor = START + 20};
    (void)state;
    mark_init(&tracked.mark, 20, START);
    mark_add(&tracked.mark, START + 20);
    mark_add(&tracked.mark, START + 40);
    known_advance(&tracked.known, 20, START + 60);
    known_add(&tracked.known, 1, "");
    known_take(&tracked.known, START + 40);
    known_add(&tracked.known, 2, "");
    for (int32_t counter = 1; counter <= 2; counter++) {
        struct sample_times wanted;
        sample_times_init(&wanted, &metric, &span, &tracked);
        assert_true(wanted.any_late);
        size_t count = samples_fill(&wanted, 20, &series, known_taken(&tracked.known, counter, ""));
        assert_int_equal(count, counter);
        assert_int_equal(wanted.samples[count - 1].time, START + 60);
        assert_int_equal(wanted.samples[0].time, START + (counter == 1 ? 60 : 40));
        sample_times_done(&wanted);
    }
    known_done(&tracked.known);
}

static bool on_series(void *context, const struct series *series, struct error *error) {
    int *left = context;
    if (left && --*left < 0)
        return error_set(error, ERROR_OUTPUT, "disk full");
    snprintf(told + strlen(told), sizeof told - strlen(told), "%s %s[%s]%s x%zu",
             series->entity->id, series->counter->name, series->instance,
             series->continues ? " more" : "", series->count);
    if (series->interval != 20)
        snprintf(told + strlen(told), sizeof told - strlen(told), " of %d s", series->interval);
    strcat(told, "; ");
    return true;
}

static void on_missing(void *context, const struct entity *entity, const char *reason) {
    (void)context;
    snprintf(told + strlen(told), sizeof told - strlen(told), "%s lacks: %.30s; ", entity->id,
             reason);
}

/* An answer for two entities with two series of two samples, in any order. */
struct fixture {
    struct catalog *catalog;
    struct selection selection;
    const struct counter *counters[2];
    struct refusals refusals;
    struct source_events events;
    struct query query;
    struct tracked tracked[2];
    struct entity entities[2];
    struct query_item items[2];
    struct query_call call;
    int64_t times[2], values[2], newest;
    int32_t intervals[2];
    struct vim_series series[2];
    struct vim_entity_metric metrics[2];
    struct _vim25__QueryPerfResponse response;
};

static int setup(void **state) {
    static struct fixture fixture;
    static const char *const ids[] = {"vm-1", "vm-2"};
    struct fixture *f = &fixture;
    *f = (struct fixture){
        .times = {START + 20, START + 40}, .values = {5, 6}, .intervals = {20, 20}};
    f->catalog = catalog_new();
    refusals_init(&f->refusals);
    catalog_add(f->catalog, &(struct counter){.has_id = true, .id = 1, .name = "cpu"});
    f->counters[0] = catalog_resolve(f->catalog, 1);
    f->counters[1] = catalog_resolve(f->catalog, 2);
    f->events = (struct source_events){.series = on_series, .missing = on_missing};
    f->query = (struct query){.catalog = f->catalog,
                              .selection = &f->selection,
                              .events = &f->events,
                              .refusals = &f->refusals,
                              .newest = &f->newest};
    for (int i = 0; i < 2; i++) {
        f->entities[i] = (struct entity){.id = ids[i]};
        f->tracked[i].number = (uint32_t)i + 1;
        mark_init(&f->tracked[i].mark, 20, START);
        f->items[i] = (struct query_item){
            .entity = &f->entities[i],
            .tracked = &f->tracked[i],
            .counters = f->counters,
            .count = 2,
            .span = {.bounded = true, .open = true, .start = START, .interval = 20}};
        f->series[i] = (struct vim_series){
            .instance = i ? "0" : "", .values = f->values, .count = 2, .counter_id = i + 1};
        f->metrics[i] = (struct vim_entity_metric){.entity = {"VirtualMachine", ids[1 - i]},
                                                   .times = f->times,
                                                   .intervals = f->intervals,
                                                   .sample_count = 2,
                                                   .series = f->series,
                                                   .series_count = 2};
    }
    f->call = (struct query_call){.items = f->items, .count = 2};
    f->response = (struct _vim25__QueryPerfResponse){.__sizereturnval = 2, .returnval = f->metrics};
    told[0] = '\0';
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    catalog_free(f->catalog);
    for (int i = 0; i < 2; i++)
        known_done(&f->tracked[i].known);
    refusals_done(&f->refusals);
    return 0;
}

static const char *emit(struct fixture *f) {
    struct error error = {0};
    told[0] = '\0';
    assert_true(query_emit(&f->query, &f->call, &f->response, &error));
    return told;
}

static void test_order_is_that_of_the_items(void **state) {
    assert_string_equal(emit(*state), "vm-1 cpu[] x2; vm-1 #2[0] x2; vm-2 cpu[] x2; "
                                      "vm-2 #2[0] x2; ");
    struct fixture *f = *state;
    assert_int_equal(f->newest, START + 40);
    f->response.__sizereturnval = 1; /* of the second entity alone */
    assert_string_equal(emit(f), "vm-2 cpu[] more x2; vm-2 #2[0] more x2; ");
}

/* The second part has a series of its own, and a later sample of one that the first has. */
static void test_two_parts_of_one_entity(void **state) {
    struct fixture *f = *state;
    int64_t times[] = {START + 40, START + 60}, values[2][2] = {{7, 8}, {9, 9}};
    struct vim_series series[] = {
        {.instance = "", .values = values[0], .count = 2, .counter_id = 1},
        {.instance = "1", .values = values[1], .count = 2, .counter_id = 2},
    };
    f->metrics[0].entity.value = "vm-1";
    f->metrics[0].times = times;
    f->metrics[0].series = series;
    f->query.fresh = true;
    f->call.count = 1;
    struct vim_entity_metric first = f->metrics[1];
    f->metrics[1] = f->metrics[0];
    f->metrics[0] = first;
    assert_string_equal(emit(f), "vm-1 cpu[] x2; vm-1 #2[0] x2; vm-1 cpu[] more x1; "
                                 "vm-1 #2[1] x2; ");
    assert_true(f->tracked[0].heard);
    assert_string_equal(emit(f), "");
}

static void test_fresh_samples_come_once(void **state) {
    struct fixture *f = *state;
    f->query.fresh = true;
    mark_add(&f->tracked[0].mark, START + 40);
    f->tracked[0].floor = START + 40;
    assert_string_equal(emit(f), "vm-1 cpu[] x1; vm-1 #2[0] x1; vm-2 cpu[] x2; vm-2 #2[0] x2; ");
    assert_string_equal(emit(f), "");
    f->times[1] += 40;
    assert_string_equal(emit(f), "vm-1 cpu[] more x1; vm-1 #2[0] more x1; vm-2 cpu[] more x1; "
                                 "vm-2 #2[0] more x1; ");
}

/* What could not be written is emitted again. */
static void test_a_failure_moves_no_mark(void **state) {
    struct fixture *f = *state;
    struct error error = {0};
    int left = 3;
    f->query.fresh = true;
    f->events.context = &left;
    assert_false(query_emit(&f->query, &f->call, &f->response, &error));
    assert_true(mark_has(&f->tracked[0].mark, START + 40));
    assert_false(mark_has(&f->tracked[1].mark, START + 40));
}

static void test_a_time_without_values_is_not_seen(void **state) {
    struct fixture *f = *state;
    f->query.fresh = true;
    f->values[1] = -1;
    emit(f);
    assert_true(mark_has(&f->tracked[0].mark, START + 20));
    assert_false(mark_has(&f->tracked[0].mark, START + 40));
}

static void test_parts_are_held(void **state) {
    struct fixture *f = *state;
    struct held held = {0};
    struct error error = {0};
    f->query.fresh = true;
    f->call.count = 1;
    f->call.held = &held;
    assert_string_equal(emit(f), "");
    assert_false(mark_has(&f->tracked[0].mark, START + 20));
    f->values[0] = 99; /* the answer is gone by now */
    assert_true(query_release(&f->query, f->items, &held, &error));
    assert_string_equal(told, "vm-1 cpu[] x2; vm-1 #2[0] x2; ");
    assert_true(mark_has(&f->tracked[0].mark, START + 20));
    assert_int_equal(held.count, 0);
    held_clear(&held);
}

static void test_refused_counters_are_left_out(void **state) {
    struct fixture *f = *state;
    refusals_add(&f->refusals, 0, 1, 1, "no", 0);
    assert_string_equal(emit(f), "vm-1 #2[0] x2; vm-2 cpu[] x2; vm-2 #2[0] x2; ");
}

static void test_what_cannot_be_read(void **state) {
    struct fixture *f = *state;
    f->series[0].malformed = true;
    f->series[1].count = 1;
    f->call.count = 1;
    assert_string_equal(emit(f), "vm-1 lacks: some series are left out: thei; ");
    f->metrics[1].malformed = true;
    f->metrics[1].sample_count = f->metrics[1].series_count = 0;
    assert_string_equal(emit(f), "vm-1 lacks: the sample times cannot be rea; ");
}

static void test_what_was_not_asked_for(void **state) {
    struct fixture *f = *state;
    f->call.count = 1;
    f->items[0].count = 1;
    assert_string_equal(emit(f), "vm-1 cpu[] x2; ");
    f->items[0].counters++;
    assert_string_equal(emit(f), "vm-1 #2[0] x2; ");
    f->selection.aggregate_only = true;
    assert_string_equal(emit(f), "");
    f->items[0].count = 0;
    assert_string_equal(emit(f), "");
}

/* Instances by name are asked for as the entity lists them. */
static void test_listed_counters(void **state) {
    struct fixture *f = *state;
    const struct available listed = {0};
    const struct counter *ends[] = {f->counters[0], catalog_resolve(f->catalog, 3)};
    f->call.count = 1;
    f->items[0].listed = &listed;
    f->items[0].counters = ends;
    assert_string_equal(emit(f), "vm-1 cpu[] x2; vm-1 #2[0] x2; ");
    f->series[0].counter_id = 4;
    assert_string_equal(emit(f), "vm-1 #2[0] more x2; ");
}

static void test_a_series_counts_once(void **state) {
    struct fixture *f = *state;
    f->call.count = 1;
    f->series[1].counter_id = 1;
    f->series[1].instance = "0";
    assert_string_equal(emit(f), "vm-1 cpu[] x2; vm-1 cpu[0] x2; ");
    f->series[1].instance = "";
    assert_string_equal(emit(f), "vm-1 cpu[] more x2; ");
}

static void test_rows_carry_their_interval(void **state) {
    struct fixture *f = *state;
    f->call.count = 1;
    f->intervals[1] = 300;
    assert_string_equal(emit(f), "vm-1 cpu[] x1; vm-1 cpu[] more x1 of 300 s; vm-1 #2[0] x1; "
                                 "vm-1 #2[0] more x1 of 300 s; ");
    f->times[1] = f->times[0]; /* the same end, but not the same sample */
    assert_string_equal(emit(f),
                        "vm-1 cpu[] more x1; vm-1 cpu[] more x1 of 300 s; vm-1 #2[0] more x1; "
                        "vm-1 #2[0] more x1 of 300 s; ");
}

/* No server has so many; each costs a walk through all samples. */
static void test_too_many_intervals(void **state) {
    struct fixture *f = *state;
    int64_t times[SAMPLES_INTERVALS + 1] = {0};
    int32_t intervals[SAMPLES_INTERVALS + 1];
    for (int i = 0; i <= SAMPLES_INTERVALS; i++)
        intervals[i] = i + 1;
    f->call.count = 1;
    f->metrics[1].times = times;
    f->metrics[1].intervals = intervals;
    f->metrics[1].sample_count = SAMPLES_INTERVALS + 1;
    assert_string_equal(emit(f), "vm-1 lacks: the sample times cannot be rea; ");
}

/* An entity that is known may get a new disk. */
static void test_a_series_begins_once(void **state) {
    struct fixture *f = *state;
    f->call.count = 1;
    f->query.fresh = true;
    f->metrics[1].series_count = 1;
    assert_string_equal(emit(f), "vm-1 cpu[] x2; ");
    f->times[0] += 40;
    f->times[1] += 40;
    f->metrics[1].series_count = 2;
    assert_string_equal(emit(f), "vm-1 cpu[] more x2; vm-1 #2[0] x2; ");
}

static void test_unexpanded_instances(void **state) {
    struct fixture *f = *state;
    assert_false(query_unexpanded(&f->response));
    f->series[1].instance = "*";
    assert_true(query_unexpanded(&f->response));
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_of_a_series),
        cmocka_unit_test(test_late_samples_of_a_series),
        WITH_FIXTURE(test_order_is_that_of_the_items),
        WITH_FIXTURE(test_two_parts_of_one_entity),
        WITH_FIXTURE(test_fresh_samples_come_once),
        WITH_FIXTURE(test_a_failure_moves_no_mark),
        WITH_FIXTURE(test_a_time_without_values_is_not_seen),
        WITH_FIXTURE(test_parts_are_held),
        WITH_FIXTURE(test_refused_counters_are_left_out),
        WITH_FIXTURE(test_what_cannot_be_read),
        WITH_FIXTURE(test_what_was_not_asked_for),
        WITH_FIXTURE(test_listed_counters),
        WITH_FIXTURE(test_a_series_counts_once),
        WITH_FIXTURE(test_rows_carry_their_interval),
        WITH_FIXTURE(test_too_many_intervals),
        WITH_FIXTURE(test_a_series_begins_once),
        WITH_FIXTURE(test_unexpanded_instances),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
