/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/inventory/space.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/vsphere/inventory/files.h"
#include "source/vsphere/inventory/properties.h"
#include "source/vsphere/session/failure.h"
#include "source/vsphere/session/session.h"
#include "source/vsphere/wire/wire_walk.h"

enum { KIB = 1024 };

#define OWN(name_, unit_, label_, summary_, formula_)                                              \
    {                                                                                              \
        .reading = true, .name = (name_), .unit = (unit_), .rollup = "latest",                     \
        .stats = "absolute", .label = (label_), .summary = (summary_), .formula = (formula_),      \
        .fidelity = "native"                                                                       \
    }

/* The time of a sample is that of the reading. */
static const struct counter counters[SPACE_COUNTERS] = {
    [SPACE_DISK_CAPACITY] = OWN("guestDisk.capacity.latest", "kiloBytes", "Guest disk capacity",
                                "Size of a file system in the guest, by its mount point",
                                "guest.disk.capacity; aggregate: sum"),
    [SPACE_DISK_FREE] = OWN("guestDisk.free.latest", "kiloBytes", "Guest disk free space",
                            "Free space of a file system in the guest, by its mount point",
                            "guest.disk.freeSpace; aggregate: sum"),
    [SPACE_SNAPSHOT_COUNT] = OWN("snapshot.count.latest", "number", "Snapshots",
                                 "Number of snapshots of the virtual machine",
                                 "snapshot.rootSnapshotList and what hangs on it"),
    [SPACE_SNAPSHOT_SIZE] =
        OWN("snapshot.size.latest", "kiloBytes", "Size of snapshots",
            "Space of the files that are there for snapshots alone",
            "layoutEx: sizes of snapshot data and memory and of all layers above a disk's base"),
    [SPACE_SNAPSHOT_AGE] = OWN("snapshot.age.latest", "second", "Age of snapshots",
                               "Time since the oldest snapshot was taken",
                               "time of the reading - oldest snapshot.createTime"),
    [SPACE_PROVISIONED] =
        OWN("space.provisioned.latest", "kiloBytes", "Provisioned space",
            "Space on datastores that the virtual machine has or may grow to; of a datastore, what "
            "is used and may still grow",
            "summary.storage.committed + summary.storage.uncommitted; datastore: summary.capacity "
            "- summary.freeSpace + summary.uncommitted"),
    [SPACE_USED] =
        OWN("space.used.latest", "kiloBytes", "Used space",
            "Space on datastores that the virtual machine occupies", "summary.storage.committed"),
    [SPACE_UNSHARED] = OWN("space.unshared.latest", "kiloBytes", "Unshared space",
                           "Space on datastores that the virtual machine alone occupies",
                           "summary.storage.unshared"),
    [SPACE_CAPACITY] = OWN("space.capacity.latest", "kiloBytes", "Capacity",
                           "Size of the datastore", "summary.capacity"),
    [SPACE_FREE] = OWN("space.free.latest", "kiloBytes", "Free space",
                       "Free space of the datastore", "summary.freeSpace"),
};

void space_define(struct catalog *catalog) {
    for (int i = 0; i < SPACE_COUNTERS; i++)
        catalog_add(catalog, &counters[i]);
}

const struct counter *space_counter(const struct catalog *catalog, enum space_counter counter) {
    return catalog_by_name(catalog, counters[counter].name);
}

static bool may_mean_unknown(const struct globs *globs) {
    for (size_t i = 0; i < globs->count; i++)
        if (!globs->excludes[i] && *globs->patterns[i] == '#')
            return true;
    return !globs->includes;
}

bool space_alone(const struct catalog *catalog, const struct selection *selection) {
    bool any = false;
    if (may_mean_unknown(&selection->counters))
        return false;
    for (size_t i = 0; i < catalog_size(catalog); i++) {
        const struct counter *counter = catalog_at(catalog, i);
        if (!selection_has_counter(selection, counter))
            continue;
        if (counter->has_id)
            return false;
        any = true;
    }
    return any;
}

static void free_list(gpointer data) {
    GArray *list = data;
    for (guint i = 0; i < list->len; i++)
        free(g_array_index(list, struct reading, i).instance);
    g_array_free(list, TRUE);
}

