/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Functions of libvirt that do what a script says, in a helper of their own. What is defined here
 * takes the place of libvirt's own; all the rest is its test driver, which passes for QEMU's.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "source/libvirt/fake_script.h"

/* The script that the test shares with all its helpers. */
struct fake *fake_shared(void) {
    static struct fake *shared;
    if (shared)
        return shared;
    int file = open(getenv(FAKE_VARIABLE), O_RDWR | O_CLOEXEC);
    void *memory = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file < 0 || memory == MAP_FAILED)
        abort();
    close(file);
    return shared = memory;
}

/* libvirt's last error, which each thread has of its own; there is no function to set it. */
static _Thread_local struct {
    int code;
    const char *message;
} failure;

static bool dead; /* the connection is */

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

/* Which of the connections so far is this helper's. */
static int own_index;

/* Sleeps by the script's clock, which does not go on before we have noticed. */
static void sleep_simulated(struct fake *fake, long ms) {
    atomic_llong *wake_ns = &fake->wake_ns[own_index];
    atomic_store(wake_ns, atomic_load(&fake->now_ns) + ms * 1000000LL);
    while (atomic_load(&fake->now_ns) < atomic_load(wake_ns))
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    atomic_store(wake_ns, 0);
}

static void pause_ms(long ms) {
    struct fake *fake = fake_shared();
    if (fake->simulated) {
        sleep_simulated(fake, ms);
        return;
    }
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0)
        continue;
}

static void hang(void) {
    for (;;)
        pause();
}

/* ssh, with a proxy. */
static void start_transport(struct fake *fake) {
    if (fork())
        return;
    if (!fork()) {
        atomic_store(&fake->started[1], (int)getpid());
        hang();
    }
    atomic_store(&fake->started[0], (int)getpid());
    hang();
}

static enum act next_act(unsigned int flags) {
    struct fake *fake = fake_shared();
    int call = atomic_fetch_add(&fake->calls, 1);
    enum act act = fake->acts[call < fake->act_count ? call : fake->act_count - 1];
    if (flags & VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT)
        atomic_fetch_add(&fake->nowaits, 1);
    if (act == ACT_HANG)
        hang();
    if (act == ACT_CRASH)
        raise(SIGABRT);
    if (act == ACT_SLOW || act == ACT_LONG)
        pause_ms(act == ACT_SLOW ? FAKE_SLOW_MS : FAKE_LONG_MS);
    dead = dead || act == ACT_DEAD;
    return act;
}

/* A guest as QEMU's driver describes it. */
static virDomainStatsRecordPtr record_of(virDomainPtr domain, int guest_state, int reason,
                                         bool full) {
    virDomainStatsRecordPtr record = calloc(1, sizeof *record);
    int room = 0;

    virDomainRef(domain);
    record->dom = domain;
    virTypedParamsAddInt(&record->params, &record->nparams, &room, "state.state", guest_state);
    virTypedParamsAddInt(&record->params, &record->nparams, &room, "state.reason", reason);
    virTypedParamsAddULLong(&record->params, &record->nparams, &room, "cpu.time", 1000);
    virTypedParamsAddUInt(&record->params, &record->nparams, &room, "vcpu.current", 1);
    virTypedParamsAddULLong(&record->params, &record->nparams, &room, "balloon.current", 512);
    if (full)
        virTypedParamsAddULLong(&record->params, &record->nparams, &room, "balloon.rss", 100);
    return record;
}

const char *virConnectGetType(virConnectPtr connection) {
    (void)connection;
    return fake_shared()->xen ? "Xen" : "QEMU";
}

unsigned long long virNodeGetFreeMemory(virConnectPtr connection) {
    (void)connection;
    return 100 << 20;
}

/* Two calls that are made side by side see each other. */
static void meet(struct fake *fake) {
    bool met = atomic_fetch_add(&fake->meeting, 1) > 0;
    for (int ms = 0; fake->meet && !met && ms < 10000; ms++) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        met = atomic_load(&fake->meeting) > 1 || atomic_load(&fake->met) > 0;
    }
    if (met)
        atomic_fetch_add(&fake->met, 1);
    atomic_fetch_sub(&fake->meeting, 1);
}

