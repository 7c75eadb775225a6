/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Sums of several hosts, at the times that all of them have. */
#include "report/demand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { TIMES = 3, LISTS = 3 };

static void check(const struct sample lists[LISTS][TIMES], const int64_t expected[TIMES]) {
    GArray *arrays[LISTS];
    for (size_t i = 0; i < LISTS; i++) {
        arrays[i] = g_array_new(FALSE, FALSE, sizeof(struct sample));
        g_array_append_vals(arrays[i], lists[i], TIMES);
    }
    GArray *sums = demand_add_up(arrays, LISTS);
    assert_int_equal(sums->len, TIMES);
    for (guint i = 0; i < TIMES; i++)
        assert_true(g_array_index(sums, struct sample, i).value == expected[i]);
    g_array_free(sums, TRUE);
    for (size_t i = 0; i < LISTS; i++)
        g_array_free(arrays[i], TRUE);
}

/* A server may send any value: sums end at the largest number. */
static void test_large_values(void **state) {
    static const struct sample lists[LISTS][TIMES] = {
        {{20, 1}, {40, INT64_MAX}, {60, INT64_MIN}},
        {{20, 2}, {40, INT64_MAX}, {60, -1}},
        {{20, 3}, {40, 7}, {60, -7}},
    };
    static const int64_t expected[TIMES] = {6, INT64_MAX, INT64_MIN};
    (void)state;
    check(lists, expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_large_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
