/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * vperf-libvirt: a process for one connection to libvirt, whose calls may hang. It talks to vperf
 * over the socket HELPER_SOCKET, and is killed when it does not answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/children.h"
#include "source/libvirt/helper/events.h"
#include "source/libvirt/helper/failure.h"
#include "source/libvirt/helper/serve.h"
#include "source/libvirt/process.h"

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
 * vperf decides what an interrupt means. Not PR_SET_PDEATHSIG: that is sent at the end of the
 * thread that started us, and not only at that of its process.
 */
static void set_signals(void) {
    struct sigaction action = {.sa_handler = end_with_vperf, .sa_flags = SA_RESTART};
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&action.sa_mask);
    sigaction(SIGIO, &action, NULL);
    fcntl(HELPER_SOCKET, F_SETOWN, getpid());
    fcntl(HELPER_SOCKET, F_SETFL, fcntl(HELPER_SOCKET, F_GETFL) | O_ASYNC);
    fcntl(HELPER_SOCKET, F_SETFD, FD_CLOEXEC);
    end_with_vperf(0);
}

static bool is_socket(int descriptor) {
    int type;
    socklen_t size = sizeof type;
    return getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
}

int main(void) {
    if (!is_socket(HELPER_SOCKET)) {
        fputs("vperf-libvirt is started by vperf, and does nothing by itself\n", stderr);
        return EXIT_FAILURE;
    }
    close_range(HELPER_SOCKET + 1, ~0U, 0);
    /* libvirt's own log. */
    int silent = open(HELPER_STDERR, O_WRONLY | O_CLOEXEC);
    if (silent >= 0) {
        dup2(silent, STDERR_FILENO);
        close(silent);
    }
    set_signals();
    failure_silence();
    events_run();
    serve_requests(HELPER_SOCKET);
    return EXIT_SUCCESS;
}
