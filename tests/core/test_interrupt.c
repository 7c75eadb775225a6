/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The first signal is a request, the second one an end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/interrupt.h"

enum { QUIET = 10, REQUESTED = 11, SURVIVED = 12, RESTARTED = 13 };

static int run(void (*body)(void)) {
    int status;
    pid_t child = fork();

    if (child == 0) {
        body();
        _exit(SURVIVED);
    }
    waitpid(child, &status, 0);
    return status;
}

static void no_signal(void) {
    interrupt_install();
    _exit(interrupt_requested() ? REQUESTED : QUIET);
}

static void one_sigint(void) {
    interrupt_install();
    raise(SIGINT);
    _exit(interrupt_requested() ? REQUESTED : QUIET);
}

static void one_sigterm(void) {
    interrupt_install();
    raise(SIGTERM);
    _exit(interrupt_requested() ? REQUESTED : QUIET);
}

static void two_sigint(void) {
    interrupt_install();
    raise(SIGINT);
    raise(SIGINT);
}

static void sigint_then_sigterm(void) {
    interrupt_install();
    raise(SIGINT);
    raise(SIGTERM);
}

static void blocked_read(void) {
    int ends[2];
    char byte;

    interrupt_install();
    if (pipe(ends) != 0)
        _exit(SURVIVED);
    if (fork() == 0) {
        usleep(200000);
        kill(getppid(), SIGINT);
        _exit(0);
    }
    ssize_t got = read(ends[0], &byte, 1);
    _exit(got == -1 && errno == EINTR && interrupt_requested() ? REQUESTED : RESTARTED);
}

static void closed_pipe(void) {
    int ends[2];

    interrupt_ignore_sigpipe();
    if (pipe(ends) != 0)
        _exit(QUIET);
    close(ends[0]);
    ssize_t written = write(ends[1], "x", 1);
    _exit(written == -1 && errno == EPIPE ? REQUESTED : QUIET);
}

static void test_exits(void **state) {
    static const struct {
        void (*body)(void);
        int expected;
    } cases[] = {
        {no_signal, QUIET},        {one_sigint, REQUESTED},  {one_sigterm, REQUESTED},
        {blocked_read, REQUESTED}, {closed_pipe, REQUESTED},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = run(cases[i].body);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), cases[i].expected);
    }
}

static void test_the_second_signal_kills(void **state) {
    int status = run(two_sigint);
    (void)state;

    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGINT);
    status = run(sigint_then_sigterm);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGTERM);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exits),
        cmocka_unit_test(test_the_second_signal_kills),
    };
    return cmocka_run_group_tests_name("interrupt", tests, NULL, NULL);
}
