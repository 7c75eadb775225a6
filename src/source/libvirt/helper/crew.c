/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/libvirt/helper/crew.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/memory.h"

struct task {
    size_t count;
    atomic_size_t next;
    void (*work)(void *context, size_t index);
    void *context;
};

static void *take_part(void *context) {
    struct task *task = context;
    for (size_t i = atomic_fetch_add(&task->next, 1); i < task->count;
         i = atomic_fetch_add(&task->next, 1))
        task->work(task->context, i);
    return NULL;
}

void crew_run(int hands, size_t count, void (*work)(void *context, size_t index), void *context) {
    struct task task = {.count = count, .work = work, .context = context};
    size_t helpers = hands > 1 ? (size_t)hands - 1 : 0;
    if (helpers >= count)
        helpers = count ? count - 1 : 0;
    pthread_t *threads = memory_array(helpers, sizeof *threads);
    size_t started = 0;
    sigset_t all, before;
    /* Signals are the main thread's. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (started < helpers && pthread_create(&threads[started], NULL, take_part, &task) == 0)
        started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    take_part(&task);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    free(threads);
}
