/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Nearly all counters of a catalogue look, to the byte, like
 *     <key>2</key><nameInfo><label>Usage</label><summary>CPU usage</summary><key>usage</key>
 *     </nameInfo><groupInfo>...</groupInfo><unitInfo>...</unitInfo><rollupType>average</rollupType>
 *     <statsType>rate</statsType><level>1</level><perDeviceLevel>3</perDeviceLevel>
 * The general reader takes 8000 instructions for one, and copies each text; this one takes a tenth,
 * and leaves the texts where they are.
 */
#include "source/vsphere/wire/wire_counter.h"

#include <soapH.h>

#include "source/vsphere/wire/wire_number.h"
#include "source/vsphere/wire/wire_view.h"

enum { MAX_TEXT = 1022, /* longer ones are cut */ TEXTS = 11 };

#define PIECE(text)                                                                                \
    { text, sizeof(text) - 1 }

/* What stands before each text: up to a start tag that may tell its type, if any, and behind it. */
static const struct {
    struct piece tag;
    struct piece before;
    size_t offset;
} texts[TEXTS] = {
    {PIECE("</key><nameInfo"), PIECE("><label>"), offsetof(struct vim_counter, name.label)},
    {PIECE(""), PIECE("</label><summary>"), offsetof(struct vim_counter, name.summary)},
    {PIECE(""), PIECE("</summary><key>"), offsetof(struct vim_counter, name.key)},
    {PIECE("</key></nameInfo><groupInfo"), PIECE("><label>"),
     offsetof(struct vim_counter, group.label)},
    {PIECE(""), PIECE("</label><summary>"), offsetof(struct vim_counter, group.summary)},
    {PIECE(""), PIECE("</summary><key>"), offsetof(struct vim_counter, group.key)},
    {PIECE("</key></groupInfo><unitInfo"), PIECE("><label>"),
     offsetof(struct vim_counter, unit.label)},
    {PIECE(""), PIECE("</label><summary>"), offsetof(struct vim_counter, unit.summary)},
    {PIECE(""), PIECE("</summary><key>"), offsetof(struct vim_counter, unit.key)},
    {PIECE(""), PIECE("</key></unitInfo><rollupType>"), offsetof(struct vim_counter, rollup)},
    {PIECE(""), PIECE("</rollupType><statsType>"), offsetof(struct vim_counter, stats)},
};

/* The type that a start tag may tell. */
static bool skip_type(struct view *view) {
    struct piece type;
    return !view_skip(view, " xsi:type=\"") || view_plain(view, '"', &type);
}

static bool take_number(struct view *view, int32_t *number) {
    const struct scan here = {.end = view->end};
    int64_t wide = 0;
    const char *behind = wire_read_plain(&here, view->at, &wide);
    if (!behind || wide < INT32_MIN || wide > INT32_MAX)
        return false;
    *number = (int32_t)wide;
    view->at = behind;
    return true;
}

static bool take_level(struct view *view, const char *tag, const char *end, int32_t *level) {
    return !view_skip(view, tag) || (take_number(view, level) && view_skip(view, end));
}

static bool take_texts(struct view *view, struct piece pieces[TEXTS]) {
    for (size_t i = 0; i < TEXTS; i++)
        if ((texts[i].tag.length && !(view_take(view, texts[i].tag) && skip_type(view))) ||
            !view_take(view, texts[i].before) || !view_until(view, '<', &pieces[i]) ||
            pieces[i].length > MAX_TEXT)
            return false;
    return true;
}

/* Counters that go with this one are of no interest. */
static bool skip_associated(struct view *view) {
    int32_t id = 0;
    while (view_skip(view, "<associatedCounterId>"))
        if (!take_number(view, &id) || !view_skip(view, "</associatedCounterId>"))
            return false;
    return true;
}

/* All characters stand for themselves. */
static bool is_plain(const char *text, size_t length) {
    return !memchr(text, '&', length) && !memchr(text, '\r', length) && !memchr(text, '\0', length);
}

/* Gives each text its end, in place of the tag behind it. */
static void end_texts(struct soap *soap, const struct piece pieces[TEXTS],
                      struct vim_counter *counter) {
    for (size_t i = 0; i < TEXTS; i++) {
        const char **field = (const char **)(void *)((char *)counter + texts[i].offset);
        soap->buf[pieces[i].text + pieces[i].length - soap->buf] = '\0';
        *field = pieces[i].text;
    }
}

bool wire_counter_take(struct scan *scan, struct vim_counter *counter) {
    struct view view = {scan->at, scan->end};
    struct piece pieces[TEXTS];
    struct vim_counter found = {0};
    if (scan->place || scan->latin || scan->empty || !view_skip(&view, "<key>") ||
        !take_number(&view, &found.key) || !take_texts(&view, pieces) ||
        !view_skip(&view, "</statsType>") ||
        !take_level(&view, "<level>", "</level>", &found.level) ||
        !take_level(&view, "<perDeviceLevel>", "</perDeviceLevel>", &found.device_level) ||
        !skip_associated(&view) || !view_skip(&view, "</PerfCounterInfo>") ||
        !is_plain(scan->at, (size_t)(view.at - scan->at)))
        return false;
    end_texts(scan->soap, pieces, &found);
    *counter = found;
    scan->at = view.at;
    return true;
}
