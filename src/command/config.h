/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A configuration: targets by name, each with its own options. See vperf.conf(5). */
#ifndef VPERF_COMMAND_CONFIG_H
#define VPERF_COMMAND_CONFIG_H

#include "command/options_parts.h"
#include "core/target.h"

/* What stands in a section; lines are 0 for what does not. */
struct config_section {
    char *name; /* of the target; NULL for [defaults] */
    int line;
    struct target target;     /* of its uri, or else of its name */
    char *password;           /* a secret; NULL when there is none */
    struct options_text text; /* NULL for a flag that is off */
    int lines[OPTION_COUNT];
};

struct config {
    char *path;
    struct config_section defaults;
    struct config_section **sections; /* of targets, in the order of the file */
    size_t count;
};

/*
 * config_read: the configuration in a file, owned by the caller; NULL with ERROR_USAGE, which
 * names the file, the line, and what is wrong there. A password is taken only from a file that
 * nobody else may read. Relative paths in it begin at the folder of the file.
 */
struct config *config_read(const char *path, struct error *error);

/* config_find: the section of the target with this name, or NULL. */
const struct config_section *config_find(const struct config *config, const char *name);

/* config_nearest: the name of a target that is near to this one, or NULL. */
const char *config_nearest(const struct config *config, const char *name);

/* config_free: takes NULL. */
void config_free(struct config *config);

#endif
