/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * measure OUTPUT COMMAND...: runs a command with its standard output in a file, and prints what it
 * took as JSON. A small process of its own: a child inherits the peak memory of the process that
 * starts it, which is more for Python than vperf needs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds(struct timeval time) {
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void become(const char *output, char **command) {
    int file = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || dup2(file, STDOUT_FILENO) < 0) {
        fprintf(stderr, "measure: %s: %s\n", output, strerror(errno));
        _exit(126);
    }
    close(file);
    execvp(command[0], command);
    fprintf(stderr, "measure: %s: %s\n", command[0], strerror(errno));
    _exit(127);
}

int main(int argc, char **argv) {
    struct rusage usage;
    int status = 0;

    if (argc < 3) {
        fputs("usage: measure OUTPUT COMMAND...\n", stderr);
        return 2;
    }
    double begin = now();
    pid_t child = fork();
    if (child == 0)
        become(argv[1], argv + 2);
    if (child < 0 || wait4(child, &status, 0, &usage) < 0) {
        fprintf(stderr, "measure: %s\n", strerror(errno));
        return 1;
    }
    printf("{\"status\": %d, \"cpu\": %.6f, \"wall\": %.6f, \"rss_kib\": %ld}\n",
           WIFEXITED(status) ? WEXITSTATUS(status) : -1,
           seconds(usage.ru_utime) + seconds(usage.ru_stime), now() - begin, usage.ru_maxrss);
    return 0;
}
