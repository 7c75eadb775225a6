/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Hours of a history as samples: what each is, and that each time is given once. */
#include "source/history/hours.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "history/fixture.h"
#include "source/history/hours_follow.h"

enum { INTERVAL = 20, ARCHIVE = 300, HOUR = HOURLY_INTERVAL, HOURS = 8, DROPPED = 3 };
enum { USAGE, READY, PEAK, LEVEL, COUNTERS };

static const int64_t begin = 1763751600; /* a whole hour */

extern const struct source_ops history_source;

static const struct counter counters[COUNTERS] = {
    {.name = "cpu.usage.average", .unit = "percent", .rollup = "average", .stats = "rate"},
    {.name = "cpu.ready.summation", .unit = "millisecond", .rollup = "summation", .stats = "delta"},
    {.name = "cpu.usage.maximum", .unit = "percent", .rollup = "maximum", .stats = "rate"},
    {.name = "disk.used.latest", .unit = "kiloBytes", .rollup = "latest", .stats = "absolute"},
};

/* Samples of all counters with after < time <= until: 100 and 201 by turns; of ready, the interval.
 */
static void add(struct writer *writer, int32_t interval, int64_t after, int64_t until) {
    static const struct entity guest = {
        .type = ENTITY_VM, .state = STATE_ON, .source = "esx", .name = "web", .id = "vm-1"};
    for (int i = 0; i < COUNTERS; i++) {
        GArray *samples = g_array_new(FALSE, FALSE, sizeof(struct sample));
        for (int64_t time = after + interval; time <= until; time += interval) {
            int64_t odd = time / interval % 2, value = i == READY ? interval : 100 + odd * 101;
            g_array_append_val(samples, ((struct sample){begin + time, value}));
        }
        const struct series series = {.entity = &guest,
                                      .counter = &counters[i],
                                      .instance = "",
                                      .interval = interval,
                                      .count = samples->len,
                                      .samples = (const struct sample *)(void *)samples->data};
        writer_add(writer, 0, &series);
        g_array_free(samples, TRUE);
    }
}

/*
 * Hour 0 is whole, hour 1 covered for 600 s, hour 2 has no sample, hour 3 has 20 s for half of it
 * and then one archived sample; those after it are whole, and of the last one half is there.
 */
static int set_up(void **state) {
    struct error error = {0};
    fixture_writer(state);
    struct fixture *fixture = *state;
    add(fixture->writer, INTERVAL, 0, HOUR + 600);
    add(fixture->writer, INTERVAL, 3 * HOUR, 3 * HOUR + 1800);
    add(fixture->writer, ARCHIVE, 3 * HOUR + 3300, 4 * HOUR);
    add(fixture->writer, INTERVAL, 4 * HOUR, HOURS * HOUR - 1800);
    do
        assert_true(writer_commit(fixture->writer, 0, &error));
    while (fixture_number(fixture, "SELECT count(DISTINCT hour) FROM round") > 2);
    assert_int_equal(fixture_number(fixture, "SELECT count(DISTINCT hour) FROM round"), 2);
    return 0;
}

/* As the retention drops them, of which it leaves some for its next time. */
static void drop(struct fixture *fixture) {
    struct error error = {0};
    writer_close(fixture->writer);
    fixture->writer = NULL;
    struct database *database = database_create(fixture->path, &error);
    int64_t hour = begin / HOUR;
    assert_non_null(database);
    assert_true(database_run(database, &error, "DELETE FROM block WHERE hour < ?", "i",
                             hour + DROPPED - 2));
    assert_true(
        database_run(database, &error, "INSERT INTO dropped VALUES (1, ?)", "i", hour + DROPPED));
    database_close(database);
}

/* What was given: times are in seconds from begin on. */
struct given {
    GArray *samples[COUNTERS]; /* struct sample */
    GArray *intervals[COUNTERS];
    int64_t newest[COUNTERS];
    int offered;
    int told;
    bool idle;
};

