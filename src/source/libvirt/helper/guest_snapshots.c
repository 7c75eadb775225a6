/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/libvirt/helper/guest_snapshots.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "source/libvirt/helper/params.h"
#include "source/libvirt/helper/xml.h"

/* One call each: of more, only the number is told. */
enum { DESCRIBED = 100 };

static const int64_t renewal_ns = 600000000000, retry_ns = 60000000000, budget_ns = 100000000;

/* Each disk's state is in an image of its own, and no memory was saved. */
static bool is_external(struct xml *xml) {
    return xml_count(xml, "/domainsnapshot/disks/disk[@snapshot='external']") > 0 &&
           xml_count(xml, "/domainsnapshot/disks/disk[@snapshot='internal' or "
                          "(@snapshot='external' and not(source/@file!=''))]") == 0 &&
           xml_count(xml, "/domainsnapshot/memory[@snapshot='no']") > 0;
}

static void take_overlays(struct snapshot_descriptions *descriptions, struct xml *xml) {
    static const char path[] = "/domainsnapshot/disks/disk[@snapshot='external'][source/@file!='']";
    int count = xml_count(xml, path);
    for (int i = 0; i < count; i++) {
        xml_enter(xml, path, i);
        g_hash_table_add(descriptions->overlays, xml_text(xml, "./source/@file"));
    }
}

bool snapshot_descriptions_add(struct snapshot_descriptions *descriptions, const char *text) {
    struct xml *xml = xml_new(text);
    if (!xml)
        return false;
    int64_t created = xml_number(xml, "/domainsnapshot/creationTime");
    if (created > 0 && (descriptions->oldest == ABSENT || created < descriptions->oldest))
        descriptions->oldest = created;
    descriptions->all_external = descriptions->all_external && is_external(xml);
    take_overlays(descriptions, xml);
    xml_free(xml);
    return true;
}

void snapshot_descriptions_init(struct snapshot_descriptions *descriptions) {
    descriptions->oldest = ABSENT;
    descriptions->overlays = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    descriptions->all_external = true;
}

void snapshot_descriptions_done(struct snapshot_descriptions *descriptions) {
    g_hash_table_destroy(descriptions->overlays);
}

/* False when it cannot be read: it may have been deleted since. */
static bool take_description(struct snapshot_descriptions *descriptions,
                             virDomainSnapshotPtr snapshot) {
    char *text = virDomainSnapshotGetXMLDesc(snapshot, 0);
    bool good = text && snapshot_descriptions_add(descriptions, text);
    free(text);
    return good;
}

/* The bytes of all these images; ABSENT unless each is one that the guest uses. */
static int64_t sum_overlays(GHashTable *overlays, const struct device_list *layers) {
    size_t found = 0;
    int64_t bytes = 0;
    for (size_t i = 0; i < layers->count; i++) {
        const struct device *layer = &layers->items[i];
        if (!layer->path || !g_hash_table_contains(overlays, layer->path))
            continue;
        int64_t physical = layer->values[DISK_PHYSICAL];
        if (physical == ABSENT || physical > INT64_MAX - bytes)
            return ABSENT;
        found++;
        bytes += physical;
    }
    return found == g_hash_table_size(overlays) ? bytes : ABSENT;
}

static int64_t overlay_bytes(const struct connection *connection, virDomainPtr domain,
                             GHashTable *overlays) {
    virDomainPtr list[] = {domain, NULL};
    virDomainStatsRecordPtr *records = NULL;
    unsigned int nowait = connection->no_nowait ? 0 : VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT;
    struct guest_sample layers;
    if (connection->no_bulk)
        return ABSENT;
    int count = virDomainListGetStats(list, VIR_DOMAIN_STATS_BLOCK, &records,
                                      VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING | nowait);
    if (count < 0)
        return ABSENT;
    sample_init(&layers);
    for (int i = 0; i < count; i++)
        params_read(&layers, records[i]->params, records[i]->nparams);
    int64_t bytes = sum_overlays(overlays, &layers.devices[DEVICE_DISK]);
    sample_done(&layers);
    virDomainStatsRecordListFree(records);
    return bytes;
}

static void describe(struct connection *connection, virDomainPtr domain,
                     virDomainSnapshotPtr *snapshots, struct snapshot_facts *facts) {
    struct snapshot_descriptions descriptions;
    snapshot_descriptions_init(&descriptions);
    bool good = facts->count <= DESCRIBED;
    for (int64_t i = 0; good && i < facts->count; i++) {
        good = take_description(&descriptions, snapshots[i]);
        connection_beat(connection);
    }
    if (good)
        facts->oldest = descriptions.oldest;
    if (good && descriptions.all_external)
        facts->bytes = facts->count ? overlay_bytes(connection, domain, descriptions.overlays) : 0;
    snapshot_descriptions_done(&descriptions);
}

static void renew(struct connection *connection, virDomainPtr domain,
                  struct snapshot_facts *facts) {
    virDomainSnapshotPtr *snapshots = NULL;
    int count = virDomainListAllSnapshots(domain, &snapshots, 0);
    facts->known = connection_called(connection, CALL_SNAPSHOTS, count >= 0);
    facts->count = count;
    facts->oldest = facts->bytes = ABSENT;
    if (facts->known)
        describe(connection, domain, snapshots, facts);
    for (int i = 0; i < count; i++)
        virDomainSnapshotFree(snapshots[i]);
    free(snapshots);
}

static bool is_due(const struct connection *connection, const struct snapshot_facts *facts,
                   int64_t now_ns) {
    return connection_may_call(connection, CALL_SNAPSHOTS) && now_ns >= facts->due_ns &&
           (!facts->known || connection->snapshots_ns < budget_ns);
}

void guest_snapshots_read(struct connection *connection, virDomainPtr domain,
                          struct guest_facts *facts, struct guest_sample *sample) {
    struct snapshot_facts *snapshots = &facts->snapshots;
    int64_t begun_ns = clock_boot_ns();
    if (!sample->blocked && is_due(connection, snapshots, begun_ns)) {
        bool again = snapshots->known;
        renew(connection, domain, snapshots);
        snapshots->due_ns = clock_boot_ns() + (snapshots->known ? renewal_ns : retry_ns);
        connection->snapshots_ns += again ? clock_boot_ns() - begun_ns : 0;
    }
    if (!snapshots->known)
        return;
    sample->values[GUEST_SNAPSHOT_COUNT] = snapshots->count;
    sample->values[GUEST_SNAPSHOT_BYTES] = snapshots->bytes;
    if (snapshots->oldest != ABSENT)
        sample->values[GUEST_SNAPSHOT_AGE] = MAX(0, sample->wall_seconds - snapshots->oldest);
}
