/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/pve/counters.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "source/libvirt/counters/standard.h"

enum {
    KIB = 1024,
    MICROSECOND = 1000,
    MILLISECOND = 1000000,
    SECOND = 1000000000,
    FRESH_SECONDS = 60
};

/* D(x) is the growth of x between two rounds, dt the time between them. */
enum form {
    FORM_NONE,
    FORM_VALUE, /* field / divisor */
    FORM_RATE,  /* D(field + other) / dt / divisor */
    FORM_RATIO, /* D(field) / D(other) / divisor, 0 when D(other) is 0 */
};

/* What the devices of a guest make together. */
enum whole { WHOLE_NONE, WHOLE_SUM, WHOLE_MEAN };

struct formula {
    enum form form;
    int64_t divisor;
    int field;
    int other;
};

struct row {
    const char *name;
    const char *fidelity;
    const char *formula;
    struct formula guest;
    struct formula nic;
    struct formula disk;
    struct formula node;
    struct formula storage;
    const char *unit; /* the following of counters that libvirt's table has not */
    const char *label;
    const char *summary;
    enum whole whole; /* of the NICs or disks of a guest */
    bool reading;
};

#define OWN_PERCENT(name_, label_, field_)                                                         \
    {                                                                                              \
        .name = "pve." name_ ".average", .fidelity = "native", .unit = "percent",                  \
        .label = (label_),                                                                         \
        .summary = "Share of the last 10 s in which tasks of the guest waited (PSI)",              \
        .formula = "guest: PSI avg10 of its cgroup; Proxmox VE 9", .guest = {                      \
            .form = FORM_VALUE,                                                                    \
            .divisor = 1,                                                                          \
            .field = (field_)                                                                      \
        }                                                                                          \
    }

#define OWN_MEMORY(name_, label_, summary_, formula_, ...)                                         \
    {                                                                                              \
        .name = "pve." name_ ".average", .fidelity = "native", .unit = "kiloBytes",                \
        .label = (label_), .summary = (summary_), .formula = (formula_), __VA_ARGS__               \
    }

static const char cpu_from_resources[] =
    "; of the last look of pvestatd, 10 s, for this Proxmox VE has no /cluster/metrics/export";

