/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a terminal shows while a run works or waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command/progress.h"
#include "core/clock.h"

enum { DAY_SECONDS = 86400, BUSY_SECONDS = 30 };

struct bench {
    char *text;
    size_t size;
    struct log log;
    struct progress progress;
    struct progress_lane lane;
};

static void set_up(struct bench *bench) {
    *bench = (struct bench){.log = {.level = LOG_NORMAL, .progress = true}};
    bench->log.stream = open_memstream(&bench->text, &bench->size);
    progress_init(&bench->progress, &bench->log);
    bench->lane.progress = &bench->progress;
}

static void tear_down(struct bench *bench) {
    progress_done(&bench->progress);
    fclose(bench->log.stream);
    free(bench->text);
}

static void test_wait_is_told(void **state) {
    int hours = 0, minutes = 0, seconds = 0, end = 0;
    struct bench bench;
    (void)state;

    setenv("TZ", "UTC", 1);
    set_up(&bench);
    progress_report(&bench.lane, 0, 1);
    assert_string_equal(bench.text ? bench.text : "", "");
    time_t begin = time(NULL);
    progress_wait(&bench.lane, "the next poll of here", clock_boot_ns() + 20 * 1000000000LL);
    assert_int_equal(sscanf(bench.text, "\r\033[Kwaiting until %2d:%2d:%2d for %n", &hours,
                            &minutes, &seconds, &end),
                     3);
    assert_string_equal(bench.text + end, "the next poll of here\r");
    int64_t left =
        ((hours * 60 + minutes) * 60 + seconds - begin % DAY_SECONDS + DAY_SECONDS) % DAY_SECONDS;
    assert_in_range(left, 20, 20 + BUSY_SECONDS);
    tear_down(&bench);
}

static void test_wait_between_rounds(void **state) {
    struct bench bench;
    (void)state;

    set_up(&bench);
    progress_series(&bench.lane);
    progress_report(&bench.lane, 3, 16);
    progress_wait(&bench.lane, "the next poll of here", clock_boot_ns() + 20 * 1000000000LL);
    assert_non_null(strstr(bench.text, "\r\033[K3 of 16 done, 1 series; waiting until "));
    tear_down(&bench);
}

static void test_short_wait_is_not_shown(void **state) {
    struct bench bench;
    (void)state;

    set_up(&bench);
    progress_wait(&bench.lane, "the next poll of here", clock_boot_ns() + 900 * 1000000LL);
    fflush(bench.log.stream);
    assert_string_equal(bench.text, "");
    tear_down(&bench);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wait_is_told),
        cmocka_unit_test(test_wait_between_rounds),
        cmocka_unit_test(test_short_wait_is_not_shown),
    };
    return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