struct readings *readings_new(const struct selection *selection) {
    struct readings *readings = memory_alloc(sizeof *readings);
    for (int i = 0; i < SPACE_COUNTERS; i++) {
        readings->wanted[i] = !(selection->context & CONTEXT_LISTED) &&
                              selection_has_counter(selection, &counters[i]);
        readings->any = readings->any || readings->wanted[i];
    }
    readings->snapshots = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    readings->by_id = g_hash_table_new_full(g_str_hash, g_str_equal, free, free_list);
    return readings;
}

void readings_free(struct readings *readings) {
    if (!readings)
        return;
    g_hash_table_destroy(readings->by_id);
    g_hash_table_destroy(readings->snapshots);
    free(readings->lost);
    free(readings);
}

const GArray *readings_of(const struct readings *readings, const char *id) {
    return readings ? g_hash_table_lookup(readings->by_id, id) : NULL;
}

/* Who reads the properties of one object. */
struct taker {
    struct readings *readings;
    const char *id;
    bool has_snapshots;
};

static void add(const struct taker *taker, enum space_counter counter, const char *instance,
                int64_t value) {
    const struct readings *readings = taker->readings;
    if (!readings->wanted[counter])
        return;
    GArray *list = g_hash_table_lookup(readings->by_id, taker->id);
    if (!list) {
        list = g_array_new(FALSE, FALSE, sizeof(struct reading));
        g_hash_table_insert(readings->by_id, memory_strdup(taker->id), list);
    }
    struct reading reading = {counter, memory_strdup(instance), value};
    g_array_append_val(list, reading);
}

/* An array of GuestDiskInfo. */
struct disks {
    const struct taker *taker;
    char *mount; /* of the one at hand; NULL when it says none */
    int64_t capacity, free;
    int64_t all, all_free;
    bool any;
    bool unknown; /* the free space of one of them */
};

static void begin_disk(void *context, const struct wire_step *step) {
    struct disks *disks = context;
    if (step->depth)
        return;
    free(disks->mount);
    disks->mount = NULL;
    disks->capacity = disks->free = -1;
}

static void add_disk(struct disks *disks) {
    if (!disks->mount || !*disks->mount || disks->capacity < 0)
        return;
    add(disks->taker, SPACE_DISK_CAPACITY, disks->mount, disks->capacity / KIB);
    if (disks->free >= 0)
        add(disks->taker, SPACE_DISK_FREE, disks->mount, disks->free / KIB);
    disks->all = files_sum(disks->all, disks->capacity);
    if (disks->free >= 0)
        disks->all_free = files_sum(disks->all_free, disks->free);
    disks->any = true;
    disks->unknown = disks->unknown || disks->free < 0;
}

static void end_disk(void *context, const struct wire_step *step) {
    struct disks *disks = context;
    if (step->depth == 1 && wire_step_is(step, "diskPath") && !disks->mount)
        disks->mount = memory_strdup(step->text);
    else if (step->depth == 1 && wire_step_is(step, "capacity"))
        (void)wire_step_number(step, &disks->capacity);
    else if (step->depth == 1 && wire_step_is(step, "freeSpace"))
        (void)wire_step_number(step, &disks->free);
    if (!step->depth)
        add_disk(disks);
}

static void take_disks(struct taker *taker, const char *text) {
    struct disks disks = {.taker = taker};
    wire_walk(text, &(struct wire_visitor){&disks, begin_disk, end_disk});
    free(disks.mount);
    if (!disks.any)
        return;
    add(taker, SPACE_DISK_CAPACITY, "", disks.all / KIB);
    if (!disks.unknown)
        add(taker, SPACE_DISK_FREE, "", disks.all_free / KIB);
}

/* A VirtualMachineSnapshotInfo: trees of snapshots. */
struct snapshots {
    int64_t count;
    int64_t oldest; /* Unix seconds; 0 for none */
};

static void end_snapshot(void *context, const struct wire_step *step) {
    struct snapshots *snapshots = context;
    int64_t seconds = 0;
    if (wire_step_is(step, "rootSnapshotList") || wire_step_is(step, "childSnapshotList"))
        snapshots->count++;
    else if (wire_step_is(step, "createTime") && wire_time_parse(step->text, &seconds) &&
             (!snapshots->oldest || seconds < snapshots->oldest))
        snapshots->oldest = seconds;
}

static void take_snapshots(struct taker *taker, const char *text) {
    struct snapshots snapshots = {0};
    wire_walk(text, &(struct wire_visitor){&snapshots, NULL, end_snapshot});
    add(taker, SPACE_SNAPSHOT_COUNT, "", snapshots.count);
    if (snapshots.oldest)
        add(taker, SPACE_SNAPSHOT_AGE, "", snapshots.oldest);
    taker->has_snapshots = snapshots.count > 0;
}