static const struct row rows[] = {
    {"cpu.usage.average", "close",
     "guest: mean of cpu, share of its CPUs, the whole QEMU process; host: mean of cpu without "
     "iowait",
     .guest = {FORM_VALUE, 1, PVE_CPU_USAGE, 0}, .node = {FORM_VALUE, 1, PVE_NODE_CPU_USAGE, 0}},
    {"cpu.usagemhz.average", "approximate",
     "guest: cpu * cpus * MHz; host: cpu * CPUs * MHz; MHz is the nominal one, or that of a moment",
     .guest = {FORM_VALUE, 1, PVE_CPU_MHZ, 0}, .node = {FORM_VALUE, 1, PVE_NODE_CPU_MHZ, 0}},
    {"cpu.utilization.average", "close", "host: as cpu.usage",
     .node = {FORM_VALUE, 1, PVE_NODE_CPU_USAGE, 0}},
    {"cpu.used.summation", "approximate",
     "guest: cpu * cpus * interval, the whole QEMU process; host: cpu * CPUs * interval",
     .guest = {FORM_VALUE, 1, PVE_CPU_USED, 0}, .node = {FORM_VALUE, 1, PVE_NODE_CPU_USED, 0}},
    {.name = "cpu.ready.summation", .formula = "absent: Proxmox VE does not tell it"},
    {.name = "cpu.readiness.average", .formula = "absent: Proxmox VE does not tell it"},
    {"cpu.corecount.provisioned.average", "exact", "guest: cpus",
     .guest = {FORM_VALUE, 1, PVE_CPUS, 0}},
    {"cpu.corecount.usage.average", "exact", "host: sum of cpus over running guests",
     .node = {FORM_VALUE, 1, PVE_NODE_GUEST_CPUS, 0}},
    {"mem.usage.average", "approximate",
     "guest: (ballooninfo.total_mem - free_mem) / total_mem, its page cache counts as used; host: "
     "(total - available) / total",
     .guest = {FORM_VALUE, 1, PVE_MEM_USAGE, 0},
     .node = {FORM_RATIO, 1, PVE_NODE_MEM_USED, PVE_NODE_MEM_TOTAL}},
    {"mem.consumed.average", "approximate",
     "guest: memhost (Proxmox VE 9), container: mem; host: total - available",
     .guest = {FORM_VALUE, KIB, PVE_CONSUMED, 0}, .node = {FORM_VALUE, KIB, PVE_NODE_MEM_USED, 0}},
    {"mem.vmmemctl.average", "close", "guest: ballooninfo.max_mem - actual",
     .guest = {FORM_VALUE, KIB, PVE_BALLOONED, 0}},
    {"mem.capacity.provisioned.average", "exact", "host: memory.total",
     .node = {FORM_VALUE, KIB, PVE_NODE_MEM_TOTAL, 0}},
    {"mem.shared.average", "close", "host: ksm.shared", .node = {FORM_VALUE, KIB, PVE_NODE_KSM, 0}},
    {"sys.uptime.latest", "close", "guest: age of the QEMU process or container; host: uptime",
     .guest = {FORM_VALUE, 1, PVE_UPTIME, 0}, .node = {FORM_VALUE, 1, PVE_NODE_UPTIME, 0}},
    {"net.received.average", "exact",
     "guest: D(netin) / dt, as it sees it; host: D(net_in) of its physical NICs",
     .nic = {FORM_RATE, KIB, PVE_RX_BYTES, 0}, .node = {FORM_VALUE, KIB, PVE_NODE_NET_RX, 0},
     .whole = WHOLE_SUM},
    {"net.transmitted.average", "exact",
     "guest: D(netout) / dt, as it sees it; host: D(net_out) of its physical NICs",
     .nic = {FORM_RATE, KIB, PVE_TX_BYTES, 0}, .node = {FORM_VALUE, KIB, PVE_NODE_NET_TX, 0},
     .whole = WHOLE_SUM},
    {"net.usage.average", "exact", "guest: D(netin + netout) / dt; host: the same",
     .nic = {FORM_RATE, KIB, PVE_RX_BYTES, PVE_TX_BYTES},
     .node = {FORM_VALUE, KIB, PVE_NODE_NET, 0}, .whole = WHOLE_SUM},
    {"disk.read.average", "exact",
     "guest: sum of D(rd_bytes) / dt without CD-ROMs; container: D(diskread) / dt (close)",
     .guest = {FORM_RATE, KIB, PVE_READ, 0}},
    {"disk.write.average", "exact",
     "guest: sum of D(wr_bytes) / dt without CD-ROMs; container: D(diskwrite) / dt (close)",
     .guest = {FORM_RATE, KIB, PVE_WRITTEN, 0}},
    {"disk.usage.average", "exact", "guest: of disk.read and disk.write",
     .guest = {FORM_RATE, KIB, PVE_READ, PVE_WRITTEN}},
    {"disk.provisioned.latest", "close",
     "guest: sum of the sizes in its configuration; container: maxdisk where there is no size",
     .guest = {FORM_VALUE, KIB, PVE_MAXDISK, 0}},
    {"disk.used.latest", "close", "container: disk, its root; guest: not known",
     .guest = {FORM_VALUE, KIB, PVE_DISK, 0}, .storage = {FORM_VALUE, KIB, PVE_STORAGE_USED, 0}},
    {"disk.capacity.latest", "exact", "datastore: maxdisk",
     .storage = {FORM_VALUE, KIB, PVE_STORAGE_TOTAL, 0}, .unit = "kiloBytes", .label = "Capacity",
     .summary = "Configured size of the datastore"},
    {"virtualDisk.read.average", "exact", "guest: D(blockstat.N.rd_bytes) / dt",
     .disk = {FORM_RATE, KIB, PVE_RD_BYTES, 0}, .whole = WHOLE_SUM},
    {"virtualDisk.write.average", "exact", "guest: D(blockstat.N.wr_bytes) / dt",
     .disk = {FORM_RATE, KIB, PVE_WR_BYTES, 0}, .whole = WHOLE_SUM},
    {"virtualDisk.numberReadAveraged.average", "exact", "guest: D(blockstat.N.rd_operations) / dt",
     .disk = {FORM_RATE, 1, PVE_RD_OPERATIONS, 0}, .whole = WHOLE_SUM},
    {"virtualDisk.numberWriteAveraged.average", "exact", "guest: D(blockstat.N.wr_operations) / dt",
     .disk = {FORM_RATE, 1, PVE_WR_OPERATIONS, 0}, .whole = WHOLE_SUM},
    {"virtualDisk.totalReadLatency.average", "exact",
     "guest: D(blockstat.N.rd_total_time_ns) / D(rd_operations), 0 without a request",
     .disk = {FORM_RATIO, MILLISECOND, PVE_RD_NS, PVE_RD_OPERATIONS}, .whole = WHOLE_MEAN},
    {"virtualDisk.totalWriteLatency.average", "exact",
     "guest: D(blockstat.N.wr_total_time_ns) / D(wr_operations), 0 without a request",
     .disk = {FORM_RATIO, MILLISECOND, PVE_WR_NS, PVE_WR_OPERATIONS}, .whole = WHOLE_MEAN},
    {"virtualDisk.readLatencyUS.latest", "close",
     "guest: D(blockstat.N.rd_total_time_ns) / D(rd_operations), 0 without a request",
     .disk = {FORM_RATIO, MICROSECOND, PVE_RD_NS, PVE_RD_OPERATIONS}, .whole = WHOLE_MEAN},
    {"virtualDisk.writeLatencyUS.latest", "close",
     "guest: D(blockstat.N.wr_total_time_ns) / D(wr_operations), 0 without a request",
     .disk = {FORM_RATIO, MICROSECOND, PVE_WR_NS, PVE_WR_OPERATIONS}, .whole = WHOLE_MEAN},
    {"virtualDisk.readOIO.latest", "close", "guest: D(blockstat.N.rd_total_time_ns) / dt",
     .disk = {FORM_RATE, SECOND, PVE_RD_NS, 0}, .whole = WHOLE_SUM},
    {"virtualDisk.writeOIO.latest", "close", "guest: D(blockstat.N.wr_total_time_ns) / dt",
     .disk = {FORM_RATE, SECOND, PVE_WR_NS, 0}, .whole = WHOLE_SUM},
    {"space.capacity.latest", "native", "datastore: maxdisk",
     .storage = {FORM_VALUE, KIB, PVE_STORAGE_TOTAL, 0}, .unit = "kiloBytes", .label = "Capacity",
     .summary = "Size of the datastore", .reading = true},
    {"space.free.latest", "native", "datastore: maxdisk - disk",
     .storage = {FORM_VALUE, KIB, PVE_STORAGE_FREE, 0}, .unit = "kiloBytes", .label = "Free space",
     .summary = "Free space of the datastore", .reading = true},
    OWN_PERCENT("cpuPressureSome", "CPU pressure, some", PVE_CPU_SOME),
    OWN_PERCENT("cpuPressureFull", "CPU pressure, full", PVE_CPU_FULL),
    OWN_PERCENT("ioPressureSome", "I/O pressure, some", PVE_IO_SOME),
    OWN_PERCENT("ioPressureFull", "I/O pressure, full", PVE_IO_FULL),
    OWN_PERCENT("memoryPressureSome", "Memory pressure, some", PVE_MEMORY_SOME),
    OWN_PERCENT("memoryPressureFull", "Memory pressure, full", PVE_MEMORY_FULL),
    {.name = "pve.cpuWait.average",
     .fidelity = "native",
     .unit = "percent",
     .label = "I/O wait",
     .summary = "Share of time in which CPUs were idle and I/O was waited for",
     .formula = "host: mean of cpu_iowait of /cluster/metrics/export; 8.3.4 and later",
     .node = {FORM_VALUE, 1, PVE_NODE_CPU_WAIT, 0}},
    OWN_MEMORY("mem", "Memory as shown", "What Proxmox VE shows as memory usage of the guest",
               "guest: mem; its meaning differs by version and by balloon driver",
               .guest = {FORM_VALUE, KIB, PVE_MEM, 0}),
    OWN_MEMORY("memHost", "Memory on the host", "What the guest costs its host",
               "guest: memhost; may be more than the guest's memory; Proxmox VE 9",
               .guest = {FORM_VALUE, KIB, PVE_MEMHOST, 0}),
    OWN_MEMORY("memMaximum", "Maximum memory", "Memory that the guest is configured to have",
               "guest: maxmem", .guest = {FORM_VALUE, KIB, PVE_MAXMEM, 0}),
    OWN_MEMORY("balloon", "Current memory", "Memory that the balloon leaves to the guest",
               "guest: balloon", .guest = {FORM_VALUE, KIB, PVE_BALLOON, 0}),
    OWN_MEMORY("swap", "Swap in use", "Swap that the container or host uses",
               "container: swap; host: swap.used", .guest = {FORM_VALUE, KIB, PVE_SWAP, 0},
               .node = {FORM_VALUE, KIB, PVE_NODE_SWAP_USED, 0}),
};

