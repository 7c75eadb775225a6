/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a guest's XML says and its statistics do not. */
#include "source/libvirt/helper/facts.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/libvirt/helper/xml.h"

static const int64_t second_ns = 1000000000;

static void read_disk(struct disk_facts *disk, struct xml *xml) {
    char *device = xml_text(xml, "./@device");

    disk->target = xml_text(xml, "./target/@dev");
    disk->is_disk = !device || strcmp(device, "disk") == 0 || strcmp(device, "lun") == 0;
    disk->shareable = xml_count(xml, "./shareable") > 0;
    disk->has_chain = xml_count(xml, "./backingStore/*") > 0;
    disk->lower_bytes = disk->has_chain ? ABSENT : 0;
    free(device);
}

static void read_disks(struct guest_facts *facts, struct xml *xml) {
    static const char path[] = "/domain/devices/disk[target/@dev]";
    int count = xml_count(xml, path);

    facts->disks = memory_array((size_t)count, sizeof *facts->disks);
    for (int i = 0; i < count; i++) {
        xml_enter(xml, path, i);
        read_disk(&facts->disks[facts->disk_count++], xml);
    }
}

static void read_nics(struct guest_facts *facts, struct xml *xml) {
    static const char path[] = "/domain/devices/interface[target/@dev]";
    int count = xml_count(xml, path);

    facts->nics = memory_array((size_t)count, sizeof *facts->nics);
    for (int i = 0; i < count; i++) {
        xml_enter(xml, path, i);
        facts->nics[facts->nic_count++].name = xml_text(xml, "./target/@dev");
    }
}

/* The title, or else the name that a user of OpenStack (nova) or oVirt has given. */
static const char title_path[] =
    "/domain/title[normalize-space()] | "
    "/domain[not(title[normalize-space()])]/metadata/*[local-name()='instance' or "
    "local-name()='vm']/*[local-name()='name']";

struct guest_facts *facts_parse(const char *text) {
    struct xml *xml = xml_new(text);
    if (!xml)
        return NULL;

    struct guest_facts *facts = memory_alloc(sizeof *facts);
    facts->id = -1;
    facts->type = xml_text(xml, "/domain/@type");
    facts->guest_os = xml_text(xml, "/domain/metadata/*[local-name()='libosinfo']/"
                                    "*[local-name()='os']/@id");
    facts->title = xml_text(xml, title_path);
    int64_t cpus = xml_number(xml, "/domain/vcpu/@current");
    facts->cpus = (int32_t)(cpus ? cpus : xml_number(xml, "/domain/vcpu"));
    facts->memory_kib = xml_number(xml, "/domain/memory[not(@unit) or @unit='KiB']");
    facts->hugepages = xml_count(xml, "/domain/memoryBacking/hugepages") > 0;
    facts->has_balloon = xml_count(xml, "/domain/devices/memballoon[@model!='none']") > 0;
    facts->has_agent = xml_count(xml, "/domain/devices/channel/target"
                                      "[@name='org.qemu.guest_agent.0']") > 0;
    facts->balloon_period = xml_number(xml, "/domain/devices/memballoon/stats/@period");
    read_disks(facts, xml);
    read_nics(facts, xml);
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
