/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "command/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/descriptors.h"

/* Help and version go through stdio; what is collected does not. */
int command_end(int status) {
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    if (errno == EPIPE)
        return STATUS_READER_GONE;
    const char *reason = descriptors_stdout_closed() ? "it is closed" : strerror(errno);
    fprintf(stderr, "vperf: cannot write standard output: %s\n", reason);
    return STATUS_NOTHING;
}
