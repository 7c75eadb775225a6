/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a source has to say to people beside its events; who runs it decides what is shown. */
#ifndef VPERF_CORE_REPORTER_H
#define VPERF_CORE_REPORTER_H

enum report_level {
    REPORT_DETAIL,  /* each request */
    REPORT_INFO,    /* what was done */
    REPORT_WARNING, /* what is not as it was asked for */
};

struct reporter {
    void *context;
    /* report: one line; borrowed for the call, which may come from any thread. */
    void (*report)(void *context, enum report_level level, const char *text);
};

/* report: formatted text. A NULL reporter drops it. Never give it a password or a session id. */
void report(const struct reporter *reporter, enum report_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
