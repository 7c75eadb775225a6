/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Where the data sources of one VM or host stand among the columns of an answer. */
#ifndef VPERF_SOURCE_XAPI_LAYOUT_H
#define VPERF_SOURCE_XAPI_LAYOUT_H

#include "source/xapi/wire/updates.h"

enum { NO_COLUMN = -1 };

/* Of the whole VM or host; 0 is no field. */
enum field {
    FIELD_CPU_USAGE = 1, /* fractions of its CPUs */
    FIELD_MEMORY,        /* bytes */
    FIELD_MEMORY_TARGET, /* bytes */
    FIELD_INTERNAL_FREE, /* KiB, as the agent in the guest tells it */
    FIELD_FULL_RUN,      /* runstates: fractions of the time */
    FIELD_FULL_CONTENTION,
    FIELD_HAZARD,
    FIELD_BLOCKED,
    FIELD_PARTIAL_RUN,
    FIELD_PARTIAL_CONTENTION,
    FIELD_RUNNABLE_ANY,
    FIELD_RUNNABLE_VCPUS,
    FIELD_MEMORY_TOTAL, /* KiB */
    FIELD_MEMORY_FREE,  /* KiB */
    FIELD_POWER,        /* watt */
    FIELD_RUNNING_VCPUS,
    FIELDS,
};

enum device_kind { DEVICE_CPU, DEVICE_NIC, DEVICE_DISK, DEVICE_SR, DEVICE_KINDS };

/* Of a device, whatever its kind; 0 is no field. */
enum device_field {
    DEVICE_BUSY = 1,   /* CPU: fraction */
    DEVICE_RECEIVED,   /* NIC: bytes per second */
    DEVICE_SENT,       /* NIC */
    DEVICE_READ,       /* disk, SR: bytes per second */
    DEVICE_WRITE,      /* disk, SR */
    DEVICE_READS,      /* disk: requests per second */
    DEVICE_WRITES,     /* disk */
    DEVICE_READ_TIME,  /* disk: microseconds, the mean of a request */
    DEVICE_WRITE_TIME, /* disk */
    DEVICE_QUEUE,      /* disk: requests under way */
    DEVICE_FIELDS,
};

struct layout_device {
    char *name; /* 0, xvda, eth0, the first eight digits of an SR's uuid */
    long columns[DEVICE_FIELDS];
};

struct layout_devices {
    struct layout_device *items; /* by name, as people count */
    size_t count;
    size_t capacity;
};

/* Each column number is NO_COLUMN where the answer has none. */
struct layout {
    enum updates_owner owner;
    char *uuid;
    long columns[FIELDS];
    struct layout_devices devices[DEVICE_KINDS];
};

struct layouts;

/* layouts_new: those of all VMs and hosts in the answer; owned by the caller. */
struct layouts *layouts_new(const struct updates *updates);

/* layouts_find: that of this VM or host, or NULL. Takes NULL. */
const struct layout *layouts_find(const struct layouts *layouts, enum updates_owner owner,
                                  const char *uuid);

/* layout_device: the device with this name, or NULL. */
const struct layout_device *layout_device(const struct layout *layout, enum device_kind kind,
                                          const char *name);

/* layouts_free: takes NULL. */
void layouts_free(struct layouts *layouts);

#endif
