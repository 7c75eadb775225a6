/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a guest's XML says and its statistics do not. */
#include "source/libvirt/helper/facts.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/libvirt/helper/xml.h"

static const int64_t second_ns = 1000000000;

/* The name of a device is that of its target; NULL when it has none. */
static char *target_of(const struct xml_element *device) {
    const struct xml_element *target = xml_child(device, "target");
    char *name = NULL;
    for (; target && !name; target = xml_next(target))
        name = xml_attribute(target, "dev");
    return name;
}

static struct disk_facts read_disk(char *target, const struct xml_element *element) {
    char *device = xml_attribute(element, "device");
    const struct disk_facts disk = {
        .target = target,
        .is_disk = !device || strcmp(device, "disk") == 0 || strcmp(device, "lun") == 0,
        .shareable = xml_child(element, "shareable"),
        .has_chain = !xml_is_empty(xml_child(element, "backingStore")),
        .lower_bytes = xml_is_empty(xml_child(element, "backingStore")) ? 0 : ABSENT,
    };
    free(device);
    return disk;
}

static void read_disks(struct guest_facts *facts, const struct xml_element *devices) {
    size_t capacity = 0;
    const struct xml_element *disk = xml_child(devices, "disk");
    for (; disk; disk = xml_next(disk)) {
        char *target = target_of(disk);
        if (!target)
            continue;
        facts->disks =
            memory_grow(facts->disks, facts->disk_count, &capacity, sizeof *facts->disks);
        facts->disks[facts->disk_count++] = read_disk(target, disk);
    }
}

static void read_nics(struct guest_facts *facts, const struct xml_element *devices) {
    size_t capacity = 0;
    const struct xml_element *nic = xml_child(devices, "interface");
    for (; nic; nic = xml_next(nic)) {
        char *target = target_of(nic);
        if (!target)
            continue;
        facts->nics = memory_grow(facts->nics, facts->nic_count, &capacity, sizeof *facts->nics);
        facts->nics[facts->nic_count++] = (struct nic_facts){.name = target};
    }
}

static const char os_path[] =
    "/domain/metadata/*[local-name()='libosinfo']/*[local-name()='os']/@id";

/* The title, or else the name that a user of OpenStack (nova) or oVirt has given. */
static const char title_path[] =
    "/domain/title[normalize-space()] | "
    "/domain[not(title[normalize-space()])]/metadata/*[local-name()='instance' or "
    "local-name()='vm']/*[local-name()='name']";

static int64_t read_memory(const struct xml_element *domain) {
    const struct xml_element *memory = xml_child(domain, "memory");
    char *unit = xml_attribute(memory, "unit");
    int64_t kib = !unit || strcmp(unit, "KiB") == 0 ? xml_content_number(memory) : 0;
    free(unit);
    return kib;
}

static bool has_agent(const struct xml_element *devices) {
    const struct xml_element *channel = xml_child(devices, "channel");
    while (channel &&
           !xml_attribute_is(xml_child(channel, "target"), "name", "org.qemu.guest_agent.0"))
        channel = xml_next(channel);
    return channel;
}

static void read_balloon(struct guest_facts *facts, const struct xml_element *devices) {
    const struct xml_element *balloon = xml_child(devices, "memballoon");
    char *model = xml_attribute(balloon, "model");
    facts->has_balloon = model && strcmp(model, "none") != 0;
    facts->balloon_period = xml_attribute_number(xml_child(balloon, "stats"), "period");
    free(model);
}

struct guest_facts *facts_parse(const char *text) {
    struct xml *xml = xml_new(text);
    if (!xml)
        return NULL;

    struct guest_facts *facts = memory_alloc(sizeof *facts);
    const struct xml_element *domain = xml_root(xml);
    const struct xml_element *devices = xml_child(domain, "devices");
    const struct xml_element *vcpu = xml_child(domain, "vcpu");
    bool described = xml_child(domain, "title") || xml_child(domain, "metadata");
    facts->id = -1;
    facts->type = xml_attribute(domain, "type");
    facts->guest_os = described ? xml_text(xml, os_path) : NULL;
    facts->title = described ? xml_text(xml, title_path) : NULL;
    int64_t cpus = xml_attribute_number(vcpu, "current");
    facts->cpus = (int32_t)(cpus ? cpus : xml_content_number(vcpu));
    facts->memory_kib = read_memory(domain);
    facts->hugepages = xml_child(xml_child(domain, "memoryBacking"), "hugepages");
    facts->has_agent = has_agent(devices);
    read_balloon(facts, devices);
    read_disks(facts, devices);
    read_nics(facts, devices);
    xml_free(xml);
    return facts;
}

