/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_SIZE = 512, RECORD_MODE = 0640 };

/* "1: FLOCK  ADVISORY  WRITE 4711 fe:00:1234 0 EOF": the process, when it locks this file. */
static int64_t holder_in(const char *line, const struct stat *file) {
    const char *at = strstr(line, "FLOCK");
    const char *inode = strrchr(line, ':');
    char *end = NULL;
    while (at && *at && !g_ascii_isdigit(*at))
        at++;
    int64_t process = at ? g_ascii_strtoll(at, &end, 10) : 0;
    bool same = inode && g_ascii_strtoull(inode + 1, NULL, 10) == file->st_ino;
    return end && *end == ' ' && same ? process : 0;
}

/* The process that has the lock, as the kernel tells; 0 when it does not tell us. */
static int64_t holder_of(const struct stat *file) {
    char line[LINE_SIZE];
    FILE *locks = fopen("/proc/locks", "re");
    int64_t holder = 0;
    while (locks && holder <= 0 && fgets(line, sizeof line, locks))
        holder = holder_in(line, file);
    if (locks)
        fclose(locks);
    return holder;
}

static void refuse(const char *path, const struct stat *file, struct error *error) {
    int64_t holder = holder_of(file);
    if (holder > 0)
        error_set(error, ERROR_OUTPUT,
                  "'%s' is being written by process %" PRId64 ": stop it, or give another "
                  "--output",
                  path, holder);
    else
        error_set(error, ERROR_OUTPUT,
                  "'%s' is being written by another process: stop it, or give another --output",
                  path);
}

int lock_take(const char *path, struct error *error) {
    struct stat file;
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, RECORD_MODE);
    if (lock < 0 || fstat(lock, &file) != 0) {
        error_set(error, ERROR_OUTPUT, "cannot write '%s': %s", path, g_strerror(errno));
        lock_release(lock);
        return -1;
    }
    if (!S_ISREG(file.st_mode)) {
        error_set(error, ERROR_OUTPUT, "cannot write '%s': it is no regular file", path);
    } else if (flock(lock, LOCK_EX | LOCK_NB) == 0) {
        return lock;
    } else {
        refuse(path, &file, error);
    }
    lock_release(lock);
    return -1;
}

bool lock_holds(int lock, const char *path) {
    struct stat held, named;
    if (fstat(lock, &held) != 0)
        return true;
    if (stat(path, &named) != 0)
        return errno != ENOENT && errno != ENOTDIR;
    return held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

void lock_release(int lock) {
    if (lock >= 0)
        close(lock);
}
