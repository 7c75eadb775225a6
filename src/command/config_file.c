/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * GLib tells no lines, takes the last of two equal keys, and frees what it read without wiping it:
 * the lines are looked at before it gets the text, and passwords are kept from it.
 */
#include "command/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/arguments.h"
#include "core/memory.h"
#include "core/secret.h"
#include "core/target.h"

enum { MAX_SIZE = 1 << 20 };

static const char blanks[] = " \t\r\f\v";

struct place {
    int line;
    char *secret; /* what stands there, if it holds a password */
};

static void place_free(void *pointer) {
    struct place *place = pointer;
    secret_free(place->secret);
    free(place);
}

/* Lines are read one by one. */
struct scan {
    struct config_file *file;
    char *section; /* NULL before the first one */
    int line;
    bool has_secret;
    int secret_line;
    mode_t mode;
};

static bool refuse(const struct scan *scan, const char *reason, struct error *error) {
    return error_set(error, ERROR_USAGE, "%s:%d: %s", scan->file->path, scan->line, reason);
}

static char *name_of_place(const char *section, const char *key) {
    return memory_printf("%s\n%s", section, key ? key : "");
}

static const struct place *find_place(const struct config_file *file, const char *section,
                                      const char *key) {
    char *name = name_of_place(section, key);
    const struct place *place = g_hash_table_lookup(file->places, name);
    free(name);
    return place;
}

/* NULL with the error when it is known already. */
static struct place *note(struct scan *scan, const char *key, struct error *error) {
    const struct place *before = find_place(scan->file, scan->section, key);
    if (before) {
        error_set(error, ERROR_USAGE, "%s:%d: %s%s[%s] again: it stands at line %d too",
                  scan->file->path, scan->line, key ? key : "", key ? " in " : "", scan->section,
                  before->line);
        return NULL;
    }
    struct place *place = memory_alloc(sizeof *place);
    place->line = scan->line;
    g_hash_table_insert(scan->file->places, name_of_place(scan->section, key), place);
    return place;
}

static bool scan_section(struct scan *scan, const char *text, struct error *error) {
    const char *end = strchr(text, ']');
    if (!end || end[1 + strspn(end + 1, blanks)])
        return refuse(scan, "a section is [NAME], and nothing else on its line", error);
    free(scan->section);
    scan->section = memory_strndup(text + 1, (size_t)(end - text - 1));
    return note(scan, NULL, error);
}

static bool has_password(const char *uri) {
    struct error ignored = {0};
    struct target target;
    bool has = target_init(&target, uri, &ignored) && target.password;
    target_done(&target);
    return has;
}

/* The text of a line becomes x where it is a password; what it was, as a secret, or NULL. */
static char *take_secret(const char *key, char *value) {
    bool whole = strcmp(key, "password") == 0;
    if (!whole && (strcmp(key, "uri") != 0 || !has_password(value)))
        return NULL;
    char *secret = secret_copy(value);
    if (whole)
        memset(value, 'x', strlen(value));
    else
        arguments_hide_password(value);
    return secret;
}

/* Ends the value at the blanks behind it, which are put back; text that follows a '='. */
static void scan_value(struct scan *scan, struct place *place, const char *key, char *value) {
    value += strspn(value, blanks);
    char *end = value + strlen(value);
    while (end > value && strchr(blanks, end[-1]))
        end--;
    char blank = *end;
    *end = '\0';
    place->secret = take_secret(key, value);
    *end = blank;
    if (place->secret && !scan->has_secret) {
        scan->has_secret = true;
        scan->secret_line = scan->line;
    }
}

static bool scan_key(struct scan *scan, char *text, struct error *error) {
    char *equals = strchr(text, '=');
    if (!equals)
        return refuse(scan, "expected [SECTION] or KEY = VALUE", error);
    if (!scan->section)
        return refuse(scan, "a section, such as [defaults], comes first", error);
    size_t length = (size_t)(equals - text);
    while (length && strchr(blanks, text[length - 1]))
        length--;
    if (!length)
        return refuse(scan, "a key comes before the '='", error);
    char *key = memory_strndup(text, length);
    struct place *place = note(scan, key, error);
    if (place)
        scan_value(scan, place, key, equals + 1);
    free(key);
    return place;
}