enum { ROWS = sizeof rows / sizeof rows[0] };

size_t pve_counter_count(void) {
    return ROWS;
}

static struct counter counter_of(const struct row *row) {
    const struct counter *known = standard_counter(row->name);
    struct counter counter = {
        .name = row->name,
        .unit = row->unit,
        .rollup = strrchr(row->name, '.') + 1,
        .stats = "absolute",
        .label = row->label,
        .summary = row->summary,
        .reading = row->reading,
    };
    if (known)
        counter = *known;
    counter.fidelity = row->fidelity;
    counter.formula = row->formula;
    return counter;
}

struct catalog *pve_catalog(bool has_export) {
    struct catalog *catalog = catalog_new();
    for (size_t i = 0; i < ROWS; i++) {
        struct counter counter = counter_of(&rows[i]);
        char text[512];
        if (!has_export && strcmp(counter.name, "cpu.usage.average") == 0) {
            g_snprintf(text, sizeof text, "%s%s", counter.formula, cpu_from_resources);
            counter.formula = text;
            counter.fidelity = "approximate";
        }
        catalog_add(catalog, &counter);
    }
    return catalog;
}

static int64_t floor_of(double value) {
    return value >= 0 && value < 9e18 ? (int64_t)floor(value) : ABSENT;
}

