/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a person reads while trouble comes, lasts and goes. */
#include "command/messages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Of the program: it goes on as a test wants. */
static int64_t now_ns;

/* NOLINTBEGIN(bugprone-reserved-identifier) */
int64_t __wrap_clock_boot_ns(void);

int64_t __wrap_clock_boot_ns(void) {
    return now_ns;
}
/* NOLINTEND(bugprone-reserved-identifier) */

static void pass(int64_t seconds) {
    now_ns += seconds * 1000000000;
}

struct desk {
    char *text;
    size_t size;
    struct log log;
    struct messages *messages;
};

static const struct entity web = {.type = ENTITY_VM, .name = "web", .id = "vm-1"};
static const struct entity db = {.type = ENTITY_VM, .name = "db", .id = "vm-2"};

static struct desk *desk_new(bool endless) {
    struct desk *desk = calloc(1, sizeof *desk);
    now_ns = 1000000000000000;
    desk->log = (struct log){.stream = open_memstream(&desk->text, &desk->size)};
    desk->log.level = LOG_NORMAL;
    desk->messages = messages_new(&desk->log, "kvm01", endless);
    return desk;
}

static void desk_free(struct desk *desk) {
    messages_free(desk->messages);
    fclose(desk->log.stream);
    free(desk->text);
    free(desk);
}

/* All that was said since the last call. */
static void assert_said(struct desk *desk, const char *expected) {
    fclose(desk->log.stream);
    assert_string_equal(desk->text, expected);
    free(desk->text);
    desk->log.stream = open_memstream(&desk->text, &desk->size);
}

static void test_begin_and_end(void **state) {
    struct desk *desk = desk_new(true);
    (void)state;
    for (int round = 0; round < 5; round++) {
        messages_missing(desk->messages, &web, "QEMU does not answer");
        messages_round(desk->messages);
    }
    assert_said(desk, "vperf: warning: kvm01: vm 'web' (vm-1): QEMU does not answer\n");
    messages_round(desk->messages);
    assert_said(desk, "kvm01: vm 'web' (vm-1): over, after 5 samples: QEMU does not answer\n");
    messages_round(desk->messages);
    assert_said(desk, "");
    assert_int_equal(messages_troubles(desk->messages), 1);
    desk_free(desk);
}

static size_t count_lines(struct desk *desk) {
    size_t lines = 0;
    fflush(desk->log.stream);
    for (const char *at = desk->text; (at = strchr(at, '\n')); at++)
        lines++;
    return lines;
}

/* Trouble that comes and goes with each round is few lines in a day, and fewer in the next. */
static void test_flapping(void **state) {
    struct desk *desk = desk_new(true);
    size_t lines = 0;
    (void)state;
    for (int day = 0; day < 2; day++) {
        for (int round = 0; round < 4320; round++) {
            pass(20);
            if (round % 2)
                messages_missing(desk->messages, &web, "QEMU does not answer");
            messages_round(desk->messages);
        }
        lines = count_lines(desk) - lines;
        assert_in_range(lines, 1, day ? 14 : 30);
    }
    desk_free(desk);
}

/* What came back in the quiet time and has stayed is said after it. */
static void test_back_in_quiet_time(void **state) {
    struct desk *desk = desk_new(true);
    (void)state;
    messages_missing(desk->messages, &web, "QEMU does not answer");
    messages_round(desk->messages);
    messages_round(desk->messages);
    assert_said(desk, "vperf: warning: kvm01: vm 'web' (vm-1): QEMU does not answer\n"
                      "kvm01: vm 'web' (vm-1): over, after 1 sample: QEMU does not answer\n");
    for (int round = 0; round < 3; round++) {
        pass(20);
        messages_missing(desk->messages, &web, "QEMU does not answer");
        messages_round(desk->messages);
        if (round < 2)
            assert_said(desk, "");
    }
    assert_said(desk, "vperf: warning: kvm01: vm 'web' (vm-1): again: QEMU does not answer\n");
    messages_round(desk->messages);
    assert_said(desk, "kvm01: vm 'web' (vm-1): over, after 3 samples: QEMU does not answer\n");
    desk_free(desk);
}

