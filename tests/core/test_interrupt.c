/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The first signal is a request, the second one an end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/interrupt.h"
#include "core/memory.h"
#include "core/remains.h"

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

static void exit_after(int number) {
    interrupt_install();
    raise(number);
    _exit(interrupt_requested() ? REQUESTED : QUIET);
}

static void one_sigint(void) {
    exit_after(SIGINT);
}

static void one_sigterm(void) {
    exit_after(SIGTERM);
}

static void one_sighup(void) {
    exit_after(SIGHUP);
}

static void one_sigquit(void) {
    exit_after(SIGQUIT);
}

/* nohup(1) means it. */
static void ignored_sighup(void) {
    signal(SIGHUP, SIG_IGN);
    exit_after(SIGHUP);
}

static void ignored_sigquit(void) {
    signal(SIGQUIT, SIG_IGN);
    exit_after(SIGQUIT);
}

/* A shell's background job can be ended by kill -INT. */
static void ignored_sigint(void) {
    signal(SIGINT, SIG_IGN);
    exit_after(SIGINT);
}

/* As a person does who is tired of waiting. */
static void wait_a_moment(void) {
    usleep(400000);
}

static void two_sigint(void) {
    interrupt_install();
    raise(SIGINT);
    wait_a_moment();
    raise(SIGINT);
}

/* timeout(1) signals its child, and then the group that the child is in. */
static void one_wish_twice(void) {
    interrupt_install();
    raise(SIGINT);
    exit_after(SIGINT);
}

static void sigint_then_sigterm(void) {
    interrupt_install();
    raise(SIGINT);
    wait_a_moment();
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

    interrupt_ignore_failed_writes();
    if (pipe(ends) != 0)
        _exit(QUIET);
    close(ends[0]);
    ssize_t written = write(ends[1], "x", 1);
    _exit(written == -1 && errno == EPIPE ? REQUESTED : QUIET);
}

static void file_too_large(void) {
    interrupt_ignore_failed_writes();
    int fd = open("/tmp", O_TMPFILE | O_WRONLY, 0600);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){10, 10});
    ssize_t first = write(fd, "1234567890", 10);
    ssize_t second = write(fd, "x", 1);
    _exit(first == 10 && second == -1 && errno == EFBIG ? REQUESTED : QUIET);
}

static void test_exits(void **state) {
    static const struct {
        void (*body)(void);
        int expected;
    } cases[] = {
        {no_signal, QUIET},       {one_sigint, REQUESTED},     {one_sigterm, REQUESTED},
        {one_sighup, REQUESTED},  {one_sigquit, REQUESTED},    {ignored_sighup, QUIET},
        {ignored_sigquit, QUIET}, {ignored_sigint, REQUESTED}, {blocked_read, REQUESTED},
        {closed_pipe, REQUESTED}, {file_too_large, REQUESTED}, {one_wish_twice, REQUESTED},
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

/* What ends the process while a file is unfinished. */
static void second_signal(void) {
    raise(SIGTERM);
    wait_a_moment();
    raise(SIGTERM);
}

static void no_memory(void) {
    memory_check(NULL);
}

static void bad_address(void) {
    raise(SIGSEGV);
}

static char left[] = "/tmp/vperf-left-XXXXXX";
static char kept[] = "/tmp/vperf-kept-XXXXXX";

static void end_with_files(void (*end)(void)) {
    pid_t child = fork();
    if (child == 0) {
        /* A sanitizer's handlers would stay. */
        signal(SIGSEGV, SIG_DFL);
        signal(SIGABRT, SIG_DFL);
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        interrupt_install();
        remains_add(kept);
        remains_add(left);
        remains_drop(kept);
        end();
        _exit(SURVIVED);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
}

static void test_a_sudden_end_removes_files(void **state) {
    static void (*const ends[])(void) = {second_signal, no_memory, bad_address};
    (void)state;

    close(mkstemp(kept));
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        strcpy(left + strlen(left) - 6, "XXXXXX");
        close(mkstemp(left));
        end_with_files(ends[i]);
        assert_int_equal(access(left, F_OK), -1);
        assert_int_equal(access(kept, F_OK), 0);
    }
    unlink(kept);
}

static void test_many_remains(void **state) {
    char name[32];
    (void)state;

    for (int round = 0; round < 4; round++)
        for (int i = 0; i < 200; i++) {
            snprintf(name, sizeof name, "/nonexistent/%d", i);
            (round % 2 ? remains_drop : remains_add)(name);
        }
    remains_remove();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exits),
        cmocka_unit_test(test_the_second_signal_kills),
        cmocka_unit_test(test_a_sudden_end_removes_files),
        cmocka_unit_test(test_many_remains),
    };
    return cmocka_run_group_tests_name("interrupt", tests, NULL, NULL);
}
