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

/* Levenshtein's distance without regard to case; row has room for strlen(b) + 1 numbers. */
static size_t edit_distance(const char *a, const char *b, size_t *row) {
    size_t width = strlen(b);

    for (size_t j = 0; j <= width; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
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
        names[i].contains = strcasestr(names[i].name, wanted) != NULL;
        names[i].distance =
            edit_distance(names[i].name, wanted, row) + (names[i].usual ? 0 : UNUSUAL_DISTANCE);
    }
    qsort(names, count, sizeof *names, compare);
    free(row);
}

bool nearest_is_near(const struct nearest *name, const char *wanted) {
    size_t length = strlen(name->name), other = strlen(wanted);
    return name->contains || name->distance * 2 <= (length > other ? length : other);
}
