/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The sentences of a report. */
#ifndef VPERF_REPORT_SENTENCES_H
#define VPERF_REPORT_SENTENCES_H

#include "report/findings.h"

/* sentences_add_summary: five, from findings that are otherwise complete. */
void sentences_add_summary(struct findings *findings);

/* sentences_add_quality: what the figures rest on, and what was not there. */
void sentences_add_quality(struct findings *findings);

#endif
