/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * vperf-libvirt: a process for one connection to libvirt, whose calls may hang. It talks to vperf
 * over the socket HELPER_SOCKET, and is killed when it does not answer.
 */
#include <stdlib.h>

#include "core/helper.h"
#include "source/libvirt/helper/events.h"
#include "source/libvirt/helper/failure.h"
#include "source/libvirt/helper/serve.h"

int main(void) {
    if (!helper_begin("vperf-libvirt", HELPER_STDERR)) /* of libvirt's own log */
        return EXIT_FAILURE;
    helper_end_with_parent();
    failure_silence();
    events_run();
    serve_requests(HELPER_SOCKET);
    return EXIT_SUCCESS;
}
