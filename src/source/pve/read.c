/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/pve/read.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/rest/helper/json.h"

enum { MAX_NODE_CPUS = 1 << 20 };

/* Unix seconds: no clock is later than the year 5138. */
static const int64_t max_time = 100000000000;

struct name {
    const char *key;
    int field;
};

static void read_numbers(const json_t *object, const struct name *names, int64_t *values) {
    for (; names->key; names++) {
        int64_t value;
        if (rest_json_integer(object, names->key, &value) && value >= 0)
            values[names->field] = value;
    }
}

static const struct name guest_names[] = {
    {"uptime", PVE_UPTIME},
    {"maxmem", PVE_MAXMEM},
    {"mem", PVE_MEM},
    {"memhost", PVE_MEMHOST},
    {"balloon", PVE_BALLOON},
    {"netin", PVE_NETIN},
    {"netout", PVE_NETOUT},
    {"diskread", PVE_DISKREAD},
    {"diskwrite", PVE_DISKWRITE},
    {"maxdisk", PVE_MAXDISK},
    {NULL, 0},
};

static const struct name container_names[] = {{"disk", PVE_DISK}, {"swap", PVE_SWAP}, {NULL, 0}};

static const struct name balloon_names[] = {
    {"max_mem", PVE_BALLOON_MAX}, {"actual", PVE_BALLOON_ACTUAL},   {"total_mem", PVE_TOTAL_MEM},
    {"free_mem", PVE_FREE_MEM},   {"last_update", PVE_LAST_UPDATE}, {NULL, 0},
};

static const struct name block_names[] = {
    {"rd_bytes", PVE_RD_BYTES},
    {"wr_bytes", PVE_WR_BYTES},
    {"rd_operations", PVE_RD_OPERATIONS},
    {"wr_operations", PVE_WR_OPERATIONS},
    {"rd_total_time_ns", PVE_RD_NS},
    {"wr_total_time_ns", PVE_WR_NS},
    {NULL, 0},
};

/* PSI: percent of the last 10 s. */
static void read_pressure(const json_t *object, int64_t *values) {
    static const struct name names[] = {
        {"pressurecpusome", PVE_CPU_SOME},       {"pressurecpufull", PVE_CPU_FULL},
        {"pressureiosome", PVE_IO_SOME},         {"pressureiofull", PVE_IO_FULL},
        {"pressurememorysome", PVE_MEMORY_SOME}, {"pressurememoryfull", PVE_MEMORY_FULL},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        double percent;
        if (rest_json_real(object, names[i].key, &percent) && percent >= 0 && percent <= 100)
            values[names[i].field] = (int64_t)(percent * 100 + 0.001);
    }
}

static bool is_set(const json_t *object, const char *key) {
    int64_t value = 0;
    return rest_json_integer(object, key, &value) && value;
}

/* Those that guests can have as disks; efidisk0, tpmstate0 and pflash0 hold settings. */
static bool is_drive(const char *name) {
    static const char *const buses[] = {"scsi", "virtio", "sata", "ide"};
    for (size_t i = 0; i < sizeof buses / sizeof buses[0]; i++) {
        size_t length = strlen(buses[i]);
        size_t digits =
            strspn(name + (strncmp(name, buses[i], length) == 0 ? length : 0), "0123456789");
        if (strncmp(name, buses[i], length) == 0 && digits && digits <= 3 && !name[length + digits])
            return true;
    }
    return false;
}

static void read_drives(const json_t *blocks, struct pve_guest *guest) {
    const char *name;
    json_t *block;
    json_object_foreach((json_t *)blocks, name, block) {
        struct pve_device *drive = is_drive(name) ? pve_device(&guest->disks, name) : NULL;
        if (drive)
            read_numbers(block, block_names, drive->values);
    }
}

static void read_nic(const json_t *counts, const char *in, const char *out,
                     struct pve_device *nic) {
    const struct name names[] = {{in, PVE_RX_BYTES}, {out, PVE_TX_BYTES}, {NULL, 0}};
    if (nic)
        read_numbers(counts, names, nic->values);
}

/* tap100i0 is net0 of guest 100. */
static void read_taps(const json_t *nics, struct pve_guest *guest) {
    const char *name;
    json_t *counts;
    json_object_foreach((json_t *)nics, name, counts) {
        const char *index = strrchr(name, 'i');
        char net[16];
        size_t digits = index ? strspn(index + 1, "0123456789") : 0;
        if (!digits || digits > 3 || index[1 + digits])
            continue;
        snprintf(net, sizeof net, "net%s", index + 1);
        read_nic(counts, "netin", "netout", pve_device(&guest->nics, net));
    }
}

