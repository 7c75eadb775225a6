/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * What is collected as columns. Blocks of an entity mostly have the same times for all series, and
 * nearly half of the series of guests never change: times are kept once, and one value for all.
 */
#ifndef VPERF_HISTORY_COLLECTED_COLUMNS_H
#define VPERF_HISTORY_COLLECTED_COLUMNS_H

#include "history/collected.h"

/* columns_reserve: room for so many more values; where these belong. */
int64_t *columns_reserve(struct collected_series *series, size_t count);

/* columns_take: adds a column, whose values are where columns_reserve said. */
void columns_take(struct collected *collected, struct collected_series *series,
                  const struct block_column *column);

/* columns_forget: the times of the columns that were taken are gone: other ones have their place.
 */
void columns_forget(const struct collected *collected);

/* columns_append: adds samples, at least one, ascending in time. */
void columns_append(struct collected *collected, struct collected_series *series,
                    const struct sample *samples, size_t count);

/* columns_sort: makes the times ascend, each once (the one that came last). */
void columns_sort(struct collected *collected, struct collected_series *series);

#endif
