/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Of an answer in any order, the first series of each counter and instance that was asked for. */
#include "source/vsphere/query/wanted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNTERS = 5, SERIES = 120 };

static const char *const instances[] = {"", "0", "1", "vmnic0"};

static const struct counter counters[COUNTERS] = {
    {.id = 2}, {.id = 3}, {.id = 5}, {.id = 7}, {.id = 11}};
static const struct counter *asked[COUNTERS];

static bool is_first(const struct vim_series *all, size_t place) {
    for (size_t i = 0; i < place; i++)
        if (!all[i].malformed && all[i].counter_id == all[place].counter_id &&
            strcmp(all[i].instance, all[place].instance) == 0)
            return false;
    return true;
}

static bool was_asked(int32_t id) {
    for (size_t i = 0; i < COUNTERS; i++)
        if (counters[i].id == id)
            return true;
    return false;
}

static void check(const struct vim_series *all, size_t count, bool aggregate_only) {
    const struct selection selection = {.aggregate_only = aggregate_only};
    const struct query query = {.selection = &selection};
    const struct query_item item = {.counters = asked, .count = COUNTERS};
    struct wanted wanted;
    wanted_init(&wanted, &query, &item, all);
    for (size_t i = 0; i < count; i++) {
        if (all[i].malformed)
            continue;
        const struct counter *counter = wanted_counter(&wanted, &all[i]);
        bool expected = is_first(all, i) && was_asked(all[i].counter_id) &&
                        !(aggregate_only && *all[i].instance);
        assert_int_equal(counter != NULL, expected);
        assert_true(!counter || counter->id == all[i].counter_id);
    }
    wanted_done(&wanted);
}

/* Ordered as servers do, with a few out of place, and in no order at all. */
static void test_any_order(void **state) {
    (void)state;
    srand(4);
    for (int round = 0; round < 3000; round++) {
        struct vim_series all[SERIES];
        size_t count = (size_t)(rand() % SERIES);
        for (size_t i = 0; i < count; i++) {
            bool stray = round % 3 == 2 || (round % 3 == 1 && rand() % 40 == 0);
            all[i] = (struct vim_series){
                .counter_id = stray ? rand() % 12 : (int32_t)(i * 12 / (count ? count : 1)),
                .instance = instances[rand() % 4],
                .malformed = rand() % 20 == 0,
            };
        }
        check(all, count, round % 2);
    }
}

/* Many instances of one counter, as of a host with many disks. */
static void test_long_runs(void **state) {
    static char names[SERIES][8];
    struct vim_series all[SERIES];
    (void)state;
    for (size_t i = 0; i < SERIES; i++) {
        snprintf(names[i], sizeof names[i], "%zu", i % 100);
        all[i] = (struct vim_series){.counter_id = 5, .instance = names[i]};
    }
    check(all, SERIES, false);
    check(all, 0, false);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_long_runs),
    };
    for (size_t i = 0; i < COUNTERS; i++)
        asked[i] = &counters[i];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