static void take_files(struct taker *taker, const char *text) {
    add(taker, SPACE_SNAPSHOT_SIZE, "", files_snapshot_bytes(text) / KIB);
}

static void take_bytes(const struct taker *taker, enum space_counter counter, const char *text) {
    char *end = NULL;
    int64_t bytes = strtoll(text, &end, 10);
    if (end != text && bytes >= 0)
        add(taker, counter, "", bytes / KIB);
}

static void take_used(struct taker *taker, const char *text) {
    take_bytes(taker, SPACE_USED, text);
}

static void take_unshared(struct taker *taker, const char *text) {
    take_bytes(taker, SPACE_UNSHARED, text);
}

static void take_capacity(struct taker *taker, const char *text) {
    take_bytes(taker, SPACE_CAPACITY, text);
}

static void take_free(struct taker *taker, const char *text) {
    take_bytes(taker, SPACE_FREE, text);
}

/* Where a counter comes from; what has no function is read together with another. */
static const struct source_property {
    enum entity_type type;
    const char *path;
    void (*take)(struct taker *taker, const char *text);
    enum space_counter counters[2]; /* one of which is wanted */
} rows[] = {
    {ENTITY_VM, "guest.disk", take_disks, {SPACE_DISK_CAPACITY, SPACE_DISK_FREE}},
    {ENTITY_VM, "snapshot", take_snapshots, {SPACE_SNAPSHOT_COUNT, SPACE_SNAPSHOT_AGE}},
    {ENTITY_VM, "summary.storage.committed", take_used, {SPACE_USED, SPACE_PROVISIONED}},
    {ENTITY_VM, "summary.storage.uncommitted", NULL, {SPACE_PROVISIONED, SPACE_PROVISIONED}},
    {ENTITY_VM, "summary.storage.unshared", take_unshared, {SPACE_UNSHARED, SPACE_UNSHARED}},
    {ENTITY_DATASTORE, "summary.capacity", take_capacity, {SPACE_CAPACITY, SPACE_PROVISIONED}},
    {ENTITY_DATASTORE, "summary.freeSpace", take_free, {SPACE_FREE, SPACE_PROVISIONED}},
    {ENTITY_DATASTORE, "summary.uncommitted", NULL, {SPACE_PROVISIONED, SPACE_PROVISIONED}},
};

static const char files_path[] = "layoutEx";

static bool is_asked(const struct readings *readings, const struct source_property *row) {
    bool size = readings->wanted[SPACE_SNAPSHOT_SIZE] && row->take == take_snapshots;
    return size || readings->wanted[row->counters[0]] || readings->wanted[row->counters[1]];
}

size_t readings_paths(const struct readings *readings, enum entity_type type, const char **paths) {
    size_t count = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].type == type && is_asked(readings, &rows[i]))
            paths[count++] = rows[i].path;
    return count;
}

static const char *text_of(const struct vim25__ObjectContent *object, const char *path) {
    for (int i = 0; i < object->__sizepropSet; i++)
        if (object->propSet[i].name && strcmp(object->propSet[i].name, path) == 0)
            return object->propSet[i].val.text;
    return NULL;
}

/* A property that is not there may be one that the user must not see. */
static bool is_withheld(const struct vim25__ObjectContent *object, const char *path) {
    for (int i = 0; i < object->__sizemissingSet; i++) {
        const char *missing = object->missingSet[i].path;
        if (missing && strncmp(path, missing, strlen(missing)) == 0)
            return true;
    }
    return false;
}

static int64_t number_of(const struct vim25__ObjectContent *object, const char *path) {
    const char *text = text_of(object, path);
    return text ? strtoll(text, NULL, 10) : -1;
}

static void take_provisioned(const struct taker *taker, const struct vim25__ObjectContent *object) {
    int64_t used = number_of(object, "summary.storage.committed");
    int64_t more = number_of(object, "summary.storage.uncommitted");
    if (used >= 0 && more >= 0)
        add(taker, SPACE_PROVISIONED, "", files_sum(used, more) / KIB);
}

