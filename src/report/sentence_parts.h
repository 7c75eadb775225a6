/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What several sentences of a report are made of. */
#ifndef VPERF_REPORT_SENTENCE_PARTS_H
#define VPERF_REPORT_SENTENCE_PARTS_H

#include <glib.h>

#include "report/findings.h"

/* sentence_intervals: of the samples, such as "20 s to 5 min"; the caller frees it. */
char *sentence_intervals(const struct findings *findings);

/*
 * sentence_hours_end: until when hourly values are all that the window has; NULL: it has samples
 * from its begin on. The caller frees it.
 */
char *sentence_hours_end(const struct findings *findings);

/* sentence_lacks: there are guests, and none has this metric. */
bool sentence_lacks(const struct findings *findings, enum usage_metric metric);

/* sentence_append: one more of a list, behind a comma. */
void sentence_append(GString *list, const char *text);

#endif
