/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The XML scanner: tags, text and the way back to gSOAP. */
#include "source/vsphere/wire/wire_scan.h"

#include "source/vsphere/wire/wire_xml.h"

#include <soapH.h>

void scan_begin(struct scan *scan, struct soap *soap) {
    scan->soap = soap;
    scan->at = soap->buf + soap->bufidx;
    scan->end = soap->buf + soap->buflen;
    scan->empty = false;
    scan->markup = false;
}

void scan_return(struct scan *scan) {
    scan->soap->bufidx = (size_t)(scan->at - scan->soap->buf);
    /* scan_next() took the '<' and left the '/'. */
    scan->soap->ahead = '<';
}

bool scan_refill(struct scan *scan) {
    struct soap *soap = scan->soap;
    soap->bufidx = soap->buflen;
    if (soap->error || soap_recv(soap) || soap->bufidx >= soap->buflen) {
        if (!soap->error)
            soap->error = SOAP_EOF;
        scan->at = scan->end;
        return false;
    }
    scan->at = soap->buf + soap->bufidx;
    scan->end = soap->buf + soap->buflen;
    return true;
}

/* Takes bytes up to and with the first `stop`. */
static bool skip_past(struct scan *scan, char stop) {
    do {
        size_t left = (size_t)(scan->end - scan->at);
        const char *found = left ? memchr(scan->at, stop, left) : NULL;
        if (found) {
            scan->at = found + 1;
            return true;
        }
        scan->at = scan->end;
    } while (scan_refill(scan));
    return false;
}

static int skip_blanks(struct scan *scan) {
    int c = scan_peek(scan);
    while (scan_blank(c)) {
        scan->at++;
        c = scan_peek(scan);
    }
    return c;
}

/* Skips a comment, a CDATA section or a processing instruction, from its '!' or '?'. */
static bool skip_markup(struct scan *scan) {
    char last[2] = {0, 0};
    int c = scan_byte(scan);
    scan->markup = true;
    if (c == '!')
        c = scan_byte(scan);
    if (c != '-' && c != '[')
        return skip_past(scan, '>');
    char tail = c == '-' ? '-' : ']';
    while ((c = scan_byte(scan)) >= 0) {
        if (c == '>' && last[0] == tail && last[1] == tail)
            return true;
        last[0] = last[1];
        last[1] = (char)c;
    }
    return false;
}

/* Reads the value of an attribute, quotes included, and keeps it when `keep` says so. */
static bool read_attribute_value(struct scan *scan, bool keep) {
    size_t length = 0;
    int quote = skip_blanks(scan);
    int c;
    if (quote != '"' && quote != '\'')
        return quote >= 0;
    scan->at++;
    while ((c = scan_byte(scan)) != quote) {
        if (c < 0)
            return false;
        if (keep && length + 1 < sizeof scan->type)
            scan->type[length++] = (char)c;
    }
    if (keep)
        scan->type[length] = '\0';
    return true;
}

/* Reads the attributes and the end of a start tag. */
static enum scan_event read_attributes(struct scan *scan) {
    char name[8];
    size_t length = 0;
    int c;
    while ((c = scan_byte(scan)) >= 0) {
        if (c == '>')
            return SCAN_START;
        scan->empty = c == '/';
        if (c == '=') {
            bool keep = length == 4 && memcmp(name, "type", 4) == 0;
            if (!read_attribute_value(scan, keep))
                return SCAN_FAILED;
            length = 0;
        } else if (!scan_blank(c) && c != '/') {
            if (length < sizeof name)
                name[length++] = (char)c;
        }
    }
    return SCAN_FAILED;
}

/* Reads a start tag behind its '<'. A name that is too long is cut: it is none of ours. */
static enum scan_event read_start(struct scan *scan) {
    size_t length = 0;
    int c;
    scan->empty = false;
    scan->type[0] = '\0';
    while ((c = scan_peek(scan)) > ' ' && c != '>' && c != '/') {
        scan->at++;
        if (c == ':')
            length = 0;
        else if (length + 1 < sizeof scan->name)
            scan->name[length++] = (char)c;
    }
    scan->name[length] = '\0';
    scan->name_length = length;
    if (c != '>')
        return read_attributes(scan);
    scan->at++;
    return SCAN_START;
}

enum scan_event scan_next(struct scan *scan) {
    while (skip_past(scan, '<')) {
        int c = scan_peek(scan);
        if (c == '/')
            return SCAN_END;
        if (c != '!' && c != '?')
            return c < 0 ? SCAN_FAILED : read_start(scan);
        if (!skip_markup(scan))
            break;
    }
    return SCAN_FAILED;
}

bool scan_child(struct scan *scan) {
    enum scan_event event = scan_next(scan);
    if (event == SCAN_END)
        skip_past(scan, '>');
    return event == SCAN_START;
}

bool scan_leave(struct scan *scan) {
    size_t depth = 0;
    if (scan->empty)
        return true;
    /* Nearly always the text has been read, and the end tag comes next. */
    if (scan->end - scan->at > 2 && scan->at[0] == '<' && scan->at[1] == '/')
        return skip_past(scan, '>');
    for (;;) {
        enum scan_event event = scan_next(scan);
        if (event == SCAN_FAILED || (event == SCAN_END && !skip_past(scan, '>')))
            return false;
        if (event == SCAN_END && depth-- == 0)
            return true;
        if (event == SCAN_START && !scan->empty)
            depth++;
    }
}

bool scan_leaf(struct scan *scan) {
    size_t length = 0;
    bool encoded = false;
    int c;
    scan->text_cut = false;
    scan->text[0] = '\0';
    if (scan->empty)
        return true;
    while ((c = scan_peek(scan)) >= 0 && c != '<') {
        scan->at++;
        encoded |= c == '&';
        if (length + 1 < sizeof scan->text)
            scan->text[length++] = (char)c;
        else
            scan->text_cut = true;
    }
    scan->text[length] = '\0';
    if (encoded)
        wire_xml_decode(scan->text);
    return scan_leave(scan);
}