/* False when it is no guest. */
static bool read_common(const json_t *object, bool container, struct pve_guests *guests,
                        struct pve_guest **added) {
    int64_t vmid, pid = 0;
    double cpus = 0;
    if (!rest_json_integer(object, "vmid", &vmid) || vmid <= 0)
        return false;
    struct pve_guest *guest = pve_guests_add(guests);
    const char *status = rest_json_text(object, "status");
    guest->vmid = vmid;
    guest->container = container;
    guest->running = status && strcmp(status, "running") == 0;
    guest->template = is_set(object, "template");
    guest->name = memory_strdup(rest_json_text(object, "name"));
    guest->lock = memory_strdup(rest_json_text(object, "lock"));
    guest->pid = rest_json_integer(object, "pid", &pid) ? pid : 0;
    if (rest_json_real(object, "cpus", &cpus) && cpus > 0 && cpus < MAX_NODE_CPUS)
        guest->cpus = cpus;
    read_numbers(object, guest_names, guest->values);
    read_pressure(object, guest->values);
    *added = guest;
    return true;
}

static void read_qemu(const json_t *object, struct pve_guests *guests) {
    struct pve_guest *guest;
    if (!read_common(object, false, guests, &guest))
        return;
    const char *state = rest_json_text(object, "qmpstatus");
    const json_t *blocks = json_object_get(object, "blockstat");
    guest->paused = state && strcmp(state, "paused") == 0;
    guest->silent = guest->running && !json_is_object(blocks);
    read_numbers(json_object_get(object, "ballooninfo"), balloon_names, guest->values);
    read_drives(blocks, guest);
    read_taps(json_object_get(object, "nics"), guest);
}

void pve_read_qemu(const json_t *data, struct pve_guests *guests) {
    size_t index;
    json_t *object;
    if (json_is_object(data))
        read_qemu(data, guests);
    json_array_foreach(data, index, object) read_qemu(object, guests);
}

void pve_read_lxc(const json_t *data, struct pve_guests *guests) {
    size_t index;
    json_t *object;
    json_array_foreach(data, index, object) {
        struct pve_guest *guest;
        if (read_common(object, true, guests, &guest))
            read_numbers(object, container_names, guest->values);
    }
}

void pve_read_netstat(const json_t *data, struct pve_guests *guests) {
    size_t index;
    json_t *row;
    GHashTable *by_number = pve_guests_by_number(guests);
    json_array_foreach(data, index, row) {
        int64_t vmid;
        const char *device = rest_json_text(row, "dev");
        struct pve_guest *guest = device && rest_json_integer(row, "vmid", &vmid)
                                      ? g_hash_table_lookup(by_number, &vmid)
                                      : NULL;
        if (guest && guest->container && strlen(device) < sizeof guest->nics.items->name)
            read_nic(row, "in", "out", pve_device(&guest->nics, device));
    }
    g_hash_table_destroy(by_number);
}

/* "Intel(R) Core(TM) i7-6700 CPU @ 3.40GHz"; else what the CPU does at this moment. */
static int32_t read_mhz(const json_t *cpuinfo) {
    const char *model = rest_json_text(cpuinfo, "model");
    const char *at = model ? strrchr(model, '@') : NULL;
    double mhz = at && strstr(at, "GHz") ? strtod(at + 1, NULL) * 1000 : 0;
    if (!(mhz > 0) && !rest_json_real(cpuinfo, "mhz", &mhz))
        return 0;
    return mhz > 0 && mhz < 100000 ? (int32_t)(mhz + 0.5) : 0;
}

static int32_t read_count(const json_t *object, const char *key) {
    int64_t count = 0;
    bool good = rest_json_integer(object, key, &count) && count > 0 && count < MAX_NODE_CPUS;
    return good ? (int32_t)count : 0;
}

/* pve-manager/8.4.1/2a2fa54b8503f96c */
static char *read_version(const char *text) {
    const char *begin = text ? strchr(text, '/') : NULL;
    return begin ? memory_strndup(begin + 1, strcspn(begin + 1, "/")) : NULL;
}

static void read_memory(const json_t *memory, int64_t *values) {
    int64_t total, rest;
    if (!rest_json_integer(memory, "total", &total) || total <= 0)
        return;
    values[PVE_NODE_MEM_TOTAL] = total;
    if (rest_json_integer(memory, "available", &rest) && rest >= 0 && rest <= total)
        values[PVE_NODE_MEM_USED] = total - rest;
    else if (rest_json_integer(memory, "used", &rest) && rest >= 0 && rest <= total)
        values[PVE_NODE_MEM_USED] = rest;
}

void pve_read_node(const json_t *data, struct pve_node *node) {
    static const struct name uptime[] = {{"uptime", PVE_NODE_UPTIME}, {NULL, 0}};
    static const struct name swap[] = {{"used", PVE_NODE_SWAP_USED}, {NULL, 0}};
    static const struct name ksm[] = {{"shared", PVE_NODE_KSM}, {NULL, 0}};
    const json_t *cpuinfo = json_object_get(data, "cpuinfo");
    int32_t cores = read_count(cpuinfo, "cores"), sockets = read_count(cpuinfo, "sockets");
    node->model = memory_strdup(rest_json_text(cpuinfo, "model"));
    node->version = read_version(rest_json_text(data, "pveversion"));
    node->threads = read_count(cpuinfo, "cpus");
    node->cores = cores;
    (void)sockets; /* "cores" are those of all sockets */
    node->mhz = read_mhz(cpuinfo);
    read_memory(json_object_get(data, "memory"), node->values);
    read_numbers(data, uptime, node->values);
    read_numbers(json_object_get(data, "swap"), swap, node->values);
    read_numbers(json_object_get(data, "ksm"), ksm, node->values);
}

