/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Functions of libvirt that do what a script says. */
#include "source/libvirt/fake.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include <cmocka.h>

#include "core/memory.h"

struct fake fake = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

int fake_seen(const int *number) {
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

/* With the mutex held. */
static void hang(void) {
    fake.hanging++;
    pthread_cond_broadcast(&fake.changed);
    while (!fake.released)
        pthread_cond_wait(&fake.changed, &fake.mutex);
    fake.hanging--;
    pthread_cond_broadcast(&fake.changed);
}

enum act fake_act(unsigned int flags) {
    pthread_mutex_lock(&fake.mutex);
    int index = fake.calls < fake.act_count ? fake.calls : fake.act_count - 1;
    enum act act = fake.acts[index];
    fake.calls++;
    fake.nowaits += (flags & VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT) != 0;
    if (act == ACT_HANG)
        hang();
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

int virConnectClose(virConnectPtr connection) {
    int (*real)(virConnectPtr);
    *(void **)&real = dlsym(RTLD_NEXT, "virConnectClose");
    pthread_mutex_lock(&fake.mutex);
    if (fake.close_hangs)
        hang();
    pthread_mutex_unlock(&fake.mutex);
    return real(connection);
}

int virDomainGetControlInfo(virDomainPtr domain, virDomainControlInfoPtr info, unsigned int flags) {
    (void)domain;
    (void)flags;
    int occupied = fake_seen(&fake.occupied);
    *info = (virDomainControlInfo){.state = occupied ? VIR_DOMAIN_CONTROL_OCCUPIED
                                                     : VIR_DOMAIN_CONTROL_OK,
                                   .stateTime = (unsigned long long)occupied};
    return occupied < 0 ? fail_with(VIR_ERR_NO_SUPPORT, "no control information") : 0;
}

int virConnectGetAllDomainStats(virConnectPtr conn, unsigned int stats,
                                virDomainStatsRecordPtr **retStats, unsigned int flags) {
    enum act act = fake_act(flags);
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
            i == 0 ? act != ACT_PARTIAL : act != ACT_OTHERS);
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

void fake_script(int count, const enum act *acts, int occupied) {
    pthread_mutex_lock(&fake.mutex);
    memcpy(fake.acts, acts, (size_t)count * sizeof *acts);
    fake.act_count = count;
    fake.calls = fake.opened = fake.nowaits = 0;
    fake.released = fake.dead = fake.close_hangs = false;
    fake.occupied = occupied;
    pthread_mutex_unlock(&fake.mutex);
}

void fake_release(void) {
    pthread_mutex_lock(&fake.mutex);
    fake.released = true;
    pthread_cond_broadcast(&fake.changed);
    while (fake.hanging)
        pthread_cond_wait(&fake.changed, &fake.mutex);
    pthread_mutex_unlock(&fake.mutex);
    usleep(200000);
}

struct poller fake_poller(void) {
    return (struct poller){
        .endpoint = {.uri = memory_strdup("test://" VPERF_TEST_DATA "/libvirt/node.xml")},
        .timeout_ns = 2000000000,
    };
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
    static const struct stats_wish wish = {false, false};
    return poller_round(poller, &wish, &patient, error);
}
