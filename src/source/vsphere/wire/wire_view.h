/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Bytes of gSOAP's receive buffer that are looked at before they are taken: for what servers
 * nearly always write in one form, to the byte. Whoever finds another form has taken nothing.
 */
#ifndef VPERF_SOURCE_VSPHERE_WIRE_VIEW_H
#define VPERF_SOURCE_VSPHERE_WIRE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "source/vsphere/wire/wire_scan.h"

struct view {
    const char *at;
    const char *end;
};

struct piece {
    const char *text;
    size_t length;
};

/* view_take: takes these bytes when they come next. */
static inline bool view_take(struct view *view, struct piece expected) {
    if ((size_t)(view->end - view->at) < expected.length ||
        memcmp(view->at, expected.text, expected.length) != 0)
        return false;
    view->at += expected.length;
    return true;
}

/* view_skip: the same with a text. */
static inline bool view_skip(struct view *view, const char *expected) {
    return view_take(view, (struct piece){expected, strlen(expected)});
}

/* view_until: takes bytes up to this one, which is left; the piece may be any text. */
static inline bool view_until(struct view *view, char stop, struct piece *piece) {
    const char *found = memchr(view->at, stop, (size_t)(view->end - view->at));
    if (!found)
        return false;
    *piece = (struct piece){view->at, (size_t)(found - view->at)};
    view->at = found;
    return true;
}

/* view_plain: takes characters that stand for themselves, up to this one, which is taken. */
static inline bool view_plain(struct view *view, char stop, struct piece *piece) {
    const char *at = view->at;
    while (at < view->end && *at != stop && scan_plain[(unsigned char)*at])
        at++;
    if (at == view->end || *at != stop)
        return false;
    *piece = (struct piece){view->at, (size_t)(at - view->at)};
    view->at = at + 1;
    return true;
}

#endif
