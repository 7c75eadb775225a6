/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Counters of several servers, or of one over a long time, by name and meaning: servers number
 * their counters each in its own way, and one name may have another unit or fidelity elsewhere.
 */
#ifndef VPERF_CORE_MEANINGS_H
#define VPERF_CORE_MEANINGS_H

#include "core/counter.h"

struct meanings;

/* meanings_new: none yet; owned by the caller. */
struct meanings *meanings_new(void);

/* meanings_free: frees all of them. Takes NULL. */
void meanings_free(struct meanings *meanings);

/*
 * meanings_add: our copy of the counter, without its number: the same one for all with this name,
 * unit, statistics, rollup, fidelity, label and kind of time. It lives as long as the meanings.
 */
const struct counter *meanings_add(struct meanings *meanings, const struct counter *counter);

/* meanings_name: the one address at which this name stands, whatever it means; or NULL. */
const char *meanings_name(const struct meanings *meanings, const char *name);

#endif
