/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* When the samples of targets begin. */
#ifndef VPERF_HISTORY_SPAN_H
#define VPERF_HISTORY_SPAN_H

/*
 * A statement whose rows are the number of a target, and the time of its oldest sample: blocks of
 * its first hour are looked into, no others.
 */
#define SPAN_BEGINS                                                                                \
    "SELECT target, min(time) AS begin FROM (SELECT f.target AS target, coalesce(min(oldest_in("   \
    "b.data)), f.hour * 3600) AS time FROM (SELECT e.target AS target, min((SELECT min(h.hour) "   \
    "FROM block h WHERE h.entity = e.id)) AS hour FROM entity e GROUP BY e.target) f CROSS JOIN "  \
    "entity e ON e.target = f.target CROSS JOIN block b ON b.entity = e.id AND b.hour = f.hour "   \
    "GROUP BY f.target UNION ALL SELECT c.target, min(r.oldest) FROM (SELECT DISTINCT target, "    \
    "chunk FROM entity) c CROSS JOIN round r ON r.chunk = c.chunk GROUP BY c.target) GROUP BY "    \
    "target"

#endif
