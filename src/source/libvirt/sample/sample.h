/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * What one poll read, freed of libvirt: plain numbers in libvirt's units (nanoseconds, bytes for
 * devices, KiB for memory), and ABSENT for what libvirt did not send.
 */
#ifndef VPERF_SOURCE_LIBVIRT_SAMPLE_H
#define VPERF_SOURCE_LIBVIRT_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

enum { ABSENT = -1, SAMPLE_UUID_SIZE = 16 };

/* Field 0 means "no field" in the tables of counters. */
enum guest_field {
    GUEST_STATE = 1,
    GUEST_CPU_TIME,
    GUEST_CPU_USER,
    GUEST_CPU_SYSTEM,
    GUEST_HALTPOLL_SUCCESS,
    GUEST_HALTPOLL_FAIL,
    GUEST_VCPU_CURRENT,
    GUEST_VCPU_MAXIMUM,
    GUEST_NET_COUNT,
    GUEST_MEMORY_CURRENT,
    GUEST_MEMORY_MAXIMUM,
    GUEST_RSS,
    GUEST_BACKED,      /* memory of the host that is the guest's, KiB; see sample_tidy */
    GUEST_LAST_UPDATE, /* seconds since 1970 of the guest's last memory report */
    GUEST_AVAILABLE,   /* from here to the end: the guest's memory report */
    GUEST_UNUSED,
    GUEST_USABLE,
    GUEST_SWAP_IN,
    GUEST_SWAP_OUT,
    GUEST_MAJOR_FAULT,
    GUEST_MINOR_FAULT,
    GUEST_DISK_CACHES,
    GUEST_HUGE_ALLOCATIONS,
    GUEST_HUGE_FAILURES,
    GUEST_REPORT_END,
    GUEST_REPORT_AGE = GUEST_REPORT_END, /* seconds, set by sample_judge_report */
    GUEST_UPTIME,                        /* seconds, local connections only */
    GUEST_SNAPSHOT_COUNT,
    GUEST_SNAPSHOT_BYTES,
    GUEST_SNAPSHOT_AGE, /* seconds since the oldest one was taken */
    GUEST_FIELDS,
};

enum device_kind { DEVICE_VCPU, DEVICE_NIC, DEVICE_DISK, DEVICE_FILESYSTEM, DEVICE_KINDS };

enum vcpu_field { VCPU_TIME = 1, VCPU_DELAY, VCPU_HALT_WAIT, VCPU_EXITS };

enum nic_field {
    NIC_RX_BYTES = 1,
    NIC_RX_PACKETS,
    NIC_RX_ERRORS,
    NIC_RX_DROPS,
    NIC_TX_BYTES,
    NIC_TX_PACKETS,
    NIC_TX_ERRORS,
    NIC_TX_DROPS,
};

enum disk_field {
    DISK_READ_REQUESTS = 1,
    DISK_READ_BYTES,
    DISK_READ_TIMES,
    DISK_WRITE_REQUESTS,
    DISK_WRITE_BYTES,
    DISK_WRITE_TIMES,
    DISK_FLUSH_REQUESTS,
    DISK_FLUSH_TIMES,
    DISK_ERRORS,
    DISK_ALLOCATION,
    DISK_CAPACITY,
    DISK_PHYSICAL,
    DISK_CHAIN,    /* bytes that all layers of the backing chain occupy */
    DISK_UNSHARED, /* bytes that belong to this guest alone */
    DEVICE_FIELDS,
};

enum filesystem_field { FILESYSTEM_TOTAL = 1, FILESYSTEM_USED }; /* bytes */

enum host_field {
    HOST_CPU_USER = 1, /* these four also per CPU */
    HOST_CPU_KERNEL,
    HOST_CPU_IDLE,
    HOST_CPU_IOWAIT,
    HOST_MEMORY_TOTAL,
    HOST_MEMORY_FREE,
    HOST_MEMORY_BUFFERS,
    HOST_MEMORY_CACHED,
    HOST_PAGES_SHARED, /* KSM: pages that back others, and the pages they back */
    HOST_PAGES_SHARING,
    HOST_FIELDS,
};

/* What a poll can ask for: groups of the guests' statistics, and the host's own numbers. */
enum sample_group {
    SAMPLE_STATE = 1 << 0,
    SAMPLE_CPU = 1 << 1,
    SAMPLE_VCPU = 1 << 2,
    SAMPLE_BALLOON = 1 << 3,
    SAMPLE_NIC = 1 << 4,
    SAMPLE_DISK = 1 << 5,
    SAMPLE_DISK_SIZE = 1 << 6,
    SAMPLE_FILESYSTEMS = 1 << 7, /* of the guest agent */
    SAMPLE_SNAPSHOTS = 1 << 8,
    SAMPLE_HOST_CPU = 1 << 9,
    SAMPLE_HOST_MEMORY = 1 << 10,
    SAMPLE_HOST_PAGES = 1 << 11,
    SAMPLE_GUESTS = SAMPLE_HOST_CPU - 1, /* all that concern guests */
    SAMPLE_HOST = SAMPLE_HOST_CPU | SAMPLE_HOST_MEMORY | SAMPLE_HOST_PAGES,
};

struct device {
    char *name; /* vCPU number, vnet0, vda, mount point; NULL when libvirt gave none */
    char *path; /* disk: its image, NULL when not known */
    int number; /* position in libvirt's list */
    int64_t values[DEVICE_FIELDS];
};

