/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * A password hash takes a tenth of a second on purpose: its result is kept, by a keyed digest of
 * what was sent, for the scrapes that follow. Hashing is done by one thread at a time, and wrong
 * passwords have to wait: guessing takes a part of one core, and never all threads.
 */
#include "serve/accounts.h"

#include <crypt.h>
#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "core/memory.h"
#include "core/secret.h"
#include "serve/guesses.h"
#include "serve/hashes.h"

enum {
    MOST_USERS = 1000,
    LONGEST_LINE = 1024,
    LONGEST_HEADER = 1024,
    KEY_BYTES = 32,
    DIGEST_BYTES = 32,
    REMEMBERED = 64,
    MOST_CHECKING = 2, /* threads, the one that hashes included */
};

struct account {
    char *name;
    char *hash;
};

/* The newest ones; those that are refused do not push out those that are not. */
struct remembered {
    unsigned char digests[REMEMBERED][DIGEST_BYTES];
    size_t count, next;
};

struct accounts {
    struct account *users;
    size_t count, capacity;
    unsigned char key[KEY_BYTES];
    pthread_mutex_t lock; /* of what is remembered */
    struct remembered remembered[ACCOUNTS_UNKNOWN];
    atomic_int checking;     /* threads */
    pthread_mutex_t hashing; /* of what follows */
    struct guesses guesses;
    struct crypt_data crypt;
};

static bool refuse_line(const char *path, unsigned line, const char *what, struct error *error) {
    return error_set(error, ERROR_USAGE, "--auth-file '%s': line %u: %s", path, line, what);
}

static bool refuse_user(const char *path, unsigned line, const char *name, const char *what,
                        struct error *error) {
    char *text = memory_printf("user '%.64s': %s", name, what);
    refuse_line(path, line, text, error);
    free(text);
    return false;
}

static void unquote(char *text) {
    size_t length = strlen(text);
    if (length < 2 || (*text != '"' && *text != '\'') || text[length - 1] != *text)
        return;
    memmove(text, text + 1, length - 2);
    text[length - 2] = '\0';
}

static bool is_known(const struct accounts *accounts, const char *name) {
    for (size_t i = 0; i < accounts->count; i++)
        if (strcmp(accounts->users[i].name, name) == 0)
            return true;
    return false;
}

/* What stands at a colon: a user, or the beginning of a part of a web configuration. */
static bool add_user(struct accounts *accounts, char *name, char *hash, const char *path,
                     unsigned line, struct error *error) {
    unquote(g_strstrip(name));
    unquote(g_strstrip(hash));
    if (!*hash && strcmp(name, "basic_auth_users") == 0)
        return true;
    if (!*name || is_known(accounts, name))
        return refuse_line(path, line, *name ? "the user stands there twice" : "no user name",
                           error);
    const char *fault = hashes_fault(hash);
    if (fault)
        return refuse_user(path, line, name, fault, error);
    if (accounts->count == MOST_USERS)
        return refuse_line(path, line, "more than 1000 users", error);
    accounts->users =
        memory_grow(accounts->users, accounts->count, &accounts->capacity, sizeof *accounts->users);
    accounts->users[accounts->count++] =
        (struct account){.name = memory_strdup(name), .hash = memory_strdup(hash)};
    return true;
}

/* A byte order mark is no part of the first name. */
static char *skip_mark(char *text, unsigned line) {
    static const char mark[] = "\xEF\xBB\xBF";
    return text + (line == 1 && g_str_has_prefix(text, mark) ? sizeof mark - 1 : 0);
}

static bool read_line(struct accounts *accounts, char *text, const char *path, unsigned line,
                      struct error *error) {
    if (!strchr(text, '\n') && strlen(text) == LONGEST_LINE - 1)
        return refuse_line(path, line, "it is too long", error);
    text = g_strstrip(skip_mark(text, line));
    if (!*text || *text == '#' || strcmp(text, "---") == 0)
        return true;
    char *colon = strchr(text, ':');
    if (!colon)
        return refuse_line(path, line, "expected USER:HASH", error);
    *colon = '\0';
    return add_user(accounts, text, colon + 1, path, line, error);
}

