/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Polls of a libvirt that hangs, fails, or is old. The functions of libvirt that are defined here
 * take the place of its own; all the rest is its test driver, which passes for QEMU's.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include <cmocka.h>

#include "core/memory.h"
#include "source/libvirt/failure.h"
#include "source/libvirt/poller.h"

enum act {
    ACT_FULL,    /* everything */
    ACT_OFF,     /* the first guest was shut off while the call went on */
    ACT_PARTIAL, /* without what QEMU's monitor knows */
    ACT_HANG,    /* until released, then everything */
    ACT_SLOW,    /* half a second, then everything */
    ACT_OLD,     /* refuses the flag NOWAIT, else everything */
    ACT_NO_BULK, /* does not have the call */
    ACT_FAIL,    /* fails because of one guest */
    ACT_DEAD,    /* the daemon went away */
};

/* The script: what the bulk calls do, one after another; the last act goes on for ever. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    enum act acts[8];
    int act_count;
    int calls;    /* bulk calls so far */
    int hanging;  /* calls that wait now */
    int opened;   /* connections so far */
    int occupied; /* milliseconds that control information tells; -1: it is not supported */
    int nowaits;  /* calls with the flag NOWAIT */
    bool released;
    bool dead;
} fake = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* A number of the script, read while calls may still go on. */
static int seen(const int *number) {
    pthread_mutex_lock(&fake.mutex);
    int value = *number;
    pthread_mutex_unlock(&fake.mutex);
    return value;
}

/* libvirt's last error of this thread; there is no function to set it. */
static _Thread_local struct {
    int code;
    const char *message;
} failure;

static int fail_with(int code, const char *message) {
    failure.code = code;
    failure.message = message;
    return -1;
}

int virGetLastErrorCode(void) {
    return failure.code;
}

const char *virGetLastErrorMessage(void) {
    return failure.message ? failure.message : "no error";
}

static enum act next_act(unsigned int flags) {
    pthread_mutex_lock(&fake.mutex);
    int index = fake.calls < fake.act_count ? fake.calls : fake.act_count - 1;
    enum act act = fake.acts[index];
    fake.calls++;
    fake.nowaits += (flags & VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT) != 0;
    if (act == ACT_HANG) {
        fake.hanging++;
        pthread_cond_broadcast(&fake.changed);
        while (!fake.released)
            pthread_cond_wait(&fake.changed, &fake.mutex);
        fake.hanging--;
        pthread_cond_broadcast(&fake.changed);
    }
    fake.dead = fake.dead || act == ACT_DEAD;
    pthread_mutex_unlock(&fake.mutex);
    if (act == ACT_SLOW)
        usleep(500000);
    return act;
}

/* A guest as QEMU's driver describes it. */
static virDomainStatsRecordPtr record_of(virDomainPtr domain, int guest_state, bool full) {
    virDomainStatsRecordPtr record = calloc(1, sizeof *record);
    int room = 0;

    virDomainRef(domain);
    record->dom = domain;
    virTypedParamsAddInt(&record->params, &record->nparams, &room, "state.state", guest_state);
    virTypedParamsAddULLong(&record->params, &record->nparams, &room, "cpu.time", 1000);
    virTypedParamsAddUInt(&record->params, &record->nparams, &room, "vcpu.current", 1);
    virTypedParamsAddULLong(&record->params, &record->nparams, &room, "balloon.current", 512);
    if (full)
        virTypedParamsAddULLong(&record->params, &record->nparams, &room, "balloon.rss", 100);
    return record;
}

const char *virConnectGetType(virConnectPtr connection) {
    (void)connection;
    return "QEMU";
}

int virConnectIsAlive(virConnectPtr connection) {
    (void)connection;
    pthread_mutex_lock(&fake.mutex);
    bool dead = fake.dead;
    pthread_mutex_unlock(&fake.mutex);
    return !dead;
}

virConnectPtr virConnectOpenAuth(const char *name, virConnectAuthPtr auth, unsigned int flags) {
    virConnectPtr (*real)(const char *, virConnectAuthPtr, unsigned int);
    *(void **)&real = dlsym(RTLD_NEXT, "virConnectOpenAuth");
    pthread_mutex_lock(&fake.mutex);
    fake.opened++;
    fake.dead = false;
    pthread_mutex_unlock(&fake.mutex);
    return real(name, auth, flags);
}

int virDomainGetControlInfo(virDomainPtr domain, virDomainControlInfoPtr info, unsigned int flags) {
    (void)domain;
    (void)flags;
    int occupied = seen(&fake.occupied);
    *info = (virDomainControlInfo){.state = occupied ? VIR_DOMAIN_CONTROL_OCCUPIED
                                                     : VIR_DOMAIN_CONTROL_OK,
                                   .stateTime = (unsigned long long)occupied};
    return occupied < 0 ? fail_with(VIR_ERR_NO_SUPPORT, "no control information") : 0;
}

