/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which known names a misspelt one may have meant. */
#include "core/nearest.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

/* So many letters farther away is an unusual name: more than "average" is longer than "none". */
enum { UNUSUAL_DISTANCE = 4 };

static size_t smallest(size_t a, size_t b, size_t c) {
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

static bool same_letter(char a, char b) {
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Letters of the first parts of the name: as many as the other one has. */
static size_t parts_length(const char *name, const char *other) {
    const char *end = strchr(name, '.');
    for (other = strchr(other, '.'); end && other; other = strchr(other + 1, '.'))
        end = strchr(end + 1, '.');
    return end ? (size_t)(end - name) : strlen(name);
}

/*
 * Levenshtein's distance of the first letters of a to b, without regard to case; row has room for
 * strlen(b) + 1 numbers.
 */
static size_t edit_distance(const char *a, size_t length, const char *b, size_t *row) {
    size_t width = strlen(b);

    for (size_t j = 0; j <= width; j++)
        row[j] = j;
    for (size_t i = 0; i < length; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < width; j++) {
            size_t above = row[j + 1];
            row[j + 1] = smallest(diagonal + !same_letter(a[i], b[j]), above + 1, row[j] + 1);
            diagonal = above;
        }
    }
    return row[width];
}

static int compare(const void *left, const void *right) {
    const struct nearest *a = left, *b = right;
    if (a->contains != b->contains)
        return a->contains ? -1 : 1;
    if (a->distance != b->distance)
        return a->distance < b->distance ? -1 : 1;
    return strcmp(a->name, b->name);
}

void nearest_sort(struct nearest *names, size_t count, const char *wanted) {
    size_t *row = memory_array(strlen(wanted) + 1, sizeof *row);

    for (size_t i = 0; i < count; i++) {
        struct nearest *name = &names[i];
        name->contains = strcasestr(name->name, wanted) != NULL;
        name->length = parts_length(name->name, wanted);
        name->distance = edit_distance(name->name, name->length, wanted, row) +
                         (name->usual ? 0 : UNUSUAL_DISTANCE);
    }
    qsort(names, count, sizeof *names, compare);
    free(row);
}

bool nearest_is_near(const struct nearest *name, const char *wanted) {
    size_t other = strlen(wanted);
    return name->contains || name->distance * 2 <= (name->length > other ? name->length : other);
}

size_t nearest_keep(struct nearest *names, size_t count, const char *wanted) {
    size_t kept = 0;
    nearest_sort(names, count, wanted);
    for (size_t i = 0; i < count; i++)
        if (nearest_is_near(&names[i], wanted))
            names[kept++] = names[i];
    return kept;
}