static bool read_lines(struct accounts *accounts, FILE *file, const char *path,
                       struct error *error) {
    char text[LONGEST_LINE];
    bool good = true;
    for (unsigned line = 1; good && fgets(text, sizeof text, file); line++)
        good = read_line(accounts, text, path, line, error);
    if (good && ferror(file))
        return error_set(error, ERROR_USAGE, "--auth-file '%s': %s", path, strerror(errno));
    if (good && !accounts->count)
        return error_set(error, ERROR_USAGE, "--auth-file '%s': there is no user in it", path);
    return good;
}

/* Who could write it could add a user. */
static bool check_file(FILE *file, const char *path, struct error *error) {
    struct stat status;
    if (fstat(fileno(file), &status) != 0)
        return error_set(error, ERROR_USAGE, "--auth-file '%s': %s", path, strerror(errno));
    if (S_ISREG(status.st_mode) && status.st_mode & (S_IWGRP | S_IWOTH))
        return error_set(error, ERROR_USAGE,
                         "--auth-file '%s': others may write it: chmod go-w '%s'", path, path);
    return true;
}

struct accounts *accounts_read(const char *path, struct error *error) {
    FILE *file = fopen(path, "re");
    if (!file) {
        error_set(error, ERROR_USAGE, "--auth-file '%s': %s", path, strerror(errno));
        return NULL;
    }
    struct accounts *accounts = memory_alloc(sizeof *accounts);
    pthread_mutex_init(&accounts->lock, NULL);
    pthread_mutex_init(&accounts->hashing, NULL);
    atomic_init(&accounts->checking, 0);
    secret_protect_process(); /* passwords come, and the library of HTTP has them too */
    bool good = check_file(file, path, error) && read_lines(accounts, file, path, error);
    if (good && (getrandom(accounts->key, KEY_BYTES, 0) != KEY_BYTES ||
                 getrandom(accounts->guesses.key, GUESSES_KEY_BYTES, 0) != GUESSES_KEY_BYTES))
        good = error_set(error, ERROR_UNAVAILABLE, "no random numbers: %s", strerror(errno));
    fclose(file);
    if (good)
        return accounts;
    accounts_free(accounts);
    return NULL;
}

void accounts_free(struct accounts *accounts) {
    if (!accounts)
        return;
    for (size_t i = 0; i < accounts->count; i++) {
        free(accounts->users[i].name);
        memory_wipe_free(accounts->users[i].hash);
    }
    free(accounts->users);
    pthread_mutex_destroy(&accounts->lock);
    pthread_mutex_destroy(&accounts->hashing);
    explicit_bzero(accounts, sizeof *accounts);
    free(accounts);
}

/* Wherever they differ, it takes as long. */
static bool same_bytes(const void *left, const void *right, size_t size) {
    const unsigned char *a = left, *b = right;
    unsigned char difference = 0;
    for (size_t i = 0; i < size; i++)
        difference |= a[i] ^ b[i];
    return difference == 0;
}

static void make_digest(const struct accounts *accounts, const char *text,
                        unsigned char digest[DIGEST_BYTES]) {
    gsize size = DIGEST_BYTES;
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA256, accounts->key, KEY_BYTES);
    g_hmac_update(hmac, (const guchar *)text, -1);
    g_hmac_get_digest(hmac, digest, &size);
    g_hmac_unref(hmac);
}

static const struct account *find_user(const struct accounts *accounts, const char *name) {
    for (size_t i = 0; i < accounts->count; i++)
        if (strcmp(accounts->users[i].name, name) == 0)
            return &accounts->users[i];
    return NULL;
}

/* Hashes may differ in what they cost: each name that does not exist has one of them for good. */
static const struct account *stand_in(const struct accounts *accounts, const char *name) {
    unsigned char digest[DIGEST_BYTES];
    make_digest(accounts, name, digest);
    return &accounts->users[(digest[0] | (size_t)digest[1] << 8) % accounts->count];
}

/* One who does not exist is compared with another's hash, in vain. */
static bool check_password(struct accounts *accounts, const char *name, const char *password) {
    const struct account *user = find_user(accounts, name), *other = stand_in(accounts, name);
    const char *hash = user ? user->hash : other->hash;
    const char *made = crypt_r(password, hash, &accounts->crypt);
    bool same = made && strlen(made) == strlen(hash) && same_bytes(made, hash, strlen(hash));
    explicit_bzero(&accounts->crypt, sizeof accounts->crypt);
    return user && same;
}

/* "name:password", which came from this slot's address. */
struct guess {
    const char *encoded;
    size_t slot;
};

