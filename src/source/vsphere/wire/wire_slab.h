/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Many small pieces of memory of a soap context, cut from few large ones: each would be a malloc.
 */
#ifndef VPERF_SOURCE_VSPHERE_WIRE_SLAB_H
#define VPERF_SOURCE_VSPHERE_WIRE_SLAB_H

#include <stddef.h>

struct soap;

/* All zero: nothing yet, in pieces of the usual size. */
struct wire_slab {
    char *next;
    size_t left;
    size_t size; /* of a slab; 0 for the usual one */
};

/*
 * wire_slab_take: memory for anything that lives as long as the answer; it counts as wire_spend
 * does. NULL, with the context's error set, when there is none.
 */
void *wire_slab_take(struct wire_slab *slab, struct soap *soap, size_t size);

/* wire_slab_text: a copy of `length` bytes, with an end; "" is shared. */
const char *wire_slab_text(struct wire_slab *slab, struct soap *soap, const char *text,
                           size_t length);

#endif