/* What was well for an hour is news. */
static void test_forgotten(void **state) {
    struct desk *desk = desk_new(true);
    struct error error = {0};
    (void)state;
    error_set(&error, ERROR_CONNECT, "kvm01: cannot connect: refused");
    for (int time = 0; time < 20; time++) {
        messages_missing(desk->messages, &web, "QEMU does not answer");
        messages_lost(desk->messages, &error);
        assert_said(desk, "vperf: warning: kvm01: vm 'web' (vm-1): QEMU does not answer\n"
                          "vperf: kvm01: cannot connect: refused; trying again\n");
        messages_round(desk->messages);
        messages_round(desk->messages);
        pass(3700);
        messages_round(desk->messages);
        assert_said(desk, "kvm01: is back after 0 s (1 attempt)\n"
                          "kvm01: vm 'web' (vm-1): over, after 1 sample: QEMU does not answer\n");
    }
    desk_free(desk);
}

static void test_several(void **state) {
    struct desk *desk = desk_new(true);
    (void)state;
    messages_missing(desk->messages, &web, "no memory report");
    messages_missing(desk->messages, &web, "QEMU does not answer");
    messages_missing(desk->messages, &db, "QEMU does not answer");
    messages_missing(desk->messages, NULL, "the poll was late");
    messages_round(desk->messages);
    assert_said(desk, "vperf: warning: kvm01: vm 'web' (vm-1): no memory report\n"
                      "vperf: warning: kvm01: vm 'web' (vm-1): QEMU does not answer\n"
                      "vperf: warning: kvm01: vm 'db' (vm-2): QEMU does not answer\n"
                      "vperf: warning: kvm01: the poll was late\n");
    assert_int_equal(messages_troubles(desk->messages), 4);
    desk_free(desk);
}

static void say_absent(struct desk *desk, const struct entity *const *entities, size_t count) {
    const struct absence absence = {entities, count, 20, "returned no samples"};
    messages_absent(desk->messages, &absence);
}

/* Those that begin or end together are one line. */
static void test_many_at_once(void **state) {
    struct desk *desk = desk_new(true);
    struct entity guests[7];
    const struct entity *list[7];
    char ids[7][8];
    (void)state;
    for (int i = 0; i < 7; i++) {
        snprintf(ids[i], sizeof ids[i], "vm-%d", i);
        guests[i] = (struct entity){.type = ENTITY_VM, .name = "web", .id = ids[i]};
        list[i] = &guests[i];
    }
    for (int round = 0; round < 3; round++) {
        say_absent(desk, list, 2);
        messages_round(desk->messages);
    }
    assert_said(desk, "vperf: warning: kvm01: 2 of 20 guests returned no samples: vm 'web' (vm-0), "
                      "vm 'web' (vm-1)\n");
    say_absent(desk, list, 3);
    messages_round(desk->messages);
    assert_said(desk, "vperf: warning: kvm01: vm 'web' (vm-2): returned no samples\n");
    say_absent(desk, list, 7);
    messages_round(desk->messages);
    assert_int_equal(messages_troubles(desk->messages), 7);
    assert_said(desk, "vperf: warning: kvm01: 4 of 20 guests returned no samples: vm 'web' (vm-3), "
                      "vm 'web' (vm-4), vm 'web' (vm-5), vm 'web' (vm-6)\n");
    messages_round(desk->messages);
    assert_said(desk, "kvm01: over for 7 guests: returned no samples: vm 'web' (vm-0), "
                      "vm 'web' (vm-1), vm 'web' (vm-2), vm 'web' (vm-3), vm 'web' (vm-4), …\n");
    desk_free(desk);
}

static void test_target_away(void **state) {
    struct desk *desk = desk_new(true);
    struct error error = {0};
    (void)state;
    error_set(&error, ERROR_CONNECT, "kvm01: cannot connect: refused");
    for (int round = 0; round < 100; round++)
        messages_lost(desk->messages, &error);
    assert_said(desk, "vperf: kvm01: cannot connect: refused; trying again\n");
    messages_round(desk->messages);
    assert_said(desk, "kvm01: is back after 0 s (100 attempts)\n");
    messages_lost(desk->messages, &error);
    messages_round(desk->messages);
    assert_said(desk, "");
    pass(50);
    messages_lost(desk->messages, &error);
    assert_said(desk, "");
    pass(10);
    messages_lost(desk->messages, &error);
    assert_said(desk, "vperf: kvm01: cannot connect: refused (again: 2 attempts failed "
                      "unreported); trying again\n");
    messages_round(desk->messages);
    assert_said(desk, "kvm01: is back after 10 s (2 attempts)\n");
    desk_free(desk);
}

