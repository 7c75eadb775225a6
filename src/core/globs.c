/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Lists of shell patterns as the command line takes them. */
#include "core/globs.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

static void add_pattern(struct globs *globs, const char *pattern) {
    bool exclude = pattern[0] == '!';
    size_t capacity = globs->capacity;

    if (exclude)
        pattern++;
    if (!*pattern)
        return;
    globs->patterns = memory_grow(globs->patterns, globs->count, &capacity, sizeof(char *));
    globs->excludes = memory_grow(globs->excludes, globs->count, &globs->capacity, sizeof(bool));
    globs->patterns[globs->count] = memory_strdup(pattern);
    globs->excludes[globs->count] = exclude;
    globs->count++;
    if (!exclude)
        globs->includes++;
}

void globs_add(struct globs *globs, const char *list) {
    char *copy = memory_strdup(list);
    char *rest = copy;

    for (char *part = strsep(&rest, ","); part; part = strsep(&rest, ","))
        add_pattern(globs, part);
    free(copy);
}

bool glob_matches(const char *pattern, const char *text) {
    size_t literal = strcspn(pattern, "*?[\\");
    if (strncmp(pattern, text, literal) != 0)
        return false;
    return pattern[literal] ? fnmatch(pattern, text, 0) == 0 : text[literal] == '\0';
}

static bool matches_text(const char *pattern, const void *text) {
    return glob_matches(pattern, text);
}

typedef bool matcher(const char *pattern, const void *context);

static bool any_match(const struct globs *globs, bool excludes, matcher *matches,
                      const void *context) {
    for (size_t i = 0; i < globs->count; i++)
        if (globs->excludes[i] == excludes && matches(globs->patterns[i], context))
            return true;
    return false;
}

bool globs_includes(const struct globs *globs, const char *text) {
    return globs->includes == 0 || any_match(globs, false, matches_text, text);
}

bool globs_excludes(const struct globs *globs, const char *text) {
    return any_match(globs, true, matches_text, text);
}

bool globs_match_with(const struct globs *globs,
                      bool (*matches)(const char *pattern, const void *context),
                      const void *context) {
    return (globs->includes == 0 || any_match(globs, false, matches, context)) &&
           !any_match(globs, true, matches, context);
}

bool globs_match(const struct globs *globs, const char *text) {
    return globs_match_with(globs, matches_text, text);
}

void globs_done(struct globs *globs) {
    for (size_t i = 0; i < globs->count; i++)
        free(globs->patterns[i]);
    free(globs->patterns);
    free(globs->excludes);
    *globs = (struct globs){0};
}
