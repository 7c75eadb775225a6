/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A walk over the elements of a piece of XML that is in memory, such as a complex property. */
#ifndef VPERF_SOURCE_VSPHERE_WIRE_WALK_H
#define VPERF_SOURCE_VSPHERE_WIRE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WIRE_WALK_TEXT = 1024 };

/* An element; borrowed for the call. */
struct wire_step {
    int depth;        /* 0: no element is around it */
    const char *name; /* local, not terminated */
    size_t name_length;
    const char *text; /* at its end: its characters, decoded; "" when it has elements or more than
                         WIRE_WALK_TEXT bytes */
};

/* Who is told of each element, in the order of the text; each may be NULL. */
struct wire_visitor {
    void *context;
    void (*begin)(void *context, const struct wire_step *step);
    void (*end)(void *context, const struct wire_step *step);
};

/* wire_walk: visits all elements; what is deeper than 64 elements is passed over. */
void wire_walk(const char *xml, const struct wire_visitor *visitor);

/* wire_step_is: the element has this local name. */
bool wire_step_is(const struct wire_step *step, const char *name);

/* wire_step_number: its text as a number; false when it is none. */
bool wire_step_number(const struct wire_step *step, int64_t *number);

#endif
