/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/rest/helper/budget.h"

#include <string.h>

/* The allocator that jansson calls gets no context. */
static size_t held;
static size_t limit = BUDGET_BYTES;

bool budget_take(size_t bytes) {
    if (bytes > limit || held > limit - bytes)
        return false;
    held += bytes;
    return true;
}

void budget_add(size_t bytes) {
    held += bytes;
}

void budget_give(size_t bytes) {
    held -= bytes < held ? bytes : held;
}

size_t budget_held(void) {
    return held;
}

void budget_limit(size_t bytes) {
    limit = bytes;
}

static const char refusal[] = "left out, for the answers of one round take more than";

bool budget_refuse(struct error *error) {
    return error_set(error, ERROR_PROTOCOL, "%s %zu MiB of memory: check what the server sends",
                     refusal, limit >> 20);
}

bool budget_refused(const struct error *error) {
    return error->kind == ERROR_PROTOCOL && strstr(error->message, refusal);
}
