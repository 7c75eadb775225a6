/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/helper.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_socket(int descriptor) {
    int type;
    socklen_t size = sizeof type;
    return getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
}

/* Of the libraries that it links. */
static void send_stderr_to(const char *file) {
    int silent = open(file, O_WRONLY | O_CLOEXEC);
    if (silent < 0)
        return;
    dup2(silent, STDERR_FILENO);
    close(silent);
}

bool helper_begin(const char *program, const char *stderr_file) {
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
    if (!is_socket(HELPER_SOCKET)) {
        fprintf(stderr, "%s is started by vperf, and does nothing by itself\n", program);
        return false;
    }
    close_range(HELPER_SOCKET + 1, ~0U, 0);
    send_stderr_to(stderr_file);
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    fcntl(HELPER_SOCKET, F_SETFD, FD_CLOEXEC);
    return true;
}
