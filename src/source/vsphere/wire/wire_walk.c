/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/wire/wire_walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source/vsphere/wire/wire_xml.h"

enum { DEEPEST = 64 };

struct walk {
    const struct wire_visitor *visitor;
    int depth;
    struct wire_step steps[DEEPEST];
    const char *inside; /* the content of the element that began last; NULL when one has ended */
    char text[WIRE_WALK_TEXT];
};

static void begin(struct walk *walk, const char *tag, const char *content) {
    size_t length = strcspn(tag, " \t\r\n/>");
    const char *colon = memchr(tag, ':', length);
    const char *name = colon ? colon + 1 : tag;
    walk->inside = content;
    if (walk->depth < DEEPEST) {
        struct wire_step *step = &walk->steps[walk->depth];
        *step = (struct wire_step){walk->depth, name, length - (size_t)(name - tag), ""};
        if (walk->visitor->begin)
            walk->visitor->begin(walk->visitor->context, step);
    }
    walk->depth++;
}

/* The characters up to where the element ends. */
static void end(struct walk *walk, const char *until) {
    size_t length = walk->inside ? (size_t)(until - walk->inside) : 0;
    if (!walk->depth)
        return;
    walk->depth--;
    walk->text[0] = '\0';
    if (walk->inside && length < sizeof walk->text) {
        memcpy(walk->text, walk->inside, length);
        walk->text[length] = '\0';
        wire_xml_decode(walk->text);
    }
    walk->inside = NULL;
    if (walk->depth >= DEEPEST || !walk->visitor->end)
        return;
    walk->steps[walk->depth].text = walk->text;
    walk->visitor->end(walk->visitor->context, &walk->steps[walk->depth]);
}

void wire_walk(const char *xml, const struct wire_visitor *visitor) {
    struct walk walk = {.visitor = visitor};
    const char *tag = xml;
    while ((tag = wire_xml_tag(tag)) != NULL) {
        const char *close = wire_xml_tag_end(tag + 1);
        if (!close)
            return;
        if (tag[1] == '/') {
            end(&walk, tag);
        } else {
            begin(&walk, tag + 1, close + 1);
            if (close[-1] == '/')
                end(&walk, close + 1);
        }
        tag = close + 1;
    }
}

bool wire_step_is(const struct wire_step *step, const char *name) {
    return strlen(name) == step->name_length && memcmp(step->name, name, step->name_length) == 0;
}

bool wire_step_number(const struct wire_step *step, int64_t *number) {
    char *rest = NULL;
    errno = 0;
    *number = strtoll(step->text, &rest, 10);
    return rest != step->text && rest[strspn(rest, " \t\r\n")] == '\0' && errno == 0;
}
