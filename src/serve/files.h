/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Files that an option names. */
#ifndef VPERF_SERVE_FILES_H
#define VPERF_SERVE_FILES_H

#include "core/error.h"

/* files_read: the text in the file, at most 1 MiB, owned by the caller; NULL with an ERROR_USAGE
 * that names the option. */
char *files_read(const char *option, const char *path, struct error *error);

#endif
