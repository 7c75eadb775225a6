/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Gaps are closed when all that the lane selects was asked for and nothing was lost on the way. */
#include "command/lane_fill.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { MANY_TIMES = 20 };

static const struct entity guest = {.type = ENTITY_VM, .name = "web", .source = "a", .id = "1"};

/* What the source does, and what it was asked for. */
static enum error_kind fails;
static bool loses;
static const struct selection *asked;
static int rounds;
static int closed; /* gaps */

static bool answer(struct source *source, const struct selection *selection,
                   const struct window *window, const struct source_events *events,
                   struct error *error) {
    (void)source;
    assert_true(window->kept_only);
    asked = selection;
    rounds++;
    if (loses)
        events->missing(events->context, &guest, "no answer within 30 s");
    return fails == ERROR_NONE || error_set(error, fails, "it fails");
}

static bool find_gap(struct sink *sink, struct window *window) {
    (void)sink;
    *window = (struct window){.after = 3600, .until = 7200, .interval = 300};
    return !closed;
}

static void close_gap(struct sink *sink, const struct window *window) {
    (void)sink;
    assert_int_equal(window->until, 7200);
    closed++;
}

static void begin(struct sink *sink) {
    (void)sink;
}

static bool end_round(struct sink *sink, struct error *error) {
    (void)sink, (void)error;
    return true;
}

static const struct sink_ops sink_ops = {
    .begin = begin, .gap = find_gap, .filled = close_gap, .round_end = end_round};
static const struct source_ops source_ops = {.keeps_samples = true, .round = answer};
static const struct target target = {.text = "a"};
static struct source source = {&source_ops};

struct fixture {
    struct options options;
    struct sink sink;
    struct run run;
    struct lane lane;
};

static int set_up(void **state) {
    static struct fixture fixture;
    fixture = (struct fixture){.options.log.level = LOG_QUIET, .sink.ops = &sink_ops};
    fixture.run.options = &fixture.options;
    fixture.run.sink = &fixture.sink;
    pthread_mutex_init(&fixture.run.lock, NULL);
    fixture.lane.run = &fixture.run;
    fixture.lane.options = &fixture.options;
    fixture.lane.target = &target;
    fails = ERROR_NONE;
    loses = false;
    closed = rounds = 0;
    *state = &fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    pthread_mutex_destroy(&fixture->run.lock);
    return 0;
}

/* Until a gap is closed, at most so many times; the pauses between them are left out. */
static void fill(struct lane *lane, int times) {
    while (times-- && !closed) {
        assert_true(lane_fill(lane, &source));
        lane->fill.until_ns = 0;
    }
}

/* A section of a configuration may select other entities and counters than the command line. */
static void test_the_selection_of_the_target(void **state) {
    struct lane *lane = &((struct fixture *)*state)->lane;
    lane->selection.types[ENTITY_CLUSTER] = true;
    fill(lane, 1);
    assert_ptr_equal(asked, &lane->selection);
    assert_int_equal(closed, 1);
}

static void test_what_is_lost_is_asked_for_again(void **state) {
    struct lane *lane = &((struct fixture *)*state)->lane;
    loses = true;
    fill(lane, 2);
    assert_int_equal(closed, 0);
    assert_true(lane_fill(lane, &source));
    int before = rounds;
    assert_true(lane_fill(lane, &source));
    assert_int_equal(rounds, before); /* there is a pause */
    lane->fill.until_ns = 0;
    loses = false;
    fill(lane, 1);
    assert_int_equal(closed, 1);
    assert_int_equal(lane->fill.times, 0);
}

static const struct {
    enum error_kind kind;
    bool loses;
    int rounds; /* until the gap stays one; 0: it is asked for without end */
} cases[] = {
    {ERROR_NONE, false, 1},   {ERROR_UNAVAILABLE, false, 1}, {ERROR_USAGE, false, 1},
    {ERROR_NONE, true, 5},    {ERROR_FAULT, false, 5},       {ERROR_TIMEOUT, false, 0},
    {ERROR_CONNECT, true, 0},
};

static void test_how_often(void **state) {
    struct lane *lane = &((struct fixture *)*state)->lane;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lane->fill = (struct backoff){0};
        lane->fill_faults = 0;
        closed = rounds = 0;
        fails = cases[i].kind;
        loses = cases[i].loses;
        fill(lane, MANY_TIMES);
        assert_int_equal(rounds, cases[i].rounds ? cases[i].rounds : MANY_TIMES);
        assert_int_equal(closed, cases[i].rounds != 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_selection_of_the_target, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_lost_is_asked_for_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_how_often, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
