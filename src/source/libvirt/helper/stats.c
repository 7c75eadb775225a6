/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One poll: the bulk call, and what to do where it fails or is not there. */
#include "source/libvirt/helper/stats.h"

#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/libvirt/helper/agent.h"
#include "source/libvirt/helper/calls.h"
#include "source/libvirt/helper/crew.h"
#include "source/libvirt/helper/domains.h"
#include "source/libvirt/helper/failure.h"
#include "source/libvirt/helper/guest_snapshots.h"
#include "source/libvirt/helper/params.h"
#include "source/libvirt/helper/stopwatch.h"

/* Never 0, which is "all": some groups of those fail, and with them the call for all guests. */
static unsigned int groups_of(const struct connection *connection) {
    static const struct {
        unsigned group;
        unsigned int stats;
    } table[] = {
        {SAMPLE_VCPU, VIR_DOMAIN_STATS_VCPU},
        {SAMPLE_BALLOON, VIR_DOMAIN_STATS_BALLOON},
        {SAMPLE_NIC, VIR_DOMAIN_STATS_INTERFACE},
        {SAMPLE_DISK | SAMPLE_DISK_SIZE, VIR_DOMAIN_STATS_BLOCK},
    };
    /* CPU time tells whether a guest was restarted. */
    unsigned int groups = VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_CPU_TOTAL;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (connection->groups & table[i].group)
            groups |= table[i].stats;
    }
    /* Memory tells whether QEMU's monitor answered: these ask it too. */
    if (connection->groups & (SAMPLE_VCPU | SAMPLE_DISK | SAMPLE_DISK_SIZE))
        groups |= VIR_DOMAIN_STATS_BALLOON;
    return groups;
}

static const int64_t careful_limit_ms = 1000;
static const int64_t long_call_ns = 1000000000;

static unsigned int nowait(const struct connection *connection) {
    return connection->no_nowait ? 0 : VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT;
}

/*
 * QEMU's resident memory comes with what its monitor says: a record without it means that the
 * monitor was not asked, because another call still waits for it.
 */
static void judge_blocked(struct connection *connection, virDomainPtr domain,
                          struct guest_sample *sample) {
    if (!connection->is_qemu || !sample->one_call || sample->values[GUEST_RSS] != ABSENT ||
        sample->move == MOVE_UNDER_WAY || !(groups_of(connection) & VIR_DOMAIN_STATS_BALLOON))
        return;
    int64_t time = domains_occupied_ms(connection, domain);
    sample->blocked = true;
    sample->blocked_ms = time == ABSENT ? 0 : time;
}

/* The backing layers' sizes do not change: one call for each run of a guest that has any. */
static void learn_layers(struct connection *connection, virDomainPtr domain,
                         struct guest_facts *facts) {
    virDomainPtr list[] = {domain, NULL};
    virDomainStatsRecordPtr *records = NULL;
    struct guest_sample layers;
    bool any = false;

    for (size_t i = 0; i < facts->disk_count; i++)
        any = any || facts->disks[i].lower_bytes == ABSENT;
    if (!any || facts->layers_asked || connection->no_bulk)
        return;
    facts->layers_asked = true;
    int count =
        virDomainListGetStats(list, VIR_DOMAIN_STATS_BLOCK, &records,
                              VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING | nowait(connection));
    sample_init(&layers);
    if (count == 1) {
        params_read(&layers, records[0]->params, records[0]->nparams);
        sample_tidy(&layers);
        facts_learn_layers(facts, &layers);
    }
    sample_done(&layers);
    if (count >= 0)
        virDomainStatsRecordListFree(records);
}

static int64_t number_of(const virDomainStatsRecord *record, const char *name) {
    for (int i = 0; i < record->nparams; i++) {
        if (strcmp(record->params[i].field, name) == 0)
            return params_number(&record->params[i]);
    }
    return ABSENT;
}

/*
 * Off, its CPU time would be that of the daemon; it was running when the call began. While it is
 * being started, its QEMU has no answers yet.
 */
static bool is_not_running(const virDomainStatsRecord *record) {
    int64_t state = number_of(record, "state.state");
    return state == VIR_DOMAIN_SHUTOFF ||
           (state == VIR_DOMAIN_PAUSED &&
            number_of(record, "state.reason") == VIR_DOMAIN_PAUSED_STARTING_UP);
}

static enum guest_move move_of(const virDomainStatsRecord *record) {
    static const struct {
        int64_t state;
        int64_t reason;
        enum guest_move move;
    } moves[] = {
        {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_MIGRATION, MOVE_UNDER_WAY},
        {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_POSTCOPY, MOVE_UNDER_WAY},
        {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_MIGRATED, MOVE_DONE},
        {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_POSTCOPY, MOVE_DONE},
    };
    int64_t state = number_of(record, "state.state");
    int64_t reason = number_of(record, "state.reason");
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        if (moves[i].state == state && moves[i].reason == reason)
            return moves[i].move;
    }
    return MOVE_NONE;
}

