/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Messages for people, on stderr: one line each, control characters shown as '?'. */
#include "core/log.h"

#include <stdarg.h>
#include <stdlib.h>

#include "core/memory.h"
#include "core/text.h"

/* The cursor stays at the beginning of the line of progress: what comes next replaces it. */
static const char clear_line[] = "\r\033[K";

void log_progress(const struct log *log, const char *text) {
    if (!log->progress)
        return;
    fprintf(log->stream, "%s%s\r", clear_line, text ? text : "");
    fflush(log->stream);
}

static void __attribute__((format(printf, 3, 0)))
print(const struct log *log, const char *prefix, const char *format, va_list arguments) {
    char *text = memory_vprintf(format, arguments);
    text_one_line(text);
    fprintf(log->stream, "%s%s%s\n", log->progress ? clear_line : "", prefix, text);
    fflush(log->stream);
    free(text);
}

void log_error(const struct log *log, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print(log, log->color ? "\033[31mvperf:\033[0m " : "vperf: ", format, arguments);
    va_end(arguments);
}

void log_warn(const struct log *log, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print(log, log->color ? "vperf: \033[33mwarning:\033[0m " : "vperf: warning: ", format,
          arguments);
    va_end(arguments);
}

void log_info(const struct log *log, const char *format, ...) {
    if (log->level < LOG_NORMAL)
        return;
    va_list arguments;
    va_start(arguments, format);
    print(log, "", format, arguments);
    va_end(arguments);
}

void log_debug(const struct log *log, const char *format, ...) {
    if (log->level < LOG_VERBOSE)
        return;
    va_list arguments;
    va_start(arguments, format);
    print(log, "vperf: ", format, arguments);
    va_end(arguments);
}
