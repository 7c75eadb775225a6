/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Signals that ask for an end as a flag that long work looks at. */
#include "core/interrupt.h"

#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

#include "core/remains.h"
#include "core/wakeup.h"

/* Lock-free, so that a handler may set them. */
static atomic_llong first_ms; /* when a signal came for the first time; 0 before */
static atomic_bool requested;

/* A shell that starts vperf in the background ignores SIGINT for it: kill -INT works all the same,
 * while nohup is meant to keep SIGHUP away.
 */
static const struct {
    int number;
    bool may_be_ignored; /* by who starts us */
} requests[] = {{SIGINT, false}, {SIGTERM, false}, {SIGHUP, true}, {SIGQUIT, true}};

static const int crashes[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP, SIGXCPU};

enum {
    REQUESTS = sizeof requests / sizeof *requests,
    CRASHES = sizeof crashes / sizeof *crashes,
    SAME_WISH_MS = 300,
};

/* Blocked while its handler runs: it takes effect on return. */
static void end_by(int number) {
    remains_remove();
    signal(number, SIG_DFL);
    raise(number);
}

static long long now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000 + 1;
}

/* timeout(1) and a terminal's group send one wish twice; a person takes longer. */
static void handle_request(int number) {
    long long before = 0, now = now_ms();
    if (!atomic_compare_exchange_strong(&first_ms, &before, now) && now - before > SAME_WISH_MS)
        end_by(number);
    atomic_store(&requested, true);
    wakeup_all();
}

static bool has_disposition(int number, void (*handler)(int)) {
    struct sigaction now;
    return sigaction(number, NULL, &now) == 0 && now.sa_handler == handler;
}

void interrupt_signals(sigset_t *set) {
    sigemptyset(set);
    for (size_t i = 0; i < REQUESTS; i++)
        sigaddset(set, requests[i].number);
}

void interrupt_install(void) {
    /* No SA_RESTART: a blocking call must return, so that its caller can look at the flag. */
    struct sigaction request = {.sa_handler = handle_request};
    struct sigaction crash = {.sa_handler = end_by};

    interrupt_signals(&request.sa_mask);
    sigemptyset(&crash.sa_mask);
    for (size_t i = 0; i < REQUESTS; i++)
        if (!requests[i].may_be_ignored || !has_disposition(requests[i].number, SIG_IGN))
            sigaction(requests[i].number, &request, NULL);
    /* A sanitizer has handlers of its own. */
    for (size_t i = 0; i < CRASHES; i++)
        if (has_disposition(crashes[i], SIG_DFL))
            sigaction(crashes[i], &crash, NULL);
}

void interrupt_ignore_failed_writes(void) {
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

bool interrupt_requested(void) {
    return atomic_load(&requested);
}
