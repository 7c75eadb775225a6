/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * From the "data" of answers to samples. Tolerant: PVE 6 has numbers as texts, 7 to 9 add, leave
 * out and retype members. What cannot be read is left out, and nothing else with it.
 */
#ifndef VPERF_SOURCE_PVE_READ_H
#define VPERF_SOURCE_PVE_READ_H

#include <jansson.h>

#include "source/pve/sample.h"

/* pve_read_qemu: adds the guests of /nodes/N/qemu?full=1, or the one of status/current. */
void pve_read_qemu(const json_t *data, struct pve_guests *guests);

/* pve_read_lxc: adds the containers of /nodes/N/lxc. */
void pve_read_lxc(const json_t *data, struct pve_guests *guests);

/* pve_read_netstat: the NICs of containers, of /nodes/N/netstat. */
void pve_read_netstat(const json_t *data, struct pve_guests *guests);

/* pve_read_node: /nodes/N/status. */
void pve_read_node(const json_t *data, struct pve_node *node);

/* pve_read_config: /nodes/N/qemu/ID/config or that of a container; the caller's. */
struct pve_config *pve_read_config(const json_t *data);

/* A value of /cluster/metrics/export or, without a time, of /cluster/resources. */
struct pve_metric {
    const char *id;     /* node/NAME, qemu/ID, lxc/ID, storage/NODE/NAME */
    const char *metric; /* cpu_current, net_in, … */
    double value;
    int64_t time; /* Unix seconds by the node's clock */
};

/*
 * pve_read_export: calls back for each value of /cluster/metrics/export; the texts are borrowed.
 * One whose time is below 0 or beyond 1e11 is left out.
 */
void pve_read_export(const json_t *data,
                     void (*found)(void *context, const struct pve_metric *metric), void *context);

/* A row of rrddata. */
struct pve_row {
    int64_t time;
    double cpu; /* fraction; NaN when there is none, as for all */
    double iowait;
    double cpus;    /* maxcpu */
    double memhost; /* bytes */
    double mem;     /* the same: memory.used of a node */
    double maxmem;
    double available;
    double netin; /* bytes per second */
    double netout;
    double diskread; /* the same */
    double diskwrite;
};

/* pve_read_rrd: calls back for each row of rrddata, in ascending order of time. */
void pve_read_rrd(const json_t *data, void (*found)(void *context, const struct pve_row *row),
                  void *context);

#endif
