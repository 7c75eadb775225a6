/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The counters of Proxmox VE, and how each is computed from two samples. Names, units and labels
 * are vSphere's where it has the counter; the group pve is our own.
 */
#ifndef VPERF_SOURCE_PVE_COUNTERS_H
#define VPERF_SOURCE_PVE_COUNTERS_H

#include "core/catalog.h"
#include "core/selection.h"
#include "source/pve/sample.h"

/* Who has the counter. */
enum pve_of { PVE_OF_GUEST, PVE_OF_NIC, PVE_OF_DISK, PVE_OF_NODE, PVE_OF_STORAGE };

enum pve_storage_field {
    PVE_STORAGE_NONE,
    PVE_STORAGE_TOTAL,
    PVE_STORAGE_USED,
    PVE_STORAGE_FREE,
    PVE_STORAGE_FIELDS,
};

/* Who gets the values; counters are named by their place in the catalogue. */
struct pve_output {
    void *context;
    const bool *wanted; /* by place */
    bool aggregate_only;
    void (*value)(void *context, size_t counter, const char *instance, int64_t value);
    void (*offer)(void *context, size_t counter);
};

/* pve_catalog: all counters; has_export: CPU comes from /cluster/metrics/export. */
struct catalog *pve_catalog(bool has_export);

/* pve_counter_count: their number. */
size_t pve_counter_count(void);

/* What pve_derive needs beside the sample. */
struct pve_view {
    int32_t interval;    /* seconds */
    int32_t mhz;         /* of the node; 0 when not known */
    int64_t server_time; /* Unix seconds of the answer by the server's clock; 0: not known */
};

/*
 * pve_derive: the fields of a guest that are made of others. CPU: 10000 * cpu, cpu * cpus *
 * interval, cpu * cpus * MHz. Memory usage: (total - free) / total of the guest's own statistics
 * that are not older than 60 s. Consumed: memhost, or mem of a container.
 */
void pve_derive(struct pve_guest *guest, const struct pve_view *view);

/*
 * pve_guest_values: what the guest has; before is its sample in the round before, of the same run,
 * or NULL: then only what is true of one moment. A field that went back gives nothing.
 */
void pve_guest_values(const struct pve_guest *before, const struct pve_guest *now,
                      const struct pve_output *output);

/* pve_guest_offers: the counters that the guest will have. */
void pve_guest_offers(const struct pve_guest *now, const struct pve_output *output);

/* pve_plain_values: of a node or storage, whose fields need no sample before. */
void pve_plain_values(enum pve_of of, const int64_t *values, const struct pve_output *output);

#endif
