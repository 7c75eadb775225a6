/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The one place where output is opened, checked and published. */
#include "core/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/compression.h"
#include "core/descriptors.h"
#include "core/memory.h"
#include "core/remains.h"
#include "core/text.h"

enum {
    BUFFER_SIZE = 256 * 1024,
    ATTEMPTS = 100,
    NAME_KEPT = 200,
    SUFFIX_LENGTH = 6,
    POLL_MS = 100
};

/* stdio forgets why a write failed; this remembers. */
struct output_writer {
    int fd;
    bool is_file; /* a regular file: writing does not block */
    bool is_terminal;
    char partial[TEXT_MAX_PARTIAL]; /* of a character, for a terminal */
    size_t partial_size;
    int failure; /* errno of the first failure; once set, everything is discarded */
    off_t kept;  /* size of an appended file as of the last flush */
    bool dirty;  /* something was written since */
    const struct cancel *cancel;
    struct compressor *compressor; /* NULL for none */
    char buffer[BUFFER_SIZE];
};

/* A pipe or terminal blocks when its reader does not read; a signal may reach another thread. */
static bool await_reader(const struct output_writer *writer) {
    struct pollfd writable = {.fd = writer->fd, .events = POLLOUT};

    while (!cancel_requested(writer->cancel))
        if (poll(&writable, 1, POLL_MS) > 0)
            return true;
    return false;
}

static bool write_bytes(void *context, const char *bytes, size_t size) {
    struct output_writer *writer = context;
    size_t done = 0;

    while (done < size && !writer->failure) {
        size_t piece = size - done;
        if (!writer->is_file && piece > PIPE_BUF)
            piece = PIPE_BUF; /* what fits when poll(2) says so */
        if (!writer->is_file && !await_reader(writer)) {
            writer->failure = EINTR;
            break;
        }
        ssize_t written = write(writer->fd, bytes + done, piece);
        if (written > 0)
            done += (size_t)written;
        else if (written < 0 && errno != EINTR)
            writer->failure = errno;
    }
    return !writer->failure;
}

/* A name must not steer a terminal. Files stay exact. */
static bool show(struct output_writer *writer, const char *bytes, size_t size) {
    size_t total = writer->partial_size + size;
    char *shown = memory_alloc(total);
    memcpy(shown, writer->partial, writer->partial_size);
    memcpy(shown + writer->partial_size, bytes, size);
    size_t whole = text_whole(shown, total);
    writer->partial_size = total - whole;
    memcpy(writer->partial, shown + whole, writer->partial_size);
    bool good = write_bytes(writer, shown, text_for_terminal(shown, whole));
    free(shown);
    return good;
}

static ssize_t write_all(void *cookie, const char *bytes, size_t size) {
    struct output_writer *writer = cookie;
    writer->dirty = true;
    bool good = writer->compressor
                    ? compressor_run(writer->compressor, bytes, size, COMPRESSOR_GO_ON)
                : writer->is_terminal ? show(writer, bytes, size)
                                      : write_bytes(writer, bytes, size);
    return good ? (ssize_t)size : 0;
}

/* What the compressor holds back is written; without one, there is nothing. */
static bool compress_rest(struct output_writer *writer, enum compressor_step step) {
    return !writer->compressor || compressor_run(writer->compressor, NULL, 0, step);
}

static const char *name_of(const struct output *output) {
    return output->path ? output->path : "standard output";
}

static bool fail(const struct output *output, int failure, struct error *error) {
    if (failure == EINTR)
        return error_set(error, ERROR_INTERRUPTED, "interrupted while writing %s", name_of(output));
    if (failure == EPIPE && !output->path)
        return error_set(error, ERROR_READER_GONE, "nobody reads standard output any more");
    bool closed = !output->path && failure == EBADF;
    return error_set(error, ERROR_OUTPUT, "cannot write %s: %s", name_of(output),
                     closed ? "it is closed" : strerror(failure));
}

