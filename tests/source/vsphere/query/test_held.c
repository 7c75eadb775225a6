/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* An entity that is asked for in parts while its next sample comes to the server. */
#include "source/vsphere/query/held.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { PARTS = 3, TIMES = 3 };

static bool on_series(void *context, const struct series *series, struct error *error) {
    char *text = context;
    (void)error;
    sprintf(text + strlen(text), "%s", series->instance);
    for (size_t i = 0; i < series->count; i++)
        sprintf(text + strlen(text), " %d", (int)series->samples[i].time);
    strcat(text, ";");
    return true;
}

static void add_part(struct held *held, const char *instance, const int64_t *times, size_t count) {
    struct sample samples[TIMES];
    static const struct counter counter = {.id = 1};
    const struct series series = {
        .counter = &counter, .instance = instance, .count = count, .samples = samples};
    held_add_answer(held, times, count);
    for (size_t i = 0; i < count; i++) {
        samples[i] = (struct sample){times[i], 1};
        held_add_time(held, times[i]);
    }
    held_add(held, &series);
}

static void test_settling(void **state) {
    static const struct {
        int64_t after;
        int64_t times[PARTS][TIMES]; /* 0 ends a part's */
        const char *emitted;
        int marked;
    } rows[] = {
        {0, {{20, 40}, {20, 40}, {20, 40}}, "a 20 40;b 20 40;c 20 40;", 2},
        {0, {{20}, {20, 40}, {20, 40}}, "a 20;b 20;c 20;", 1},
        {0, {{20}, {20}, {20, 40}}, "a 20;b 20;c 20;", 1},
        {0, {{20, 60}, {20, 40, 60}, {20, 40, 60}}, "a 20 60;b 20 60;c 20 60;", 2},
        {0, {{20}, {20}, {40, 40}}, "", 0}, /* nothing is common to all */
        {50, {{20}, {20, 40}, {20, 40}}, "a 20;b 20 40;c 20 40;", 2},
    };
    static const char *const instances[PARTS] = {"a", "b", "c"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[256] = "";
        const struct source_events events = {.context = text, .series = on_series};
        struct held held = {0};
        struct known known = {0};
        struct error error = {0};
        int marked = 0;
        for (size_t part = 0; part < PARTS; part++) {
            size_t count = 0;
            while (count < TIMES && rows[i].times[part][count])
                count++;
            add_part(&held, instances[part], rows[i].times[part], count);
        }
        held_settle(&held, rows[i].after);
        assert_true(held_emit(&held, &known, &events, &error));
        assert_string_equal(text, rows[i].emitted);
        for (size_t k = 0; k < held.time_count; k++)
            marked += held.times[k].found;
        assert_int_equal(marked, rows[i].marked);
        held_clear(&held);
        known_done(&known);
    }
}

/* The first part is asked again for what it lacks; a part without samples keeps nothing back. */
static void test_again(void **state) {
    static const int64_t early[] = {20}, late[] = {40}, both[] = {20, 40};
    char text[256] = "";
    const struct source_events events = {.context = text, .series = on_series};
    struct held held = {0};
    struct known known = {0};
    struct error error = {0};
    (void)state;
    assert_int_equal(held_newest(&held), INT64_MIN);
    add_part(&held, "a", early, 1);
    held_add_answer(&held, NULL, 0);
    add_part(&held, "b", both, 2);
    assert_int_equal(held_newest(&held), 40);
    held.again = true;
    add_part(&held, "a", late, 1);
    held_settle(&held, 0);
    assert_true(held_emit(&held, &known, &events, &error));
    assert_string_equal(text, "a 20;b 20 40;a 40;");
    held_clear(&held);
    known_done(&known);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_settling),
                                       cmocka_unit_test(test_again)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