static void take_overcommitted(const struct taker *taker,
                               const struct vim25__ObjectContent *object) {
    int64_t capacity = number_of(object, "summary.capacity");
    int64_t unused = number_of(object, "summary.freeSpace");
    int64_t more = number_of(object, "summary.uncommitted");
    if (capacity >= unused && unused >= 0 && more >= 0)
        add(taker, SPACE_PROVISIONED, "", files_sum(capacity - unused, more) / KIB);
}

/* Guests without snapshots have no such property. */
static void take_no_snapshots(const struct taker *taker,
                              const struct vim25__ObjectContent *object) {
    if (text_of(object, "snapshot") || is_withheld(object, "snapshot"))
        return;
    add(taker, SPACE_SNAPSHOT_COUNT, "", 0);
    add(taker, SPACE_SNAPSHOT_SIZE, "", 0);
}

void readings_take(struct readings *readings, enum entity_type type,
                   const struct vim25__ObjectContent *object) {
    struct taker taker = {.readings = readings, .id = object->obj->__item};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool mine = rows[i].type == type && rows[i].take && is_asked(readings, &rows[i]);
        const char *text = mine ? text_of(object, rows[i].path) : NULL;
        if (text)
            rows[i].take(&taker, text);
    }
    if (type == ENTITY_DATASTORE)
        take_overcommitted(&taker, object);
    if (type != ENTITY_VM)
        return;
    take_provisioned(&taker, object);
    take_no_snapshots(&taker, object);
    if (taker.has_snapshots && readings->wanted[SPACE_SNAPSHOT_SIZE])
        g_hash_table_add(readings->snapshots, memory_strdup(taker.id));
}

/* A guest that comes twice, as when a retrieval was repeated, counts once. */
static void visit_files(void *context, const struct vim25__ObjectContent *object) {
    struct readings *readings = context;
    if (!object->obj || !object->obj->__item ||
        !g_hash_table_remove(readings->snapshots, object->obj->__item))
        return;
    struct taker taker = {.readings = readings, .id = object->obj->__item};
    const char *text = text_of(object, files_path);
    if (text)
        take_files(&taker, text);
}

/* Of the guests whose files are still to be asked for. */
static bool retrieve_files(struct readings *readings, struct channel *channel,
                           struct error *error) {
    guint count = 0;
    gpointer *ids = g_hash_table_get_keys_as_array(readings->snapshots, &count);
    struct vim25__ManagedObjectReference *guests = memory_array(count, sizeof *guests);
    struct vim25__ObjectSpec *objects = memory_array(count, sizeof *objects);
    for (guint i = 0; i < count; i++) {
        ids[i] = memory_strdup(ids[i]);
        guests[i] = (struct vim25__ManagedObjectReference){.type = (char *)"VirtualMachine",
                                                           .__item = ids[i]};
        objects[i].obj = &guests[i];
    }
    char *path = (char *)files_path;
    enum xsd__boolean report = xsd__boolean__true_;
    struct vim25__PropertySpec property = {
        .type = (char *)"VirtualMachine", .__sizepathSet = 1, .pathSet = &path};
    struct vim25__PropertyFilterSpec spec = {.__sizepropSet = 1,
                                             .propSet = &property,
                                             .__sizeobjectSet = (int)count,
                                             .objectSet = objects,
                                             .reportMissingObjectsInResults = &report};
    bool good = properties_retrieve(channel, &spec, visit_files, readings, error);
    for (guint i = 0; i < count; i++)
        free(ids[i]);
    g_free(ids);
    free(guests);
    free(objects);
    return good;
}

/* Pages end with their session. */
static bool retrieve_again(struct readings *readings, struct channel *channel,
                           struct error *error) {
    unsigned repeats = channel->repeats;
    if (retrieve_files(readings, channel, error))
        return true;
    if (error->kind != ERROR_FAULT || repeats == channel->repeats)
        return false;
    error_clear(error);
    return !g_hash_table_size(readings->snapshots) || retrieve_files(readings, channel, error);
}

bool readings_complete(struct readings *readings, struct channel *channel, struct error *error) {
    bool good = !g_hash_table_size(readings->snapshots) || retrieve_again(readings, channel, error);
    g_hash_table_remove_all(readings->snapshots);
    if (good)
        return true;
    if (error->kind != ERROR_FAULT && error->kind != ERROR_TIMEOUT && !channel->too_long)
        return false;
    readings->lost = memory_printf("%s cannot be read: %s", counters[SPACE_SNAPSHOT_SIZE].name,
                                   failure_reason(channel, error));
    error_clear(error);
    return true;
}