static int64_t difference(int64_t more, int64_t less) {
    return more == ABSENT || less == ABSENT ? ABSENT : MAX(more - less, 0);
}

static void derive_cpu(struct pve_guest *guest, const struct pve_view *view) {
    double busy = guest->cpu * guest->cpus;
    guest->values[PVE_CPUS] =
        guest->cpus > 0 && guest->cpus == floor(guest->cpus) ? (int64_t)guest->cpus : ABSENT;
    if (isnan(guest->cpu) || guest->cpu < 0)
        return;
    guest->values[PVE_CPU_USAGE] = floor_of(guest->cpu * 10000);
    if (!(guest->cpus > 0))
        return;
    guest->values[PVE_CPU_USED] = floor_of(busy * view->interval * 1000);
    if (view->mhz > 0)
        guest->values[PVE_CPU_MHZ] = floor_of(busy * view->mhz);
}

static void derive_memory(struct pve_guest *guest, const struct pve_view *view) {
    int64_t *values = guest->values;
    int64_t total = values[PVE_TOTAL_MEM], free_bytes = values[PVE_FREE_MEM];
    int64_t age = view->server_time - values[PVE_LAST_UPDATE];
    bool fresh = view->server_time && values[PVE_LAST_UPDATE] != ABSENT && age < FRESH_SECONDS &&
                 age > -FRESH_SECONDS;
    if (fresh && total > 0 && free_bytes != ABSENT && free_bytes <= total)
        values[PVE_MEM_USAGE] = floor_of(10000.0 * (double)(total - free_bytes) / (double)total);
    values[PVE_CONSUMED] = guest->container ? values[PVE_MEM] : values[PVE_MEMHOST];
    values[PVE_BALLOONED] = difference(values[PVE_BALLOON_MAX], values[PVE_BALLOON_ACTUAL]);
}