static char *temporary_name(const char *path) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
    unsigned char random[SUFFIX_LENGTH];
    char suffix[SUFFIX_LENGTH + 1] = "";
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;

    if (getrandom(random, sizeof random, 0) != sizeof random)
        memset(random, 0, sizeof random);
    for (size_t i = 0; i < SUFFIX_LENGTH; i++)
        suffix[i] = letters[random[i] % (sizeof letters - 1)];
    return memory_printf("%.*s.%.*s.%s", (int)(name - path), path, NAME_KEPT, name, suffix);
}

/* No signal comes between the making of a file and the note that it is to be removed. */
static int create(const char *name, mode_t mode) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    int failure = errno;
    if (fd >= 0)
        remains_add(name);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = failure;
    return fd;
}

static void remove_temporary(const struct output *output) {
    unlink(output->temporary);
    remains_drop(output->temporary);
}

/* Unlike mkstemp(3), the mode is that of a new file: 0666 and the umask, or the directory's ACL. */
static int open_temporary(struct output *output, mode_t mode) {
    for (int i = 0; i < ATTEMPTS; i++) {
        char *name = temporary_name(output->final);
        int fd = create(name, mode);
        if (fd >= 0) {
            output->temporary = name;
            return fd;
        }
        free(name);
        if (errno != EEXIST)
            return -1;
    }
    return -1;
}

/* Where the group cannot be kept, another one does not get its rights. */
static bool keep_owner_and_mode(int fd, const struct stat *old) {
    mode_t mode = old->st_mode & 07777;
    bool kept =
        fchown(fd, old->st_uid, old->st_gid) == 0 || fchown(fd, (uid_t)-1, old->st_gid) == 0;
    if (!kept)
        mode = (mode & 0707) | (mode & 07) << 3;
    return fchmod(fd, mode) == 0;
}

/* A file to replace; one that we may not write is not replaced. */
static int open_replacement(struct output *output, const struct stat *old) {
    if (faccessat(AT_FDCWD, output->final, W_OK, AT_EACCESS) != 0)
        return -1;
    int fd = open_temporary(output, old->st_mode & 0700);
    if (fd >= 0 && !keep_owner_and_mode(fd, old)) {
        int failure = errno;
        remove_temporary(output);
        close(fd);
        errno = failure;
        return -1;
    }
    return fd;
}

static int open_new(struct output *output) {
    struct stat link;
    size_t length = strlen(output->path);

    /* A link to nowhere would be replaced by the file. */
    bool is_link = lstat(output->path, &link) == 0;
    if (is_link || !length || output->path[length - 1] == '/') {
        errno = ENOENT;
        return -1;
    }
    output->final = memory_strdup(output->path);
    return open_temporary(output, 0666);
}

static int open_path(struct output *output, const char *path) {
    struct stat status;

    output->path = memory_strdup(path);
    if (stat(path, &status) != 0)
        return errno == ENOENT ? open_new(output) : -1;
    if (!S_ISREG(status.st_mode))
        return open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

    /* A link is followed: what it points to gets the new content, and the link stays. */
    output->final = realpath(path, NULL);
    if (!output->final)
        return -1;
    return open_replacement(output, &status);
}