void facts_forget_agent(struct guest_facts *facts) {
    if (facts->agent_said)
        sample_done(facts->agent_said);
    free(facts->agent_said);
    facts->agent_said = NULL;
}

void facts_free(struct guest_facts *facts) {
    if (!facts)
        return;
    for (size_t i = 0; i < facts->disk_count; i++) {
        free(facts->disks[i].target);
        free(facts->disks[i].path);
    }
    for (size_t i = 0; i < facts->nic_count; i++)
        free(facts->nics[i].name);
    facts_forget_agent(facts);
    free(facts->disks);
    free(facts->nics);
    free(facts->type);
    free(facts->guest_os);
    free(facts->title);
    free(facts);
}

static struct disk_facts *find_disk(const struct guest_facts *facts, const char *target) {
    for (size_t i = 0; i < facts->disk_count; i++) {
        if (strcmp(facts->disks[i].target, target) == 0)
            return &facts->disks[i];
    }
    return NULL;
}

static bool same_text(const char *a, const char *b) {
    return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

bool facts_cover(const struct guest_facts *facts, const struct guest_sample *sample) {
    const struct device_list *disks = &sample->devices[DEVICE_DISK];
    for (size_t i = 0; i < disks->count; i++) {
        const struct disk_facts *disk = find_disk(facts, disks->items[i].name);
        if (!disk || !same_text(disk->path, disks->items[i].path))
            return false;
    }
    return true;
}

void facts_learn_paths(struct guest_facts *facts, const struct guest_sample *sample) {
    const struct device_list *disks = &sample->devices[DEVICE_DISK];
    for (size_t i = 0; i < disks->count; i++) {
        struct disk_facts *disk = find_disk(facts, disks->items[i].name);
        if (disk && !disk->path)
            disk->path = memory_strdup(disks->items[i].path);
    }
}

void facts_learn_layers(struct guest_facts *facts, const struct guest_sample *layers) {
    const struct device_list *disks = &layers->devices[DEVICE_DISK];
    for (size_t i = 0; i < disks->count; i++) {
        struct disk_facts *disk = find_disk(facts, disks->items[i].name);
        const int64_t *values = disks->items[i].values;
        if (disk && values[DISK_CHAIN] != ABSENT && values[DISK_PHYSICAL] != ABSENT)
            disk->lower_bytes = values[DISK_CHAIN] - values[DISK_PHYSICAL];
    }
}

/* One disk completed; false when it is none. */
static bool complete_disk(const struct guest_facts *facts, struct device *device) {
    const struct disk_facts *disk = find_disk(facts, device->name);
    int64_t physical = device->values[DISK_PHYSICAL];

    if (!disk || !disk->is_disk)
        return false;
    bool known = physical != ABSENT && disk->lower_bytes != ABSENT;
    device->values[DISK_CHAIN] = known ? physical + disk->lower_bytes : ABSENT;
    device->values[DISK_UNSHARED] = physical != ABSENT && disk->shareable ? 0 : physical;
    return true;
}

static void complete_disks(const struct guest_facts *facts, struct device_list *disks) {
    size_t kept = 0;
    for (size_t i = 0; i < disks->count; i++) {
        struct device device = disks->items[i];
        if (complete_disk(facts, &device)) {
            disks->items[kept++] = device;
        } else {
            free(device.name);
            free(device.path);
        }
    }
    disks->count = kept;
}

void facts_apply(const struct guest_facts *facts, struct guest_sample *sample) {
    complete_disks(facts, &sample->devices[DEVICE_DISK]);
    if (facts->hugepages) /* which are not in the resident memory */
        sample->values[GUEST_BACKED] = ABSENT;
    sample->report_period = facts->balloon_period;
    if (facts->start_ns > 0 && sample->time_ns >= facts->start_ns)
        sample->values[GUEST_UPTIME] = (sample->time_ns - facts->start_ns) / second_ns;
}
