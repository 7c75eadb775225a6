/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The text of a configuration: sections and keys by GLib, and on which line each stands. */
#ifndef VPERF_COMMAND_CONFIG_FILE_H
#define VPERF_COMMAND_CONFIG_FILE_H

#include <glib.h>
#include <stdbool.h>

#include "core/error.h"

struct config_file {
    const char *path;
    GKeyFile *keys;
    GHashTable *places; /* of sections and keys */
};

/*
 * config_file_read: reads the file at path, which is borrowed; ERROR_USAGE when it cannot be read,
 * is no key file, or says something twice. config_file_done is due whatever the result.
 */
bool config_file_read(struct config_file *file, const char *path, struct error *error);

/* config_file_line: where a key stands, or where the section begins when key is NULL. */
int config_file_line(const struct config_file *file, const char *section, const char *key);

/* config_file_value: the key's text without blanks around it, owned by the caller. */
char *config_file_value(const struct config_file *file, const char *section, const char *key);

/*
 * config_file_secret: the text of a key that holds a password, which config_file_value does not
 * tell; borrowed, NULL when it holds none.
 */
const char *config_file_secret(const struct config_file *file, const char *section,
                               const char *key);

/* config_file_done: frees and wipes what was read. */
void config_file_done(struct config_file *file);

#endif
