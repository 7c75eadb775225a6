/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What was recorded while a clock was ahead is there when it is asked for by its time, after the
 * clock was set right too. */
#include "source/history/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "history/fixture.h"

enum { INTERVAL = 20, HOUR = 3600, SAMPLES = 9, HOURS_AHEAD = 5 };

extern const struct source_ops history_source;

static int64_t present; /* a whole hour */

static void add(struct fixture *fixture, int64_t from) {
    static const struct entity guest = {
        .type = ENTITY_VM, .source = "kvm", .name = "web", .id = "1", .state = STATE_ON};
    static const struct counter usage = {
        .name = "cpu.usage.average", .unit = "percent", .rollup = "average", .stats = "rate"};
    struct error error = {0};
    struct sample samples[SAMPLES];
    for (int i = 0; i < SAMPLES; i++)
        samples[i] = (struct sample){from + (int64_t)INTERVAL * (i + 1), i};
    const struct series series = {.entity = &guest,
                                  .counter = &usage,
                                  .instance = "",
                                  .interval = INTERVAL,
                                  .count = SAMPLES,
                                  .samples = samples};
    writer_add(fixture->writer, 0, &series);
    assert_true(writer_commit(fixture->writer, 0, &error));
}

static int set_up(void **state) {
    fixture_writer(state);
    present = g_get_real_time() / G_USEC_PER_SEC / HOUR * HOUR;
    add(*state, present + HOURS_AHEAD * (int64_t)HOUR);
    add(*state, present);
    return 0;
}

static bool count_series(void *context, const struct series *series, struct error *error) {
    (void)error;
    *(size_t *)context += series->count;
    return true;
}

static void on_offered(void *context, const struct entity *entity, const struct counter *counter) {
    (void)context, (void)entity, (void)counter;
}

static void on_progress(void *context, int done, int total) {
    (void)context, (void)done, (void)total;
}

static size_t samples_of(const struct fixture *fixture, const struct window *window) {
    const struct target target = {.path = fixture->path, .text = fixture->path};
    const struct source_options options = {.any_interval = true};
    size_t samples = 0;
    const struct source_events events = {.context = &samples,
                                         .offered = on_offered,
                                         .series = count_series,
                                         .progress = on_progress};
    struct error error = {0};
    struct selection selection;
    selection_init(&selection);
    struct source *source = history_source.open(&target, &options, &error);
    assert_non_null(source);
    int64_t now = 0;
    assert_true(history_source.now(source, &now, &error));
    assert_in_range(now, present + SAMPLES * INTERVAL, present + HOUR);
    assert_true(history_source.round(source, &selection, window, &events, &error));
    history_source.close(source);
    selection_done(&selection);
    return samples;
}

static void test_windows(void **state) {
    const struct {
        struct window window;
        size_t samples;
    } rows[] = {
        {{.after = present, .until = present + (int64_t)24 * HOUR}, 2 * SAMPLES},
        {{.after = present + HOUR, .until = present + (int64_t)24 * HOUR}, SAMPLES},
        {{.after = present, .until = present + HOUR}, SAMPLES},
        {{.newest = 1}, 1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_int_equal(samples_of(*state, &rows[i].window), rows[i].samples);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_windows, set_up, fixture_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