static bool scan_line(struct scan *scan, char *line, struct error *error) {
    char *text = line + strspn(line, blanks);
    if (!g_utf8_validate(text, -1, NULL))
        return refuse(scan, "this is not UTF-8", error);
    if (!*text || *text == '#')
        return true;
    return *text == '[' ? scan_section(scan, text, error) : scan_key(scan, text, error);
}

static bool scan_lines(struct scan *scan, char *data, struct error *error) {
    for (char *line = data, *next; line; line = next) {
        char *end = strchr(line, '\n');
        next = end ? end + 1 : NULL;
        scan->line++;
        if (end)
            *end = '\0';
        bool good = scan_line(scan, line, error);
        if (end)
            *end = '\n';
        if (!good)
            return false;
    }
    return true;
}

/* Access by a list counts as the group's. */
static bool check_secrecy(const struct scan *scan, struct error *error) {
    if (!scan->has_secret || !(scan->mode & (S_IRWXG | S_IRWXO)))
        return true;
    return error_set(error, ERROR_USAGE,
                     "%s:%d: a password in a file that others may read (mode %04o): use "
                     "password-file, or chmod 600 it",
                     scan->file->path, scan->secret_line, (unsigned)(scan->mode & 07777));
}

/* What GLib says names no line. */
static bool load(struct config_file *file, const char *data, size_t length, struct error *error) {
    GError *failure = NULL;
    if (g_key_file_load_from_data(file->keys, data, length, G_KEY_FILE_KEEP_TRANSLATIONS, &failure))
        return true;
    error_set(error, ERROR_USAGE, "%s: %s", file->path, failure->message);
    g_error_free(failure);
    return false;
}

static bool read_text(struct config_file *file, char *data, size_t length, mode_t mode,
                      struct error *error) {
    static const char mark[] = "\357\273\277";
    struct scan scan = {.file = file, .mode = mode};
    if (memchr(data, '\0', length))
        return error_set(error, ERROR_USAGE, "%s is no text: it holds a NUL", file->path);
    if (strncmp(data, mark, strlen(mark)) == 0) {
        data += strlen(mark);
        length -= strlen(mark);
    }
    bool good = scan_lines(&scan, data, error) && check_secrecy(&scan, error) &&
                (!length || load(file, data, length, error));
    free(scan.section);
    return good;
}

/* The number of bytes; -1 with errno. */
static ssize_t read_all(int fd, char *data, size_t room) {
    size_t length = 0;
    while (length < room) {
        ssize_t got = read(fd, data + length, room - length);
        if (got < 0 && errno != EINTR)
            return -1;
        if (got == 0)
            break;
        length += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)length;
}

bool config_file_read(struct config_file *file, const char *path, struct error *error) {
    struct stat status = {0};
    *file = (struct config_file){
        .path = path,
        .keys = g_key_file_new(),
        .places = g_hash_table_new_full(g_str_hash, g_str_equal, free, place_free),
    };
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    char *data = memory_alloc(MAX_SIZE + 1);
    ssize_t length = fd < 0 || fstat(fd, &status) != 0 ? -1 : read_all(fd, data, MAX_SIZE);
    if (length < 0)
        error_set(error, ERROR_USAGE, "cannot read the configuration %s: %s", path,
                  strerror(errno));
    else if (length == MAX_SIZE)
        error_set(error, ERROR_USAGE, "the configuration %s is too long: 1 MiB is the most", path);
    bool good = length >= 0 && length < MAX_SIZE &&
                read_text(file, data, (size_t)length, status.st_mode, error);
    if (fd >= 0)
        close(fd);
    explicit_bzero(data, length > 0 ? (size_t)length : 0);
    free(data);
    return good;
}

int config_file_line(const struct config_file *file, const char *section, const char *key) {
    const struct place *place = find_place(file, section, key);
    return place ? place->line : 0;
}

char *config_file_value(const struct config_file *file, const char *section, const char *key) {
    char *value = g_key_file_get_value(file->keys, section, key, NULL);
    char *copy = memory_strdup(value ? g_strstrip(value) : "");
    g_free(value);
    return copy;
}

const char *config_file_secret(const struct config_file *file, const char *section,
                               const char *key) {
    const struct place *place = find_place(file, section, key);
    return place ? place->secret : NULL;
}

void config_file_done(struct config_file *file) {
    if (file->keys)
        g_key_file_free(file->keys);
    if (file->places)
        g_hash_table_destroy(file->places);
    *file = (struct config_file){0};
}
