/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The counters that are served by default. */
#include "serve/defaults.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

/* In order, and each once: they are looked for by halving. */
static void test_order(void **state) {
    struct globs counters = {0};
    (void)state;
    defaults_select(&counters);
    for (size_t i = 1; i < counters.count; i++)
        assert_true(strcmp(counters.patterns[i - 1], counters.patterns[i]) < 0);
    globs_done(&counters);
}

static size_t count_of(enum entity_type type) {
    const struct entity entity = {.type = type};
    struct globs counters = {0};
    size_t count = 0;
    defaults_select(&counters);
    for (size_t i = 0; i < counters.count; i++) {
        const struct counter counter = {.name = counters.patterns[i]};
        const struct series series = {.entity = &entity, .counter = &counter, .instance = ""};
        count += defaults_have(&series);
    }
    globs_done(&counters);
    return count;
}

/* With their information and a few disks, 1000 guests are below 60,000 series. */
static void test_number(void **state) {
    (void)state;
    assert_in_range(count_of(ENTITY_VM), 35, 45);
    assert_in_range(count_of(ENTITY_HOST), 55, 65);
    assert_int_equal(count_of(ENTITY_CLUSTER), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
