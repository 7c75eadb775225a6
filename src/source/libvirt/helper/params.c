/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * libvirt's typed parameters made into a sample. The names are written out: libvirt has macros for
 * them only since 11.2.
 */
#include "source/libvirt/helper/params.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/value.h"

/*
 * Tables of these are in the order in which libvirt mostly lists them: what was found last tells
 * where to look next.
 */
struct field_name {
    const char *name;
    int field;
};

static const struct field_name guest_names[] = {
    {"state.state", GUEST_STATE},
    {"cpu.time", GUEST_CPU_TIME},
    {"cpu.user", GUEST_CPU_USER},
    {"cpu.system", GUEST_CPU_SYSTEM},
    {"cpu.haltpoll.success.time", GUEST_HALTPOLL_SUCCESS},
    {"cpu.haltpoll.fail.time", GUEST_HALTPOLL_FAIL},
    {"balloon.current", GUEST_MEMORY_CURRENT},
    {"balloon.maximum", GUEST_MEMORY_MAXIMUM},
    {"balloon.swap_in", GUEST_SWAP_IN},
    {"balloon.swap_out", GUEST_SWAP_OUT},
    {"balloon.major_fault", GUEST_MAJOR_FAULT},
    {"balloon.minor_fault", GUEST_MINOR_FAULT},
    {"balloon.unused", GUEST_UNUSED},
    {"balloon.available", GUEST_AVAILABLE},
    {"balloon.usable", GUEST_USABLE},
    {"balloon.last-update", GUEST_LAST_UPDATE},
    {"balloon.disk_caches", GUEST_DISK_CACHES},
    {"balloon.hugetlb_pgalloc", GUEST_HUGE_ALLOCATIONS},
    {"balloon.hugetlb_pgfail", GUEST_HUGE_FAILURES},
    {"balloon.rss", GUEST_RSS},
    {"vcpu.current", GUEST_VCPU_CURRENT},
    {"vcpu.maximum", GUEST_VCPU_MAXIMUM},
    {"net.count", GUEST_NET_COUNT},
};

static const struct field_name vcpu_names[] = {
    {"time", VCPU_TIME},
    {"delay", VCPU_DELAY},
    {"halt_wait_ns.sum", VCPU_HALT_WAIT},
    {"exits.sum", VCPU_EXITS},
};

static const struct field_name nic_names[] = {
    {"rx.bytes", NIC_RX_BYTES}, {"rx.pkts", NIC_RX_PACKETS}, {"rx.errs", NIC_RX_ERRORS},
    {"rx.drop", NIC_RX_DROPS},  {"tx.bytes", NIC_TX_BYTES},  {"tx.pkts", NIC_TX_PACKETS},
    {"tx.errs", NIC_TX_ERRORS}, {"tx.drop", NIC_TX_DROPS},
};

static const struct field_name disk_names[] = {
    {"rd.reqs", DISK_READ_REQUESTS},  {"rd.bytes", DISK_READ_BYTES},
    {"rd.times", DISK_READ_TIMES},    {"wr.reqs", DISK_WRITE_REQUESTS},
    {"wr.bytes", DISK_WRITE_BYTES},   {"wr.times", DISK_WRITE_TIMES},
    {"fl.reqs", DISK_FLUSH_REQUESTS}, {"fl.times", DISK_FLUSH_TIMES},
    {"errors", DISK_ERRORS},          {"allocation", DISK_ALLOCATION},
    {"capacity", DISK_CAPACITY},      {"physical", DISK_PHYSICAL},
};

static const struct field_name filesystem_names[] = {
    {"total-bytes", FILESYSTEM_TOTAL},
    {"used-bytes", FILESYSTEM_USED},
};

#define NAMES(table) table, sizeof(table) / sizeof *(table)

static const struct device_group {
    const char *prefix;
    const struct field_name *names;
    size_t count;
    const char *name; /* the parameter that names the device */
} device_groups[DEVICE_KINDS] = {
    [DEVICE_VCPU] = {"vcpu.", NAMES(vcpu_names), "name"},
    [DEVICE_NIC] = {"net.", NAMES(nic_names), "name"},
    [DEVICE_DISK] = {"block.", NAMES(disk_names), "name"},
    [DEVICE_FILESYSTEM] = {"fs.", NAMES(filesystem_names), "mountpoint"},
};

