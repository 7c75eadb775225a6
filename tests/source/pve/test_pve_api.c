/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Paths of requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "source/pve/api.h"

static void test_a_name_is_one_part_of_a_path(void **state) {
    static const char *const cases[][2] = {
        {"pve1", "/nodes/pve1/qemu/100/config"},
        {"a b/../c?d#e%", "/nodes/a%20b%2F..%2Fc%3Fd%23e%25/qemu/100/config"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *path = pve_node_path(cases[i][0], "qemu/%d/config", 100);
        assert_string_equal(path, cases[i][1]);
        free(path);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_name_is_one_part_of_a_path)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
