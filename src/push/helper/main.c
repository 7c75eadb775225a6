/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * vperf-push: a process for one destination over HTTP, so that libcurl and what it brings along are
 * no part of vperf, and a destination that hangs holds up nobody else.
 */
#include <stdlib.h>

#include "core/helper.h"
#include "core/secret.h"
#include "push/helper/deliver.h"

int main(void) {
    if (!helper_begin("vperf-push", HELPER_STDERR))
        return EXIT_FAILURE;
    secret_protect_process(); /* passwords and tokens in libcurl's memory */
    deliver_run(HELPER_SOCKET);
    return EXIT_SUCCESS;
}