/* Guests of one poll, which are asked for what else there is of them. */
struct visit {
    struct connection *connection;
    struct snapshot *snapshot;
    virDomainPtr *domains; /* of the guests from the first on */
    size_t first;
    struct error *errors; /* why one gave nothing */
    bool *gone;           /* this one is to be taken out */
};

/* One running guest, with what the record says; it is NULL where the driver has none. */
static void add_guest(struct connection *connection, virDomainPtr domain,
                      const virDomainStatsRecord *record, const struct stopwatch *watch,
                      struct snapshot *snapshot) {
    struct guest_sample *sample = snapshot_add(snapshot);

    connection_identify(connection, domain, snapshot->count - 1, sample);
    sample->is_host = connection->is_xen && sample->id == 0;
    sample->one_call = record && record->nparams > 0;
    stopwatch_stamp(watch, &sample->time_ns, &sample->duration_ns, &sample->wall_seconds);
    if (record) {
        params_read(sample, record->params, record->nparams);
        sample->move = move_of(record);
    }
}

static enum report_clock clock_of(const struct connection *connection) {
    if (!connection->is_qemu)
        return REPORT_ALWAYS_FRESH;
    return connection->is_local ? REPORT_LOCAL : REPORT_REMOTE;
}

/* The rest about a guest. */
static void complete_guest(void *context, size_t index) {
    const struct visit *visit = context;
    struct connection *connection = visit->connection;
    virDomainPtr domain = visit->domains[index];
    struct guest_sample *sample = &visit->snapshot->guests[visit->first + index];
    bool by_calls = !connection->is_qemu || !sample->one_call;
    struct guest_facts *facts = by_calls ? connection_facts(connection, domain, sample) : NULL;

    visit->gone[index] =
        by_calls && !calls_complete(connection, domain, facts, sample, &visit->errors[index]);
    if (visit->gone[index])
        return;
    sample_tidy(sample);
    judge_blocked(connection, domain, sample);
    sample->report_clock = clock_of(connection);
    if (!by_calls)
        facts = connection_facts(connection, domain, sample);
    if (!facts)
        return;
    if (!sample->blocked && connection->groups & SAMPLE_DISK_SIZE)
        learn_layers(connection, domain, facts);
    facts_apply(facts, sample);
    if (connection->groups & SAMPLE_SNAPSHOTS)
        guest_snapshots_read(connection, domain, facts, sample);
    if (!sample->blocked && connection->groups & SAMPLE_FILESYSTEMS)
        agent_read_filesystems(connection, domain, facts, sample);
}

/* The domains belong to the last guests of the snapshot. */
static void complete_guests(struct connection *connection, virDomainPtr *domains, size_t count,
                            struct snapshot *snapshot) {
    struct visit visit = {
        .connection = connection,
        .snapshot = snapshot,
        .domains = domains,
        .first = snapshot->count - count,
        .errors = memory_array(count, sizeof *visit.errors),
        .gone = memory_array(count, sizeof *visit.gone),
    };
    crew_run(connection->hands, count, complete_guest, &visit);
    for (size_t i = count; i-- > 0;) {
        if (!visit.gone[i])
            continue;
        if (visit.errors[i].kind != ERROR_NONE)
            snapshot_add_failure(snapshot, snapshot->guests[visit.first + i].uuid,
                                 &visit.errors[i]);
        snapshot_remove(snapshot, visit.first + i);
    }
    free(visit.errors);
    free(visit.gone);
}

static void add_records(struct connection *connection, virDomainStatsRecordPtr *records, int count,
                        const struct stopwatch *watch, struct snapshot *snapshot) {
    virDomainPtr *domains = memory_array((size_t)count, sizeof *domains);
    size_t kept = 0;
    for (int i = 0; i < count; i++) {
        if (is_not_running(records[i]))
            continue;
        add_guest(connection, records[i]->dom, records[i], watch, snapshot);
        domains[kept++] = records[i]->dom;
    }
    complete_guests(connection, domains, kept, snapshot);
    free(domains);
    virDomainStatsRecordListFree(records);
}

static void note_failure(struct snapshot *snapshot, virDomainPtr domain,
                         const struct error *error) {
    unsigned char uuid[SAMPLE_UUID_SIZE];
    if (virDomainGetUUID(domain, uuid) == 0)
        snapshot_add_failure(snapshot, uuid, error);
}

static bool is_occupied(struct connection *connection, virDomainPtr domain, struct error *error) {
    int64_t time = domains_occupied_ms(connection, domain);
    if (time == ABSENT || time < careful_limit_ms)
        return false;
    return !error_set(error, ERROR_TIMEOUT, "QEMU does not answer libvirt");
}

