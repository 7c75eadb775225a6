/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/rest/helper/sources.h"

#include <string.h>

#include "version.h"

static const struct {
    const char *scheme;
    const struct source_ops *ops;
} hosted[] = {
#if VPERF_PVE
    {"pve", &pve_hosted},
#endif
#if VPERF_XAPI
    {"xapi", &xapi_hosted},
#endif
};

const struct source_ops *sources_find(const char *scheme) {
    for (size_t i = 0; i < sizeof hosted / sizeof hosted[0]; i++)
        if (strcmp(hosted[i].scheme, scheme) == 0)
            return hosted[i].ops;
    return NULL;
}