static bool on_series(void *context, const struct series *series, struct error *error) {
    struct given *given = context;
    int number = 0;
    (void)error;
    while (strcmp(counters[number].name, series->counter->name) != 0)
        number++;
    for (size_t i = 0; i < series->count; i++) {
        bool split = series->columns.times;
        struct sample sample = {
            (split ? series->columns.times[i] : series->samples[i].time) - begin,
            split ? series_columns_value(&series->columns, i) : series->samples[i].value};
        g_array_append_val(given->samples[number], sample);
        g_array_append_val(given->intervals[number], series->interval);
    }
    return true;
}

static void on_offered(void *context, const struct entity *entity, const struct counter *counter) {
    struct given *given = context;
    (void)entity, (void)counter;
    given->offered++;
}

static void on_missing(void *context, const struct entity *entity, const char *reason) {
    struct given *given = context;
    (void)entity;
    assert_non_null(strstr(reason, "what is kept of the hour that begins at 2025-11-21T19:00:00Z"));
    given->told++;
}

static void on_progress(void *context, int done, int total) {
    (void)context, (void)done, (void)total;
}

static void on_idle(void *context) {
    struct given *given = context;
    given->idle = true;
}

static struct source *open_source(const struct fixture *fixture,
                                  const struct source_options *options) {
    const struct target target = {.path = fixture->path, .text = fixture->path};
    struct error error = {0};
    struct source *source = history_source.open(&target, options, &error);
    assert_non_null(source);
    return source;
}

static struct given read_round(struct source *source, const struct window *window) {
    struct given given = {.told = 0};
    const struct source_events events = {.context = &given,
                                         .offered = on_offered,
                                         .series = on_series,
                                         .missing = on_missing,
                                         .idle = on_idle,
                                         .progress = on_progress};
    struct error error = {0};
    struct selection selection;
    for (int i = 0; i < COUNTERS; i++) {
        given.samples[i] = g_array_new(FALSE, FALSE, sizeof(struct sample));
        given.intervals[i] = g_array_new(FALSE, FALSE, sizeof(int32_t));
    }
    selection_init(&selection);
    assert_true(history_source.round(source, &selection, window, &events, &error));
    selection_done(&selection);
    return given;
}

static struct given read_with(const struct fixture *fixture, const struct source_options *options,
                              const struct window *window) {
    struct source *source = open_source(fixture, options);
    struct given given = read_round(source, window);
    history_source.close(source);
    return given;
}

static void given_done(struct given *given) {
    for (int i = 0; i < COUNTERS; i++) {
        g_array_free(given->samples[i], TRUE);
        g_array_free(given->intervals[i], TRUE);
    }
}

static void check(const struct given *given, int counter, const struct sample *expected,
                  size_t count) {
    assert_int_equal(given->samples[counter]->len, count);
    for (guint i = 0; i < count; i++) {
        const struct sample *sample = &g_array_index(given->samples[counter], struct sample, i);
        assert_int_equal(sample->time, expected[i].time);
        assert_int_equal(sample->value, expected[i].value);
        assert_int_equal(g_array_index(given->intervals[counter], int32_t, i), HOUR);
    }
}

/*
 * Halves of 100 and 201: 150.5 is rounded. Of hour 3, 1800 s have that mean and 300 s the value
 * 100 of the archived sample. Ready is 20 ms in 20 s and 300 ms in 300 s: 3600 in an hour.
 */
static void check_hours(const struct given *given, size_t first, size_t last) {
    static const struct sample means[] = {{1 * HOUR, 151}, {2 * HOUR, 151}, {4 * HOUR, 143},
                                          {5 * HOUR, 151}, {6 * HOUR, 151}, {7 * HOUR, 151},
                                          {8 * HOUR, 151}};
    struct sample sums[G_N_ELEMENTS(means)], peaks[G_N_ELEMENTS(means)];
    for (size_t i = 0; i < G_N_ELEMENTS(means); i++) {
        sums[i] = (struct sample){means[i].time, 3600};
        peaks[i] = (struct sample){means[i].time, 201};
    }
    check(given, USAGE, means + first, last - first);
    check(given, LEVEL, means + first, last - first);
    check(given, READY, sums + first, last - first);
    check(given, PEAK, peaks + first, last - first);
}

static const struct window all = {.after = begin, .until = begin + HOURS * HOUR, .interval = HOUR};

