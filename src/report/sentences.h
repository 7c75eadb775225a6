/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The sentences of a report. */
#ifndef VPERF_REPORT_SENTENCES_H
#define VPERF_REPORT_SENTENCES_H

#include "report/findings.h"

/* sentences_title: whose report it is, and of which days; the caller frees it. */
char *sentences_title(const struct findings *findings);

/*
 * sentences_add_summary: five, and what is not known, from findings that are otherwise complete;
 * one more where the hosts of a cluster have few sample times in common.
 */
void sentences_add_summary(struct findings *findings);

/* sentences_add_quality: what the figures rest on, and what was not there. */
void sentences_add_quality(struct findings *findings);

#endif
