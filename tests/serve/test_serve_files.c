/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Files of certificates and keys. */
#include "serve/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

/* A key is in no core dump. */
static void test_no_dump(void **state) {
    char path[] = "/tmp/vperf-key-XXXXXX";
    struct error error = {0};
    FILE *file = fdopen(mkstemp(path), "w");
    (void)state;
    assert_non_null(file);
    fputs("key\n", file);
    fclose(file);
    prctl(PR_SET_DUMPABLE, 1);
    char *text = files_read("--tls-key", path, &error);
    assert_string_equal(text, "key\n");
    assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
    prctl(PR_SET_DUMPABLE, 1);
    free(text);
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_dump),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
