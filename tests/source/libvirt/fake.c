/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The test's side of a scripted libvirt. */
#include "source/libvirt/fake.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/memory.h"

struct fake *fake;

static void share_script(void) {
    int file = memfd_create("fake", MFD_CLOEXEC);
    assert_int_equal(ftruncate(file, sizeof *fake), 0);
    fake = mmap(NULL, sizeof *fake, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    assert_ptr_not_equal(fake, MAP_FAILED);
    char *path = memory_printf("/proc/%d/fd/%d", (int)getpid(), file);
    setenv(FAKE_VARIABLE, path, 1);
    free(path);
}

void fake_script(int count, const enum act *acts, int occupied) {
    if (!fake)
        share_script();
    memset(fake, 0, sizeof *fake);
    memcpy(fake->acts, acts, (size_t)count * sizeof *acts);
    fake->act_count = count;
    fake->occupied = occupied;
}

struct poller fake_poller(void) {
    struct poller poller;
    poller_init(&poller, "test://" VPERF_TEST_DATA "/libvirt/node.xml", NULL);
    free(poller.endpoint.path);
    poller.endpoint.path = memory_strdup(FAKE_HELPER);
    poller.timeout_ns = 20000000000;
    return poller;
}

int fake_living(void) {
    int living = 0;
    for (int i = 0; i < FAKE_HELPERS; i++)
        living += fake->pids[i] && kill(fake->pids[i], 0) == 0;
    return living;
}

size_t fake_blocked(const struct snapshot *snapshot) {
    size_t count = 0;
    for (size_t i = 0; i < snapshot->count; i++)
        count += snapshot->guests[i].blocked;
    return count;
}

struct snapshot *fake_round(struct poller *poller, struct error *error) {
    static const struct poller_limits patient = {
        .late_ns = 10000000000,
        .hung_ns = 10000000000,
        .deadline_ns = 20000000000,
    };
    static const struct sample_wish wish = {.groups = SAMPLE_GUESTS};
    return poller_round(poller, &wish, &patient, error);
}