/* The hour that is not over has no sample. */
static void test_hours_alone(void **state) {
    struct given given = read_with(*state, &(struct source_options){.pieces = false}, &all);
    check_hours(&given, 0, 6);
    assert_int_equal(given.offered, COUNTERS);
    given_done(&given);
    drop(*state);
    given = read_with(*state, &(struct source_options){.columns = true, .pieces = true}, &all);
    check_hours(&given, 0, 6);
    given_done(&given);
}

/* Adjacent windows share no hour and lose none; the newest are the last ones. */
static void test_windows_of_hours(void **state) {
    const struct source_options options = {.pieces = false};
    struct window window = {.after = begin, .until = begin + 4 * HOUR - 1, .interval = HOUR};
    struct given given = read_with(*state, &options, &window);
    check_hours(&given, 0, 2);
    given_done(&given);
    window =
        (struct window){.after = window.until, .until = begin + 7 * HOUR - 1, .interval = HOUR};
    given = read_with(*state, &options, &window);
    check_hours(&given, 2, 5);
    given_done(&given);
    window = (struct window){
        .after = begin, .until = begin + HOURS * HOUR, .interval = HOUR, .newest = 3};
    given = read_with(*state, &options, &window);
    check_hours(&given, 3, 6);
    given_done(&given);
}

/* Up to the hours whose samples were dropped; samples from there on. */
static void check_seam(struct given *given) {
    for (int i = 0; i < COUNTERS; i++) {
        int64_t before[] = {0, 0}, covered = 0;
        for (guint k = 0; k < given->samples[i]->len; k++) {
            const struct sample *sample = &g_array_index(given->samples[i], struct sample, k);
            int32_t interval = g_array_index(given->intervals[i], int32_t, k);
            assert_true(interval == HOUR ? sample->time <= DROPPED * HOUR
                                         : sample->time - interval >= DROPPED * HOUR);
            assert_true(sample->time > before[interval > INTERVAL]);
            before[interval > INTERVAL] = sample->time;
            covered += interval;
        }
        assert_int_equal(covered, 2 * HOUR + 1800 + 300 + 4 * HOUR - 1800);
    }
    assert_int_equal(given->offered, COUNTERS);
}

static void test_hours_before_samples(void **state) {
    const struct window window = {.after = begin, .until = begin + HOURS * HOUR};
    const struct source_options options = {.any_interval = true, .hours = true};
    const struct source_options columns = {
        .any_interval = true, .hours = true, .columns = true, .pieces = true};
    struct given given = read_with(*state, &options, &window);
    for (int i = 0; i < COUNTERS; i++)
        assert_int_equal(g_array_index(given.intervals[i], int32_t, 0), INTERVAL);
    given_done(&given);
    drop(*state);
    given = read_with(*state, &options, &window);
    check_seam(&given);
    given_done(&given);
    given = read_with(*state, &columns, &window);
    check_seam(&given);
    given_done(&given);
    given = read_with(*state, &(struct source_options){.any_interval = true}, &window);
    assert_int_not_equal(g_array_index(given.intervals[0], int32_t, 0), HOUR);
    given_done(&given);
}

/* A row that is not what was written is told and left out. */
static void test_damaged_hour(void **state) {
    struct fixture *fixture = *state;
    struct error error = {0};
    drop(fixture);
    struct database *database = database_create(fixture->path, &error);
    assert_true(database_run(database, &error, "UPDATE rollup SET sum = sum + 1 WHERE hour = ?",
                             "i", begin / HOUR));
    database_close(database);
    struct given given = read_with(*state, &(struct source_options){.pieces = false}, &all);
    check_hours(&given, 1, 6);
    assert_int_equal(given.told, 1);
    given_done(&given);
}

/* The round gives the hours of these numbers of check_hours; it is idle when that is none. */
static void follow(struct source *source, size_t first, size_t last) {
    const struct window endless = {.after = begin, .interval = HOUR, .fresh_only = true};
    struct given given = read_round(source, &endless);
    check_hours(&given, first, last);
    assert_int_equal(given.idle, first == last);
    given_done(&given);
}

