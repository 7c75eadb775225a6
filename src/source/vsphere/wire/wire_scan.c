/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The XML scanner: tags, text and the way back to gSOAP. */
#include "source/vsphere/wire/wire_scan.h"

#include "source/vsphere/wire/wire_xml.h"

#include <soapH.h>

enum { REFERENCE_ROOM = 16, MAX_BRACKETS = 64 };

/* All but <, &, ], carriage return, and what is not ASCII. */
const bool scan_plain[256] = {
    [0x01 ... '\r' - 1] = true,   ['\r' + 1 ... '&' - 1] = true, ['&' + 1 ... '<' - 1] = true,
    ['<' + 1 ... ']' - 1] = true, [']' + 1 ... 0x7f] = true,
};

void scan_begin(struct scan *scan, struct soap *soap) {
    scan->soap = soap;
    scan->at = soap->buf + soap->bufidx;
    scan->end = soap->buf + soap->buflen;
    scan->place = SCAN_PLAIN;
    scan->latin = (soap->mode & SOAP_ENC_LATIN) != 0;
    scan->empty = false;
    scan->unreadable = false;
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
static inline bool skip_past(struct scan *scan, char stop) {
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

static bool fail_syntax(struct scan *scan) {
    if (!scan->soap->error)
        scan->soap->error = SOAP_SYNTAX_ERROR;
    return false;
}

/* Takes bytes up to and with a '>' that stands behind at least `count` times `tail`. */
static bool skip_markup(struct scan *scan, char tail, size_t count) {
    size_t run = 0;
    int c;
    while ((c = scan_byte(scan)) >= 0) {
        if (c == '>' && run >= count)
            return true;
        run = c == tail ? run + 1 : 0;
    }
    return false;
}

static bool expect_bytes(struct scan *scan, const char *bytes) {
    for (; *bytes; bytes++)
        if (scan_byte(scan) != *bytes)
            return fail_syntax(scan);
    return true;
}

/* Skips a comment or a processing instruction from its '!' or '?', or enters a CDATA section. */
static bool read_markup(struct scan *scan) {
    if (scan_byte(scan) == '?')
        return skip_markup(scan, '?', 1);
    if (scan_peek(scan) == '-')
        return expect_bytes(scan, "--") && skip_markup(scan, '-', 2);
    scan->place = SCAN_CDATA;
    return expect_bytes(scan, "[CDATA[");
}

static void leave_decoded(struct scan *scan) {
    scan->at = scan->resume;
    scan->end = scan->resume_end;
    scan->place &= ~(unsigned)SCAN_DECODED;
}

/* Makes these bytes, which stand for what was just read, the next ones of the text. */
static void enter_decoded(struct scan *scan, const char *bytes, size_t length) {
    scan->resume = scan->at;
    scan->resume_end = scan->end;
    scan->at = bytes;
    scan->end = bytes + length;
    scan->place |= SCAN_DECODED;
}

/* Leaves text that was not read to its end. */
static bool leave_text(struct scan *scan) {
    if (scan->place & SCAN_DECODED)
        leave_decoded(scan);
    if (!(scan->place & SCAN_CDATA))
        return true;
    scan->place = SCAN_PLAIN;
    return skip_markup(scan, ']', 2);
}

/* A carriage return, alone or before a line feed, is a line feed. */
static void read_return(struct scan *scan) {
    scan->at++;
    if (scan_peek(scan) != '\n')
        enter_decoded(scan, "\n", 1);
}

static void read_reference(struct scan *scan) {
    char name[REFERENCE_ROOM];
    size_t length = 0;
    int c;
    scan->at++;
    while ((c = scan_peek(scan)) > ' ' && c != '<' && length + 1 < sizeof name) {
        scan->at++;
        name[length++] = (char)c;
        if (c == ';')
            break;
    }
    name[length] = '\0';
    length = wire_xml_reference(name, scan->decoded);
    scan->unreadable |= !length;
    enter_decoded(scan, length ? scan->decoded : "?", length ? length : 1);
}

/* In CDATA, where "]]>" is the end. */
static void read_brackets(struct scan *scan) {
    static const char brackets[MAX_BRACKETS + 1] =
        "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]";
    size_t count = 0;
    while (scan_peek(scan) == ']') {
        scan->at++;
        count++;
    }
    if (count >= 2 && scan_peek(scan) == '>') {
        scan->at++;
        count -= 2;
        scan->place = SCAN_PLAIN;
    }
    if (count > MAX_BRACKETS) {
        scan->unreadable = true;
        count = MAX_BRACKETS;
    }
    enter_decoded(scan, brackets, count);
}

static void read_latin(struct scan *scan, int c) {
    scan->at++;
    scan->decoded[0] = (char)(0xC0 | c >> 6);
    scan->decoded[1] = (char)(0x80 | (c & 0x3F));
    enter_decoded(scan, scan->decoded, 2);
}

/* At a '<' outside CDATA: true behind markup, false where a tag begins. */
static bool pass_markup(struct scan *scan) {
    if (scan->end - scan->at > 1 && scan->at[1] != '!' && scan->at[1] != '?')
        return false;
    scan->at++;
    int c = scan_peek(scan);
    if (c == '!' || c == '?')
        return read_markup(scan);
    scan->place = SCAN_IN_TAG;
    return false;
}

int scan_text_special(struct scan *scan) {
    for (;;) {
        if (scan->at == scan->end && (scan->place & SCAN_DECODED))
            leave_decoded(scan);
        int c = scan_peek(scan);
        if (c < 0 || (scan->place & SCAN_DECODED))
            return c;
        scan->unreadable |= c == '\0';
        if (c == '\r')
            read_return(scan);
        else if (c >= 0x80 && scan->latin)
            read_latin(scan, c);
        else if (c == ']' && scan->place == SCAN_CDATA)
            read_brackets(scan);
        else if (c == '&' && scan->place != SCAN_CDATA)
            read_reference(scan);
        else if (c != '<' || scan->place == SCAN_CDATA)
            return c;
        else if (!pass_markup(scan))
            return -1;
    }
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
    if (keep) {
        scan->type[length] = '\0';
        wire_xml_decode(scan->type);
    }
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

/* Reads the part of a name that stands before its end, and all prefixes before that part. */
static const char *read_name(struct scan *scan, const char *at, size_t *length) {
    const char *end = scan->end;
    size_t count = *length;
    for (; at < end; at++) {
        unsigned char c = (unsigned char)*at;
        if (c <= ' ' || c == '>' || c == '/')
            break;
        if (c == ':')
            count = 0;
        else if (count + 1 < sizeof scan->name)
            scan->name[count++] = (char)c;
    }
    *length = count;
    return at;
}

/* Reads a start tag behind its '<'. A name that is too long is cut: it is none of ours. */
static enum scan_event read_start(struct scan *scan) {
    size_t length = 0;
    scan->empty = false;
    scan->type[0] = '\0';
    do
        scan->at = read_name(scan, scan->at, &length);
    while (scan->at == scan->end && scan_refill(scan));
    scan->name[length] = '\0';
    scan->name_length = length;
    if (scan_peek(scan) != '>')
        return read_attributes(scan);
    scan->at++;
    return SCAN_START;
}

enum scan_event scan_next(struct scan *scan) {
    if (!leave_text(scan))
        return SCAN_FAILED;
    while (scan->place == SCAN_IN_TAG || skip_past(scan, '<')) {
        int c = scan_peek(scan);
        scan->place = SCAN_PLAIN;
        if (c == '/')
            return SCAN_END;
        if (c != '!' && c != '?')
            return c < 0 ? SCAN_FAILED : read_start(scan);
        if (!read_markup(scan) || !leave_text(scan))
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
    if (scan->end - scan->at > 2 && scan->at[0] == '<' && scan->at[1] == '/' && !scan->place)
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

bool scan_leave_text(struct scan *scan) {
    if (scan->end - scan->at > 2 && scan->at[0] == '<' && scan->at[1] == '/' && !scan->place)
        return skip_past(scan, '>');
    while (scan_child(scan)) {
        scan->unreadable = true;
        if (!scan_leave(scan))
            return false;
    }
    scan->empty = false;
    return !scan->soap->error;
}

bool scan_leaf(struct scan *scan) {
    size_t length = 0;
    scan->text[0] = '\0';
    if (scan->empty)
        return true;
    while (scan_text(scan) >= 0) {
        const char *at = scan->at;
        do {
            if (length + 1 < sizeof scan->text)
                scan->text[length++] = *at;
            else
                scan->unreadable = true;
        } while (++at < scan->end && scan_plain[(unsigned char)*at]);
        scan->at = at;
    }
    scan->text[length] = '\0';
    return scan_leave_text(scan);
}
