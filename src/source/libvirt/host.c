/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/libvirt/host.h"

#include <stdlib.h>

#include "core/memory.h"

void host_facts_done(struct host_facts *facts) {
    free(facts->driver);
    free(facts->name);
    free(facts->uuid);
    free(facts->cpu_model);
    *facts = (struct host_facts){0};
}

void host_facts_write(GByteArray *bytes, const struct host_facts *facts) {
    record_add_text(bytes, facts->driver);
    record_add_text(bytes, facts->name);
    record_add_text(bytes, facts->uuid);
    record_add_text(bytes, facts->cpu_model);
    record_add_number(bytes, facts->cpus);
    record_add_number(bytes, facts->threads);
    record_add_number(bytes, facts->mhz);
    record_add_number(bytes, facts->memory_kib);
    record_add_number(bytes, facts->page_bytes);
    record_add_number(bytes, facts->kvm);
}

struct host_facts host_facts_read(struct record *record) {
    struct host_facts facts = {0};
    facts.driver = memory_strdup(record_text(record));
    facts.name = memory_strdup(record_text(record));
    facts.uuid = memory_strdup(record_text(record));
    facts.cpu_model = memory_strdup(record_text(record));
    facts.cpus = (int)record_number(record);
    facts.threads = (int)record_number(record);
    facts.mhz = (int)record_number(record);
    facts.memory_kib = record_number(record);
    facts.page_bytes = record_number(record);
    facts.kvm = record_number(record);
    return facts;
}
