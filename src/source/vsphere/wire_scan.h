/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * A small XML scanner on gSOAP's receive buffer, for the answers that come by the megabyte. It
 * reads the content of one element, from behind the start tag up to the end tag. Every function
 * that says so returns false, or SCAN_FAILED, with soap->error set when the message ends too early.
 */
#ifndef VPERF_SOURCE_VSPHERE_WIRE_SCAN_H
#define VPERF_SOURCE_VSPHERE_WIRE_SCAN_H

#include <stdbool.h>
#include <stddef.h>

struct soap;

enum scan_event { SCAN_START, SCAN_END, SCAN_FAILED };

/*
 * struct scan is the state: the unread bytes, and what the last start tag said. `name` is its local
 * name, `type` its attribute of that name ("" when absent), `empty` tells <a/>. `text` is what
 * scan_text() read; `text_cut` that it was longer.
 */
struct scan {
    struct soap *soap;
    const char *at;
    const char *end;
    bool empty;
    bool text_cut;
    char name[64];
    char type[128];
    char text[1024];
};

/* scan_begin takes over from gSOAP right behind a start tag. */
void scan_begin(struct scan *scan, struct soap *soap);

/* scan_return gives the input back to gSOAP after SCAN_END: the end tag is the next thing to read.
 */
void scan_return(struct scan *scan);

/*
 * scan_next skips text and comments up to the next tag of the element. SCAN_END leaves the end tag
 * half read, for scan_return().
 */
enum scan_event scan_next(struct scan *scan);

/*
 * scan_child is for loops over the children of an element that is not empty: true at the next start
 * tag; false behind the end tag of the element, or with soap->error set.
 */
bool scan_child(struct scan *scan);

/* scan_leave skips what is left of the element, end tag included. False at the end of the message.
 */
bool scan_leave(struct scan *scan);

/*
 * scan_leaf reads the text of the element that just started into scan->text, decoded, and leaves
 * the element. False at the end of the message.
 */
bool scan_leaf(struct scan *scan);

/* scan_refill fetches more bytes. False at the end of the message. */
bool scan_refill(struct scan *scan);

/* scan_peek returns the next byte without taking it, or -1 at the end of the message. */
static inline int scan_peek(struct scan *scan) {
    if (scan->at == scan->end && !scan_refill(scan))
        return -1;
    return (unsigned char)*scan->at;
}

/* scan_byte takes the next byte; -1 at the end of the message. */
static inline int scan_byte(struct scan *scan) {
    if (scan->at == scan->end && !scan_refill(scan))
        return -1;
    return (unsigned char)*scan->at++;
}

/* scan_blank tells whether XML takes a byte for white space. */
static inline bool scan_blank(int c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

#endif
