/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Pages for people: what is measured, and how the targets are. */
#ifndef VPERF_SERVE_PAGE_H
#define VPERF_SERVE_PAGE_H

#include <stdio.h>

#include "serve/store.h"

/* page_overview: an HTML page with a row per target, and links. */
void page_overview(struct store *store, FILE *stream);

/* page_health: a line of text per target; true when at least one of them is up. */
bool page_health(struct store *store, FILE *stream);

#endif
