/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Names of counters that targets define, kept for the completions of shells: one name per line, in
 * $XDG_CACHE_HOME/vperf/counters or, without that variable, ~/.cache/vperf/counters.
 */
#ifndef VPERF_COMMAND_COUNTER_CACHE_H
#define VPERF_COMMAND_COUNTER_CACHE_H

#include "core/catalog.h"

/*
 * counter_cache_store: adds the catalogue's names to the file, in alphabetical order, 4096 at most.
 * Names with other characters than letters, digits, "." "_" and "-" are left out: shells read them.
 * Nothing is said when there is no home, or the file cannot be written.
 */
void counter_cache_store(const struct catalog *catalog);

#endif
