/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Messages for people, on stderr: one line each, control characters shown as '?'. */
#ifndef VPERF_CORE_LOG_H
#define VPERF_CORE_LOG_H

#include <stdbool.h>
#include <stdio.h>

enum log_level {
    LOG_QUIET,   /* errors and warnings only */
    LOG_NORMAL,  /* and the summary */
    LOG_VERBOSE, /* and each request */
};

struct log {
    FILE *stream;
    enum log_level level;
    bool progress; /* the stream is a terminal that shows a line of progress between messages */
    bool color;    /* and this one shows colours: red errors, yellow warnings */
};

/* log_progress: shows text as the line of progress, in place of the last one; NULL clears it. */
void log_progress(const struct log *log, const char *text);

/* log_error: "vperf: TEXT"; at every level. */
void log_error(const struct log *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* log_warn: "vperf: warning: TEXT"; at every level. */
void log_warn(const struct log *log, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* log_info: "TEXT"; from LOG_NORMAL on. */
void log_info(const struct log *log, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* log_debug: "vperf: TEXT"; at LOG_VERBOSE. Never give it a password or a session id. */
void log_debug(const struct log *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
