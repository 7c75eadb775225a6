/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * vperf-libvirt: a process for one connection to libvirt, whose calls may hang. It talks to vperf
 * over the socket HELPER_SOCKET, and is killed when it does not answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/children.h"
#include "core/helper.h"
#include "source/libvirt/helper/events.h"
#include "source/libvirt/helper/failure.h"
#include "source/libvirt/helper/serve.h"

/* vperf is gone, while a call hangs: nobody waits for it, nor for its ssh. */
static void end_with_vperf(int number) {
    int saved = errno;
    struct pollfd end = {.fd = HELPER_SOCKET};
    (void)number;
    if (poll(&end, 1, 0) > 0 && end.revents & POLLHUP) {
        children_kill(getpid());
        _exit(0);
    }
    errno = saved;
}

/*
 * Not PR_SET_PDEATHSIG: that is sent at the end of the thread that started us, and not only at that
 * of its process.
 */
static void end_with_vperf_at_once(void) {
    struct sigaction action = {.sa_handler = end_with_vperf, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGIO, &action, NULL);
    fcntl(HELPER_SOCKET, F_SETOWN, getpid());
    fcntl(HELPER_SOCKET, F_SETFL, fcntl(HELPER_SOCKET, F_GETFL) | O_ASYNC);
    end_with_vperf(0);
}

int main(void) {
    if (!helper_begin("vperf-libvirt", HELPER_STDERR)) /* of libvirt's own log */
        return EXIT_FAILURE;
    end_with_vperf_at_once();
    failure_silence();
    events_run();
    serve_requests(HELPER_SOCKET);
    return EXIT_SUCCESS;
}
