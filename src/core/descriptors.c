/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/descriptors.h"

#include <fcntl.h>
#include <unistd.h>

bool descriptors_fill(void) {
    /* For reading only, stdout is no place where data vanishes unnoticed. */
    static const int ways[] = {
        [STDIN_FILENO] = O_RDONLY, [STDOUT_FILENO] = O_RDONLY, [STDERR_FILENO] = O_WRONLY};
    /* The lowest number that is free is the one that open(2) takes. */
    for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
        if (fcntl(i, F_GETFD) < 0 && open("/dev/null", ways[i]) < 0)
            return false;
    return true;
}

bool descriptors_stdout_closed(void) {
    int flags = fcntl(STDOUT_FILENO, F_GETFL);
    return flags < 0 || (flags & O_ACCMODE) == O_RDONLY;
}
