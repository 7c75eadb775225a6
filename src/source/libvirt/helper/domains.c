/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The guests and the host as entities. */
#include "source/libvirt/helper/domains.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/selection.h"
#include "source/libvirt/helper/agent.h"
#include "source/libvirt/helper/crew.h"
#include "source/libvirt/helper/failure.h"
#include "source/libvirt/helper/reasons.h"

static const int64_t occupied_limit_ms = 1000;

static enum entity_state state_of(virDomainPtr domain, const char **reason) {
    static const enum entity_state states[] = {
        [VIR_DOMAIN_NOSTATE] = STATE_ON,  [VIR_DOMAIN_RUNNING] = STATE_ON,
        [VIR_DOMAIN_BLOCKED] = STATE_ON,  [VIR_DOMAIN_PAUSED] = STATE_SUSPENDED,
        [VIR_DOMAIN_SHUTDOWN] = STATE_ON, [VIR_DOMAIN_SHUTOFF] = STATE_OFF,
        [VIR_DOMAIN_CRASHED] = STATE_OFF, [VIR_DOMAIN_PMSUSPENDED] = STATE_SUSPENDED,
    };
    int state = 0, number = 0;

    *reason = NULL;
    if (virDomainGetState(domain, &state, &number, 0) < 0 || state < 0 ||
        state >= (int)(sizeof states / sizeof states[0]))
        return STATE_UNKNOWN;
    *reason = reasons_text(state, number);
    if (state == VIR_DOMAIN_NOSTATE && virDomainIsActive(domain) != 1)
        return STATE_OFF;
    return states[state];
}

/* The host's own type: that of its driver, which for QEMU can be two. */
static const char *hypervisor(const struct connection *connection) {
    if (!connection->is_qemu)
        return connection->host.driver;
    return connection->host.kvm ? "kvm" : "qemu";
}

static void add_host(const struct connection *connection, struct inventory *inventory) {
    const struct host_facts *host = &connection->host;
    struct entity entity = {
        .type = ENTITY_HOST,
        .state = STATE_ON,
        .hypervisor = hypervisor(connection),
        .name = host->name,
        .id = host->uuid ? host->uuid : host->name,
        .uuid = host->uuid,
        .cpu_model = host->cpu_model,
        .cpus = host->cpus,
        .threads = host->threads,
        .cpu_mhz = host->mhz,
        .memory_kib = host->memory_kib,
    };
    inventory_add(inventory, &entity);
}

/* The first address that a DHCP server of libvirt has leased to the guest, or NULL. */
static char *leased_address(struct connection *connection, virDomainPtr domain) {
    virDomainInterfacePtr *interfaces = NULL;
    char *address = NULL;
    if (!connection_may_call(connection, CALL_ADDRESSES) || virDomainIsActive(domain) != 1)
        return NULL;
    int count = virDomainInterfaceAddresses(domain, &interfaces,
                                            VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE, 0);
    connection_called(connection, CALL_ADDRESSES, count >= 0);
    for (int i = 0; i < count; i++) {
        if (!address && interfaces[i]->naddrs)
            address = memory_strdup(interfaces[i]->addrs[0].addr);
        virDomainInterfaceFree(interfaces[i]);
    }
    free(interfaces);
    return address;
}

/* What is read of all guests before they are added one after the other. */
struct reading {
    struct connection *connection;
    virDomainPtr *domains;
    struct guest_facts **facts; /* by number of the guest, NULL when they cannot be read */
    enum entity_state *states;
    const char **reasons;
    char **leased; /* addresses, NULL when they are not wanted, or there is none */
    unsigned context;
};

static void read_guest(void *context, size_t index) {
    const struct reading *reading = context;
    virDomainPtr domain = reading->domains[index];
    reading->facts[index] = connection_facts(reading->connection, domain, NULL);
    reading->states[index] = state_of(domain, &reading->reasons[index]);
    if (reading->context & CONTEXT_DETAILS)
        reading->leased[index] = leased_address(reading->connection, domain);
    connection_beat(reading->connection);
}

