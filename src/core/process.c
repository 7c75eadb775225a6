/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/children.h"
#include "core/clock.h"
#include "core/interrupt.h"
#include "core/memory.h"
#include "version.h"

enum { SLICE_MS = 100 };

static const int64_t hurried_ns = 2000000000; /* after Ctrl-C */

/* The folder of this program with a last '/', owned by the caller; NULL when it is not known. */
static char *own_folder(void) {
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path);
    while (length > 0 && path[length - 1] != '/')
        length--;
    return length > 0 ? memory_strndup(path, (size_t)length) : NULL;
}

char *process_path(const char *program) {
    static const char *const places[] = {"", "../libexec/vperf/"};
    char *folder = own_folder();
    char *path = NULL;
    for (size_t i = 0; folder && !path && i < sizeof places / sizeof places[0]; i++) {
        path = memory_printf("%s%s%s", folder, places[i], program);
        if (access(path, X_OK) != 0) {
            free(path);
            path = NULL;
        }
    }
    free(folder);
    return path ? path : memory_printf("%s/%s", VPERF_LIBEXECDIR, program);
}

/* What helps when a program cannot be started. */
static const char *advice(int failure) {
    return failure == ENOENT ? "; install it beside vperf, or in ../libexec/vperf" : "";
}

void process_become(const char *program, char **arguments, struct error *error) {
    size_t count = 0;
    while (arguments[count])
        count++;
    char **all = memory_array(count + 2, sizeof *all);
    char *path = process_path(program);
    all[0] = program_invocation_name;
    memcpy(all + 1, arguments, count * sizeof *all);
    execv(path, all);
    error_set(error, ERROR_UNAVAILABLE, "cannot start %s: %s%s", path, strerror(errno),
              advice(errno));
    free(path);
    free(all);
}

/* The environment without the secrets in it, which ssh would inherit; the array is the caller's. */
static char **environment(void) {
    static const char *const secrets[] = {
        "VPERF_PASSWORD=", "GOVC_PASSWORD=", "GOVC_URL=", "VPERF_TOKEN="};
    size_t count = 0;
    size_t kept = 0;
    while (environ && environ[count])
        count++;
    char **copy = memory_array(count + 1, sizeof *copy);
    for (size_t i = 0; i < count; i++) {
        bool secret = false;
        for (size_t j = 0; j < sizeof secrets / sizeof secrets[0]; j++)
            secret = secret || strncmp(environ[i], secrets[j], strlen(secrets[j])) == 0;
        if (!secret)
            copy[kept++] = environ[i];
    }
    return copy;
}

/* Starts it with this end of the socket; returns 0 or a number of errno. */
static int spawn(pid_t *pid, const char *program, const char *path, int end) {
    char *arguments[] = {(char *)program, NULL};
    char **variables = environment();
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;

    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    int failure = posix_spawn_file_actions_adddup2(&actions, end, HELPER_SOCKET);
    for (int i = STDIN_FILENO; !failure && i <= STDOUT_FILENO; i++)
        failure = posix_spawn_file_actions_addopen(&actions, i, "/dev/null", O_RDWR, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    if (!failure)
        failure = posix_spawn(pid, path, &actions, &attributes, arguments, variables);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    free(variables);
    return failure;
}

bool process_start(struct process *process, const struct process_kind *kind, const char *path,
                   struct error *error) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return error_set(error, ERROR_CONNECT, "cannot start %s: %s", kind->title, strerror(errno));
    int failure = spawn(&process->pid, kind->program, path, ends[1]);
    close(ends[1]);
    if (failure) {
        close(ends[0]);
        return error_set(error, ERROR_UNAVAILABLE, "cannot start %s %s: %s%s", kind->title, path,
                         strerror(failure), advice(failure));
    }
    stream_init(&process->stream, ends[0]);
    return true;
}

/* The other end is closed only when the process ends. */
static void await_end(int socket, int64_t until_ns) {
    char scrap[4096];
    bool hurried = false;
    shutdown(socket, SHUT_WR);
    for (int64_t now_ns = clock_now_ns(); now_ns < until_ns; now_ns = clock_now_ns()) {
        struct pollfd end = {.fd = socket, .events = POLLIN};
        if (!hurried && interrupt_requested()) {
            hurried = true;
            until_ns = MIN(until_ns, now_ns + hurried_ns);
        }
        /* A signal may wake another thread. */
        int ready = poll(&end, 1, (int)MIN((until_ns - now_ns) / 1000000 + 1, SLICE_MS));
        if (ready > 0 && recv(socket, scrap, sizeof scrap, MSG_DONTWAIT) <= 0)
            return;
    }
}

int process_end(struct process *process, int64_t patience_ns) {
    int status = 0;
    if (process->pid <= 0)
        return 0;
    if (patience_ns > 0)
        await_end(process->stream.socket, clock_now_ns() + patience_ns);
    bool ended = waitpid(process->pid, &status, WNOHANG) == process->pid;
    if (!ended) {
        /* What it started, such as ssh, would live on; what is stopped starts and reaps nothing
         * meanwhile. */
        kill(process->pid, SIGSTOP);
        children_kill(process->pid);
        kill(process->pid, SIGKILL);
        while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR)
            continue;
    }
    stream_done(&process->stream);
    *process = (struct process){0};
    return status;
}