static void poll_guest(struct connection *connection, virDomainPtr domain,
                       struct snapshot *snapshot) {
    virDomainPtr list[] = {domain, NULL};
    virDomainStatsRecordPtr *records = NULL;
    struct error error = {0};
    struct stopwatch watch;

    if (connection->careful && is_occupied(connection, domain, &error)) {
        note_failure(snapshot, domain, &error);
        return;
    }
    stopwatch_begin(&watch);
    int count = virDomainListGetStats(list, groups_of(connection), &records, nowait(connection));
    stopwatch_end(&watch);
    connection_beat(connection);
    if (count > 0) {
        add_records(connection, records, count, &watch, snapshot);
    } else if (count < 0 && failure_code() == VIR_ERR_NO_SUPPORT) {
        connection->no_bulk = true;
        add_guest(connection, domain, NULL, &watch, snapshot);
        complete_guests(connection, list, 1, snapshot);
    } else if (count < 0 && failure_code() != VIR_ERR_NO_DOMAIN) {
        failure_of(&error, "no statistics");
        note_failure(snapshot, domain, &error);
    }
}

static void stamp_snapshot(struct snapshot *snapshot, const struct stopwatch *watch) {
    snapshot->wall_ns = stopwatch_stamp(watch, &snapshot->time_ns, &snapshot->duration_ns, NULL);
}

/* Where there is no call for the statistics of a guest. */
static void poll_by_calls(struct connection *connection, virDomainPtr *domains, size_t count,
                          struct snapshot *snapshot) {
    struct stopwatch watch;
    stopwatch_begin(&watch);
    stopwatch_end(&watch);
    for (size_t i = 0; i < count; i++)
        add_guest(connection, domains[i], NULL, &watch, snapshot);
    complete_guests(connection, domains, count, snapshot);
}

static bool poll_one_by_one(struct connection *connection, struct snapshot *snapshot,
                            struct error *error) {
    virDomainPtr *domains = NULL;
    struct stopwatch watch;
    int count =
        virConnectListAllDomains(connection->handle, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
    if (count < 0)
        return failure_of(error, "cannot list the guests");

    stopwatch_begin(&watch);
    bool by_calls = connection->no_bulk;
    if (by_calls)
        poll_by_calls(connection, domains, (size_t)count, snapshot);
    for (int i = 0; i < count; i++) {
        if (!by_calls)
            poll_guest(connection, domains[i], snapshot);
        virDomainFree(domains[i]);
    }
    stopwatch_end(&watch);
    stamp_snapshot(snapshot, &watch);
    free(domains);
    return connection_alive(connection) || failure_of(error, "the connection was lost");
}

/* Returns the number of records, or a negative number with libvirt's error. */
static int bulk_call(struct connection *connection, virDomainStatsRecordPtr **records,
                     struct stopwatch *watch) {
    stopwatch_begin(watch);
    int count =
        virConnectGetAllDomainStats(connection->handle, groups_of(connection), records,
                                    VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE | nowait(connection));
    stopwatch_end(watch);
    /* After a short one the answer tells the same, and vperf wakes once. */
    if (watch->end_ns - watch->begin_ns > long_call_ns)
        connection_beat(connection);
    return count;
}

static bool poll_guests(struct connection *connection, struct snapshot *snapshot,
                        struct error *error) {
    virDomainStatsRecordPtr *records = NULL;
    struct stopwatch watch;

    if (connection->careful || connection->no_bulk)
        return poll_one_by_one(connection, snapshot, error);
    int count = bulk_call(connection, &records, &watch);
    if (count < 0 && failure_code() == VIR_ERR_INVALID_ARG && !connection->no_nowait) {
        connection->no_nowait = true;
        count = bulk_call(connection, &records, &watch);
    }
    if (count >= 0) {
        stamp_snapshot(snapshot, &watch);
        add_records(connection, records, count, &watch, snapshot);
        return true;
    }
    if (!connection_alive(connection))
        return failure_of(error, "the connection was lost");
    connection->no_bulk = failure_code() == VIR_ERR_NO_SUPPORT;
    return poll_one_by_one(connection, snapshot, error);
}

bool stats_poll(struct connection *connection, const struct sample_wish *wish,
                struct snapshot *snapshot, struct error *error) {
    connection->groups = wish->groups;
    connection->agent_ns = 0;
    connection->snapshots_ns = 0;
    connection_visit(connection);
    if (!poll_guests(connection, snapshot, error))
        return false;
    if (!snapshot->failure_count)
        connection_forget(connection, false);
    calls_host(connection, &snapshot->host, wish->each_cpu);
    snapshot_sort(snapshot);
    return true;
}

bool stats_any_blocked(struct connection *connection, int64_t limit_ns) {
    virDomainPtr *domains = NULL;
    bool blocked = false;
    int count =
        virConnectListAllDomains(connection->handle, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);

    for (int i = 0; i < count; i++) {
        int64_t time = blocked ? ABSENT : domains_occupied_ms(connection, domains[i]);
        blocked = blocked || time >= limit_ns / 1000000;
        virDomainFree(domains[i]);
    }
    free(domains);
    return blocked;
}
