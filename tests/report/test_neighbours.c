/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Who was noisy: by hand. And hours of a week. */
#include "report/neighbours.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/hours.h"

static void add_one(struct neighbours *neighbours, const int *guest, int64_t time, int64_t mhz) {
    const struct entity entity = {.type = ENTITY_VM, .source = "vc", .host = "a"};
    const struct counter counter = {.name = "cpu.usagemhz.average"};
    const struct series series = {.entity = &entity,
                                  .counter = &counter,
                                  .instance = "",
                                  .interval = 300,
                                  .count = 1,
                                  .columns = {&time, &mhz, false}};
    neighbours_add(neighbours, guest, &series);
}

static const void *find(const struct neighbours *neighbours, const char *host, int64_t time,
                        int32_t interval, const void *self, double *mhz) {
    static const struct entity guest = {.type = ENTITY_VM, .source = "vc"};
    const struct neighbours_moment moment = {&guest, host, time, interval};
    return neighbours_find(neighbours, &moment, self, mhz);
}

static void add(struct neighbours *neighbours, const int *guest, const char *host, int64_t first,
                const int64_t mhz[3]) {
    const struct entity entity = {.type = ENTITY_VM, .source = "vc", .host = host};
    const struct counter counter = {.name = "cpu.usagemhz.average"};
    const int64_t times[] = {first, first + 20, first + 40};
    const struct series series = {.entity = &entity,
                                  .counter = &counter,
                                  .instance = "",
                                  .interval = 20,
                                  .count = 3,
                                  .columns = {times, mhz, false}};
    neighbours_add(neighbours, guest, &series);
}

/* Of an interval, the one that used most is found, and for it the second one; hosts are apart. */
static void test_noisy(void **state) {
    static const int guests[4];
    struct neighbours *neighbours = neighbours_new();
    double mhz = 0;
    (void)state;

    add(neighbours, &guests[0], "a", 1020, (int64_t[]){10, 20, 30});
    add(neighbours, &guests[1], "a", 1020, (int64_t[]){15, 10, 31});
    add(neighbours, &guests[2], "a", 1000, (int64_t[]){99, 5, 25}); /* begins earlier */
    add(neighbours, &guests[3], "b", 1020, (int64_t[]){500, 500, 500});
    assert_ptr_equal(find(neighbours, "a", 1020, 20, &guests[0], &mhz), &guests[1]);
    assert_int_equal((int)mhz, 15);
    assert_ptr_equal(find(neighbours, "a", 1020, 20, &guests[1], &mhz), &guests[0]);
    assert_ptr_equal(find(neighbours, "a", 1040, 20, &guests[0], &mhz), &guests[2]);
    assert_ptr_equal(find(neighbours, "a", 1000, 20, &guests[0], &mhz), &guests[2]);
    assert_null(find(neighbours, "a", 1000, 20, &guests[2], &mhz));
    assert_null(find(neighbours, "a", 980, 20, &guests[0], &mhz));
    assert_null(find(neighbours, "b", 1020, 20, &guests[3], &mhz));
    assert_null(find(neighbours, "c", 1020, 20, &guests[3], &mhz));
    neighbours_free(neighbours);
}

/*
 * Samples of 20 s until 1060 and of 300 s until 1200 and 1500: a moment is compared with samples of
 * its own interval, or with what others cover of it.
 */
static void test_noisy_in_other_intervals(void **state) {
    static const int guests[3];
    struct neighbours *neighbours = neighbours_new();
    double mhz = 0;
    (void)state;

    add(neighbours, &guests[0], "a", 1020, (int64_t[]){10, 90, 20});
    add(neighbours, &guests[1], "a", 1020, (int64_t[]){40, 50, 60});
    add_one(neighbours, &guests[0], 1500, 70);
    add_one(neighbours, &guests[2], 1500, 80);
    assert_ptr_equal(find(neighbours, "a", 1500, 300, &guests[2], &mhz), &guests[0]);
    assert_int_equal((int)mhz, 70);
    assert_ptr_equal(find(neighbours, "a", 1040, 20, &guests[1], &mhz), &guests[0]);
    assert_int_equal((int)mhz, 90);
    assert_ptr_equal(find(neighbours, "a", 1300, 20, &guests[1], &mhz), &guests[2]);
    assert_int_equal((int)mhz, 80); /* of the 300 s around it */
    assert_ptr_equal(find(neighbours, "a", 1060, 60, NULL, &mhz), &guests[1]);
    assert_int_equal((int)mhz, 50); /* of 40, 50, 60; the other one: 40 */
    assert_ptr_equal(find(neighbours, "a", 1060, 60, &guests[1], &mhz), &guests[0]);
    assert_int_equal((int)mhz, 40);
    assert_null(find(neighbours, "a", 2000, 300, NULL, &mhz));
    neighbours_free(neighbours);
}

/* 1970 began on a Thursday. What ends at a full hour belongs to the hour before. */
static void test_hours(void **state) {
    static const int64_t times[] = {3600, 3601, 3620, -1};
    static const double values[] = {8, 20, 10, 5};
    struct hours hours = {.means = {{0, 0}}};
    size_t highest = 0, lowest = 0;
    char name[HOURS_NAME_SIZE];
    (void)state;

    assert_false(hours_extremes(&hours, &highest, &lowest));
    hours_add_all(&hours, &(struct measure_samples){times, values, 4, 20});
    assert_int_equal(hours_missing(&hours), HOURS_OF_WEEK - 3);
    assert_true(hours_extremes(&hours, &highest, &lowest));
    hours_name(name, highest);
    assert_string_equal(name, "Thu 01:00");
    assert_int_equal((int)weighted_mean_value(&hours.means[highest]), 15);
    hours_name(name, lowest);
    assert_string_equal(name, "Wed 23:00");
}

/* Two hours that end at 00:30 on Thursday: of 22, 23 and 0 o'clock. A day is of no hour. */
static void test_long_samples(void **state) {
    static const int64_t times[] = {1800};
    static const double values[] = {8};
    struct hours hours = {.means = {{0, 0}}};
    (void)state;

    hours_add_all(&hours, &(struct measure_samples){times, values, 1, 86400});
    assert_int_equal(hours_missing(&hours), HOURS_OF_WEEK);
    assert_true(hours.has_days);
    hours_add_all(&hours, &(struct measure_samples){times, values, 1, 7200});
    assert_int_equal(hours_missing(&hours), HOURS_OF_WEEK - 3);
    assert_true(hours.means[3 * 24].weight == 1800);
    assert_true(hours.means[3 * 24 - 1].weight == 3600);
    assert_true(hours.means[3 * 24 - 2].weight == 1800);
    assert_true(hours.means[3 * 24 - 2].sum == 8 * 1800);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_noisy),
        cmocka_unit_test(test_noisy_in_other_intervals),
        cmocka_unit_test(test_hours),
        cmocka_unit_test(test_long_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
