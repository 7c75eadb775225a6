/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* SIGINT and SIGTERM as a flag that long work looks at. */
#include "core/interrupt.h"

#include <signal.h>
#include <stdatomic.h>

/* Lock-free, so that a handler may set them. */
static atomic_bool signalled;
static atomic_bool requested;

static void handle(int signal_number) {
    if (atomic_exchange(&signalled, true)) {
        /* Blocked while this handler runs: it takes effect on return. */
        signal(signal_number, SIG_DFL);
        raise(signal_number);
    }
    atomic_store(&requested, true);
}

void interrupt_install(void) {
    /* No SA_RESTART: a blocking call must return, so that its caller can look at the flag. */
    struct sigaction action = {.sa_handler = handle};

    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGINT);
    sigaddset(&action.sa_mask, SIGTERM);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

void interrupt_ignore_sigpipe(void) {
    signal(SIGPIPE, SIG_IGN);
}

bool interrupt_requested(void) {
    return atomic_load(&requested);
}
