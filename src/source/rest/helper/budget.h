/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * What answers take together, as they came and as they were read: who would hold more leaves one
 * out. What is made of them, such as inventories and the layout of columns, is not counted. For all
 * of the process, which has one target and one thread.
 */
#ifndef VPERF_SOURCE_REST_HELPER_BUDGET_H
#define VPERF_SOURCE_REST_HELPER_BUDGET_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

enum { BUDGET_BYTES = 256 << 20 };

/* budget_take: so many more bytes are held; false, and they are not, when that is too much. */
bool budget_take(size_t bytes) __attribute__((warn_unused_result));

/* budget_add: so many more bytes are held, whether there is room or not. */
void budget_add(size_t bytes);

/* budget_give: so many of them are held no more. */
void budget_give(size_t bytes);

/* budget_held: what is held now. */
size_t budget_held(void);

/* budget_limit: what can be held from now on, in place of BUDGET_BYTES; for tests. */
void budget_limit(size_t bytes);

/* budget_refuse: ERROR_PROTOCOL: too much is held. Always false. */
bool budget_refuse(struct error *error);

/* budget_refused: the error is that one. */
bool budget_refused(const struct error *error);

#endif
