/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * libvirt's typed parameters made into a sample. The names are written out: libvirt has macros for
 * them only since 11.2.
 */
#include "source/libvirt/helper/params.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

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
    {"vcpu.current", GUEST_VCPU_CURRENT},
    {"vcpu.maximum", GUEST_VCPU_MAXIMUM},
    {"net.count", GUEST_NET_COUNT},
    {"balloon.current", GUEST_MEMORY_CURRENT},
    {"balloon.maximum", GUEST_MEMORY_MAXIMUM},
    {"balloon.rss", GUEST_RSS},
    {"balloon.last-update", GUEST_LAST_UPDATE},
    {"balloon.available", GUEST_AVAILABLE},
    {"balloon.unused", GUEST_UNUSED},
    {"balloon.usable", GUEST_USABLE},
    {"balloon.swap_in", GUEST_SWAP_IN},
    {"balloon.swap_out", GUEST_SWAP_OUT},
    {"balloon.major_fault", GUEST_MAJOR_FAULT},
    {"balloon.minor_fault", GUEST_MINOR_FAULT},
    {"balloon.disk_caches", GUEST_DISK_CACHES},
    {"balloon.hugetlb_pgalloc", GUEST_HUGE_ALLOCATIONS},
    {"balloon.hugetlb_pgfail", GUEST_HUGE_FAILURES},
    {NULL, 0},
};

static const struct field_name vcpu_names[] = {
    {"time", VCPU_TIME},
    {"delay", VCPU_DELAY},
    {"halt_wait_ns.sum", VCPU_HALT_WAIT},
    {"exits.sum", VCPU_EXITS},
    {NULL, 0},
};

static const struct field_name nic_names[] = {
    {"rx.bytes", NIC_RX_BYTES}, {"rx.pkts", NIC_RX_PACKETS}, {"rx.errs", NIC_RX_ERRORS},
    {"rx.drop", NIC_RX_DROPS},  {"tx.bytes", NIC_TX_BYTES},  {"tx.pkts", NIC_TX_PACKETS},
    {"tx.errs", NIC_TX_ERRORS}, {"tx.drop", NIC_TX_DROPS},   {NULL, 0},
};

static const struct field_name disk_names[] = {
    {"rd.reqs", DISK_READ_REQUESTS},
    {"rd.bytes", DISK_READ_BYTES},
    {"rd.times", DISK_READ_TIMES},
    {"wr.reqs", DISK_WRITE_REQUESTS},
    {"wr.bytes", DISK_WRITE_BYTES},
    {"wr.times", DISK_WRITE_TIMES},
    {"fl.reqs", DISK_FLUSH_REQUESTS},
    {"fl.times", DISK_FLUSH_TIMES},
    {"errors", DISK_ERRORS},
    {"allocation", DISK_ALLOCATION},
    {"capacity", DISK_CAPACITY},
    {"physical", DISK_PHYSICAL},
    {NULL, 0},
};

static const struct field_name filesystem_names[] = {
    {"total-bytes", FILESYSTEM_TOTAL},
    {"used-bytes", FILESYSTEM_USED},
    {NULL, 0},
};

static const struct device_group {
    const char *prefix;
    const struct field_name *names;
    const char *name; /* the parameter that names the device */
} device_groups[DEVICE_KINDS] = {
    [DEVICE_VCPU] = {"vcpu.", vcpu_names, "name"},
    [DEVICE_NIC] = {"net.", nic_names, "name"},
    [DEVICE_DISK] = {"block.", disk_names, "name"},
    [DEVICE_FILESYSTEM] = {"fs.", filesystem_names, "mountpoint"},
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

static int find_field(const struct field_name *names, const char *name) {
    for (; names->name; names++) {
        if (strcmp(names->name, name) == 0)
            return names->field;
    }
    return 0;
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
    int field = find_field(group->names, name);

    if (field)
        device->values[field] = params_number(param);
    else if (strcmp(name, group->name) == 0)
        set_text(&device->name, param);
    else if (strcmp(name, "path") == 0)
        set_text(&device->path, param);
}

/* A parameter such as block.0.rd.reqs: true when its group is one of ours and a number follows. */
static bool read_device(struct guest_sample *sample, const virTypedParameter *param) {
    for (int kind = 0; kind < DEVICE_KINDS; kind++) {
        size_t length = strlen(device_groups[kind].prefix);
        if (strncmp(param->field, device_groups[kind].prefix, length) != 0)
            continue;
        char *end;
        long number = strtol(param->field + length, &end, 10);
        if (end == param->field + length || *end != '.' || number < 0 || number > 1000000)
            return false;
        read_device_field(&sample->devices[kind], &device_groups[kind], (int)number, param,
                          end + 1);
        return true;
    }
    return false;
}

static void name_vcpus(struct device_list *vcpus) {
    for (size_t i = 0; i < vcpus->count; i++) {
        if (!vcpus->items[i].name)
            vcpus->items[i].name = memory_printf("%d", vcpus->items[i].number);
    }
}

void params_read(struct guest_sample *sample, const virTypedParameter *params, int count) {
    for (int i = 0; i < count; i++) {
        int field = find_field(guest_names, params[i].field);
        if (field)
            sample->values[field] = params_number(&params[i]);
        else
            read_device(sample, &params[i]);
    }
    name_vcpus(&sample->devices[DEVICE_VCPU]);
}
