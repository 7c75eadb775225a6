/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "command/saved_answers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/interrupt.h"
#include "core/memory.h"

enum { OWNER_ONLY = 0600 };

/* The directory while it grows. */
struct saving {
    char *path; /* beside the one that it becomes */
    int directory;
    size_t count;
};

static bool is_empty(DIR *directory) {
    const struct dirent *entry;
    while ((entry = readdir(directory)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            return false;
    return true;
}

bool saved_answers_check(const char *path, struct error *error) {
    DIR *directory = opendir(path);
    if (!directory)
        return errno == ENOENT && *path
                   ? true
                   : error_set(error, ERROR_USAGE, "--save-answers %s: %s: give a new directory",
                               path, g_strerror(errno));
    bool empty = is_empty(directory);
    closedir(directory);
    return empty || error_set(error, ERROR_USAGE,
                              "--save-answers %s: it is not empty: give a new directory", path);
}

static bool fail(const char *what, const char *path, struct error *error) {
    return error_set(error, ERROR_OUTPUT, "cannot %s %s: %s", what, path, g_strerror(errno));
}

static bool begin(struct saving *saving, const char *path, struct error *error) {
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    *saving = (struct saving){memory_printf("%.*s.XXXXXX", (int)length, path), -1, 0};
    if (!mkdtemp(saving->path)) {
        fail("create a directory beside", path, error);
        free(saving->path);
        saving->path = NULL;
        return false;
    }
    saving->directory = open(saving->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return saving->directory >= 0 || fail("open", saving->path, error);
}

static bool write_all(int file, const char *bytes, size_t size) {
    while (size) {
        ssize_t written = write(file, bytes, size);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        }
    }
    return true;
}

/* What vperf-rest calls a file is no path. */
static bool add_file(void *context, const char *name, const void *bytes, size_t size,
                     struct error *error) {
    struct saving *saving = context;
    if (interrupt_requested())
        return error_set(error, ERROR_INTERRUPTED, "interrupted");
    if (strchr(name, '/'))
        return error_set(error, ERROR_PROTOCOL, "a file of vperf-rest has a wrong name");
    int file = openat(saving->directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, OWNER_ONLY);
    if (file < 0)
        return fail("create", name, error);
    bool good = write_all(file, bytes, size) || fail("write", name, error);
    if (close(file) != 0 && good)
        good = fail("write", name, error);
    saving->count++;
    return good;
}

static void remove_all(struct saving *saving) {
    DIR *directory = saving->directory >= 0 ? fdopendir(saving->directory) : NULL;
    const struct dirent *entry;
    while (directory && (entry = readdir(directory)))
        if (*entry->d_name != '.')
            unlinkat(dirfd(directory), entry->d_name, 0);
    if (directory)
        closedir(directory);
    else if (saving->directory >= 0)
        close(saving->directory);
    saving->directory = -1;
    rmdir(saving->path);
}

/* An empty directory of this name is replaced, any other is not. */
static bool publish(struct saving *saving, const char *path, struct error *error) {
    if (rename(saving->path, path) != 0)
        return fail("make", path, error);
    close(saving->directory);
    return true;
}

bool saved_answers_write(const char *path, struct source *source, size_t *count,
                         struct error *error) {
    struct saving saving;
    const struct source_files files = {&saving, add_file};
    if (!begin(&saving, path, error)) {
        if (saving.path)
            remove_all(&saving);
        free(saving.path);
        return false;
    }
    bool good = source->ops->save(source, &files, error) && publish(&saving, path, error);
    if (!good)
        remove_all(&saving);
    *count = saving.count;
    free(saving.path);
    return good;
}
