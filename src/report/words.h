/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Figures as people read them in sentences; the caller frees the texts. */
#ifndef VPERF_REPORT_WORDS_H
#define VPERF_REPORT_WORDS_H

#include <stddef.h>
#include <stdint.h>

/* words_duration: "7 days", "36 hours", "5 min" or "20 s", with one decimal where it matters. */
char *words_duration(double seconds);

/* words_time: "2026-11-26 21:30 UTC". */
char *words_time(int64_t time);

/* words_count: "no guest", "1 guest", "24 guests": the plural is the name and an s. */
char *words_count(size_t count, const char *name);

/* words_percent: "0.4 %", "28 %", "99.9 %": only what is whole is 100 %, and only nothing is 0 %.
 */
char *words_percent(double percent);

/* words_amount: "8.5", "67", "1024": one decimal below 10. */
char *words_amount(double amount);

#endif
