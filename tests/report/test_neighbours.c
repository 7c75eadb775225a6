/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Who was noisy: by hand. And hours of a week. */
#include "report/neighbours.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/hours.h"

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
    static const struct entity self = {.type = ENTITY_VM, .source = "vc"};
    struct neighbours *neighbours = neighbours_new();
    double mhz = 0;
    (void)state;

    add(neighbours, &guests[0], "a", 1020, (int64_t[]){10, 20, 30});
    add(neighbours, &guests[1], "a", 1020, (int64_t[]){15, 10, 31});
    add(neighbours, &guests[2], "a", 1000, (int64_t[]){99, 5, 25}); /* begins earlier */
    add(neighbours, &guests[3], "b", 1020, (int64_t[]){500, 500, 500});
    assert_ptr_equal(neighbours_find(neighbours, &self, "a", 1020, &guests[0], &mhz), &guests[1]);
    assert_int_equal((int)mhz, 15);
    assert_ptr_equal(neighbours_find(neighbours, &self, "a", 1020, &guests[1], &mhz), &guests[0]);
    assert_ptr_equal(neighbours_find(neighbours, &self, "a", 1040, &guests[0], &mhz), &guests[2]);
    assert_ptr_equal(neighbours_find(neighbours, &self, "a", 1000, &guests[0], &mhz), &guests[2]);
    assert_null(neighbours_find(neighbours, &self, "a", 1000, &guests[2], &mhz));
    assert_null(neighbours_find(neighbours, &self, "a", 980, &guests[0], &mhz));
    assert_null(neighbours_find(neighbours, &self, "b", 1020, &guests[3], &mhz));
    assert_null(neighbours_find(neighbours, &self, "c", 1020, &guests[3], &mhz));
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_noisy),
        cmocka_unit_test(test_hours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
