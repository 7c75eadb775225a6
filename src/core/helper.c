/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/children.h"
#include "core/wakeup.h"

enum { GOODBYE_SECONDS = 7 };

static struct cancel *with_parent; /* for the handler */

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
    syscall(SYS_close_range, HELPER_SOCKET + 1, ~0U, 0); /* musl has no function for it */
    send_stderr_to(stderr_file);
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    fcntl(HELPER_SOCKET, F_SETFD, FD_CLOEXEC);
    return true;
}

/* vperf is gone, while a call hangs: nobody waits for it, nor for what it started. */
static void end_with_parent(int number) {
    int saved = errno;
    struct pollfd end = {.fd = HELPER_SOCKET};
    (void)number;
    if (poll(&end, 1, 0) > 0 && end.revents & POLLHUP) {
        children_kill(getpid());
        _exit(0);
    }
    errno = saved;
}

/* What is under way ends, and there is time to say goodbye; SIGALRM ends what hangs. */
static void cancel_with_parent(int number) {
    int saved = errno;
    struct pollfd end = {.fd = HELPER_SOCKET, .events = POLLRDHUP};
    (void)number;
    if (poll(&end, 1, 0) > 0 && end.revents & (POLLRDHUP | POLLHUP) &&
        !atomic_exchange(&with_parent->requested, true)) {
        wakeup_all();
        alarm(GOODBYE_SECONDS);
    }
    errno = saved;
}

/*
 * Not PR_SET_PDEATHSIG: that is sent at the end of the thread that started us, and not only at that
 * of its process.
 */
static void watch_parent(void (*handler)(int number)) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGIO, &action, NULL);
    fcntl(HELPER_SOCKET, F_SETOWN, getpid());
    fcntl(HELPER_SOCKET, F_SETFL, fcntl(HELPER_SOCKET, F_GETFL) | O_ASYNC);
    handler(0);
}

void helper_end_with_parent(void) {
    watch_parent(end_with_parent);
}

void helper_cancel_with_parent(struct cancel *cancel) {
    with_parent = cancel;
    watch_parent(cancel_with_parent);
}