static int64_t sum_of(const struct pve_devices *disks, int field) {
    int64_t sum = disks->count ? 0 : ABSENT;
    for (size_t i = 0; i < disks->count; i++) {
        if (disks->items[i].cdrom)
            continue;
        int64_t value = disks->items[i].values[field];
        if (sum == ABSENT || value == ABSENT || __builtin_add_overflow(sum, value, &sum))
            return ABSENT;
    }
    return sum;
}

/* Where a file system has no accounting by cgroup, both stay 0: nothing is known. */
static void derive_disks(struct pve_guest *guest) {
    int64_t *values = guest->values;
    if (!guest->container && guest->disks_known && !guest->silent) {
        values[PVE_READ] = sum_of(&guest->disks, PVE_RD_BYTES);
        values[PVE_WRITTEN] = sum_of(&guest->disks, PVE_WR_BYTES);
    } else if (guest->container && (values[PVE_DISKREAD] > 0 || values[PVE_DISKWRITE] > 0)) {
        values[PVE_READ] = values[PVE_DISKREAD];
        values[PVE_WRITTEN] = values[PVE_DISKWRITE];
    }
}

void pve_derive(struct pve_guest *guest, const struct pve_view *view) {
    derive_cpu(guest, view);
    derive_memory(guest, view);
    derive_disks(guest);
}

/* A value before the division; absent when the divisor is 0. */
struct fraction {
    __int128 dividend;
    __int128 divisor;
    bool known;
};

static int64_t quotient(struct fraction fraction) {
    if (!fraction.known || fraction.dividend < 0)
        return ABSENT;
    if (fraction.divisor == 0)
        return 0;
    __int128 value = fraction.dividend / fraction.divisor;
    return value > INT64_MAX ? ABSENT : (int64_t)value;
}

/* The growth of a counter; ABSENT when it went back or is not there. */
static int64_t growth(const int64_t *before, const int64_t *now, int field) {
    if (!before || before[field] == ABSENT || now[field] == ABSENT || now[field] < before[field])
        return ABSENT;
    return now[field] - before[field];
}

static struct fraction compute(const struct formula *formula, const int64_t *before,
                               const int64_t *now, int64_t elapsed_ns) {
    int64_t first, second = 0;
    switch (formula->form) {
    case FORM_VALUE:
        return (struct fraction){now[formula->field], formula->divisor,
                                 now[formula->field] != ABSENT};
    case FORM_RATE:
        first = growth(before, now, formula->field);
        if (formula->other)
            second = growth(before, now, formula->other);
        return (struct fraction){((__int128)first + second) * SECOND,
                                 (__int128)elapsed_ns * formula->divisor,
                                 first != ABSENT && second != ABSENT && elapsed_ns > 0};
    case FORM_RATIO:
        first = growth(before, now, formula->field);
        second = growth(before, now, formula->other);
        return (struct fraction){first, (__int128)second * formula->divisor,
                                 first != ABSENT && second != ABSENT};
    case FORM_NONE:
        break;
    }
    return (struct fraction){0, 0, false};
}