static bool is_file(int fd) {
    struct stat status;

    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

static FILE *open_stream(struct output_writer *writer) {
    cookie_io_functions_t functions = {.write = write_all};
    FILE *stream = memory_check(fopencookie(writer, "w", functions));

    setvbuf(stream, writer->buffer, _IOFBF, sizeof writer->buffer);
    return stream;
}

/* Whole lines stay; what others have cut off is not grown again. */
static void revert(struct output_writer *writer) {
    struct stat status;
    if (writer->dirty && fstat(writer->fd, &status) == 0 && status.st_size > writer->kept &&
        ftruncate(writer->fd, writer->kept) != 0)
        writer->failure = errno;
}

/* Returns errno of the first failure, or 0; closes and frees everything but path and temporary. */
static int finish(struct output *output, bool synchronize) {
    struct output_writer *writer = output->writer;

    if (fclose(output->stream) != 0 && !writer->failure)
        writer->failure = errno;
    if (!writer->failure && !compress_rest(writer, COMPRESSOR_END) && !writer->failure)
        writer->failure = EIO;
    if (!writer->failure && synchronize && fsync(writer->fd) != 0)
        writer->failure = errno;
    if (writer->failure && output->appends)
        revert(writer);
    if (close(writer->fd) != 0 && !writer->failure)
        writer->failure = errno;
    int failure = writer->failure;
    compressor_free(writer->compressor);
    free(writer);
    return failure;
}

static void forget(struct output *output) {
    free(output->path);
    free(output->final);
    free(output->temporary);
    free(output->header);
    *output = (struct output){0};
}

/* /dev/stdout, and the file that stdout is redirected to: it is written to, not replaced. */
static bool is_stdout(const char *path) {
    struct stat file, standard;

    return stat(path, &file) == 0 && fstat(STDOUT_FILENO, &standard) == 0 &&
           S_ISREG(file.st_mode) && file.st_dev == standard.st_dev &&
           file.st_ino == standard.st_ino;
}

static bool is_standard(const char *path) {
    return !path || strcmp(path, "-") == 0 || is_stdout(path);
}

/* A duplicate, so that closing it reports what closing stdout would. */
static int open_standard(void) {
    if (descriptors_stdout_closed()) {
        errno = EBADF;
        return -1;
    }
    return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
}

static bool begin(struct output *output, int fd, struct error *error) {
    if (fd < 0) {
        fail(output, errno, error);
        forget(output);
        return false;
    }
    output->writer = memory_alloc(sizeof *output->writer);
    output->writer->fd = fd;
    output->writer->is_file = is_file(fd);
    output->writer->is_terminal = isatty(fd);
    output->writer->compressor = compressor_new(output->path, write_bytes, output->writer);
    output->stream = open_stream(output->writer);
    return true;
}

bool output_open(struct output *output, const char *path, struct error *error) {
    *output = (struct output){0};
    return begin(output, is_standard(path) ? open_standard() : open_path(output, path), error);
}

/* The file as it is, or a new one. */
static int open_to_append(struct output *output, const char *path) {
    struct stat status;
    output->path = memory_strdup(path);
    output->created = stat(path, &status) != 0 && errno == ENOENT;
    if (output->created)
        return open(path, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    int way = S_ISREG(status.st_mode) ? O_RDWR | O_APPEND : O_WRONLY;
    return open(path, way | O_CLOEXEC | O_NOCTTY);
}

/* Why nothing can be appended to the file of this size, or NULL. */
static const char *find_obstacle(const struct output *output, int fd, off_t size) {
    char last = '\0';
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return "another program is appending to it";
    if (size && output->writer->compressor)
        return "it holds compressed data already: give another FILE";
    const char *start = output->row ? output->row : output->header;
    char *begin = memory_alloc(strlen(start) + 1);
    bool same = pread(fd, begin, strlen(start), 0) >= 0 && strcmp(begin, start) == 0;
    free(begin);
    if (size && !same)
        return output->row ? "it does not begin with a row of this format: give another FILE"
                           : "it does not begin with the header of this format: give another FILE";
    if (size && (pread(fd, &last, 1, size - 1) != 1 || last != '\n'))
        return "its last line has no end: complete or remove that line";
    return NULL;
}

bool output_append(struct output *output, const char *path, const char *header, const char *row,
                   bool *fresh, struct error *error) {
    struct stat status;
    *output = (struct output){0};
    *fresh = true;
    if (is_standard(path))
        return begin(output, open_standard(), error);
    if (!begin(output, open_to_append(output, path), error))
        return false;
    int fd = output->writer->fd;
    if (!output->writer->is_file || fstat(fd, &status) != 0)
        return true;
    output->writer->kept = status.st_size;
    *fresh = status.st_size == 0;
    output->header = memory_strdup(header);
    output->row = row;
    const char *obstacle = find_obstacle(output, fd, status.st_size);
    output->appends = !obstacle;
    if (!obstacle)
        return true;
    error_set(error, ERROR_OUTPUT, "cannot append to %s: %s", path, obstacle);
    output_abort(output);
    return false;
}

void output_end_with(struct output *output, const struct cancel *cancel) {
    output->writer->cancel = cancel;
}

static bool is_same_file(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The file that the path names now takes the place of one that was moved or removed. */
static const char *reopen(struct output *output, struct stat *status) {
    struct output_writer *writer = output->writer;
    int fd = open(output->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
    if (fd < 0 || fstat(fd, status) != 0)
        return strerror(errno);
    const char *obstacle = find_obstacle(output, fd, status->st_size);
    if (!obstacle && !compress_rest(writer, COMPRESSOR_END))
        obstacle = strerror(writer->failure);
    if (!obstacle && dup3(fd, writer->fd, O_CLOEXEC) < 0)
        obstacle = strerror(errno);
    close(fd);
    return obstacle;
}

static bool write_header(struct output *output) {
    struct output_writer *writer = output->writer;
    size_t length = strlen(output->header);
    if (!writer->compressor)
        return write_bytes(writer, output->header, length);
    compressor_restart(writer->compressor);
    return compressor_run(writer->compressor, output->header, length, COMPRESSOR_GO_ON);
}

/* Others may move, remove or empty the file, as those do that keep logs short. */
static const char *renew(struct output *output) {
    struct output_writer *writer = output->writer;
    struct stat mine, named;
    if (fstat(writer->fd, &mine) != 0)
        return strerror(errno);
    if (stat(output->path, &named) != 0 || !is_same_file(&mine, &named)) {
        const char *obstacle = reopen(output, &mine);
        if (obstacle)
            return obstacle;
    }
    /* The header of a new file is among what is to be flushed. */
    if (mine.st_size == 0 && writer->kept > 0 && !write_header(output))
        return strerror(writer->failure);
    return NULL;
}

static bool lose_file(struct output *output, const char *reason, struct error *error) {
    output->writer->failure = EIO;
    output->appends = false; /* it is another's */
    return error_set(error, ERROR_OUTPUT, "cannot go on appending to %s: %s", output->path, reason);
}

bool output_flush(struct output *output, struct error *error) {
    struct output_writer *writer = output->writer;
    const char *obstacle = output->appends && !writer->failure ? renew(output) : NULL;
    if (obstacle)
        return lose_file(output, obstacle, error);
    if (fflush(output->stream) != 0 && !writer->failure)
        writer->failure = errno;
    if (!writer->failure && !compress_rest(writer, COMPRESSOR_FLUSH) && !writer->failure)
        writer->failure = EIO;
    if (writer->failure)
        return fail(output, writer->failure, error);
    if (output->appends)
        writer->kept = lseek(writer->fd, 0, SEEK_END);
    writer->dirty = false;
    return true;
}

/* The folder of the path, and the name in it. */
static const char *split(const char *path, struct stat *folder) {
    const char *slash = strrchr(path, '/');
    char *name = slash ? memory_strndup(path, (size_t)(slash - path) + 1) : memory_strdup(".");

    if (stat(name, folder) != 0)
        *folder = (struct stat){0};
    free(name);
    return slash ? slash + 1 : path;
}

bool output_same(const struct output *a, const struct output *b) {
    struct stat folder_a, folder_b;

    if (!a->path || !b->path)
        return !a->path && !b->path && a->stream && b->stream;
    return strcmp(split(a->path, &folder_a), split(b->path, &folder_b)) == 0 &&
           folder_a.st_dev == folder_b.st_dev && folder_a.st_ino == folder_b.st_ino;
}

bool output_check(const struct output *output, struct error *error) {
    int failure = output->writer ? output->writer->failure : 0;
    return !failure || fail(output, failure, error);
}

/* A file that was made for nothing does not stay. */
static void remove_empty(const struct output *output) {
    struct stat status;
    if (output->created && stat(output->path, &status) == 0 && status.st_size == 0)
        unlink(output->path);
}

bool output_commit(struct output *output, struct error *error) {
    int failure = finish(output, output->temporary || output->appends);

    if (!failure && output->temporary && rename(output->temporary, output->final) != 0)
        failure = errno;
    if (failure && output->temporary)
        remove_temporary(output);
    else if (output->temporary)
        remains_drop(output->temporary);
    if (failure)
        fail(output, failure, error);
    forget(output);
    return !failure;
}

void output_abort(struct output *output) {
    if (!output->stream)
        return;
    output->writer->failure = ECANCELED;
    (void)finish(output, false);
    if (output->temporary)
        remove_temporary(output);
    remove_empty(output);
    forget(output);
}
