/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Entities that several targets measure, as two ways to write one libvirt do. */
#ifndef VPERF_COMMAND_DOUBLED_H
#define VPERF_COMMAND_DOUBLED_H

#include <glib.h>
#include <stddef.h>

#include "core/inventory.h"
#include "core/selection.h"

/* doubled_new: a table of entities, owned by the caller, who frees it with g_hash_table_destroy. */
GHashTable *doubled_new(void);

/*
 * doubled_note: takes down the selected entities of the target with this number. Returns how many
 * of them another one has already, whose rows cannot be told apart from theirs; *other and *example
 * become the first such target and entity.
 */
size_t doubled_note(GHashTable *known, size_t target, const struct inventory *inventory,
                    const struct selection *selection, size_t *other,
                    const struct entity **example);

/* doubled_forget: the target with this number is gone, and has no entities any more. */
void doubled_forget(GHashTable *known, size_t target);

#endif