static enum accounts_verdict check_guess(struct accounts *accounts, size_t slot, const char *name,
                                         const char *password) {
    int64_t begin_ns = clock_boot_ns();
    if (!guesses_allowed(&accounts->guesses, slot, begin_ns))
        return ACCOUNTS_UNKNOWN;
    if (check_password(accounts, name, password))
        return ACCOUNTS_ALLOWED;
    guesses_note(&accounts->guesses, slot, begin_ns, clock_boot_ns() - begin_ns);
    return ACCOUNTS_REFUSED;
}

/* A NUL in it would end the password early. */
static enum accounts_verdict check_pair(struct accounts *accounts, size_t slot, char *pair,
                                        size_t length) {
    char *colon = memchr(pair, ':', length);
    if (!colon || memchr(pair, '\0', length))
        return ACCOUNTS_REFUSED;
    *colon = '\0';
    return check_guess(accounts, slot, pair, colon + 1);
}

static enum accounts_verdict check_encoded(struct accounts *accounts, const struct guess *guess) {
    gsize size = 0;
    guchar *decoded = g_base64_decode(guess->encoded, &size);
    char *pair = memory_alloc(size + 1);
    memcpy(pair, decoded, size);
    enum accounts_verdict verdict = check_pair(accounts, guess->slot, pair, size);
    explicit_bzero(pair, size);
    free(pair);
    explicit_bzero(decoded, size);
    g_free(decoded);
    return verdict;
}

static bool remembers(const struct remembered *remembered, const unsigned char *digest) {
    bool found = false;
    for (size_t i = 0; i < remembered->count; i++)
        found |= same_bytes(remembered->digests[i], digest, DIGEST_BYTES);
    return found;
}

static void remember(struct remembered *remembered, const unsigned char *digest) {
    memcpy(remembered->digests[remembered->next], digest, DIGEST_BYTES);
    remembered->next = (remembered->next + 1) % REMEMBERED;
    if (remembered->count < REMEMBERED)
        remembered->count++;
}

/* What is known of it. */
static enum accounts_verdict recall(struct accounts *accounts, const unsigned char *digest) {
    enum accounts_verdict verdict = ACCOUNTS_REFUSED;
    pthread_mutex_lock(&accounts->lock);
    while (verdict < ACCOUNTS_UNKNOWN && !remembers(&accounts->remembered[verdict], digest))
        verdict++;
    pthread_mutex_unlock(&accounts->lock);
    return verdict;
}

/* The lock hashing is held. */
static enum accounts_verdict check_now(struct accounts *accounts, const struct guess *guess,
                                       const unsigned char *digest) {
    enum accounts_verdict verdict = check_encoded(accounts, guess);
    if (verdict == ACCOUNTS_UNKNOWN)
        return verdict;
    pthread_mutex_lock(&accounts->lock);
    remember(&accounts->remembered[verdict], digest);
    pthread_mutex_unlock(&accounts->lock);
    return verdict;
}

/* The thread before may have found out the same. */
static enum accounts_verdict find_out(struct accounts *accounts, const struct guess *guess,
                                      const unsigned char *digest) {
    enum accounts_verdict verdict = ACCOUNTS_UNKNOWN;
    if (atomic_fetch_add(&accounts->checking, 1) < MOST_CHECKING) {
        pthread_mutex_lock(&accounts->hashing);
        verdict = recall(accounts, digest);
        if (verdict == ACCOUNTS_UNKNOWN)
            verdict = check_now(accounts, guess, digest);
        pthread_mutex_unlock(&accounts->hashing);
    }
    atomic_fetch_sub(&accounts->checking, 1);
    return verdict;
}

enum accounts_verdict accounts_check(struct accounts *accounts, const char *authorization,
                                     const struct sockaddr *from) {
    static const char scheme[] = "Basic ";
    unsigned char digest[DIGEST_BYTES];
    if (!authorization || strncasecmp(authorization, scheme, sizeof scheme - 1) != 0 ||
        strlen(authorization) > LONGEST_HEADER)
        return ACCOUNTS_REFUSED;
    const char *encoded = authorization + strlen(scheme);
    make_digest(accounts, encoded, digest);
    enum accounts_verdict verdict = recall(accounts, digest);
    if (verdict != ACCOUNTS_UNKNOWN)
        return verdict;
    const struct guess guess = {encoded, guesses_slot(&accounts->guesses, from)};
    return find_out(accounts, &guess, digest);
}
