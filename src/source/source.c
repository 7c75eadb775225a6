/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The table of sources. */
#include "source/source.h"

#include <string.h>

#include "version.h"

extern const struct source_ops vsphere_source;
extern const struct source_ops libvirt_source;
extern const struct source_ops history_source;
extern const struct source_ops pve_source;
extern const struct source_ops xapi_source;

/* libvirt answers every scheme: it stands last. */
const struct source_ops *const source_table[] = {
    &vsphere_source,
#if VPERF_PVE
    &pve_source,
#endif
#if VPERF_XAPI
    &xapi_source,
#endif
#if VPERF_HISTORY
    &history_source,
#endif
#if VPERF_LIBVIRT
    &libvirt_source,
#endif
    NULL,
};

static bool answers(const struct source_ops *ops, const char *scheme) {
    if (!ops->schemes)
        return true;
    for (const char *const *known = ops->schemes; *known; known++)
        if (strcmp(*known, scheme) == 0)
            return true;
    return false;
}

static const char left_over[] = "libvirt, which would be asked";

/* The part of vperf that knows the scheme, for people. */
static const char *part_of(const char *scheme) {
    static const struct {
        const char *scheme;
        const char *part;
    } parts[] = {
        {TARGET_HISTORY, "history files"},
        {"pve", "Proxmox VE"},
        {"xapi", "XenServer and XCP-ng"},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strcmp(parts[i].scheme, scheme) == 0)
            return parts[i].part;
    return left_over;
}

const struct source_ops *source_ops_for(const struct target *target, struct error *error) {
    for (const struct source_ops *const *ops = source_table; *ops; ops++)
        if (answers(*ops, target->scheme) &&
            ((*ops)->schemes || strcmp(part_of(target->scheme), left_over) == 0))
            return *ops;
    error_set(error, ERROR_USAGE, "%s: this vperf is built without %s", target->text,
              part_of(target->scheme));
    return NULL;
}
