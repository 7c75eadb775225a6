/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A lane's failure ends the lane, a run's all of its lanes; neither looks like a signal. */
#include "core/cancel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/interrupt.h"

static void test_tree(void **state) {
    struct cancel run, first, second;
    (void)state;
    cancel_init(&run, NULL);
    cancel_init(&first, &run);
    cancel_init(&second, &run);
    assert_false(cancel_requested(&first));
    cancel_request(&first);
    assert_true(cancel_requested(&first));
    assert_false(cancel_requested(&second));
    assert_false(cancel_requested(&run));
    cancel_request(&run);
    assert_true(cancel_requested(&second));
    assert_false(cancel_requested(NULL));
    assert_false(interrupt_requested());
}

static void test_wait(void **state) {
    struct cancel cancel;
    (void)state;
    cancel_init(&cancel, NULL);
    int64_t begin_ns = clock_boot_ns();
    assert_true(cancel_wait(&cancel, begin_ns + 20000000));
    assert_true(clock_boot_ns() >= begin_ns + 20000000);
    assert_true(cancel_wait(&cancel, begin_ns));
    cancel_request(&cancel);
    assert_false(cancel_wait(&cancel, begin_ns + 3600 * 1000000000LL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree),
        cmocka_unit_test(test_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
