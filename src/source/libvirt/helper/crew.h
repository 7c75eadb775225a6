/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Calls for several guests side by side: over a network, most of a call is waiting. */
#ifndef VPERF_SOURCE_LIBVIRT_CREW_H
#define VPERF_SOURCE_LIBVIRT_CREW_H

#include <stddef.h>

/*
 * crew_run: does the work for each index below count, by up to so many hands at a time, one of
 * which is the caller. Returns when all of it is done; with fewer hands where there are no threads.
 */
void crew_run(int hands, size_t count, void (*work)(void *context, size_t index), void *context);

#endif
