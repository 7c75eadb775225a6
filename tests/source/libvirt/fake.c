/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The test's side of a scripted libvirt. */
#include "source/libvirt/fake.h"

#include <dirent.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/memory.h"

enum { MANY_RETURNS = 10000 };

/* 2026-11-21T12:00:00Z */
static const long long start_ns = 1795262400 * 1000000000LL;

struct fake *fake;

struct fake *fake_shared(void) {
    return fake;
}

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
    bool simulated = fake->simulated;
    long long now_ns = atomic_load(&fake->now_ns);
    memset(fake, 0, sizeof *fake);
    fake->simulated = simulated;
    atomic_store(&fake->now_ns, now_ns);
    memcpy(fake->acts, acts, (size_t)count * sizeof *acts);
    fake->act_count = count;
    fake->occupied = occupied;
}

int fake_simulate(void **state) {
    (void)state;
    if (!fake)
        share_script();
    fake->simulated = true;
    atomic_store(&fake->now_ns, start_ns);
    return 0;
}

/* A helper that sleeps or waits for a message; "S", or "Z" when it has ended. */
static bool task_rests(const char *folder, const char *task) {
    char line[512];
    char *path = memory_printf("%s/%s/stat", folder, task);
    FILE *stream = fopen(path, "re");
    size_t size = stream ? fread(line, 1, sizeof line - 1, stream) : 0;
    if (stream)
        fclose(stream);
    free(path);
    line[size] = '\0';
    const char *name_end = strrchr(line, ')');
    return !name_end || strchr("SZX", name_end[2]);
}

static bool process_rests(int pid) {
    char *folder = memory_printf("/proc/%d/task", pid);
    DIR *tasks = opendir(folder);
    bool rests = true;
    for (struct dirent *task; rests && tasks && (task = readdir(tasks));)
        rests = task->d_name[0] == '.' || task_rests(folder, task->d_name);
    if (tasks)
        closedir(tasks);
    free(folder);
    return rests;
}

/* Nothing happens any more unless the clock goes on. What wakes a helper makes it "R" at once. */
static bool all_rest(void) {
    char path[64];
    int pid = 0;
    bool rest = true;
    for (int i = 0; i < FAKE_HELPERS; i++) {
        long long wake_ns = atomic_load(&fake->wake_ns[i]);
        if (wake_ns && wake_ns <= atomic_load(&fake->now_ns) && kill(fake->pids[i], 0) == 0)
            return false;
    }
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)getpid(), (int)getpid());
    FILE *stream = fopen(path, "re");
    while (rest && stream && fscanf(stream, "%d", &pid) == 1)
        rest = process_rests(pid);
    if (stream)
        fclose(stream);
    return rest;
}

/* To a time, or to the next one at which a helper wakes. */
static void go_on(long long until_ns) {
    for (int i = 0; i < FAKE_HELPERS; i++) {
        long long wake_ns = atomic_load(&fake->wake_ns[i]);
        if (wake_ns && wake_ns < until_ns && kill(fake->pids[i], 0) == 0)
            until_ns = wake_ns;
    }
    atomic_store(&fake->now_ns, until_ns);
}

static int real_poll(struct pollfd *ends, nfds_t count, int timeout_ms) {
    const struct timespec time = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
    return ppoll(ends, count, &time, NULL);
}

/* However slow the machine is, a wait ends only when nobody has anything left to do. */
int __wrap_poll(struct pollfd *ends, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *ends, nfds_t count, int timeout_ms) {
    static long long last_ns;
    static int returns; /* at the same time */
    if (!fake || !fake->simulated)
        return real_poll(ends, count, timeout_ms);
    const long long until_ns = atomic_load(&fake->now_ns) + timeout_ms * 1000000LL;
    for (;;) {
        bool rest = all_rest();
        int ready = real_poll(ends, count, rest ? 0 : 1);
        long long now_ns = atomic_load(&fake->now_ns);
        if (ready) {
            returns = now_ns == last_ns ? returns + 1 : 0;
            last_ns = now_ns;
            /* What is ready is to be read. */
            assert_in_range(returns, 0, MANY_RETURNS);
            return ready;
        }
        if (rest && now_ns >= until_ns)
            return 0;
        if (rest)
            go_on(until_ns);
    }
}

int __wrap___poll_chk(struct pollfd *ends, nfds_t count, int timeout_ms, size_t size);
int __wrap___poll_chk(struct pollfd *ends, nfds_t count, int timeout_ms, size_t size) {
    (void)size;
    return __wrap_poll(ends, count, timeout_ms);
}

void fake_wait_until(int64_t until_ns) {
    while (clock_boot_ns() < until_ns)
        __wrap_poll(NULL, 0, (int)((until_ns - clock_boot_ns() + 999999) / 1000000));
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
