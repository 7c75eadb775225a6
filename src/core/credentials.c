/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* User name and password, from the places that DESIGN.md and govc name. */
#include "core/credentials.h"

#include <bsd/readpassphrase.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/interrupt.h"
#include "core/memory.h"

enum { PROMPT_SIZE = 1024 };

/* The first of the two variables that is set and not empty, or NULL. */
static const char *environment(const char *first, const char *second) {
    const char *value = getenv(first);

    if (!value || !*value)
        value = getenv(second);
    return value && *value ? value : NULL;
}

static bool find_username(struct credentials *credentials, const struct target *target,
                          struct error *error) {
    const char *username = target->username;

    if (!username || !*username)
        username = environment("VPERF_USERNAME", "GOVC_USERNAME");
    if (!username)
        return error_set(error, ERROR_USAGE,
                         "no user name for %s: write user@ before the host in the target, or set "
                         "VPERF_USERNAME",
                         target->text);
    credentials->username = memory_strdup(username);
    return true;
}

/* The first line of a stream; NULL with errno 0 when it is empty or no text. */
static char *read_line(FILE *stream) {
    char *line = NULL;
    size_t room = 0;

    errno = 0;
    ssize_t length = getline(&line, &room, stream);
    int failure = ferror(stream) ? errno : 0;
    bool is_text = length > 0 && strlen(line) == (size_t)length;
    if (is_text)
        line[strcspn(line, "\r\n")] = '\0';
    if (is_text && *line)
        return line;
    if (line)
        explicit_bzero(line, room);
    free(line);
    errno = failure;
    return NULL;
}

static bool read_password_file(struct credentials *credentials, const char *path,
                               struct error *error) {
    FILE *stream = fopen(path, "re");

    if (stream) {
        /* Without a buffer no copy of the password stays behind. */
        setvbuf(stream, NULL, _IONBF, 0);
        credentials->password = read_line(stream);
    }
    int failure = errno;
    if (stream)
        fclose(stream);
    if (credentials->password)
        return true;
    if (failure)
        return error_set(error, ERROR_USAGE, "cannot read the password file %s: %s", path,
                         strerror(failure));
    return error_set(error, ERROR_USAGE,
                     "the password file %s is empty: its first line must be the password", path);
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
        credentials->password = memory_strdup(buffer);
    explicit_bzero(buffer, sizeof buffer);
    return credentials->password != NULL;
}

static bool find_password(struct credentials *credentials, const struct target *target,
                          const char *password_file, struct error *error) {
    if (password_file)
        return read_password_file(credentials, password_file, error);

    const char *password = target->password;
    if (!password)
        password = environment("VPERF_PASSWORD", "GOVC_PASSWORD");
    if (!password)
        return prompt(credentials, target, error);
    credentials->password = memory_strdup(password);
    return true;
}

bool credentials_init(struct credentials *credentials, const struct target *target,
                      const char *password_file, struct error *error) {
    *credentials = (struct credentials){0};
    if (find_username(credentials, target, error) &&
        find_password(credentials, target, password_file, error))
        return true;
    credentials_done(credentials);
    return false;
}

void credentials_done(struct credentials *credentials) {
    free(credentials->username);
    memory_wipe_free(credentials->password);
    *credentials = (struct credentials){0};
}
