/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/libvirt/helper/events.h"

#include <libvirt/libvirt.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>

static void *run(void *nothing) {
    while (virEventRunDefaultImpl() == 0)
        continue;
    return nothing;
}

void events_run(void) {
    sigset_t all, before;
    pthread_t thread;
    if (virEventRegisterDefaultImpl() < 0)
        return;
    /* Signals are the main thread's. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&thread, NULL, run, NULL) == 0)
        pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}