/* The value of "key=..." in a list with commas; NULL, or the caller's. */
static char *find_option(const char *list, const char *key) {
    size_t length = strlen(key);
    for (const char *part = list; part; part = strchr(part, ',') ? strchr(part, ',') + 1 : NULL)
        if (strncmp(part, key, length) == 0 && part[length] == '=')
            return memory_strndup(part + length + 1, strcspn(part + length + 1, ","));
    return NULL;
}

/* "size=32G"; ABSENT when there is none. */
static int64_t drive_size(const char *text) {
    static const char units[] = "KMGT";
    char *size = find_option(text, "size");
    char *end = NULL;
    double bytes = size ? strtod(size, &end) : -1;
    const char *unit = end && *end ? strchr(units, *end) : NULL;
    for (const char *step = units; unit && step <= unit; step++)
        bytes *= 1024;
    bool good = bytes > 0 && bytes < 1e18 && end && (unit || !*end);
    free(size);
    return good ? (int64_t)bytes : ABSENT;
}

static bool is_volume(const char *name) {
    size_t digits = strspn(name + 2, "0123456789");
    return strcmp(name, "rootfs") == 0 ||
           (strncmp(name, "mp", 2) == 0 && digits && !name[2 + digits]);
}

/* True unless it is a CD-ROM. */
static bool read_volume(const char *name, const char *text, struct pve_config *config) {
    char *media = find_option(text, "media");
    bool cdrom = media && strcmp(media, "cdrom") == 0;
    int64_t size = drive_size(text);
    free(media);
    if (cdrom)
        g_hash_table_add(config->cdroms, memory_strdup(name));
    else if (size == ABSENT || config->provisioned_bytes == ABSENT ||
             __builtin_add_overflow(config->provisioned_bytes, size, &config->provisioned_bytes))
        config->provisioned_bytes = ABSENT;
    return !cdrom;
}

struct pve_config *pve_read_config(const json_t *data) {
    struct pve_config *config = memory_alloc(sizeof *config);
    const char *smbios = rest_json_text(data, "smbios1");
    const char *name;
    json_t *value;
    int drives = 0;
    config->cdroms = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    config->ostype = memory_strdup(rest_json_text(data, "ostype"));
    config->no_kvm = json_object_get(data, "kvm") && !is_set(data, "kvm");
    config->uuid = smbios ? find_option(smbios, "uuid") : NULL;
    json_object_foreach((json_t *)data, name, value) {
        const char *text = json_string_value(value);
        if (text && *text && (is_drive(name) || (strlen(name) > 2 && is_volume(name))))
            drives += read_volume(name, text, config);
    }
    if (!drives)
        config->provisioned_bytes = ABSENT;
    return config;
}

void pve_read_export(const json_t *data,
                     void (*found)(void *context, const struct pve_metric *metric), void *context) {
    size_t index;
    json_t *row;
    json_array_foreach(json_object_get(data, "data"), index, row) {
        struct pve_metric metric = {
            .id = rest_json_text(row, "id"),
            .metric = rest_json_text(row, "metric"),
        };
        if (metric.id && metric.metric && rest_json_real(row, "value", &metric.value) &&
            rest_json_integer(row, "timestamp", &metric.time) && metric.time >= 0 &&
            metric.time <= max_time)
            found(context, &metric);
    }
}

static double read_real(const json_t *row, const char *key) {
    double value;
    return rest_json_real(row, key, &value) && value >= 0 ? value : NAN;
}

/* Of two names, by what the row is of: a guest, or a node. */
static double read_either(const json_t *row, const char *key, const char *other) {
    double value = read_real(row, key);
    return isnan(value) ? read_real(row, other) : value;
}

void pve_read_rrd(const json_t *data, void (*found)(void *context, const struct pve_row *row),
                  void *context) {
    size_t index;
    json_t *object;
    int64_t last = 0;
    json_array_foreach(data, index, object) {
        struct pve_row row = {
            .cpu = read_real(object, "cpu"),
            .iowait = read_real(object, "iowait"),
            .cpus = read_real(object, "maxcpu"),
            .memhost = read_real(object, "memhost"),
            .mem = read_either(object, "mem", "memused"),
            .maxmem = read_either(object, "maxmem", "memtotal"),
            .available = read_real(object, "memavailable"),
            .netin = read_real(object, "netin"),
            .netout = read_real(object, "netout"),
            .diskread = read_real(object, "diskread"),
            .diskwrite = read_real(object, "diskwrite"),
        };
        if (rest_json_integer(object, "time", &row.time) && row.time > last &&
            row.time <= max_time) {
            found(context, &row);
            last = row.time;
        }
    }
}