int virConnectGetAllDomainStats(virConnectPtr conn, unsigned int stats,
                                virDomainStatsRecordPtr **retStats, unsigned int flags) {
    enum act act = next_act(flags);
    virDomainPtr *domains = NULL;
    (void)stats;

    assert_true(flags & VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE);
    assert_true(stats != 0);
    if (act == ACT_OLD && (flags & VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT))
        return fail_with(VIR_ERR_INVALID_ARG, "unsupported flags (0x20000000)");
    if (act == ACT_NO_BULK)
        return fail_with(VIR_ERR_NO_SUPPORT, "not supported");
    if (act == ACT_FAIL || act == ACT_DEAD)
        return fail_with(VIR_ERR_INTERNAL_ERROR, "something broke");
    int count = virConnectListAllDomains(conn, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
    *retStats = calloc((size_t)count + 1, sizeof **retStats);
    for (int i = 0; i < count; i++) {
        (*retStats)[i] = record_of(
            domains[i], act == ACT_OFF && i == 0 ? VIR_DOMAIN_SHUTOFF : VIR_DOMAIN_RUNNING,
            act != ACT_PARTIAL || i > 0);
        virDomainFree(domains[i]);
    }
    free(domains);
    return count;
}

int virDomainListGetStats(virDomainPtr *doms, unsigned int stats,
                          virDomainStatsRecordPtr **retStats, unsigned int flags) {
    (void)stats;
    (void)flags;
    if (strcmp(virDomainGetName(doms[0]), "paused") == 0)
        return fail_with(VIR_ERR_OPERATION_FAILED, "this one is broken");
    *retStats = calloc(2, sizeof **retStats);
    (*retStats)[0] = record_of(doms[0], VIR_DOMAIN_RUNNING, true);
    return 1;
}

static void script(int count, const enum act *acts, int occupied) {
    pthread_mutex_lock(&fake.mutex);
    memcpy(fake.acts, acts, (size_t)count * sizeof *acts);
    fake.act_count = count;
    fake.calls = fake.opened = fake.nowaits = 0;
    fake.released = fake.dead = false;
    fake.occupied = occupied;
    pthread_mutex_unlock(&fake.mutex);
}

#define SCRIPT(occupied, ...)                                                                      \
    do {                                                                                           \
        const enum act acts[] = {__VA_ARGS__};                                                     \
        script(sizeof acts / sizeof acts[0], acts, occupied);                                      \
    } while (0)

/* Lets calls that hang end, and waits for their threads: nothing may leak. */
static void release(void) {
    pthread_mutex_lock(&fake.mutex);
    fake.released = true;
    pthread_cond_broadcast(&fake.changed);
    while (fake.hanging)
        pthread_cond_wait(&fake.changed, &fake.mutex);
    pthread_mutex_unlock(&fake.mutex);
    usleep(200000);
}

static struct poller new_poller(void) {
    return (struct poller){
        .endpoint = {.uri = memory_strdup("test://" VPERF_TEST_DATA "/libvirt/node.xml")},
        .timeout_ns = 2000000000,
    };
}

/* For what hangs; the others may be slowed down by whatever else this machine does. */
static const struct poller_limits impatient = {
    .late_ns = 100000000,
    .slow_ns = 300000000,
    .deadline_ns = 2000000000,
};

static const struct poller_limits patient = {
    .late_ns = 10000000000,
    .slow_ns = 10000000000,
    .deadline_ns = 20000000000,
};

static const struct stats_wish wish = {false, false};

static struct snapshot *one_round(struct poller *poller, struct error *error) {
    return poller_round(poller, &wish, &patient, error);
}

/* The same of what hangs: it has to end in time. */
static struct snapshot *hanging_round(struct poller *poller, struct error *error) {
    int64_t start_ns = errand_now();
    struct snapshot *snapshot = poller_round(poller, &wish, &impatient, error);
    double seconds = (double)(errand_now() - start_ns) / 1e9;
    if (seconds > 4)
        fail_msg("took %.2f s", seconds);
    return snapshot;
}

static size_t blocked(const struct snapshot *snapshot) {
    size_t count = 0;
    for (size_t i = 0; i < snapshot->count; i++)
        count += snapshot->guests[i].blocked;
    return count;
}

static void test_one_call_a_poll(void **state) {
    struct poller poller = new_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(0, ACT_FULL);
    for (int i = 0; i < 3; i++) {
        struct snapshot *snapshot = one_round(&poller, &error);
        assert_non_null(snapshot);
        assert_int_equal(snapshot->count, 2);
        assert_int_equal(blocked(snapshot), 0);
        assert_true(snapshot->guests[0].one_call);
        assert_int_equal(snapshot->guests[0].time_ns, snapshot->guests[1].time_ns);
        assert_int_equal(snapshot->guests[0].time_ns, snapshot->time_ns);
        snapshot_free(snapshot);
    }
    assert_int_equal(seen(&fake.calls), 3);
    assert_int_equal(seen(&fake.nowaits), 3);
    assert_int_equal(seen(&fake.opened), 1);
    poller_done(&poller);
}

/* T2: what libvirt says of a guest that is shut off is its own CPU time. */
static void test_shut_off(void **state) {
    struct poller poller = new_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(0, ACT_OFF);
    struct snapshot *snapshot = one_round(&poller, &error);
    assert_non_null(snapshot);
    assert_int_equal(snapshot->count, 1);
    assert_int_equal(snapshot->failure_count, 0);
    snapshot_free(snapshot);
    poller_done(&poller);
}

/* T8: the first call hangs; on the second connection the guest is busy, and left out. */
static void test_hanging_guest(void **state) {
    struct poller poller = new_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(5000, ACT_HANG, ACT_PARTIAL);
    struct snapshot *snapshot = hanging_round(&poller, &error);
    assert_non_null(snapshot);
    assert_int_equal(snapshot->count, 2);
    assert_int_equal(blocked(snapshot), 1);
    assert_int_equal(snapshot->guests[0].blocked + snapshot->guests[1].blocked, 1);
    assert_int_equal(seen(&fake.opened), 2);
    snapshot_free(snapshot);

    /* From then on it costs no time, and no connection. */
    snapshot = hanging_round(&poller, &error);
    assert_int_equal(blocked(snapshot), 1);
    assert_int_equal(snapshot->guests[snapshot->guests[1].blocked].blocked_ms, 5000);
    assert_int_equal(seen(&fake.opened), 2);
    snapshot_free(snapshot);
    poller_done(&poller);
    release();
}

/* Two guests hang at once: each holds up one connection. */
static void test_two_hanging_guests(void **state) {
    struct poller poller = new_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(5000, ACT_HANG, ACT_HANG, ACT_PARTIAL);
    struct snapshot *snapshot = hanging_round(&poller, &error);
    assert_non_null(snapshot);
    assert_int_equal(seen(&fake.opened), 3);
    snapshot_free(snapshot);
    poller_done(&poller);
    release();
}

/* Much to do, nobody hangs: the call is waited for, and nothing is missing. */
static void test_slow_daemon(void **state) {
    struct poller poller = new_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(10, ACT_SLOW, ACT_FULL);
    struct snapshot *snapshot = hanging_round(&poller, &error);
    assert_non_null(snapshot);
    assert_int_equal(blocked(snapshot), 0);
    assert_int_equal(seen(&fake.calls), 1);
    assert_true(snapshot->duration_ns >= 500000000);
    snapshot_free(snapshot);
    poller_done(&poller);
}

/* A guest that took long to answer, but did: its full record is better than a part of it. */
static void test_late_answer(void **state) {
    struct poller poller = new_poller();
    struct error error = {0};
    const struct poller_limits waiting = {100000000, 5000000000, 6000000000};
    (void)state;

    SCRIPT(5000, ACT_SLOW, ACT_PARTIAL);
    struct snapshot *snapshot = poller_round(&poller, &wish, &waiting, &error);
    assert_non_null(snapshot);
    assert_int_equal(seen(&fake.calls), 2);
    assert_int_equal(blocked(snapshot), 0);
    snapshot_free(snapshot);
    poller_done(&poller);
}

static void test_everything_hangs(void **state) {
    struct poller poller = new_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(5000, ACT_HANG);
    assert_null(hanging_round(&poller, &error));
    assert_int_equal(error.kind, ERROR_TIMEOUT);
    assert_string_equal(error.message, "no statistics within 2 s");
    assert_in_range(seen(&fake.opened), 3, 8);
    release();

    /* The next round begins anew. */
    error_clear(&error);
    SCRIPT(0, ACT_FULL);
    struct snapshot *snapshot = one_round(&poller, &error);
    assert_non_null(snapshot);
    snapshot_free(snapshot);
    poller_done(&poller);
}

/* A daemon without control information: one cannot know, so the call is tried elsewhere. */
static void test_no_control_information(void **state) {
    struct poller poller = new_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(-1, ACT_HANG, ACT_FULL);
    struct snapshot *snapshot = hanging_round(&poller, &error);
    assert_non_null(snapshot);
    snapshot_free(snapshot);
    poller_done(&poller);
    release();
}

/* Before 4.5 there is no NOWAIT: a guest that hangs is looked for before each call. */
static void test_old_daemon(void **state) {
    struct poller poller = new_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(0, ACT_OLD);
    struct snapshot *snapshot = one_round(&poller, &error);
    assert_non_null(snapshot);
    assert_int_equal(snapshot->count, 2);
    assert_int_equal(seen(&fake.calls), 2);
    assert_int_equal(seen(&fake.nowaits), 1);
    snapshot_free(snapshot);
    snapshot = one_round(&poller, &error);
    assert_int_equal(seen(&fake.calls), 3);
    assert_int_equal(seen(&fake.nowaits), 1);
    snapshot_free(snapshot);

    SCRIPT(5000, ACT_HANG);
    snapshot = hanging_round(&poller, &error);
    assert_non_null(snapshot);
    assert_int_equal(snapshot->count, 0);
    assert_int_equal(snapshot->failure_count, 2);
    assert_string_equal(snapshot->failures[0].error.message, "QEMU does not answer libvirt");
    snapshot_free(snapshot);
    poller_done(&poller);
    release();
}

/* One guest fails the call for all: then each is asked by itself. */
static void test_failing_guest(void **state) {
    struct poller poller = new_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(0, ACT_FAIL);
    struct snapshot *snapshot = one_round(&poller, &error);
    assert_non_null(snapshot);
    assert_int_equal(snapshot->count, 1);
    assert_string_equal(snapshot->guests[0].name, "running, \"quoted\"");
    assert_int_equal(snapshot->guests[0].values[GUEST_RSS], 100);
    assert_int_equal(snapshot->failure_count, 1);
    assert_non_null(strstr(snapshot->failures[0].error.message, "this one is broken"));
    snapshot_free(snapshot);
    poller_done(&poller);
}

/* No bulk call at all: calls for each guest, and the bulk call is not tried again. */
static void test_no_bulk(void **state) {
    struct poller poller = new_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(0, ACT_NO_BULK);
    for (int i = 0; i < 2; i++) {
        struct snapshot *snapshot = one_round(&poller, &error);
        assert_non_null(snapshot);
        assert_int_equal(snapshot->count, 2);
        assert_false(snapshot->guests[0].one_call);
        assert_true(snapshot->guests[0].values[GUEST_CPU_TIME] > 0);
        assert_int_equal(snapshot->guests[0].devices[DEVICE_DISK].count, 2);
        snapshot_free(snapshot);
    }
    assert_int_equal(seen(&fake.calls), 1);
    poller_done(&poller);
}

/* The daemon was restarted: a new connection, and the round is not lost. */
static void test_reconnect(void **state) {
    struct poller poller = new_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(0, ACT_FULL, ACT_DEAD, ACT_FULL);
    for (int i = 0; i < 2; i++) {
        struct snapshot *snapshot = one_round(&poller, &error);
        assert_non_null(snapshot);
        assert_int_equal(snapshot->count, 2);
        snapshot_free(snapshot);
    }
    assert_int_equal(seen(&fake.opened), 2);
    poller_done(&poller);
}

static bool hang(struct connection *connection, void *data, struct error *error) {
    (void)connection;
    (void)data;
    (void)error;
    return next_act(0) == ACT_HANG;
}

static void test_giving_up(void **state) {
    struct poller poller = new_poller();
    struct error error = {0};
    struct errand_work work = {hang, free, malloc(1)};
    (void)state;

    SCRIPT(0, ACT_HANG);
    poller.timeout_ns = 200000000;
    assert_false(poller_run(&poller, &work, "cannot list the guests", &error));
    assert_int_equal(error.kind, ERROR_TIMEOUT);
    assert_string_equal(error.message, "cannot list the guests: no answer in time");
    assert_null(work.data);
    poller_done(&poller);
    release();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_call_a_poll),  cmocka_unit_test(test_shut_off),
        cmocka_unit_test(test_hanging_guest),    cmocka_unit_test(test_two_hanging_guests),
        cmocka_unit_test(test_slow_daemon),      cmocka_unit_test(test_late_answer),
        cmocka_unit_test(test_everything_hangs), cmocka_unit_test(test_no_control_information),
        cmocka_unit_test(test_old_daemon),       cmocka_unit_test(test_failing_guest),
        cmocka_unit_test(test_no_bulk),          cmocka_unit_test(test_reconnect),
        cmocka_unit_test(test_giving_up),
    };
    failure_silence();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
