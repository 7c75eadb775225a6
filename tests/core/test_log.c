/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What each level shows on stderr, and that a message is always one line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/log.h"

static char *logged_at(enum log_level level) {
    char *text;
    size_t size;
    struct log log = {.stream = open_memstream(&text, &size), .level = level};

    log_error(&log, "lost %d", 3);
    log_warn(&log, "guest '%s'", "a\nb\033");
    log_info(&log, "%d series", 199);
    log_debug(&log, "QueryPerf of %s", "vm-9");
    fclose(log.stream);
    return text;
}

static void test_levels(void **state) {
    static const struct {
        enum log_level level;
        const char *expected;
    } cases[] = {
        {LOG_QUIET, "vperf: lost 3\nvperf: warning: guest 'a?b?'\n"},
        {LOG_NORMAL, "vperf: lost 3\nvperf: warning: guest 'a?b?'\n199 series\n"},
        {LOG_VERBOSE, "vperf: lost 3\nvperf: warning: guest 'a?b?'\n199 series\n"
                      "vperf: QueryPerf of vm-9\n"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = logged_at(cases[i].level);
        assert_string_equal(text, cases[i].expected);
        free(text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
