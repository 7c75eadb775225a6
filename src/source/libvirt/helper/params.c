/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * libvirt's typed parameters made into a sample. The names are written out: libvirt has macros for
 * them only since 11.2.
 */
#include "source/libvirt/helper/params.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

/* Tables of these are sorted by name, as strcmp does. */
struct field_name {
    const char *name;
    int field;
};

static const struct field_name guest_names[] = {
    {"balloon.available", GUEST_AVAILABLE},
    {"balloon.current", GUEST_MEMORY_CURRENT},
    {"balloon.disk_caches", GUEST_DISK_CACHES},
    {"balloon.hugetlb_pgalloc", GUEST_HUGE_ALLOCATIONS},
    {"balloon.hugetlb_pgfail", GUEST_HUGE_FAILURES},
    {"balloon.last-update", GUEST_LAST_UPDATE},
    {"balloon.major_fault", GUEST_MAJOR_FAULT},
    {"balloon.maximum", GUEST_MEMORY_MAXIMUM},
    {"balloon.minor_fault", GUEST_MINOR_FAULT},
    {"balloon.rss", GUEST_RSS},
    {"balloon.swap_in", GUEST_SWAP_IN},
    {"balloon.swap_out", GUEST_SWAP_OUT},
    {"balloon.unused", GUEST_UNUSED},
    {"balloon.usable", GUEST_USABLE},
    {"cpu.haltpoll.fail.time", GUEST_HALTPOLL_FAIL},
    {"cpu.haltpoll.success.time", GUEST_HALTPOLL_SUCCESS},
    {"cpu.system", GUEST_CPU_SYSTEM},
    {"cpu.time", GUEST_CPU_TIME},
    {"cpu.user", GUEST_CPU_USER},
    {"net.count", GUEST_NET_COUNT},
    {"state.state", GUEST_STATE},
    {"vcpu.current", GUEST_VCPU_CURRENT},
    {"vcpu.maximum", GUEST_VCPU_MAXIMUM},
};

static const struct field_name vcpu_names[] = {
    {"delay", VCPU_DELAY},
    {"exits.sum", VCPU_EXITS},
    {"halt_wait_ns.sum", VCPU_HALT_WAIT},
    {"time", VCPU_TIME},
};

static const struct field_name nic_names[] = {
    {"rx.bytes", NIC_RX_BYTES},  {"rx.drop", NIC_RX_DROPS},   {"rx.errs", NIC_RX_ERRORS},
    {"rx.pkts", NIC_RX_PACKETS}, {"tx.bytes", NIC_TX_BYTES},  {"tx.drop", NIC_TX_DROPS},
    {"tx.errs", NIC_TX_ERRORS},  {"tx.pkts", NIC_TX_PACKETS},
};

static const struct field_name disk_names[] = {
    {"allocation", DISK_ALLOCATION},  {"capacity", DISK_CAPACITY},
    {"errors", DISK_ERRORS},          {"fl.reqs", DISK_FLUSH_REQUESTS},
    {"fl.times", DISK_FLUSH_TIMES},   {"physical", DISK_PHYSICAL},
    {"rd.bytes", DISK_READ_BYTES},    {"rd.reqs", DISK_READ_REQUESTS},
    {"rd.times", DISK_READ_TIMES},    {"wr.bytes", DISK_WRITE_BYTES},
    {"wr.reqs", DISK_WRITE_REQUESTS}, {"wr.times", DISK_WRITE_TIMES},
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

static int compare_name(const void *name, const void *item) {
    const struct field_name *field = item;
    return strcmp(name, field->name);
}

static int find_field(const struct field_name *names, size_t count, const char *name) {
    const struct field_name *found = bsearch(name, names, count, sizeof *names, compare_name);
    return found ? found->field : 0;
}

static void set_text(char **text, const virTypedParameter *param) {
    if (param->type != VIR_TYPED_PARAM_STRING)
        return;
    free(*text);
    *text = memory_strdup(param->value.s);
}

static void read_device_field(struct device_list *list, const struct device_group *group,
                              int number, const virTypedParameter *param, const char *name) {
    struct device *device = sample_device(list, number);
    int field = find_field(group->names, group->count, name);

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

static void read_device(struct guest_sample *sample, const virTypedParameter *param) {
    for (int kind = 0; kind < DEVICE_KINDS; kind++) {
        size_t length = strlen(device_groups[kind].prefix);
        if (strncmp(param->field, device_groups[kind].prefix, length) != 0)
            continue;
        char *end;
        long number = strtol(param->field + length, &end, 10);
        if (*end == '.' && number <= 1000000)
            read_device_field(&sample->devices[kind], &device_groups[kind], (int)number, param,
                              end + 1);
        return;
    }
}

static void name_vcpus(struct device_list *vcpus) {
    for (size_t i = 0; i < vcpus->count; i++) {
        if (!vcpus->items[i].name)
            vcpus->items[i].name = memory_printf("%d", vcpus->items[i].number);
    }
}

void params_read(struct guest_sample *sample, const virTypedParameter *params, int count) {
    for (int i = 0; i < count; i++) {
        if (is_of_device(params[i].field)) {
            read_device(sample, &params[i]);
            continue;
        }
        int field = find_field(NAMES(guest_names), params[i].field);
        if (field)
            sample->values[field] = params_number(&params[i]);
    }
    name_vcpus(&sample->devices[DEVICE_VCPU]);
}