static void test_flapping_target(void **state) {
    struct desk *desk = desk_new(true);
    struct error error = {0};
    size_t lines = 0;
    (void)state;
    error_set(&error, ERROR_CONNECT, "kvm01: cannot connect: refused");
    for (int day = 0; day < 2; day++) {
        for (int round = 0; round < 4320; round++) {
            pass(20);
            if (round % 2)
                messages_lost(desk->messages, &error);
            else
                messages_round(desk->messages);
        }
        lines = count_lines(desk) - lines;
        assert_in_range(lines, 1, day ? 14 : 30);
    }
    desk_free(desk);
}

/* Another reason in the same outage is told too, but not each time that it changes. */
static void test_other_reason(void **state) {
    struct desk *desk = desk_new(true);
    struct error silence = {0}, refusal = {0};
    (void)state;
    error_set(&silence, ERROR_TIMEOUT, "kvm01: no statistics within 3 s");
    error_set(&refusal, ERROR_CONNECT, "kvm01: no socket");
    for (int round = 0; round < 100; round++) {
        messages_lost(desk->messages, &silence);
        messages_lost(desk->messages, &refusal);
    }
    assert_said(desk, "vperf: kvm01: no statistics within 3 s; trying again\n"
                      "vperf: kvm01: no socket; trying again\n");
    desk_free(desk);
}

static void test_bounded(void **state) {
    struct desk *desk = desk_new(false);
    struct error error = {0};
    (void)state;
    error_set(&error, ERROR_TIMEOUT, "no statistics within 3 s");
    messages_missing(desk->messages, &web, "QEMU does not answer");
    messages_round(desk->messages);
    messages_lost(desk->messages, &error);
    messages_lost(desk->messages, &error);
    messages_missing(desk->messages, &web, "QEMU does not answer");
    messages_round(desk->messages);
    assert_said(desk, "vperf: warning: kvm01: vm 'web' (vm-1): QEMU does not answer\n");
    messages_finish(desk->messages, 4);
    assert_said(desk, "vperf: warning: kvm01: 2 of 4 polls gave nothing: no statistics within 3 s\n"
                      "vperf: warning: kvm01: vm 'web' (vm-1): 2 samples in all: QEMU does not "
                      "answer\n");
    assert_int_equal(messages_troubles(desk->messages), 2);
    desk_free(desk);
}

static void test_reports(void **state) {
    struct desk *desk = desk_new(true);
    const struct reporter *reporter = messages_reporter(desk->messages);
    (void)state;
    for (int i = 0; i < 3; i++)
        report(reporter, REPORT_WARNING, "older samples are not kept");
    report(reporter, REPORT_INFO, "%d guests report their memory", 3);
    report(reporter, REPORT_DETAIL, "a request");
    assert_said(desk, "vperf: warning: older samples are not kept\n3 guests report their memory\n");
    desk_free(desk);
}

/* Memory has a limit; who reads the messages knows that it was reached. */
static void test_very_many_reports(void **state) {
    struct desk *desk = desk_new(true);
    const struct reporter *reporter = messages_reporter(desk->messages);
    (void)state;
    for (int i = 0; i < 10000; i++)
        report(reporter, REPORT_WARNING, "kvm01: %d", i);
    assert_int_equal(count_lines(desk), 10000);
    fclose(desk->log.stream);
    free(desk->text);
    desk->log.stream = open_memstream(&desk->text, &desk->size);
    for (int i = 9999; i < 10010; i++)
        report(reporter, REPORT_WARNING, "kvm01: %d", i);
    assert_said(desk, "vperf: warning: kvm01: 10000 different warnings were given: further ones "
                      "are not shown\n");
    desk_free(desk);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_begin_and_end),
        cmocka_unit_test(test_flapping),
        cmocka_unit_test(test_back_in_quiet_time),
        cmocka_unit_test(test_forgotten),
        cmocka_unit_test(test_several),
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_target_away),
        cmocka_unit_test(test_flapping_target),
        cmocka_unit_test(test_other_reason),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_reports),
        cmocka_unit_test(test_very_many_reports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
