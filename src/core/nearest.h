/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which known names a misspelt one may have meant. */
#ifndef VPERF_CORE_NEAREST_H
#define VPERF_CORE_NEAREST_H

#include <stdbool.h>
#include <stddef.h>

/* A known name. */
struct nearest {
    const char *name;
    bool usual;      /* set by the caller: preferred to others that are about as near */
    bool contains;   /* set by nearest_sort: holds the wanted name */
    size_t distance; /* set by nearest_sort */
    size_t length;   /* set by nearest_sort: letters that were compared */
};

/*
 * nearest_sort: by nearness to the wanted name, best first: those that hold it, then by edit
 * distance without regard to case, then in alphabetical order. Of a name with more parts, divided
 * by dots, than the wanted one has, the last ones do not count.
 */
void nearest_sort(struct nearest *names, size_t count, const char *wanted);

/* nearest_is_near: after nearest_sort: at most half of the letters of the longer name differ. */
bool nearest_is_near(const struct nearest *name, const char *wanted);

/* nearest_keep: nearest_sort, and the names that are not near go; returns how many stay. */
size_t nearest_keep(struct nearest *names, size_t count, const char *wanted);

#endif
