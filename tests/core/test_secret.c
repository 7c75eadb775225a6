/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One copy, which several own, and a process that is not dumped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/secret.h"

static bool is_mapped(const char *text) {
    unsigned char there;
    uintptr_t page = (uintptr_t)text & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
    return mincore((void *)page, 1, &there) == 0;
}

static void test_owners(void **state) {
    (void)state;
    char *secret = secret_copy("open sesame");
    char *shared = secret_share(secret);
    assert_ptr_equal(shared, secret);
    secret_free(secret);
    assert_string_equal(shared, "open sesame");
    secret_free(shared);
    assert_false(is_mapped(shared));
}

static void test_none(void **state) {
    (void)state;
    assert_null(secret_copy(NULL));
    assert_null(secret_share(NULL));
    secret_free(NULL);
}

static void test_room(void **state) {
    char *secret = secret_new(10000);
    (void)state;
    for (size_t i = 0; i < 10000; i++)
        assert_int_equal(secret[i], 0);
    memset(secret, 'x', 10000);
    secret_free(secret);
}

/* Of the mapping that holds it; "dd" is VM_DONTDUMP. */
static bool is_left_out(const char *secret) {
    char line[512];
    bool here = false, found = false;
    FILE *maps = fopen("/proc/self/smaps", "r");
    assert_non_null(maps);
    while (!found && fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            here = from <= (unsigned long)secret && (unsigned long)secret < to;
        found = here && strncmp(line, "VmFlags:", 8) == 0 && strstr(line, " dd");
    }
    fclose(maps);
    return found;
}

static void test_no_dump(void **state) {
    (void)state;
    prctl(PR_SET_DUMPABLE, 1);
    char *secret = secret_copy("open sesame");
    assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
    prctl(PR_SET_DUMPABLE, 1);
    assert_true(is_left_out(secret));
    secret_free(secret);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_owners),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_no_dump),
    };
    return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
