/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/libvirt/helper/agent.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "source/libvirt/helper/params.h"

enum { ANSWER_SECONDS = 1 };

static const enum device_kind kind = DEVICE_FILESYSTEM;

static const int64_t budget_ns = 2000000000, renewal_ns = 60000000000, silence_ns = 600000000000;

/* Asking it is of use now; its answer is waited for briefly. */
static bool begin(struct connection *connection, virDomainPtr domain, struct guest_facts *facts) {
    int64_t now_ns = clock_boot_ns();
    if (!facts->has_agent || now_ns < facts->agent_due_ns || connection->agent_ns > budget_ns ||
        virDomainIsActive(domain) != 1)
        return false;
    if (!facts->agent_limited)
        (void)virDomainAgentSetResponseTimeout(domain, ANSWER_SECONDS, 0);
    facts->agent_limited = true;
    return true;
}

static bool end(struct connection *connection, struct guest_facts *facts, int64_t begun_ns,
                bool good) {
    int64_t now_ns = clock_boot_ns();
    connection->agent_ns += now_ns - begun_ns;
    if (!good) {
        facts->agent_due_ns = now_ns + silence_ns;
        facts_forget_agent(facts);
    }
    connection_beat(connection);
    return good;
}

static virTypedParameterPtr ask(struct connection *connection, virDomainPtr domain,
                                struct guest_facts *facts, unsigned types, int *count) {
    virTypedParameterPtr params = NULL;
    int64_t begun_ns = clock_boot_ns();
    *count = 0;
    if (!begin(connection, domain, facts))
        return NULL;
    bool good = virDomainGetGuestInfo(domain, types, &params, count, 0) == 0;
    return end(connection, facts, begun_ns, good) ? params : NULL;
}

static void renew(struct guest_facts *facts, virTypedParameterPtr params, int count) {
    facts_forget_agent(facts);
    facts->agent_said = memory_alloc(sizeof *facts->agent_said);
    sample_init(facts->agent_said);
    params_read(facts->agent_said, params, count);
    sample_tidy(facts->agent_said);
    facts->agent_due_ns = clock_boot_ns() + renewal_ns;
}

void agent_read_filesystems(struct connection *connection, virDomainPtr domain,
                            struct guest_facts *facts, struct guest_sample *sample) {
    int count = 0;
    virTypedParameterPtr params =
        ask(connection, domain, facts, VIR_DOMAIN_GUEST_INFO_FILESYSTEM, &count);
    if (params)
        renew(facts, params, count);
    virTypedParamsFree(params, count);
    for (size_t i = 0; facts->agent_said && i < facts->agent_said->devices[kind].count; i++) {
        const struct device *said = &facts->agent_said->devices[kind].items[i];
        struct device *device = sample_device(&sample->devices[kind], said->number);
        device->name = memory_strdup(said->name);
        memcpy(device->values, said->values, sizeof device->values);
    }
}

char *agent_host_name(struct connection *connection, virDomainPtr domain,
                      struct guest_facts *facts) {
    int count = 0;
    virTypedParameterPtr params =
        ask(connection, domain, facts, VIR_DOMAIN_GUEST_INFO_HOSTNAME, &count);
    const virTypedParameter *name = virTypedParamsGet(params, count, "hostname");
    char *copy = name && name->type == VIR_TYPED_PARAM_STRING ? memory_strdup(name->value.s) : NULL;
    virTypedParamsFree(params, count);
    return copy;
}

static bool is_loopback(const char *address) {
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

char *agent_address(struct connection *connection, virDomainPtr domain, struct guest_facts *facts) {
    virDomainInterfacePtr *interfaces = NULL;
    int64_t begun_ns = clock_boot_ns();
    char *address = NULL;
    if (!begin(connection, domain, facts))
        return NULL;
    int count = virDomainInterfaceAddresses(domain, &interfaces,
                                            VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT, 0);
    end(connection, facts, begun_ns, count >= 0);
    for (int i = 0; i < count; i++) {
        for (unsigned k = 0; !address && k < interfaces[i]->naddrs; k++)
            if (!is_loopback(interfaces[i]->addrs[k].addr))
                address = memory_strdup(interfaces[i]->addrs[k].addr);
        virDomainInterfaceFree(interfaces[i]);
    }
    free(interfaces);
    return address;
}
