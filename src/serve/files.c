/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "serve/files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/secret.h"

enum { MOST_BYTES = 1024 * 1024 };

char *files_read(const char *option, const char *path, struct error *error) {
    FILE *file = fopen(path, "re");
    if (!file) {
        error_set(error, ERROR_USAGE, "%s '%s': %s", option, path, strerror(errno));
        return NULL;
    }
    secret_protect_process(); /* the library of TLS has its own copy of a key */
    char *text = memory_alloc(MOST_BYTES + 1);
    size_t size = fread(text, 1, MOST_BYTES, file);
    bool failed = ferror(file), whole = feof(file);
    int reason = errno;
    fclose(file);
    char *read = !failed && whole && !memchr(text, '\0', size) ? memory_strndup(text, size) : NULL;
    if (!read)
        error_set(error, ERROR_USAGE, "%s '%s': %s", option, path,
                  failed ? strerror(reason) : "it is no PEM file");
    memory_wipe_free(text);
    return read;
}