/* Each hour comes once, when nothing more of it is to come, whether it has been packed or not. */
static void test_follow_hours(void **state) {
    struct fixture *fixture = *state;
    struct error error = {0};
    struct source *source = open_source(fixture, &(struct source_options){.pieces = false});
    follow(source, 0, 6);
    follow(source, 6, 6);
    add(fixture->writer, INTERVAL, HOURS * HOUR - 1800, HOURS * HOUR + 280);
    assert_true(writer_commit(fixture->writer, 0, &error));
    follow(source, 6, 6);
    add(fixture->writer, INTERVAL, HOURS * HOUR + 280, HOURS * HOUR + 300);
    assert_true(writer_commit(fixture->writer, 0, &error));
    follow(source, 6, 7);
    follow(source, 7, 7);
    history_source.close(source);
}

/* Of a guest that has gone, the last hour comes when others say that it is over. */
static void test_follow_hours_of_the_gone(void **state) {
    static const struct entity other = {
        .type = ENTITY_VM, .state = STATE_ON, .source = "esx", .name = "db", .id = "vm-2"};
    static const struct counter late = {
        .name = "mem.usage.average", .unit = "percent", .rollup = "average", .stats = "rate"};
    struct fixture *fixture = *state;
    struct error error = {0};
    struct source *source = open_source(fixture, &(struct source_options){.pieces = false});
    follow(source, 0, 6);
    const struct sample sample = {begin + (HOURS + 1) * HOUR + HOURS_SETTLED_SECONDS, 1};
    const struct series series = {.entity = &other,
                                  .counter = &late,
                                  .instance = "",
                                  .interval = INTERVAL,
                                  .count = 1,
                                  .samples = &sample};
    writer_add(fixture->writer, 0, &series);
    assert_true(writer_commit(fixture->writer, 0, &error));
    follow(source, 6, 7);
    history_source.close(source);
}

static void on_report(void *context, enum report_level level, const char *text) {
    GString *told = context;
    assert_int_equal(level, REPORT_WARNING);
    g_string_append_printf(told, "%s\n", text);
}

/* What is told of a window, in two rounds of one source. */
static void check_told(const struct fixture *fixture, const struct window *window, bool hours,
                       const char *expected) {
    GString *told = g_string_new(NULL);
    const struct reporter reporter = {told, on_report};
    struct source *source = open_source(
        fixture,
        &(struct source_options){.any_interval = true, .hours = hours, .reporter = &reporter});
    for (int i = 0; i < 2; i++) {
        struct given given = read_round(source, window);
        given_done(&given);
    }
    history_source.close(source);
    const char *end = strchr(told->str, '\n');
    assert_int_equal(end != NULL, *expected != '\0');
    assert_non_null(strstr(told->str, expected));
    assert_true(!end || !end[1]);
    g_string_free(told, TRUE);
}

/* A window that begins where hours alone are left says so, once, unless it gets them. */
static void test_hours_are_told(void **state) {
    const struct window early = {.after = begin - 1, .until = begin + HOUR};
    const struct window middle = {.after = begin + HOUR, .until = begin + HOURS * HOUR};
    const struct window late = {.after = begin + DROPPED * HOUR, .until = begin + HOURS * HOUR};
    const struct window long_before = {.after = begin - 2 * HOUR, .until = begin - HOUR};
    const struct window newest = {.after = begin, .until = begin + HOUR, .newest = 1};
    check_told(*state, &early, false, "");
    drop(*state);
    check_told(*state, &early, false, ": of 2025-11-21T19:00:00Z to 2025-11-21T20:00:00Z, hours");
    check_told(*state, &middle, false, ": of 2025-11-21T20:00:00Z to 2025-11-21T22:00:00Z, hours");
    check_told(*state, &early, true, "");
    check_told(*state, &late, false, "");
    check_told(*state, &long_before, false, "");
    check_told(*state, &newest, false, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_hours_alone, set_up, fixture_done),
        cmocka_unit_test_setup_teardown(test_windows_of_hours, set_up, fixture_done),
        cmocka_unit_test_setup_teardown(test_hours_before_samples, set_up, fixture_done),
        cmocka_unit_test_setup_teardown(test_damaged_hour, set_up, fixture_done),
        cmocka_unit_test_setup_teardown(test_hours_are_told, set_up, fixture_done),
        cmocka_unit_test_setup_teardown(test_follow_hours, set_up, fixture_done),
        cmocka_unit_test_setup_teardown(test_follow_hours_of_the_gone, set_up, fixture_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
