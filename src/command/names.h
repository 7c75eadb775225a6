/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What --name asks for and no target has. */
#ifndef VPERF_COMMAND_NAMES_H
#define VPERF_COMMAND_NAMES_H

#include <stddef.h>

#include "command/options.h"
#include "core/inventory.h"

/*
 * names_keep: adds type and names of each entity that a target has, as far as the selection can
 * mean it: of the wanted types, and without --name the first one only.
 */
void names_keep(struct inventory *entities, const struct selection *selection,
                const struct inventory *inventory);

/*
 * names_check: warns of each pattern of --name that none of the entities of all targets matches,
 * and returns the number of these patterns. When nothing at all is selected, it is an ERROR_USAGE
 * instead, but without --name only reported.
 */
size_t names_check(const struct options *options, const struct inventory *entities,
                   struct error *error);

#endif
