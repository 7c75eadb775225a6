/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The table of sources. */
#include "source/source.h"

#include <string.h>

#include "version.h"

extern const struct source_ops vsphere_source;
extern const struct source_ops libvirt_source;
extern const struct source_ops history_source;

/* libvirt answers every scheme: it stands last. */
const struct source_ops *const source_table[] = {
    &vsphere_source,
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

const struct source_ops *source_ops_for(const struct target *target, struct error *error) {
    for (const struct source_ops *const *ops = source_table; *ops; ops++)
        if (answers(*ops, target->scheme) &&
            ((*ops)->schemes || strcmp(target->scheme, TARGET_HISTORY) != 0))
            return *ops;
    bool history = strcmp(target->scheme, TARGET_HISTORY) == 0;
    error_set(error, ERROR_USAGE, "%s: this vperf is built without %s", target->text,
              history ? "history files" : "libvirt, which would be asked");
    return NULL;
}