static void add_guest(const struct reading *reading, size_t index, struct inventory *inventory) {
    struct connection *connection = reading->connection;
    virDomainPtr domain = reading->domains[index];
    struct guest_facts *facts = reading->facts[index];
    char uuid[VIR_UUID_STRING_BUFLEN];

    if (!facts || virDomainGetUUIDString(domain, uuid) < 0 ||
        (connection_is_host(connection, domain) && !(reading->context & CONTEXT_HOST_DOMAIN)))
        return;
    connection->agent_ns = 0; /* what one agent takes does not cost the next its answer */
    bool asks = reading->context & CONTEXT_AGENT;
    char *host = asks ? agent_host_name(connection, domain, facts) : NULL;
    char *address = asks ? agent_address(connection, domain, facts) : NULL;
    struct entity entity = {
        .type = ENTITY_VM,
        .state = reading->states[index],
        .reason = reading->reasons[index],
        .title = facts->title,
        .guest_host = host,
        .guest_ip = address ? address : reading->leased[index],
        .hypervisor = facts->type ? facts->type : connection->host.driver,
        .name = virDomainGetName(domain),
        .id = uuid,
        .uuid = uuid,
        .host = connection->host.name,
        .guest_os = facts->guest_os,
        .cpus = facts->cpus,
        .memory_kib = facts->memory_kib,
    };
    connection_beat(connection);
    inventory_add(inventory, &entity);
    free(host);
    free(address);
}

static void add_guests(struct connection *connection, virDomainPtr *domains, size_t count,
                       unsigned context, struct inventory *inventory) {
    struct reading reading = {
        .connection = connection,
        .domains = domains,
        .facts = memory_array(count, sizeof *reading.facts),
        .states = memory_array(count, sizeof *reading.states),
        .reasons = memory_array(count, sizeof *reading.reasons),
        .leased = memory_array(count, sizeof *reading.leased),
        .context = context,
    };
    crew_run(connection->hands, count, read_guest, &reading);
    for (size_t i = 0; i < count; i++) {
        add_guest(&reading, i, inventory);
        free(reading.leased[i]);
    }
    free(reading.leased);
    free(reading.facts);
    free(reading.states);
    free(reading.reasons);
}

bool domains_list(struct connection *connection, unsigned context, struct inventory *inventory,
                  struct error *error) {
    virDomainPtr *domains = NULL;
    int count = virConnectListAllDomains(connection->handle, &domains, 0);
    if (count < 0)
        return failure_of(error, "cannot list the guests");

    add_host(connection, inventory);
    connection_visit(connection);
    add_guests(connection, domains, (size_t)count, context, inventory);
    for (int i = 0; i < count; i++)
        virDomainFree(domains[i]);
    free(domains);
    if (!connection_alive(connection))
        return failure_of(error, "the connection was lost");
    connection_forget(connection, true);
    return true;
}

int64_t domains_occupied_ms(struct connection *connection, virDomainPtr domain) {
    virDomainControlInfo info;
    if (!connection_may_call(connection, CALL_CONTROL))
        return ABSENT;
    bool good = virDomainGetControlInfo(domain, &info, 0) == 0;
    if (!connection_called(connection, CALL_CONTROL, good))
        return ABSENT;
    if (info.state == VIR_DOMAIN_CONTROL_ERROR)
        return INT64_MAX;
    return info.state == VIR_DOMAIN_CONTROL_OCCUPIED ? (int64_t)info.stateTime : 0;
}

/* False with the error when the guest needs a period and did not get it. */
static bool set_period(struct connection *connection, virDomainPtr domain,
                       struct domains_period *period, struct error *error) {
    struct guest_facts *facts = connection_facts(connection, domain, NULL);

    if (!facts || virDomainIsActive(domain) != 1 || !facts->has_balloon || facts->balloon_period)
        return true;
    if (domains_occupied_ms(connection, domain) >= occupied_limit_ms)
        return error_set(error, ERROR_TIMEOUT, "QEMU does not answer libvirt");
    int failed = virDomainSetMemoryStatsPeriod(domain, period->seconds, VIR_DOMAIN_AFFECT_LIVE);
    connection_beat(connection);
    if (failed)
        return failure_of(error, "cannot set the period of memory statistics");
    facts->balloon_period = period->seconds;
    period->changed++;
    return true;
}

void domains_set_period(struct connection *connection, struct domains_period *period) {
    for (size_t i = 0; i < period->guests->count; i++) {
        const struct guest_sample *guest = &period->guests->guests[i];
        struct error error = {0};
        virDomainPtr domain = virDomainLookupByUUID(connection->handle, guest->uuid);
        if (!domain)
            continue;
        if (!set_period(connection, domain, period, &error))
            snapshot_add_failure(period->guests, guest->uuid, &error);
        virDomainFree(domain);
    }
}
