/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The entries of the sources that live in vperf-rest. */
#include "source/rest/remote.h"

extern const struct source_ops pve_source;
extern const struct source_ops xapi_source;

static const char *const pve_schemes[] = {"pve", NULL};
static const char *const xapi_schemes[] = {"xapi", NULL};

static struct source *pve_open(const struct target *target, const struct source_options *options,
                               struct error *error) {
    return remote_open(&pve_source, target, options, error);
}

static struct source *xapi_open(const struct target *target, const struct source_options *options,
                                struct error *error) {
    return remote_open(&xapi_source, target, options, error);
}

#define REMOTE_CALLS                                                                               \
    .catalog = remote_catalog, .about = remote_about, .inventory = remote_inventory,               \
    .now = remote_now, .due = remote_due, .round = remote_round, .close = remote_close,            \
    .save = remote_save

const struct source_ops pve_source = {
    .name = "pve",
    .help = "Proxmox VE: pve://root@pam!vperf@pve01",
    .takes = SOURCE_TAKES_TRUST,
    .keeps_archive = true,
    .schemes = pve_schemes,
    .open = pve_open,
    REMOTE_CALLS,
};

const struct source_ops xapi_source = {
    .name = "xapi",
    .help = "XenServer, XCP-ng: xapi://root@xcp01",
    .takes = SOURCE_TAKES_TRUST | SOURCE_TAKES_RUNSTATES,
    .keeps_samples = true,
    .schemes = xapi_schemes,
    .open = xapi_open,
    REMOTE_CALLS,
};
