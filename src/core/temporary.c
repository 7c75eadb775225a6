/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"

static const char *choose_directory(void) {
    const char *chosen = getenv("TMPDIR");
    return chosen && *chosen ? chosen : "/tmp";
}

bool temporary_fail(const char *what, struct error *error) {
    return error_set(error, ERROR_OUTPUT,
                     "cannot %s a temporary file in %s: %s; TMPDIR chooses another directory", what,
                     choose_directory(), strerror(errno));
}

/* Not every file system has files without a name. */
int temporary_open(struct error *error) {
    const char *directory = choose_directory();
    int file = open(directory, O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (file >= 0)
        return file;
    char *name = memory_printf("%s/vperf-XXXXXX", directory);
    file = mkostemp(name, O_CLOEXEC);
    if (file >= 0)
        unlink(name);
    else
        temporary_fail("make", error);
    free(name);
    return file;
}
