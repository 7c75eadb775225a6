/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The end of a helper process. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/interrupt.h"
#include "core/process.h"

/* What the process does when it is asked to end; not to return is to hang. */
static struct process start(void (*goodbye)(void)) {
    int ends[2];
    struct process process = {0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    process.pid = fork();
    assert_true(process.pid >= 0);
    if (process.pid == 0) {
        char byte;
        close(ends[0]);
        while (read(ends[1], &byte, 1) > 0)
            continue;
        goodbye();
        _exit(3);
    }
    close(ends[1]);
    stream_init(&process.stream, ends[0]);
    return process;
}

static void say_nothing(void) {
}

static void hang(void) {
    for (;;)
        pause();
}

/* As somebody who has waited long enough. */
static void interrupt_and_hang(void) {
    kill(getppid(), SIGINT);
    hang();
}

static const int64_t for_ever_ns = 3600 * INT64_C(1000000000);

static void test_goodbye(void **state) {
    struct process process = start(say_nothing);
    int status = process_end(&process, for_ever_ns);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 3);
    assert_int_equal(process_end(&process, for_ever_ns), 0);
    (void)state;
}

static void test_no_patience(void **state) {
    struct process process = start(hang);
    int status = process_end(&process, 0);
    assert_true(WIFSIGNALED(status));
    (void)state;
}

/* Whatever patience was promised: the test would last an hour else. */
static void test_interrupt(void **state) {
    interrupt_install();
    struct process process = start(interrupt_and_hang);
    int status = process_end(&process, for_ever_ns);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
    (void)state;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goodbye),
        cmocka_unit_test(test_no_patience),
        cmocka_unit_test(test_interrupt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
