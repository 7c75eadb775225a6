/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What one poll read: storage, and the removal of numbers that lie. */
#include "source/libvirt/sample/sample.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

static const int64_t second_ns = 1000000000;
static const int64_t report_limit_seconds = 60;

static void clear(int64_t *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        values[i] = ABSENT;
}

static void device_done(struct device *device) {
    free(device->name);
    free(device->path);
}

static void list_done(struct device_list *list) {
    for (size_t i = 0; i < list->count; i++)
        device_done(&list->items[i]);
    free(list->items);
}

void sample_init(struct guest_sample *sample) {
    *sample = (struct guest_sample){.id = -1};
    clear(sample->values, GUEST_FIELDS);
}

void sample_done(struct guest_sample *sample) {
    for (int kind = 0; kind < DEVICE_KINDS; kind++)
        list_done(&sample->devices[kind]);
    free(sample->name);
}

bool sample_parse_uuid(const char *text, unsigned char uuid[SAMPLE_UUID_SIZE]) {
    for (size_t i = 0; i < SAMPLE_UUID_SIZE; i++) {
        text += *text == '-';
        if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]))
            return false;
        const char digits[] = {text[0], text[1], '\0'};
        uuid[i] = (unsigned char)strtoul(digits, NULL, 16);
        text += 2;
    }
    return *text == '\0';
}

struct device *sample_device(struct device_list *list, int number) {
    /* libvirt lists a device's fields one after another: mostly it is the last one. */
    for (size_t i = list->count; i-- > 0;) {
        if (list->items[i].number == number)
            return &list->items[i];
    }
    list->items = memory_grow(list->items, list->count, &list->capacity, sizeof(struct device));
    struct device *device = &list->items[list->count++];
    *device = (struct device){.number = number};
    clear(device->values, DEVICE_FIELDS);
    return device;
}

const struct device *sample_named(const struct device_list *list, const char *name) {
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].name && strcmp(list->items[i].name, name) == 0)
            return &list->items[i];
    }
    return NULL;
}

/* The disk that an entry without requests of its own is a backing layer of, or NULL. */
static struct device *top_layer(struct device_list *disks, size_t entry) {
    const struct device *layer = &disks->items[entry];

    for (size_t i = 0; i < entry; i++) {
        if (layer->name && strcmp(disks->items[i].name, layer->name) == 0)
            return &disks->items[i];
    }
    return NULL;
}

/* The entry, if it is to stay, moved to the place kept. */
static size_t keep_or_drop(struct device_list *list, size_t entry, size_t kept, bool keep) {
    if (!keep) {
        device_done(&list->items[entry]);
        return kept;
    }
    list->items[kept] = list->items[entry];
    return kept + 1;
}

static void drop_nameless(struct device_list *list) {
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        kept = keep_or_drop(list, i, kept, list->items[i].name != NULL);
    list->count = kept;
}

static void fold_layers(struct device_list *disks) {
    size_t kept = 0;
    for (size_t i = 0; i < disks->count; i++) {
        struct device *device = &disks->items[i];
        device->values[DISK_CHAIN] = device->values[DISK_PHYSICAL];
    }
    for (size_t i = 0; i < disks->count; i++) {
        const struct device *layer = &disks->items[i];
        disks->items[kept] = *layer;
        struct device *top = top_layer(disks, kept);
        if (!top) {
            kept++;
            continue;
        }
        int64_t *chain = &top->values[DISK_CHAIN];
        int64_t physical = layer->values[DISK_PHYSICAL];
        *chain = *chain == ABSENT || physical == ABSENT ? ABSENT : *chain + physical;
        device_done(&disks->items[kept]);
    }
    disks->count = kept;
}

static void tidy_vcpus(struct device_list *vcpus) {
    for (size_t i = 0; i < vcpus->count; i++) {
        int64_t *values = vcpus->items[i].values;
        /* A kernel without scheduler statistics: libvirt sends 0. */
        if (values[VCPU_DELAY] == 0 && values[VCPU_TIME] >= second_ns)
            values[VCPU_DELAY] = ABSENT;
    }
}

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

void sample_tidy(struct guest_sample *sample) {
    for (int kind = 0; kind < DEVICE_KINDS; kind++)
        drop_nameless(&sample->devices[kind]);
    fold_layers(&sample->devices[DEVICE_DISK]);
    tidy_vcpus(&sample->devices[DEVICE_VCPU]);

    int64_t *values = sample->values;
    /* Old Windows drivers send the free address space, terabytes. */
    if (values[GUEST_AVAILABLE] == ABSENT || values[GUEST_USABLE] > values[GUEST_AVAILABLE])
        values[GUEST_USABLE] = ABSENT;
    if (values[GUEST_UNUSED] > values[GUEST_AVAILABLE])
        values[GUEST_UNUSED] = ABSENT;
    if (values[GUEST_LAST_UPDATE] == 0) /* never */
        values[GUEST_LAST_UPDATE] = ABSENT;
    if (values[GUEST_BACKED] == ABSENT && values[GUEST_MEMORY_CURRENT] != ABSENT)
        values[GUEST_BACKED] = smaller(values[GUEST_RSS], values[GUEST_MEMORY_CURRENT]);
}

