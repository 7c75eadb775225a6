/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Days to full, by hand: what grows by 1 GB a day, with and without a week's cycle, and the rest.
 */
#include "report/space.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

enum { DAY = 86400, GB = 1024 * 1024, MOST_DAYS = 30 };

static const struct entity store = {
    .type = ENTITY_DATASTORE, .source = "vc", .name = "store", .id = "datastore-1"};
static const struct entity guest = {.type = ENTITY_VM, .source = "vc", .name = "db", .id = "vm-1"};

static void assert_near(double value, double expected) {
    if (fabs(value - expected) > 1e-6)
        fail_msg("%.17g is not %.17g", value, expected);
}

static void write_readings(struct spaces *spaces, const struct entity *entity, const char *name,
                           const char *instance, const int64_t *values, size_t days) {
    int64_t times[MOST_DAYS];
    const struct counter counter = {.name = name, .unit = "kiloBytes"};
    const struct series series = {.entity = entity,
                                  .counter = &counter,
                                  .instance = instance,
                                  .interval = 20,
                                  .count = days,
                                  .columns = {times, values, false}};
    for (size_t i = 0; i < days; i++)
        times[i] = (int64_t)(100 + i) * DAY + 3600;
    assert_true(spaces_write(spaces, &series));
}

/* A store of 1000 GB with so much free space day by day. */
static const struct space *store_with(struct spaces *spaces, const int64_t *free_kib, size_t days) {
    int64_t capacity[MOST_DAYS];
    for (size_t i = 0; i < days; i++)
        capacity[i] = 1000LL * GB;
    write_readings(spaces, &store, "space.capacity.latest", "", capacity, days);
    write_readings(spaces, &store, "space.free.latest", "", free_kib, days);
    spaces_finish(spaces);
    assert_int_equal(spaces_count(spaces), 1);
    return spaces_at(spaces, 0);
}

/* 21 days of 1 GB each, and 50 GB more on each seventh day: 100 GB left last 100 days. */
static void test_grows(void **state) {
    struct spaces *spaces = spaces_new();
    int64_t left[21];
    (void)state;

    for (int64_t i = 0; i < 21; i++)
        left[i] = (120 - i - (i % 7 == 3 ? 50 : 0)) * GB;
    const struct space *space = store_with(spaces, left, 21);
    assert_true(space->has_trend && space->fills);
    assert_near(space->trend.slope, GB);
    assert_near(space->days_left, 100);
    assert_near(space_share(space), 90);
    assert_near(space_used(space), 900.0 * GB);
    spaces_free(spaces);
}

/* Flat, shrinking, or of six days: no date. */
static void test_no_date(void **state) {
    static const struct {
        int64_t step;
        int64_t wave;
        size_t days;
    } cases[] = {{0, 0, 14}, {1, 0, 14}, {-1, 0, 6}, {0, 5, 20}};
    (void)state;

    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct spaces *spaces = spaces_new();
        int64_t left[MOST_DAYS];
        for (int64_t i = 0; i < (int64_t)cases[k].days; i++)
            left[i] = (500 + cases[k].step * i + (i % 2 ? cases[k].wave : 0)) * GB;
        const struct space *space = store_with(spaces, left, cases[k].days);
        assert_int_equal(space->has_trend, cases[k].days >= SPACE_LEAST_DAYS);
        assert_false(space->fills);
        spaces_free(spaces);
    }
}

/* What is full has no days left; one clean-up does not turn the trend. */
static void test_robust(void **state) {
    struct spaces *spaces = spaces_new();
    int64_t left[10] = {9, 8, 7, 6, 40, 4, 3, 2, 1, 0};
    (void)state;

    for (size_t i = 0; i < 10; i++)
        left[i] *= GB;
    const struct space *space = store_with(spaces, left, 10);
    assert_near(space->trend.slope, GB);
    assert_true(space->fills);
    assert_near(space->days_left, 0);
    spaces_free(spaces);
}

/* Full is full, after one reading and whatever the trend; a thousandth that is free is room. */
static void test_full(void **state) {
    static const struct {
        int64_t left; /* KiB of 1000 GB */
        size_t days;
        bool full;
    } cases[] = {{0, 1, true}, {4, 10, true}, {GB / 4, 1, true}, {GB, 1, false}, {GB, 10, false}};
    (void)state;

    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct spaces *spaces = spaces_new();
        int64_t left[MOST_DAYS];
        for (size_t i = 0; i < cases[k].days; i++)
            left[i] = cases[k].left;
        const struct space *space = store_with(spaces, left, cases[k].days);
        assert_int_equal(space->full, cases[k].full);
        assert_int_equal(space->fills, cases[k].full);
        assert_near(space->days_left, 0);
        spaces_free(spaces);
    }
}

/* Of a guest, each file system counts, and their sum does not; without free space it is unknown. */
static void test_file_systems(void **state) {
    static const int64_t capacity[] = {100 * GB}, left[] = {25 * GB};
    struct spaces *spaces = spaces_new();
    (void)state;

    write_readings(spaces, &guest, "guestDisk.capacity.latest", "", capacity, 1);
    write_readings(spaces, &guest, "guestDisk.free.latest", "", left, 1);
    write_readings(spaces, &guest, "guestDisk.capacity.latest", "/", capacity, 1);
    write_readings(spaces, &guest, "guestDisk.free.latest", "/", left, 1);
    write_readings(spaces, &guest, "guestDisk.capacity.latest", "/var", capacity, 1);
    spaces_finish(spaces);
    assert_int_equal(spaces_count(spaces), 1);
    assert_string_equal(spaces_at(spaces, 0)->instance, "/");
    assert_near(space_share(spaces_at(spaces, 0)), 75);
    spaces_free(spaces);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grows),        cmocka_unit_test(test_no_date),
        cmocka_unit_test(test_robust),       cmocka_unit_test(test_full),
        cmocka_unit_test(test_file_systems),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
