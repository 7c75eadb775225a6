/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Lists of shell patterns as the command line takes them. */
#ifndef VPERF_CORE_GLOBS_H
#define VPERF_CORE_GLOBS_H

#include <stdbool.h>
#include <stddef.h>

/* Patterns in the order in which they were given; an empty list matches everything. */
struct globs {
    char **patterns; /* without the leading '!' */
    bool *excludes;
    size_t count;
    size_t capacity;
    size_t includes; /* patterns that are not exclusions */
};

/* globs_add: adds the patterns of a comma list; one that begins with '!' excludes. */
void globs_add(struct globs *globs, const char *list);

/*
 * glob_matches: text matches the pattern as fnmatch(3) without flags says, which is not asked where
 * the characters before the first wildcard decide: it takes 1500 instructions for a name.
 */
bool glob_matches(const char *pattern, const char *text);

/*
 * globs_match: text matches at least one pattern, or there are only exclusions, and no exclusion
 * matches. Patterns are those of fnmatch(3) without flags, in the case given.
 */
bool globs_match(const struct globs *globs, const char *text);

/*
 * globs_match_with: as globs_match, with a function that tells whether a pattern matches instead of
 * a text.
 */
bool globs_match_with(const struct globs *globs,
                      bool (*matches)(const char *pattern, const void *context),
                      const void *context);

/* globs_includes: a pattern that is no exclusion matches, or there is none. */
bool globs_includes(const struct globs *globs, const char *text);

/* globs_excludes: an exclusion matches. */
bool globs_excludes(const struct globs *globs, const char *text);

/* globs_done: frees the patterns. */
void globs_done(struct globs *globs);

#endif