static bool is_stale(const struct guest_sample *sample, bool advanced) {
    const int64_t *values = sample->values;
    int64_t limit = 3 * sample->report_period;
    if (limit < report_limit_seconds)
        limit = report_limit_seconds;

    if (sample->report_clock == REPORT_LOCAL)
        return sample->wall_seconds - values[GUEST_LAST_UPDATE] > limit;
    if (sample->report_period == 0)
        return !advanced;
    return sample->time_ns - sample->report_seen_ns > limit * second_ns;
}

void sample_judge_report(struct guest_sample *sample, const struct guest_sample *before) {
    int64_t *values = sample->values;
    int64_t update = values[GUEST_LAST_UPDATE];
    if (sample->report_clock == REPORT_ALWAYS_FRESH)
        return;

    bool known = before && before->values[GUEST_LAST_UPDATE] != ABSENT;
    bool same = known && before->values[GUEST_LAST_UPDATE] == update;
    sample->report_seen_ns = same ? before->report_seen_ns : sample->time_ns;
    if (update > 0 && sample->wall_seconds >= update)
        values[GUEST_REPORT_AGE] = sample->wall_seconds - update;
    if (update <= 0 || is_stale(sample, known && !same))
        clear(values + GUEST_AVAILABLE, GUEST_REPORT_END - GUEST_AVAILABLE);
}

struct snapshot *snapshot_new(void) {
    struct snapshot *snapshot = memory_alloc(sizeof *snapshot);
    clear(snapshot->host.values, HOST_FIELDS);
    return snapshot;
}

void snapshot_free(struct snapshot *snapshot) {
    if (!snapshot)
        return;
    for (size_t i = 0; i < snapshot->count; i++)
        sample_done(&snapshot->guests[i]);
    free(snapshot->guests);
    free(snapshot->failures);
    list_done(&snapshot->host.cpus);
    free(snapshot);
}

struct guest_sample *snapshot_add(struct snapshot *snapshot) {
    snapshot->guests = memory_grow(snapshot->guests, snapshot->count, &snapshot->capacity,
                                   sizeof(struct guest_sample));
    struct guest_sample *guest = &snapshot->guests[snapshot->count++];
    sample_init(guest);
    return guest;
}

void snapshot_add_failure(struct snapshot *snapshot, const unsigned char *uuid,
                          const struct error *error) {
    snapshot->failures = memory_grow(snapshot->failures, snapshot->failure_count,
                                     &snapshot->failure_capacity, sizeof(struct guest_failure));
    struct guest_failure *failure = &snapshot->failures[snapshot->failure_count++];
    memcpy(failure->uuid, uuid, SAMPLE_UUID_SIZE);
    failure->error = *error;
}

static int compare_guests(const void *a, const void *b) {
    const struct guest_sample *left = a;
    const struct guest_sample *right = b;
    return memcmp(left->uuid, right->uuid, SAMPLE_UUID_SIZE);
}

void snapshot_sort(struct snapshot *snapshot) {
    if (snapshot->count > 1)
        qsort(snapshot->guests, snapshot->count, sizeof(struct guest_sample), compare_guests);
}

static struct guest_sample *find(const struct snapshot *snapshot, const unsigned char *uuid) {
    struct guest_sample key;
    if (!snapshot || !snapshot->count)
        return NULL;
    memcpy(key.uuid, uuid, SAMPLE_UUID_SIZE);
    return bsearch(&key, snapshot->guests, snapshot->count, sizeof key, compare_guests);
}

const struct guest_sample *snapshot_find(const struct snapshot *snapshot,
                                         const unsigned char *uuid) {
    return find(snapshot, uuid);
}

const struct guest_failure *snapshot_failure(const struct snapshot *snapshot,
                                             const unsigned char *uuid) {
    for (size_t i = 0; i < snapshot->failure_count; i++) {
        if (memcmp(snapshot->failures[i].uuid, uuid, SAMPLE_UUID_SIZE) == 0)
            return &snapshot->failures[i];
    }
    return NULL;
}

void snapshot_remove(struct snapshot *snapshot, size_t index) {
    struct guest_sample *guest = &snapshot->guests[index];
    sample_done(guest);
    memmove(guest, guest + 1, (snapshot->count - index - 1) * sizeof *guest);
    snapshot->count--;
}

static void replace_guest(struct guest_sample *guest, struct guest_sample *other) {
    struct guest_sample blocked = *guest;

    if (other->blocked) {
        guest->blocked_ms = other->blocked_ms;
        return;
    }
    *guest = *other;
    *other = blocked;
}

void snapshot_complete(struct snapshot *snapshot, struct snapshot *later) {
    for (size_t i = snapshot->count; i-- > 0;) {
        struct guest_sample *guest = &snapshot->guests[i];
        struct guest_sample *other = find(later, guest->uuid);
        if (guest->blocked && other)
            replace_guest(guest, other);
        else if (guest->blocked && !later->failure_count)
            snapshot_remove(snapshot, i);
    }
}
