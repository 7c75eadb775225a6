/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * A small XML scanner on gSOAP's receive buffer, for the answers that come by the megabyte. It
 * reads the content of one element, from behind the start tag up to the end tag. The message must
 * be UTF-8, as vSphere's are; like gSOAP by default, the scanner does not compare the names of end
 * tags. Every function that says so returns false, or SCAN_FAILED, with soap->error set when the
 * message ends too early.
 */
#ifndef VPERF_SOURCE_VSPHERE_WIRE_SCAN_H
#define VPERF_SOURCE_VSPHERE_WIRE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct soap;

enum scan_event { SCAN_START, SCAN_END, SCAN_FAILED };

/*
 * Where `at` stands, when it is not simply in the message: in a CDATA section, in characters that
 * were decoded (`resume` and `resume_end` are then the unread bytes), or behind the '<' of a tag.
 */
enum scan_place { SCAN_PLAIN = 0, SCAN_CDATA = 1, SCAN_DECODED = 2, SCAN_IN_TAG = 4 };

/*
 * struct scan is the state: the unread bytes, and what the last start tag said. `name` is its local
 * name, `type` its attribute of that name ("" when absent), `empty` tells <a/>. `text` is what
 * scan_leaf() read; `unreadable` that text was longer than that, held an element or a reference to
 * nothing: set by scan_leaf() and scan_leave_text(), never cleared by them.
 */
struct scan {
    struct soap *soap;
    const char *at;
    const char *end;
    const char *resume;
    const char *resume_end;
    unsigned place; /* of scan_place */
    bool latin;     /* the message is ISO-8859-1 */
    bool empty;
    bool unreadable;
    size_t name_length;
    char decoded[8];
    char name[64];
    char type[128];
    char text[1024];
};

/* scan_begin: takes over from gSOAP right behind a start tag. */
void scan_begin(struct scan *scan, struct soap *soap);

/* scan_return: gives the input back to gSOAP after SCAN_END: the end tag comes next there. */
void scan_return(struct scan *scan);

/*
 * scan_next: skips text and comments up to the next tag of the element. SCAN_END leaves the end tag
 * half read, for scan_return().
 */
enum scan_event scan_next(struct scan *scan);

/*
 * scan_child: is for loops over the children of an element that is not empty: true at the next
 * start tag; false behind the end tag of the element, or with soap->error set.
 */
bool scan_child(struct scan *scan);

/* scan_leave: skips what is left of the element, end tag included. False at the end of the message.
 */
bool scan_leave(struct scan *scan);

/*
 * scan_leaf: reads the text of the element that just started into scan->text, decoded, and leaves
 * the element. False at the end of the message.
 */
bool scan_leaf(struct scan *scan);

/* scan_plain: tells which bytes stand for themselves in any text. */
extern const bool scan_plain[256];

/*
 * scan_leaf_plain: the text of the element that just started, when it lies in the buffer as it is:
 * not decoded, in one piece. Borrowed until more is scanned; the element is to be left. NULL when
 * it is to be read by other means: nothing is taken then.
 */
static inline const char *scan_leaf_plain(struct scan *scan, size_t *length) {
    const char *text = scan->at, *at = text;
    if (scan->empty || scan->place)
        return NULL;
    while (at < scan->end && scan_plain[(unsigned char)*at])
        at++;
    if (scan->end - at < 2 || at[0] != '<' || at[1] != '/')
        return NULL;
    *length = (size_t)(at - text);
    scan->at = at;
    return text;
}

/*
 * scan_leave_text: leaves an element whose text has been read: when anything but the end tag
 * follows it, scan->unreadable is set. False at the end of the message.
 */
bool scan_leave_text(struct scan *scan);

/* scan_text_special: is scan_text() where more than a byte has to be looked at. */
int scan_text_special(struct scan *scan);

/*
 * scan_text: returns the next byte of the element's text without taking it (scan->at++ does), or -1
 * where a tag comes next or the message ends; it is not to be called again then. References and
 * CDATA sections are decoded, comments and processing instructions skipped.
 */
static inline int scan_text(struct scan *scan) {
    if (scan->at < scan->end && scan_plain[(unsigned char)*scan->at])
        return (unsigned char)*scan->at;
    /* Nearly always text ends with the end tag. */
    if (scan->end - scan->at > 1 && scan->at[0] == '<' && scan->at[1] == '/' && !scan->place)
        return -1;
    return scan_text_special(scan);
}

/* scan_refill: fetches more bytes. False at the end of the message. */
bool scan_refill(struct scan *scan);

/* scan_peek: returns the next byte without taking it, or -1 at the end of the message. */
static inline int scan_peek(struct scan *scan) {
    if (scan->at == scan->end && !scan_refill(scan))
        return -1;
    return (unsigned char)*scan->at;
}

/* scan_byte: takes the next byte; -1 at the end of the message. */
static inline int scan_byte(struct scan *scan) {
    if (scan->at == scan->end && !scan_refill(scan))
        return -1;
    return (unsigned char)*scan->at++;
}

/* scan_named: tells whether the element that just started has this local name. */
static inline bool scan_named(const struct scan *scan, const char *name) {
    return scan->name_length == strlen(name) && memcmp(scan->name, name, strlen(name)) == 0;
}

/*
 * scan_match: takes a tag when it comes next, to the byte: a shortcut for what scan_child() and
 * scan_leave() find as well. A start tag must have no attributes. Not in the middle of a text.
 */
static inline bool scan_match(struct scan *scan, const char *tag) {
    size_t length = strlen(tag);
    if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, tag, length) != 0)
        return false;
    scan->at += length;
    scan->empty = false;
    return true;
}

/* scan_blank: tells whether XML takes a byte for white space. */
static inline bool scan_blank(int c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

#endif