static struct fraction join(enum whole how, struct fraction whole, struct fraction part) {
    whole.known = whole.known && part.known;
    whole.dividend += part.dividend;
    whole.divisor = how == WHOLE_MEAN ? whole.divisor + part.divisor : part.divisor;
    return whole;
}

static void give(const struct pve_output *output, size_t index, const char *instance,
                 struct fraction fraction) {
    int64_t value = quotient(fraction);
    if (value != ABSENT && (!*instance || !output->aggregate_only))
        output->value(output->context, index, instance, value);
}

/* A device that came in between has no growth, and makes the sum incomplete. */
static void give_devices(const struct pve_output *output, size_t index,
                         const struct formula *formula, const struct pve_devices *before,
                         const struct pve_devices *now, int64_t elapsed_ns) {
    struct fraction whole = {0, 0, true};
    size_t count = 0;
    for (size_t i = 0; i < now->count; i++) {
        const struct pve_device *device = &now->items[i];
        const struct pve_device *old = before ? pve_device_find(before, device->name) : NULL;
        if (device->cdrom)
            continue;
        struct fraction part =
            compute(formula, old ? old->values : NULL, device->values, elapsed_ns);
        give(output, index, device->name, part);
        whole = join(rows[index].whole, whole, part);
        count++;
    }
    whole.known = whole.known && count > 0;
    if (!before || before->count == now->count)
        give(output, index, "", whole);
}

void pve_guest_values(const struct pve_guest *before, const struct pve_guest *now,
                      const struct pve_output *output) {
    int64_t elapsed_ns = before ? now->time_ns - before->time_ns : 0;
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];
        if (!output->wanted[i])
            continue;
        if (row->guest.form)
            give(output, i, "",
                 compute(&row->guest, before ? before->values : NULL, now->values, elapsed_ns));
        if (row->nic.form)
            give_devices(output, i, &row->nic, before ? &before->nics : NULL, &now->nics,
                         elapsed_ns);
        if (row->disk.form && now->disks_known)
            give_devices(output, i, &row->disk, before ? &before->disks : NULL, &now->disks,
                         elapsed_ns);
    }
}

/* What a growth is of is there: a second look will give it. */
static bool is_there(const struct formula *formula, const int64_t *values) {
    return values[formula->field] != ABSENT &&
           (!formula->other || values[formula->other] != ABSENT);
}

static bool any_has(const struct formula *formula, const struct pve_devices *devices) {
    for (size_t i = 0; i < devices->count; i++)
        if (!devices->items[i].cdrom && is_there(formula, devices->items[i].values))
            return true;
    return false;
}

void pve_guest_offers(const struct pve_guest *now, const struct pve_output *output) {
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];
        bool offered = (row->guest.form && is_there(&row->guest, now->values)) ||
                       (row->nic.form && any_has(&row->nic, &now->nics)) ||
                       (row->disk.form && any_has(&row->disk, &now->disks));
        if (offered && output->wanted[i])
            output->offer(output->context, i);
    }
}

/* A ratio of two fields of one moment is a share in hundredths of a percent. */
static struct fraction compute_plain(const struct formula *formula, const int64_t *values) {
    int64_t part = values[formula->field], all = values[formula->other];
    if (formula->form != FORM_RATIO)
        return compute(formula, NULL, values, 0);
    return (struct fraction){(__int128)part * 10000, all,
                             part != ABSENT && all != ABSENT && all > 0};
}

void pve_plain_values(enum pve_of of, const int64_t *values, const struct pve_output *output) {
    for (size_t i = 0; i < ROWS; i++) {
        const struct formula *formula = of == PVE_OF_NODE ? &rows[i].node : &rows[i].storage;
        if (formula->form && output->wanted[i])
            give(output, i, "", compute_plain(formula, values));
    }
}
