/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A lane's failure ends the lane, a run's all of its lanes; neither looks like a signal. */
#include "core/cancel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

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

struct sleeper {
    struct cancel cancel;
    atomic_bool sleeps;
    bool slept; /* to the end */
};

static void *sleep_long(void *context) {
    struct sleeper *sleeper = context;
    atomic_store(&sleeper->sleeps, true);
    sleeper->slept = cancel_wait(&sleeper->cancel, clock_boot_ns() + 3600 * 1000000000LL);
    return NULL;
}

/* However far it is: between looking and sleeping, or asleep. */
static void test_wakes_another_thread(void **state) {
    (void)state;
    for (int pause_us = 0; pause_us <= 10000; pause_us += 1000) {
        struct sleeper sleeper = {.slept = true};
        pthread_t thread;
        cancel_init(&sleeper.cancel, NULL);
        assert_int_equal(pthread_create(&thread, NULL, sleep_long, &sleeper), 0);
        while (!atomic_load(&sleeper.sleeps))
            sched_yield();
        usleep((useconds_t)pause_us);
        cancel_request(&sleeper.cancel);
        pthread_join(thread, NULL);
        assert_false(sleeper.slept);
    }
}

/* Threads that block the signal, as lanes may, are woken by the one that gets it. */
static void test_wakes_at_a_signal(void **state) {
    struct sleeper sleeper = {.slept = true};
    pthread_t thread;
    sigset_t signals, before;
    (void)state;
    interrupt_install();
    cancel_init(&sleeper.cancel, NULL);
    interrupt_signals(&signals);
    pthread_sigmask(SIG_BLOCK, &signals, &before);
    assert_int_equal(pthread_create(&thread, NULL, sleep_long, &sleeper), 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    while (!atomic_load(&sleeper.sleeps))
        sched_yield();
    raise(SIGTERM);
    pthread_join(thread, NULL);
    assert_false(sleeper.slept);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree), cmocka_unit_test(test_wait),
        cmocka_unit_test(test_wakes_another_thread),
        cmocka_unit_test(test_wakes_at_a_signal), /* the last one: its signal stays */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
