/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The lists of a report, one function each: at most so many rows, as far as rows are limited. */
#ifndef VPERF_REPORT_SECTION_LISTS_H
#define VPERF_REPORT_SECTION_LISTS_H

#include "report/findings.h"
#include "report/grid.h"

/*
 * section_capacities: struct capacity, borrowed: clusters first, then hosts, of each kind those
 * first whose p95 of CPU or memory takes most of what there is. The caller frees the array.
 */
GPtrArray *section_capacities(const struct findings *findings);

/* section_hosts: what clusters and hosts have, and what was asked of them. */
struct grid *section_hosts(struct findings *findings, size_t rows);

/* section_headroom: what is left. */
struct grid *section_headroom(struct findings *findings, size_t rows);

/* section_trends: how demand changes, and how long it fits. */
struct grid *section_trends(struct findings *findings, size_t rows);

/* section_guests: what guests used. */
struct grid *section_guests(struct findings *findings, size_t rows);

/* section_waiting: what they waited for, and their memory. */
struct grid *section_waiting(struct findings *findings, size_t rows);

/* section_sizes: what they should have. */
struct grid *section_sizes(struct findings *findings, size_t rows);

/* section_spaces: what fills up. */
struct grid *section_spaces(struct findings *findings, size_t rows);

/* section_hours: the busiest and the quietest hours of the week. */
struct grid *section_hours(struct findings *findings, size_t rows);

/* section_talkers: who used most. */
struct grid *section_talkers(struct findings *findings, size_t rows);

/* section_coverage: of which there are fewer samples than the window has room for. */
struct grid *section_coverage(struct findings *findings, size_t rows);

/* section_counters: which counters of guests are known of how many, and how well. */
struct grid *section_counters(struct findings *findings, size_t rows);

/* section_gaps: what a history lacks, and why. */
struct grid *section_gaps(struct findings *findings, size_t rows);

/* section_groups: guests by cluster, host or folder. */
struct grid *section_groups(struct findings *findings, size_t rows);

/* section_contention: what waited. */
struct grid *section_contention(struct findings *findings, size_t rows);

#endif
