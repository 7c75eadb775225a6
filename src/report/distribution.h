/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * All values of a series, exact. Percentiles are those of Hyndman and Fan's type 7 ("Sample
 * Quantiles in Statistical Packages", 1996), which numpy.percentile computes unless told otherwise,
 * to the last bit. A value counts once for each unit of time that it covers: the shortest interval,
 * when all are multiples of it, else their greatest common divisor; numpy.repeat does the same.
 * Values of one interval count once each. When no more values come, a distribution can be reduced:
 * to the percentiles that will be asked for, or to how often each value occurs.
 */
#ifndef VPERF_REPORT_DISTRIBUTION_H
#define VPERF_REPORT_DISTRIBUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/tally.h"

/* A value and the seconds that it covers. */
struct occurrence {
    double value;
    uint64_t seconds;
};

/* A percentile that is known. */
struct percentile {
    double percent;
    double value;
};

/* Different values that are elsewhere: so many, at an offset of who keeps them. */
struct waiting {
    int64_t offset;
    size_t count;
};

/* All values of a series in any order; zeroed is empty. */
struct distribution {
    double *values; /* in the order they came, as far as they are not in sorted */
    size_t value_count;
    size_t value_capacity;
    struct occurrence *sorted; /* ascending, each value once */
    size_t count;
    struct percentile *known; /* all that is left of the values when they are gone */
    size_t known_count;
    uint64_t total;          /* values of its interval */
    struct waiting *waiting; /* percentiles are not known before all are here again */
    size_t waiting_count;
    struct tally raw; /* more values, of this scale */
    struct scale scale;
    int32_t interval;          /* of the values that are not in sorted, in seconds; 0: none yet */
    struct distribution *next; /* values of another interval; NULL: there are none */
};

/* distribution_add: one more value, which must be a number, of one second. */
void distribution_add(struct distribution *distribution, double value);

/*
 * distribution_room: room for so many more values of an interval, at least one, which the caller
 * fills in.
 */
double *distribution_room(struct distribution *distribution, int32_t interval, size_t count);

/* distribution_add_raw: count raw values of an interval, at least one; what they are together. */
struct tally_sum distribution_add_raw(struct distribution *distribution, int32_t interval,
                                      const struct scale *scale,
                                      const struct series_columns *columns, size_t count);

/*
 * distribution_percentile: type 7, percent from 0 to 100; 0 of no values. Of a distribution that is
 * reduced to percentiles, one of these.
 */
double distribution_percentile(struct distribution *distribution, double percent);

/* distribution_compact: from now on it takes the room of its different values. */
void distribution_compact(struct distribution *distribution);

/* distribution_wait: all that it has in sorted is elsewhere from now on, at this offset. */
void distribution_wait(struct distribution *distribution, int64_t offset);

/* distribution_merge: values that were elsewhere, ascending, each once. */
void distribution_merge(struct distribution *distribution, const struct occurrence *list,
                        size_t count);

/* distribution_reduce: keeps these percentiles alone; no value can be added any more. */
void distribution_reduce(struct distribution *distribution, const double *percents, size_t count);

/*
 * distribution_hand_over: as distribution_reduce; the memory of the values is free for those of
 * another one.
 */
void distribution_hand_over(struct distribution *distribution, const double *percents, size_t count,
                            struct distribution *other);

/* distribution_done: frees what the distribution holds. */
void distribution_done(struct distribution *distribution);

#endif
