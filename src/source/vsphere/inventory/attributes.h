/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Custom attributes: vCenter defines them once, and entities have values of them. */
#ifndef VPERF_SOURCE_VSPHERE_ATTRIBUTES_H
#define VPERF_SOURCE_VSPHERE_ATTRIBUTES_H

#include <glib.h>

#include "core/error.h"
#include "source/vsphere/session/channel.h"

/*
 * attributes_names: the names of all custom attributes by their key, which is text; none of a
 * server without custom attributes, such as ESXi. Owned by the caller; NULL on failure.
 */
GHashTable *attributes_names(struct channel *channel, struct error *error);

/*
 * attributes_text: an ArrayOfCustomFieldValue, as XML, in the order of the names: "name=value",
 * with
 * "; " between them; a key without a name stands for it. The caller frees it.
 */
char *attributes_text(const char *xml, GHashTable *names);

#endif