#define COUNTED(name, parameters, arguments)                                                       \
    int name parameters {                                                                          \
        int(*real) parameters;                                                                     \
        *(void **)&real = dlsym(RTLD_NEXT, #name);                                                 \
        atomic_fetch_add(&fake_shared()->asked, 1);                                                \
        return real arguments;                                                                     \
    }

COUNTED(virDomainGetVcpus,
        (virDomainPtr domain, virVcpuInfoPtr info, int count, unsigned char *maps, int length),
        (domain, info, count, maps, length))
COUNTED(virDomainMemoryStats,
        (virDomainPtr domain, virDomainMemoryStatPtr stats, unsigned int count, unsigned int flags),
        (domain, stats, count, flags))
COUNTED(virDomainInterfaceStats,
        (virDomainPtr domain, const char *device, virDomainInterfaceStatsPtr stats, size_t size),
        (domain, device, stats, size))
COUNTED(virDomainBlockStats,
        (virDomainPtr domain, const char *disk, virDomainBlockStatsPtr stats, size_t size),
        (domain, disk, stats, size))
COUNTED(virDomainGetBlockInfo,
        (virDomainPtr domain, const char *disk, virDomainBlockInfoPtr info, unsigned int flags),
        (domain, disk, info, flags))

int virDomainGetInfo(virDomainPtr domain, virDomainInfoPtr info) {
    int (*real)(virDomainPtr, virDomainInfoPtr);
    *(void **)&real = dlsym(RTLD_NEXT, "virDomainGetInfo");
    atomic_fetch_add(&fake_shared()->asked, 1);
    meet(fake_shared());
    return real(domain, info);
}

/* The real one may ask a name server. */
char *virConnectGetHostname(virConnectPtr connection) {
    (void)connection;
    return strdup("fake");
}

int virConnectIsAlive(virConnectPtr connection) {
    (void)connection;
    return !dead;
}

static void note_event(int timer, void *context) {
    (void)timer;
    atomic_store((atomic_bool *)context, true);
}

/* As libssh does: false without an event loop. */
static bool await_event(void) {
    static atomic_bool came;
    if (virEventAddTimeout(0, note_event, &came, NULL) < 0)
        return false;
    for (int i = 0; !came && i < 10000; i++)
        pause_ms(1);
    return came;
}

virConnectPtr virConnectOpenAuth(const char *name, virConnectAuthPtr auth, unsigned int flags) {
    virConnectPtr (*real)(const char *, virConnectAuthPtr, unsigned int);
    struct fake *fake = fake_shared();
    *(void **)&real = dlsym(RTLD_NEXT, "virConnectOpenAuth");
    int index = atomic_fetch_add(&fake->opened, 1);
    if (index < FAKE_HELPERS)
        atomic_store(&fake->pids[index], (int)getpid());
    char local[4096];
    snprintf(local, sizeof local, "test%s", strchr(name, ':'));
    own_index = index < FAKE_HELPERS ? index : FAKE_HELPERS - 1;
    if (fake->open_starts)
        start_transport(fake);
    if (fake->open_hangs)
        hang();
    if (fake->wants_events && !await_event())
        return fail_with(VIR_ERR_INTERNAL_ERROR, "no event loop"), NULL;
    if (fake->wants_login) {
        virConnectCredential wanted[] = {{.type = VIR_CRED_AUTHNAME},
                                         {.type = VIR_CRED_PASSPHRASE}};
        if (auth->cb(wanted, 2, auth->cbdata) < 0)
            return fail_with(VIR_ERR_AUTH_CANCELLED, "cancelled"), NULL;
        bool same =
            strcmp(wanted[0].result, "root") == 0 && strcmp(wanted[1].result, "secret") == 0;
        free(wanted[0].result);
        free(wanted[1].result);
        if (!same)
            return fail_with(VIR_ERR_AUTH_FAILED, "not this one"), NULL;
    }
    return real(local, auth, flags);
}

int virConnectClose(virConnectPtr connection) {
    int (*real)(virConnectPtr);
    *(void **)&real = dlsym(RTLD_NEXT, "virConnectClose");
    if (fake_shared()->close_hangs)
        hang();
    return real(connection);
}

char *virDomainGetXMLDesc(virDomainPtr domain, unsigned int flags) {
    char *(*real)(virDomainPtr, unsigned int);
    *(void **)&real = dlsym(RTLD_NEXT, "virDomainGetXMLDesc");
    atomic_fetch_add(&fake_shared()->descriptions, 1);
    if (fake_shared()->unreadable && strcmp(virDomainGetName(domain), "paused") == 0)
        return NULL;
    return real(domain, flags);
}

int virDomainGetControlInfo(virDomainPtr domain, virDomainControlInfoPtr info, unsigned int flags) {
    struct fake *fake = fake_shared();
    int occupied = fake->occupied;
    (void)domain;
    (void)flags;
    atomic_fetch_add(&fake->looks, 1);
    *info = (virDomainControlInfo){.state = occupied ? VIR_DOMAIN_CONTROL_OCCUPIED
                                                     : VIR_DOMAIN_CONTROL_OK,
                                   .stateTime = (unsigned long long)occupied};
    return occupied < 0 ? fail_with(VIR_ERR_NO_SUPPORT, "no control information") : 0;
}

/* Of the first guest. */
static int state_of(enum act act) {
    if (act == ACT_OFF)
        return VIR_DOMAIN_SHUTOFF;
    return act == ACT_COMING ? VIR_DOMAIN_PAUSED : VIR_DOMAIN_RUNNING;
}

static int reason_of(enum act act) {
    if (act == ACT_COMING)
        return VIR_DOMAIN_PAUSED_MIGRATION;
    return act == ACT_CAME ? VIR_DOMAIN_RUNNING_MIGRATED : VIR_DOMAIN_RUNNING_BOOTED;
}

unsigned int virDomainGetID(virDomainPtr domain) {
    unsigned int (*real)(virDomainPtr);
    *(void **)&real = dlsym(RTLD_NEXT, "virDomainGetID");
    unsigned int id = real(domain);
    if (fake_shared()->xen && strcmp(virDomainGetName(domain), "paused") == 0)
        return 0;
    return id == (unsigned int)-1 ? id : id + (unsigned int)fake_shared()->run_id;
}

int virConnectGetAllDomainStats(virConnectPtr conn, unsigned int stats,
                                virDomainStatsRecordPtr **retStats, unsigned int flags) {
    virDomainPtr *domains = NULL;
    atomic_store(&fake_shared()->groups, stats);
    if (!(flags & VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE))
        abort();
    enum act act = next_act(flags);
    if (act == ACT_OLD && (flags & VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT))
        return fail_with(VIR_ERR_INVALID_ARG, "unsupported flags (0x20000000)");
    if (act == ACT_NO_BULK)
        return fail_with(VIR_ERR_NO_SUPPORT, "not supported");
    if (act == ACT_FAIL || act == ACT_DEAD)
        return fail_with(VIR_ERR_INTERNAL_ERROR, "something broke");
    int count = virConnectListAllDomains(conn, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
    *retStats = calloc((size_t)count + 1, sizeof **retStats);
    int kept = 0;
    for (int i = 0; i < count; i++) {
        bool first = strcmp(virDomainGetName(domains[i]), "paused") == 0;
        if (!first || act != ACT_GONE)
            (*retStats)[kept++] = record_of(domains[i], first ? state_of(act) : VIR_DOMAIN_RUNNING,
                                            first ? reason_of(act) : VIR_DOMAIN_RUNNING_BOOTED,
                                            first ? act != ACT_PARTIAL : act != ACT_OTHERS);
        virDomainFree(domains[i]);
    }
    free(domains);
    return kept;
}

int virDomainAgentSetResponseTimeout(virDomainPtr domain, int timeout, unsigned int flags) {
    (void)domain;
    (void)flags;
    if (timeout != 1)
        abort();
    return 0;
}

/* Two file systems, of which the second does not tell how much is used. */
int virDomainGetGuestInfo(virDomainPtr domain, unsigned int types, virTypedParameterPtr *params,
                          int *nparams, unsigned int flags) {
    int room = 0;
    (void)flags;
    atomic_fetch_add(&fake_shared()->agent_asked, 1);
    if (strcmp(virDomainGetName(domain), "paused") == 0 ||
        types != VIR_DOMAIN_GUEST_INFO_FILESYSTEM)
        abort();
    if (!fake_shared()->agent_answers)
        return fail_with(VIR_ERR_AGENT_UNRESPONSIVE, "no agent");
    *nparams = 0;
    virTypedParamsAddUInt(params, nparams, &room, "fs.count", 2);
    virTypedParamsAddString(params, nparams, &room, "fs.0.name", "vda1");
    virTypedParamsAddString(params, nparams, &room, "fs.0.mountpoint", "/");
    virTypedParamsAddULLong(params, nparams, &room, "fs.0.total-bytes", 10240000);
    virTypedParamsAddULLong(params, nparams, &room, "fs.0.used-bytes", 1024000);
    virTypedParamsAddString(params, nparams, &room, "fs.1.mountpoint", "/boot");
    virTypedParamsAddULLong(params, nparams, &room, "fs.1.total-bytes", 2048);
    return 0;
}

int virDomainBlockStatsFlags(virDomainPtr dom, const char *disk, virTypedParameterPtr params,
                             int *nparams, unsigned int flags) {
    struct fake *fake = fake_shared();
    int call = atomic_fetch_add(&fake->flags_calls, 1);
    (void)dom;
    (void)disk;
    (void)flags;
    if (!fake->flags_code)
        return fail_with(VIR_ERR_NO_SUPPORT, "not supported");
    if (call < fake->flags_fail)
        return fail_with(fake->flags_code, "no such disk just now");
    params[0] = (virTypedParameter){.field = VIR_DOMAIN_BLOCK_STATS_READ_TOTAL_TIMES,
                                    .type = VIR_TYPED_PARAM_LLONG,
                                    .value.l = 7};
    *nparams = 1;
    return 0;
}

int virDomainListAllSnapshots(virDomainPtr domain, virDomainSnapshotPtr **snaps,
                              unsigned int flags) {
    int (*real)(virDomainPtr, virDomainSnapshotPtr **, unsigned int);
    *(void **)&real = dlsym(RTLD_NEXT, "virDomainListAllSnapshots");
    atomic_fetch_add(&fake_shared()->snapshot_lists, 1);
    if (fake_shared()->xen)
        return fail_with(VIR_ERR_NO_SUPPORT, "not supported");
    return real(domain, snaps, flags);
}

/* The images of the first guest: two disks, of one of which there are two snapshots. */
static void add_layers(virDomainStatsRecordPtr record) {
    static const char *const paths[] = {"/guest/a.after", "/guest/a.before", "/guest/a",
                                        "/guest/b.after", "/guest/b"};
    int room = record->nparams;
    for (unsigned i = 0; i < sizeof paths / sizeof *paths; i++) {
        char name[32];
        snprintf(name, sizeof name, "block.%u.path", i);
        if (i || !fake_shared()->merged)
            virTypedParamsAddString(&record->params, &record->nparams, &room, name, paths[i]);
        snprintf(name, sizeof name, "block.%u.physical", i);
        virTypedParamsAddULLong(&record->params, &record->nparams, &room, name, 1024ULL << i);
    }
}

int virDomainListGetStats(virDomainPtr *doms, unsigned int stats,
                          virDomainStatsRecordPtr **retStats, unsigned int flags) {
    (void)stats;
    if (strcmp(virDomainGetName(doms[0]), "paused") == 0)
        return fail_with(VIR_ERR_OPERATION_FAILED, "this one is broken");
    *retStats = calloc(2, sizeof **retStats);
    (*retStats)[0] = record_of(doms[0], VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED, true);
    if (flags & VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING)
        add_layers((*retStats)[0]);
    return 1;
}