int64_t params_number(const virTypedParameter *param) {
    int64_t value = ABSENT;

    switch (param->type) {
    case VIR_TYPED_PARAM_INT:
        value = param->value.i;
        break;
    case VIR_TYPED_PARAM_UINT:
        value = param->value.ui;
        break;
    case VIR_TYPED_PARAM_LLONG:
        value = param->value.l;
        break;
    case VIR_TYPED_PARAM_ULLONG:
        value = param->value.ul > INT64_MAX ? ABSENT : (int64_t)param->value.ul;
        break;
    case VIR_TYPED_PARAM_DOUBLE:
        value = param->value.d >= 0 && param->value.d < 9e18 ? (int64_t)param->value.d : ABSENT;
        break;
    case VIR_TYPED_PARAM_BOOLEAN:
        value = param->value.b != 0;
        break;
    default:
        break;
    }
    return value < 0 ? ABSENT : value;
}

/* Parameters, one after the other. */
struct reading {
    struct guest_sample *sample;
    size_t place;       /* in the names of guests, behind what was found last */
    const char *prefix; /* of the last device's names, such as "block.0."; NULL before the first */
    size_t prefix_length;
    const struct device_group *group;
    struct device *device;
    size_t device_place; /* in the names of the group */
};

static int find_field(const struct field_name *names, size_t count, size_t *place,
                      const char *name) {
    size_t at = *place;
    for (size_t i = 0; i < count; i++, at++) {
        at = at < count ? at : 0;
        if (*names[at].name != *name || strcmp(names[at].name, name) != 0)
            continue;
        *place = at + 1;
        return names[at].field;
    }
    return 0;
}

static void set_text(char **text, const virTypedParameter *param) {
    if (param->type != VIR_TYPED_PARAM_STRING)
        return;
    free(*text);
    *text = memory_strdup(param->value.s);
}

static void read_device_field(struct reading *reading, const virTypedParameter *param) {
    const struct device_group *group = reading->group;
    struct device *device = reading->device;
    const char *name = param->field + reading->prefix_length;
    int field = find_field(group->names, group->count, &reading->device_place, name);

    if (field)
        device->values[field] = params_number(param);
    else if (strcmp(name, group->name) == 0)
        set_text(&device->name, param);
    else if (strcmp(name, "path") == 0)
        set_text(&device->path, param);
}

/* A parameter such as block.0.rd.reqs: a number follows the name of its group. */
static bool is_of_device(const char *name) {
    const char *dot = strchr(name, '.');
    return dot && dot[1] >= '0' && dot[1] <= '9';
}

static bool is_of_same_device(const struct reading *reading, const char *name) {
    return reading->prefix && strncmp(name, reading->prefix, reading->prefix_length) == 0;
}

/* False when it is of no kind of device that is read. */
static bool begin_device(struct reading *reading, const char *name) {
    for (int kind = 0; kind < DEVICE_KINDS; kind++) {
        const struct device_group *group = &device_groups[kind];
        size_t length = strlen(group->prefix);
        if (strncmp(name, group->prefix, length) != 0)
            continue;
        char *end;
        long number = strtol(name + length, &end, 10);
        if (*end != '.' || number > 1000000)
            return false;
        reading->prefix = name;
        reading->prefix_length = (size_t)(end + 1 - name);
        reading->group = group;
        reading->device = sample_device(&reading->sample->devices[kind], (int)number);
        reading->device_place = 0;
        return true;
    }
    return false;
}

static void name_vcpus(struct device_list *vcpus) {
    char digits[VALUE_TEXT_SIZE];
    for (size_t i = 0; i < vcpus->count; i++) {
        struct device *vcpu = &vcpus->items[i];
        if (!vcpu->name)
            vcpu->name = memory_strndup(digits, value_digits(digits, vcpu->number, false));
    }
}

void params_read(struct guest_sample *sample, const virTypedParameter *params, int count) {
    struct reading reading = {.sample = sample};
    for (int i = 0; i < count; i++) {
        const char *name = params[i].field;
        if (is_of_same_device(&reading, name)) {
            read_device_field(&reading, &params[i]);
        } else if (is_of_device(name)) {
            if (begin_device(&reading, name))
                read_device_field(&reading, &params[i]);
        } else {
            int field = find_field(NAMES(guest_names), &reading.place, name);
            if (field)
                sample->values[field] = params_number(&params[i]);
        }
    }
    name_vcpus(&sample->devices[DEVICE_VCPU]);
}
