/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * vperf-rest: a process for one target that speaks REST or XML-RPC over HTTPS, so that libcurl and
 * what it brings along are no part of vperf, nor of the process that links libvirt.
 */
#include <stdlib.h>

#include "core/helper.h"
#include "core/secret.h"
#include "source/rest/helper/serve.h"

int main(void) {
    static struct cancel cancel;
    if (!helper_begin("vperf-rest", HELPER_STDERR))
        return EXIT_FAILURE;
    cancel_init(&cancel, NULL);
    helper_cancel_with_parent(&cancel);
    secret_protect_process(); /* passwords and tokens in libcurl's memory */
    rest_serve(HELPER_SOCKET, &cancel);
    return EXIT_SUCCESS;
}
