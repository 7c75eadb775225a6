/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What users say of a target, such as site=fra,rack=12: a list of keys and values. */
#ifndef VPERF_CORE_LABEL_H
#define VPERF_CORE_LABEL_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

enum { LABELS_MAX = 16 }; /* different keys of a run */

struct label {
    const char *key;
    size_t key_length;
    const char *value;
    size_t value_length;
};

/*
 * labels_check: keys are of letters, digits and _, begin with no digit, stand once, and are no name
 * that rows, tags or metrics have; values are not empty. ERROR_USAGE names what is wrong.
 */
bool labels_check(const char *list, struct error *error) __attribute__((warn_unused_result));

/* labels_next: the first label of a checked list, which becomes the rest; false at its end. */
bool labels_next(const char **list, struct label *label);

/* labels_find: the label with this key; false when there is none. NULL is an empty list. */
bool labels_find(const char *list, const char *key, struct label *label);

/* labels_merge: those of the nearer list, and the others of the farther one; the caller's. */
char *labels_merge(const char *nearer, const char *farther);

#endif
