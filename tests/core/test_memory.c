/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Allocation: zeroed, growing without loss, and a clear end when there is no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/memory.h"

/* Under AddressSanitizer as without it: calloc(3) returns NULL when the size overflows. */
/* NOLINTBEGIN(bugprone-reserved-identifier) */
const char *__asan_default_options(void);
const char *__asan_default_options(void) {
    return "allocator_may_return_null=1";
}
/* NOLINTEND(bugprone-reserved-identifier) */

static void test_alloc_is_zeroed(void **state) {
    unsigned char *bytes = memory_alloc(100);
    (void)state;

    for (size_t i = 0; i < 100; i++)
        assert_int_equal(bytes[i], 0);
    free(bytes);
    free(memory_alloc(0));
    free(memory_array(0, 8));
}

static void test_grow_keeps_elements(void **state) {
    int *numbers = NULL;
    size_t capacity = 0;
    (void)state;

    for (size_t i = 0; i < 1000; i++) {
        numbers = memory_grow(numbers, i, &capacity, sizeof *numbers);
        assert_true(capacity > i);
        numbers[i] = (int)i;
    }
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(numbers[i], i);
    free(numbers);
}

static void test_text(void **state) {
    char *copy = memory_strdup("text");
    char *part = memory_strndup("text", 2);
    char *printed = memory_printf("%s-%d", "vm", 9);
    (void)state;

    assert_null(memory_strdup(NULL));
    assert_string_equal(copy, "text");
    assert_string_equal(part, "te");
    assert_string_equal(printed, "vm-9");
    memory_wipe_free(copy);
    memory_wipe_free(NULL);
    free(part);
    free(printed);
}

static void exhaust(int stderr_fd) {
    static const struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    signal(SIGABRT, SIG_DFL);
    dup2(stderr_fd, STDERR_FILENO);
    free(memory_array(SIZE_MAX / 2, 4));
    _exit(0);
}

static void test_out_of_memory_ends_the_program(void **state) {
    int ends[2];
    int status;
    (void)state;

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0)
        exhaust(ends[1]);
    close(ends[1]);
    waitpid(child, &status, 0);
    /* A sanitizer may write its own lines first. */
    char all[4096] = "";
    size_t length = 0;
    for (ssize_t got; (got = read(ends[0], all + length, sizeof all - 1 - length)) > 0;)
        length += (size_t)got;
    close(ends[0]);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(all, "vperf: out of memory\n"));
}

static void test_concat(void **state) {
    (void)state;
    char *text = memory_concat("cpu", ".", "", "usage", NULL);
    assert_string_equal(text, "cpu.usage");
    free(text);
    text = memory_concat("", NULL);
    assert_string_equal(text, "");
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alloc_is_zeroed),
        cmocka_unit_test(test_grow_keeps_elements),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_concat),
        cmocka_unit_test(test_out_of_memory_ends_the_program),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
