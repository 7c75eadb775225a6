/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The series of an answer without an order, put into the order of their counters. */
#include "source/vsphere/query/answers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SERIES = 300 };

/* Counters that are close to each other, all over the place, and below 0, which servers have not.
 */
static int32_t counter_of(int round) {
    int32_t number = rand() % 5 == 0 ? rand() : rand() % 500;
    return round % 3 == 2 && rand() % 2 ? -number : number;
}

static void test_any_order(void **state) {
    static char places[SERIES][8];
    (void)state;
    srand(9);
    for (int round = 0; round < 1000; round++) {
        struct vim_series all[SERIES];
        struct vim_entity_metric part = {.series = all, .series_count = (size_t)(rand() % SERIES)};
        for (size_t i = 0; i < part.series_count; i++) {
            snprintf(places[i], sizeof places[i], "%zu", i);
            all[i] = (struct vim_series){.counter_id = counter_of(round), .instance = places[i]};
        }
        answers_sort(&part);
        for (size_t i = 1; i < part.series_count; i++) {
            assert_true(all[i - 1].counter_id <= all[i].counter_id);
            assert_true(all[i - 1].counter_id < all[i].counter_id ||
                        atoi(all[i - 1].instance) < atoi(all[i].instance));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_any_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
