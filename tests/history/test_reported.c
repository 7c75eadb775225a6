/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a report selects is what shares blocks. */
#include "history/reported.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "report/usage.h"

static void expect_all(const struct globs *globs, const char *instance) {
    assert_true(globs->count > 0);
    for (size_t i = 0; i < globs->count; i++)
        if (!reported_has(globs->patterns[i], instance))
            fail_msg("%s, instance '%s', is not kept with what reports read", globs->patterns[i],
                     instance);
}

static void test_what_reports_read(void **state) {
    struct globs counters = {0}, devices = {0};
    (void)state;
    usage_add_counters(&counters);
    usage_add_devices(&devices);
    expect_all(&counters, "");
    expect_all(&devices, "scsi0:0");
    globs_done(&counters);
    globs_done(&devices);
}

static void test_what_they_do_not_read(void **state) {
    (void)state;
    assert_false(reported_has("cpu.usage.average", "0"));
    assert_false(reported_has("cpu.idle.summation", ""));
    assert_true(reported_has("guest.mem.needed.latest", ""));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_reports_read),
        cmocka_unit_test(test_what_they_do_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
