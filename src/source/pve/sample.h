/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * What Proxmox VE answers, as numbers: one look at the guests of a node, at a node, at the
 * storages. What an answer lacks is ABSENT. No HTTP in it.
 */
#ifndef VPERF_SOURCE_PVE_SAMPLE_H
#define VPERF_SOURCE_PVE_SAMPLE_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/libvirt/sample/sample.h" /* ABSENT */

/* Of a guest. Bytes and seconds as Proxmox VE gives them. */
enum pve_field {
    PVE_NONE,
    PVE_UPTIME,
    PVE_MAXMEM,
    PVE_MEM, /* "mem"; what it means depends on version and driver */
    PVE_MEMHOST,
    PVE_BALLOON,
    PVE_BALLOON_MAX, /* ballooninfo.max_mem */
    PVE_BALLOON_ACTUAL,
    PVE_TOTAL_MEM, /* of the guest's own statistics */
    PVE_FREE_MEM,
    PVE_LAST_UPDATE, /* Unix seconds of these */
    PVE_NETIN,
    PVE_NETOUT,
    PVE_DISKREAD, /* of all drives, CD-ROM included */
    PVE_DISKWRITE,
    PVE_DISK, /* used bytes of a container's root */
    PVE_MAXDISK,
    PVE_SWAP,
    PVE_CPU_SOME, /* PSI of the last 10 s, hundredths of a percent */
    PVE_CPU_FULL,
    PVE_IO_SOME,
    PVE_IO_FULL,
    PVE_MEMORY_SOME,
    PVE_MEMORY_FULL,
    /* Made of others by pve_derive. */
    PVE_CPU_USAGE, /* hundredths of a percent of the guest's CPUs */
    PVE_CPU_USED,  /* ms in the interval */
    PVE_CPU_MHZ,
    PVE_CPUS,
    PVE_MEM_USAGE, /* hundredths of a percent of what the guest system has */
    PVE_CONSUMED,  /* bytes of the host */
    PVE_BALLOONED, /* bytes taken by the balloon */
    PVE_READ,      /* bytes of all disks without CD-ROMs */
    PVE_WRITTEN,
    PVE_FIELDS,
};

/* Of a NIC or disk. */
enum pve_device_field {
    PVE_DEVICE_NONE,
    PVE_RX_BYTES, /* as the guest sees it */
    PVE_TX_BYTES,
    PVE_RD_BYTES,
    PVE_WR_BYTES,
    PVE_RD_OPERATIONS,
    PVE_WR_OPERATIONS,
    PVE_RD_NS,
    PVE_WR_NS,
    PVE_DEVICE_FIELDS,
};

struct pve_device {
    char name[16]; /* net0, scsi0 */
    bool cdrom;
    int64_t values[PVE_DEVICE_FIELDS];
};

struct pve_devices {
    struct pve_device *items;
    size_t count;
    size_t capacity;
};

struct pve_guest {
    int64_t vmid;
    bool container;
    bool running;
    bool template;
    bool silent; /* it runs, and QEMU did not answer: no statistics of disks and balloon */
    bool paused;
    char *name;
    char *lock;
    int64_t pid;
    double cpus;     /* 0 when not known; a container may have a half */
    double cpu;      /* fraction of its CPUs as pvestatd measured it; NaN when not known */
    int64_t time_ns; /* clock_boot_ns in the middle of the call */
    int64_t values[PVE_FIELDS];
    struct pve_devices nics;
    struct pve_devices disks;
    bool disks_known; /* which drives are CD-ROMs */
};

/* The guests of one node. */
struct pve_guests {
    struct pve_guest *items;
    size_t count;
    size_t capacity;
};

/* Of a node. */
enum pve_node_field {
    PVE_NODE_NONE,
    PVE_NODE_UPTIME,
    PVE_NODE_MEM_TOTAL,
    PVE_NODE_MEM_USED,
    PVE_NODE_SWAP_USED,
    PVE_NODE_KSM,
    PVE_NODE_CPU_USAGE, /* hundredths of a percent */
    PVE_NODE_CPU_WAIT,
    PVE_NODE_CPU_USED, /* ms in the interval */
    PVE_NODE_CPU_MHZ,
    PVE_NODE_NET_RX, /* bytes per second */
    PVE_NODE_NET_TX,
    PVE_NODE_NET,
    PVE_NODE_GUEST_CPUS,
    PVE_NODE_FIELDS,
};

struct pve_node {
    char *version; /* of pve-manager: 8.4.1 */
    char *model;
    int32_t threads;
    int32_t cores;
    int32_t mhz; /* nominal if the model tells, else of the moment; 0 when not known */
    int64_t values[PVE_NODE_FIELDS];
};

/* What a drive of a configuration is. */
struct pve_config {
    char *uuid;
    char *ostype;
    bool no_kvm;               /* QEMU emulates its CPU */
    GHashTable *cdroms;        /* names of drives that are CD-ROMs */
    int64_t provisioned_bytes; /* sum of the sizes of the others; ABSENT when one is not known */
};

/* pve_guests_done: frees the guests. */
void pve_guests_done(struct pve_guests *guests);

/* pve_guests_add: a guest without any number. */
struct pve_guest *pve_guests_add(struct pve_guests *guests);

/* pve_guests_by_number: the guests by vmid, an int64_t; of two with one number the first. */
GHashTable *pve_guests_by_number(const struct pve_guests *guests);

/* pve_guests_bytes: what they take of memory. */
size_t pve_guests_bytes(const struct pve_guests *guests);

/* pve_guest_copy: all of a guest again, to be ended with pve_guest_done. */
void pve_guest_copy(struct pve_guest *guest, const struct pve_guest *from);
void pve_guest_done(struct pve_guest *guest);

enum { PVE_MOST_DEVICES = 256 };

/* pve_device: the device of this name, added if need be; NULL when there are PVE_MOST_DEVICES. */
struct pve_device *pve_device(struct pve_devices *devices, const char *name);

/* pve_device_find: the same, or NULL. */
const struct pve_device *pve_device_find(const struct pve_devices *devices, const char *name);

/* pve_node_init, _done: a node without any number; frees what it holds. */
void pve_node_init(struct pve_node *node);
void pve_node_done(struct pve_node *node);

/* pve_config_free: takes NULL. */
void pve_config_free(struct pve_config *config);

#endif
