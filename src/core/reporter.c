/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/reporter.h"

#include <stdarg.h>
#include <stdlib.h>

#include "core/memory.h"

void report(const struct reporter *reporter, enum report_level level, const char *format, ...) {
    if (!reporter)
        return;
    va_list arguments;
    va_start(arguments, format);
    char *text = memory_vprintf(format, arguments);
    va_end(arguments);
    reporter->report(reporter->context, level, text);
    free(text);
}
