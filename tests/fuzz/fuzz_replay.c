/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Runs a fuzz target on files and on all files of folders, and on what a few thousand random
 * changes make of each: with any compiler, as a test. The changes are the same in every run.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "fuzz.h"

/* Of each file, so many changed ones, until the process is so old. */
enum { VARIANTS = 1000, SECONDS = 2, ROOM = 64 };

/* xorshift64: good enough for noise, and the same everywhere. */
static uint64_t noise(void) {
    static uint64_t state = 88172645463325252;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static size_t below(size_t limit) {
    return limit ? (size_t)(noise() % limit) : 0;
}

/* What parsers trip over, in place of what stands there. */
static size_t overwrite(uint8_t *data, size_t size) {
    static const char *const words[] = {"-1",        "9223372036854775808",
                                        "<![CDATA[", "&#0;",
                                        "]]>",       "\xef\xbb\xbf",
                                        "\xff",      "",
                                        "0",         "1e999",
                                        "null",      "\n"};
    const char *word = words[below(sizeof words / sizeof *words)];
    size_t length = strlen(word) + !*word, place = below(size + 1);
    memcpy(data + place, word, length);
    return place + length > size ? place + length : size;
}

static size_t cut(uint8_t *data, size_t size) {
    size_t place = below(size), length = below(size - place + 1);
    memmove(data + place, data + place + length, size - place - length);
    return size - length;
}

static size_t flip(uint8_t *data, size_t size) {
    if (size)
        data[below(size)] ^= (uint8_t)(1U << below(8));
    return size;
}

/* A piece of at most half of the room comes again. */
static size_t repeat(uint8_t *data, size_t size) {
    size_t place = below(size), length = below((size - place < ROOM / 2 ? size - place : ROOM / 2));
    memmove(data + place + length, data + place, size - place);
    return size + length;
}

/* One to four changes of a copy; data has room for them. */
static size_t change(uint8_t *data, size_t size) {
    static size_t (*const changes[])(uint8_t *, size_t) = {overwrite, cut, flip, repeat};
    for (size_t count = 1 + below(4); count; count--)
        size = changes[below(sizeof changes / sizeof *changes)](data, size);
    return size;
}

static void try_variants(const uint8_t *seed, size_t size) {
    static time_t end;
    end = end ? end : time(NULL) + SECONDS;
    for (int i = 0; i < VARIANTS && time(NULL) < end; i++) {
        uint8_t *data = malloc(size + 4 * ROOM);
        CHECK(data);
        memcpy(data, seed, size);
        size_t changed = change(data, size);
        /* Of the size that it has, so that a sanitizer sees what is read beyond. */
        uint8_t *exact = malloc(changed ? changed : 1);
        CHECK(exact);
        memcpy(exact, data, changed);
        LLVMFuzzerTestOneInput(exact, changed);
        free(exact);
        free(data);
    }
}

static size_t replay_file(const char *path) {
    uint8_t *data = NULL;
    size_t size = 0;
    FILE *file = fopen(path, "rb");
    CHECK(file);
    FILE *copy = open_memstream((char **)&data, &size);
    for (int c; (c = fgetc(file)) != EOF;)
        fputc(c, copy);
    fclose(copy);
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    try_variants(data, size);
    free(data);
    return 1;
}

static size_t replay(const char *path) {
    struct stat status;
    size_t count = 0;
    CHECK(stat(path, &status) == 0);
    if (!S_ISDIR(status.st_mode))
        return replay_file(path);
    DIR *folder = opendir(path);
    CHECK(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        char inner[4096];
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.')
            count += replay(inner);
    }
    closedir(folder);
    return count;
}

int main(int argc, char **argv) {
    size_t count = 0;
    for (int i = 1; i < argc; i++)
        count += replay(argv[i]);
    printf("%zu inputs\n", count);
    return count == 0;
}
