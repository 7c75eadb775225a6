/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A signal ends a collection at once, between two polls and in one. A program of its own: the flag
 * stays. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/interrupt.h"
#include "core/memory.h"
#include "source/libvirt/poller.h"
#include "source/source.h"

extern const struct source_ops libvirt_source;

static void *send_signal(void *context) {
    (void)context;
    usleep(400000);
    kill(getpid(), SIGINT);
    return NULL;
}

/* The time between two polls. */
static void test_between_polls(void **state) {
    pthread_t thread;
    (void)state;

    interrupt_install();
    int64_t start_ns = clock_now_ns();
    assert_int_equal(pthread_create(&thread, NULL, send_signal, NULL), 0);
    assert_false(cancel_wait(NULL, clock_boot_ns() + 20000000000));
    assert_true(clock_now_ns() - start_ns < 2000000000);
    pthread_join(thread, NULL);
}

/* The daemon takes the connection and never says a word. */
static void test_while_connecting(void **state) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct source_options options = {0};
    struct target target;
    struct error error = {0};
    (void)state;

    assert_true(interrupt_requested());
    snprintf(address.sun_path, sizeof address.sun_path, "/tmp/vperf-silent-%d", (int)getpid());
    int silent = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(silent, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(silent, 5), 0);
    char *uri = memory_printf("qemu+unix:///system?socket=%s", address.sun_path);
    assert_true(target_init(&target, uri, &error));
    int64_t start_ns = clock_now_ns();
    assert_null(libvirt_source.open(&target, &options, &error));
    assert_true(clock_now_ns() - start_ns < 2000000000);
    assert_int_equal(error.kind, ERROR_INTERRUPTED);
    close(silent);
    unlink(address.sun_path);
    usleep(300000);
    target_done(&target);
    free(uri);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_between_polls),
        cmocka_unit_test(test_while_connecting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
