/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* User name and password, from the places that DESIGN.md and govc name. */
#include "core/credentials.h"

#include <bsd/readpassphrase.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/interrupt.h"
#include "core/memory.h"
#include "core/secret.h"

enum { PROMPT_SIZE = 1024, MAX_PASSWORD = 4096 };

/* The first of the two variables that is set and not empty, or NULL. */
static const char *environment(const char *first, const char *second) {
    const char *value = getenv(first);

    if (!value || !*value)
        value = getenv(second);
    return value && *value ? value : NULL;
}

/* Which of the two counts; an empty text is none, unless the target means it. */
static const char *choose(const struct target *target, const char *own, const char *environment) {
    return environment && (!own || target->yields) ? environment : own;
}

static bool find_username(struct credentials *credentials, const struct target *target,
                          struct error *error) {
    const char *own = target->username && *target->username ? target->username : NULL;
    const char *username = choose(target, own, environment("VPERF_USERNAME", "GOVC_USERNAME"));
    if (!username)
        return error_set(error, ERROR_USAGE,
                         "no user name for %s: write user@ before the host in the target, or set "
                         "VPERF_USERNAME",
                         target->text);
    credentials->username = memory_strdup(username);
    return true;
}

/* Opens or reads again after a signal that asks for no end; a pipe may let us wait. */
static bool is_interrupted(int failure) {
    return failure == EINTR && interrupt_requested();
}

static int open_file(const char *path) {
    int fd;
    do
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    while (fd < 0 && errno == EINTR && !interrupt_requested());
    return fd;
}

/* The bytes up to the end of the first line or of the room; -1 with errno. */
static ssize_t read_line(int fd, char *line, size_t room) {
    size_t length = 0;
    while (length < room && !memchr(line, '\n', length)) {
        ssize_t got = read(fd, line + length, room - length);
        if (got < 0 && (errno != EINTR || interrupt_requested()))
            return -1;
        if (got == 0)
            break;
        length += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)length;
}

static const char *find_obstacle(const char *text) {
    if (!g_utf8_validate(text, -1, NULL))
        return "is not UTF-8 but perhaps Latin-1: write it as UTF-8";
    /* XML has no way to write them. */
    for (; *text; text++)
        if (g_ascii_iscntrl(*text) && *text != '\t' && *text != '\177')
            return "holds a control character";
    return NULL;
}

/* Why the bytes of a file are no password, or NULL; a text after that. */
static const char *judge_line(char *line, size_t length) {
    static const char mark[] = "\357\273\277";
    bool utf16 =
        length >= 2 && (memcmp(line, "\377\376", 2) == 0 || memcmp(line, "\376\377", 2) == 0);
    const char *end = memchr(line, '\n', length);
    if (!end && length > MAX_PASSWORD)
        return memchr(line, '\0', length) ? "holds bytes that are no text"
                                          : "has a first line that is too long for a password";
    if (utf16 || memchr(line, '\0', end ? (size_t)(end - line) : length))
        return "is UTF-16 or no text at all: write it as UTF-8";
    line[strcspn(line, "\r\n")] = '\0';
    if (strncmp(line, mark, strlen(mark)) == 0)
        memmove(line, line + strlen(mark), strlen(line + strlen(mark)) + 1);
    return *line ? find_obstacle(line) : "is empty: its first line is what counts";
}

/* The first line of a file that holds a secret ("password") as a secret; NULL with the error. */
static char *read_secret_file(const char *what, const char *path, struct error *error) {
    char *line = secret_new(MAX_PASSWORD + 2);
    int fd = open_file(path);
    ssize_t length = fd < 0 ? -1 : read_line(fd, line, MAX_PASSWORD + 1);
    int failure = errno;
    if (fd >= 0)
        close(fd);
    const char *obstacle = length < 0 ? strerror(failure) : judge_line(line, (size_t)length);
    if (!obstacle)
        return line;
    secret_free(line);
    if (length < 0 && is_interrupted(failure))
        error_set(error, ERROR_INTERRUPTED, "interrupted while reading %s", path);
    else
        error_set(error, ERROR_USAGE,
                  length < 0 ? "cannot read the %s file %s: %s" : "the %s file %s %s", what, path,
                  obstacle);
    return NULL;
}

bool credentials_token(const char *path, char **token, struct error *error) {
    const char *variable = environment("VPERF_TOKEN", "VPERF_TOKEN");
    *token = NULL;
    if (path) {
        *token = read_secret_file("token", path, error);
        return *token;
    }
    const char *obstacle = variable ? find_obstacle(variable) : NULL;
    if (obstacle)
        return error_set(error, ERROR_USAGE, "VPERF_TOKEN %s", obstacle);
    *token = secret_copy(variable);
    return true;
}

/* The terminal is one for all threads: questions are asked one after the other. */
static pthread_mutex_t terminal_lock = PTHREAD_MUTEX_INITIALIZER;

static bool prompt(struct credentials *credentials, const struct target *target,
                   struct error *error) {
    char buffer[PROMPT_SIZE];
    char *question =
        target->port ? memory_printf("Password for %s@%s:%d: ", credentials->username, target->host,
                                     target->port)
                     : memory_printf("Password for %s@%s: ", credentials->username, target->host);
    pthread_mutex_lock(&terminal_lock);
    char *answer = readpassphrase(question, buffer, sizeof buffer, RPP_ECHO_OFF | RPP_REQUIRE_TTY);
    pthread_mutex_unlock(&terminal_lock);
    free(question);

    if (interrupt_requested())
        error_set(error, ERROR_INTERRUPTED, "interrupted while asking for the password of %s",
                  target->text);
    else if (!answer)
        error_set(error, ERROR_USAGE,
                  "no password for %s and no terminal to ask for it: use --password-file FILE, set "
                  "VPERF_PASSWORD, or run vperf on a terminal",
                  target->text);
    else
        credentials->password = secret_copy(buffer);
    explicit_bzero(buffer, sizeof buffer);
    return credentials->password != NULL;
}

static bool find_password(struct credentials *credentials, const struct target *target,
                          const char *password_file, struct error *error) {
    if (password_file) {
        credentials->password = read_secret_file("password", password_file, error);
        return credentials->password;
    }

    const char *variable = environment("VPERF_PASSWORD", "GOVC_PASSWORD");
    const char *password = choose(target, target->password, variable);
    if (!password)
        return prompt(credentials, target, error);
    credentials->password =
        password == variable ? secret_copy(password) : secret_share(target->password);
    return true;
}

static bool check(const char *what, const char *text, const struct target *target,
                  struct error *error) {
    const char *obstacle = find_obstacle(text);
    return !obstacle ||
           error_set(error, ERROR_USAGE, "%s: the %s %s", target->text, what, obstacle);
}

bool credentials_init(struct credentials *credentials, const struct target *target,
                      const char *password_file, struct error *error) {
    *credentials = (struct credentials){0};
    if (find_username(credentials, target, error) &&
        check("user name", credentials->username, target, error) &&
        find_password(credentials, target, password_file, error) &&
        check("password", credentials->password, target, error))
        return true;
    credentials_done(credentials);
    return false;
}

void credentials_done(struct credentials *credentials) {
    free(credentials->username);
    secret_free(credentials->password);
    *credentials = (struct credentials){0};
}

void credentials_move(struct credentials *to, struct credentials *from) {
    credentials_done(to);
    *to = *from;
    *from = (struct credentials){0};
}
