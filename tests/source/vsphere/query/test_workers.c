/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Workers claim each task once, take turns in order, and all end when one fails. No call is made.
 */
#include "source/vsphere/query/workers.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/memory.h"
#include "source/tls/tls.h"
#include "source/vsphere/session/session.h"

enum { TASKS = 300, JOBS = 8 };

struct job {
    struct workers *workers;
    size_t tasks;
    size_t fails;         /* the first task that fails; TASKS for none */
    bool silently;        /* without an error */
    size_t claimed;       /* claims are one at a time */
    atomic_size_t begun;  /* runs */
    size_t done[TASKS];   /* tasks in the order of their turns */
    size_t done_count;    /* changes in turns only */
    atomic_bool refused;  /* a turn was refused */
    atomic_uint by_index; /* bits of the workers that ran a task */
};

static struct session session;

static int open_session(void **state) {
    static const struct source_options options = {.insecure = true};
    struct error error = {0};
    (void)state;
    session.tls = tls_new("127.0.0.1", 443, &options, &error);
    return session.tls ? 0 : 1;
}

static int close_session(void **state) {
    (void)state;
    tls_free(session.tls);
    return 0;
}

static bool claim(void *context, size_t worker, size_t task) {
    struct job *job = context;
    (void)worker;
    if (task >= job->tasks)
        return false;
    assert_int_equal(task, job->claimed);
    job->claimed++;
    return true;
}

static bool more(void *context, size_t task) {
    const struct job *job = context;
    return task < job->tasks;
}

static atomic_int threads;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*begin)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*begin)(void *), void *argument);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*begin)(void *), void *argument) {
    atomic_fetch_add(&threads, 1);
    return __real_pthread_create(thread, attributes, begin, argument);
}

/* Every third task is slower than those behind it. */
static void dawdle(size_t task) {
    for (size_t i = 0; i < (task % 3 ? 0 : 20); i++)
        sched_yield();
}

static bool run(void *context, size_t worker, size_t task, struct error *error) {
    struct job *job = context;
    atomic_fetch_add(&job->begun, 1);
    atomic_fetch_or(&job->by_index, 1U << worker);
    dawdle(task);
    if (task >= job->fails)
        return job->silently ? false : error_set(error, ERROR_FAULT, "task %zu", task);
    if (!workers_await_turn(job->workers, task)) {
        atomic_store(&job->refused, true);
        return false;
    }
    job->done[job->done_count++] = task;
    /* A turn may be asked for twice. */
    return workers_await_turn(job->workers, task);
}

static void assert_in_order(const struct job *job, size_t count) {
    assert_int_equal(job->done_count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(job->done[i], i);
}

static void test_turns_are_in_order(void **state) {
    (void)state;
    for (size_t jobs = 1; jobs <= JOBS; jobs++) {
        struct error error = {0};
        struct job job = {.workers = workers_new(&session, jobs), .tasks = TASKS, .fails = TASKS};
        const struct workers_job work = {&job, claim, run, more};
        assert_int_equal(workers_count(job.workers), jobs);
        assert_true(workers_run(job.workers, &work, &error));
        assert_int_equal(error.kind, ERROR_NONE);
        assert_in_order(&job, TASKS);
        assert_int_equal(job.begun, TASKS);
        workers_free(job.workers);
    }
}

static void test_no_tasks(void **state) {
    struct error error = {0};
    struct job job = {.workers = workers_new(&session, JOBS), .fails = TASKS};
    const struct workers_job work = {&job, claim, run, more};
    (void)state;
    assert_true(workers_run(job.workers, &work, &error));
    assert_int_equal(job.begun, 0);
    workers_free(job.workers);
}

/* A thread costs more than a small run does without it. */
static void test_no_more_threads_than_tasks(void **state) {
    (void)state;
    for (size_t tasks = 1; tasks <= 3; tasks++) {
        struct error error = {0};
        struct job job = {.workers = workers_new(&session, JOBS), .tasks = tasks, .fails = TASKS};
        const struct workers_job work = {&job, claim, run, more};
        int before = atomic_load(&threads);
        assert_true(workers_run(job.workers, &work, &error));
        assert_in_order(&job, tasks);
        assert_int_equal(atomic_load(&threads) - before, tasks - 1);
        workers_free(job.workers);
    }
}

/* What came before the failure is done; what comes after it is not. */
static void test_failure_ends_the_run(void **state) {
    (void)state;
    for (size_t fails = 0; fails < 40; fails++) {
        struct error error = {0};
        struct job job = {.workers = workers_new(&session, JOBS), .tasks = TASKS, .fails = fails};
        const struct workers_job work = {&job, claim, run, more};
        assert_false(workers_run(job.workers, &work, &error));
        assert_int_equal(error.kind, ERROR_FAULT);
        assert_true(job.done_count <= fails);
        assert_in_order(&job, job.done_count);
        assert_true(job.begun < fails + 2 * JOBS);
        workers_free(job.workers);
    }
}

/* A worker that only gave up for another one says nothing. */
static void test_silent_failure(void **state) {
    struct error error = {0};
    struct job job = {
        .workers = workers_new(&session, JOBS), .tasks = TASKS, .fails = 10, .silently = true};
    const struct workers_job work = {&job, claim, run, more};
    (void)state;
    assert_false(workers_run(job.workers, &work, &error));
    assert_int_equal(error.kind, ERROR_NONE);
    workers_free(job.workers);
}

static void test_first_error_with_one_worker(void **state) {
    struct error error = {0};
    struct job job = {.workers = workers_new(&session, 1), .tasks = TASKS, .fails = 7};
    const struct workers_job work = {&job, claim, run, more};
    (void)state;
    assert_false(workers_run(job.workers, &work, &error));
    assert_string_equal(error.message, "task 7");
    assert_in_order(&job, 7);
    workers_free(job.workers);
}

static void test_workers_runs_again(void **state) {
    struct error error = {0};
    struct job failing = {.workers = workers_new(&session, JOBS), .tasks = TASKS, .fails = 3};
    struct job good = {.workers = failing.workers, .tasks = TASKS, .fails = TASKS};
    const struct workers_job first = {&failing, claim, run, more},
                             second = {&good, claim, run, more};
    (void)state;
    assert_false(workers_run(failing.workers, &first, &error));
    error_clear(&error);
    assert_true(workers_run(failing.workers, &second, &error));
    assert_in_order(&good, TASKS);
    workers_free(failing.workers);
}

static void test_channels(void **state) {
    struct workers *workers = workers_new(&session, 3);
    (void)state;
    assert_ptr_equal(workers_channel(workers, 0), session.main);
    assert_non_null(workers_channel(workers, 1));
    assert_ptr_not_equal(workers_channel(workers, 1), workers_channel(workers, 2));
    workers_free(workers);
    workers_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turns_are_in_order),
        cmocka_unit_test(test_no_tasks),
        cmocka_unit_test(test_no_more_threads_than_tasks),
        cmocka_unit_test(test_failure_ends_the_run),
        cmocka_unit_test(test_silent_failure),
        cmocka_unit_test(test_first_error_with_one_worker),
        cmocka_unit_test(test_workers_runs_again),
        cmocka_unit_test(test_channels),
    };
    return cmocka_run_group_tests(tests, open_session, close_session);
}
