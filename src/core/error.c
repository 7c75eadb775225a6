/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The one error type: a kind that decides the exit status, and one sentence for people. */
#include "core/error.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/text.h"

static void store(struct error *error, char *text) {
    text_one_line(text);
    size_t length = text_cut(text, sizeof error->message - 1);
    memcpy(error->message, text, length);
    error->message[length] = '\0';
}

bool error_set(struct error *error, enum error_kind kind, const char *format, ...) {
    if (error->kind != ERROR_NONE)
        return false;

    va_list arguments;
    va_start(arguments, format);
    char *text = memory_vprintf(format, arguments);
    va_end(arguments);

    error->kind = kind;
    store(error, text);
    free(text);
    return false;
}

void error_prefix(struct error *error, const char *format, ...) {
    if (error->kind == ERROR_NONE)
        return;

    va_list arguments;
    va_start(arguments, format);
    char *prefix = memory_vprintf(format, arguments);
    va_end(arguments);

    char *text = memory_printf("%s: %s", prefix, error->message);
    store(error, text);
    free(text);
    free(prefix);
}

void error_clear(struct error *error) {
    error->kind = ERROR_NONE;
    error->message[0] = '\0';
}