struct device_list {
    struct device *items;
    size_t count;
    size_t capacity;
};

/* What a poll is to read. */
struct sample_wish {
    unsigned groups; /* of enum sample_group; guests' state and CPU time are always read */
    bool each_cpu;   /* of the host: one call each */
};

/* When a memory report of the guest counts as stale. */
enum report_clock {
    REPORT_ALWAYS_FRESH, /* a driver without balloon reports, such as test */
    REPORT_LOCAL,        /* our clock is the host's: by age */
    REPORT_REMOTE,       /* clocks may differ: by whether it advances */
};

/* What live migration has to do with the state of a guest. */
enum guest_move {
    MOVE_NONE,
    MOVE_UNDER_WAY, /* it is paused by its migration, here or away */
    MOVE_DONE,      /* it runs since it was migrated here */
};

struct guest_sample {
    unsigned char uuid[SAMPLE_UUID_SIZE];
    int id; /* libvirt's number of this run of the guest */
    char *name;
    int64_t time_ns;     /* CLOCK_BOOTTIME at the middle of the calls */
    int64_t duration_ns; /* of the calls */
    int64_t wall_seconds;
    bool one_call;      /* all numbers belong to one moment */
    bool blocked;       /* QEMU did not answer: what its monitor knows is not there */
    int64_t blocked_ms; /* for how long, 0 when not known; INT64_MAX: libvirt gave it up */
    bool is_host;       /* it is the domain that the host itself runs in, and no guest */
    enum guest_move move;
    enum report_clock report_clock;
    int64_t report_period;  /* seconds between two memory reports, 0 for none */
    int64_t report_seen_ns; /* time_ns at which this report was first seen */
    int64_t values[GUEST_FIELDS];
    struct device_list devices[DEVICE_KINDS];
};

struct host_sample {
    int64_t time_ns;
    int64_t duration_ns;
    bool of_domains; /* its CPU time is that of all domains, its own included */
    int64_t values[HOST_FIELDS];
    struct device_list cpus; /* values of the first four host fields */
};

/* A guest whose statistics libvirt refused. */
struct guest_failure {
    unsigned char uuid[SAMPLE_UUID_SIZE];
    struct error error;
};

/* Everything of one poll; guests are sorted by UUID. */
struct snapshot {
    int64_t time_ns;
    int64_t duration_ns;
    int64_t wall_ns; /* CLOCK_REALTIME at time_ns */
    struct guest_sample *guests;
    size_t count;
    size_t capacity;
    struct guest_failure *failures;
    size_t failure_count;
    size_t failure_capacity;
    struct host_sample host;
};

/* sample_init: an empty sample, every number absent. */
void sample_init(struct guest_sample *sample);

/* sample_done: frees what the sample holds. */
void sample_done(struct guest_sample *sample);

/* sample_parse_uuid: the 16 bytes of a UUID in the usual form; false when it is none. */
bool sample_parse_uuid(const char *text, unsigned char uuid[SAMPLE_UUID_SIZE]);

/* sample_device: the device with this position in libvirt's list, made when there is none. */
struct device *sample_device(struct device_list *list, int number);

/* sample_named: the device with this name, or NULL. */
const struct device *sample_named(const struct device_list *list, const char *name);

/*
 * sample_tidy: removes what looks like a number and is none (a run delay of 0 on a busy vCPU, more
 * usable than available memory), devices without name, and folds backing layers into their disk.
 * Unless it is known, the memory that backs the guest is what is resident, which may be more than
 * the guest's by what its process needs: at most its current memory.
 */
void sample_tidy(struct guest_sample *sample);

/*
 * sample_judge_report: makes the guest's memory report absent when it is stale. Before is the
 * sample of the previous poll of the same run of the guest, or NULL.
 */
void sample_judge_report(struct guest_sample *sample, const struct guest_sample *before);

/* snapshot_new: an empty snapshot, owned by the caller. */
struct snapshot *snapshot_new(void);

/* snapshot_free: frees the snapshot. Takes NULL. */
void snapshot_free(struct snapshot *snapshot);

/* snapshot_add: a new guest at the end, every number absent. */
struct guest_sample *snapshot_add(struct snapshot *snapshot);

/* snapshot_remove: takes a guest out. */
void snapshot_remove(struct snapshot *snapshot, size_t index);

/* snapshot_add_failure: notes that a guest gave no statistics. */
void snapshot_add_failure(struct snapshot *snapshot, const unsigned char *uuid,
                          const struct error *error);

/* snapshot_sort: brings the guests into the order of their UUIDs. */
void snapshot_sort(struct snapshot *snapshot);

/*
 * snapshot_complete: replaces the guests that are blocked by those of a later poll, which loses
 * them. One that is blocked there too stays, for as long as that says; one that has ended goes.
 */
void snapshot_complete(struct snapshot *snapshot, struct snapshot *later);

/* snapshot_find: the guest with this UUID in a sorted snapshot, or NULL. Takes NULL. */
const struct guest_sample *snapshot_find(const struct snapshot *snapshot,
                                         const unsigned char *uuid);

/* snapshot_failure: the failure of the guest with this UUID, or NULL. */
const struct guest_failure *snapshot_failure(const struct snapshot *snapshot,
                                             const unsigned char *uuid);

#endif
