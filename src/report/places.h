/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What stands at some places of a list when it is sorted, without sorting it. */
#ifndef VPERF_REPORT_PLACES_H
#define VPERF_REPORT_PLACES_H

#include <stddef.h>

struct place {
    size_t index; /* in ascending order of the values */
    double value; /* that stands there */
};

/*
 * places_find: the values at these places, in any order, of count finite values, which stay as they
 * are. Values are counted in ranges of equal width, and only the ranges with a place in them are
 * looked at further.
 */
void places_find(const double *values, size_t count, struct place *places, size_t place_count);

/* places_in_order: pointers to the places, ascending; the caller frees them. */
struct place **places_in_order(struct place *places, size_t place_count);

#endif
