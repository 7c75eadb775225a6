/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What is known of an entity beside its name and id, by names that options and columns have. */
#ifndef VPERF_CORE_ENTITY_FIELD_H
#define VPERF_CORE_ENTITY_FIELD_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/entity.h"
#include "core/error.h"

struct entity_field {
    const char *name; /* or the key of a label */
    bool label;       /* what the labels of the entity say; it is none of entity_fields */
    bool number;
    unsigned context; /* of enum selection_context: what must be asked for; 0 for what is known */
    size_t offset;    /* in struct entity */
    void (*append)(GString *text,
                   const struct entity *entity); /* NULL: what stands at the offset */
};

enum { ENTITY_FIELDS = 25 };

/* entity_fields: all of them. */
extern const struct entity_field entity_fields[ENTITY_FIELDS];

/* entity_field_find: the field with this name; ERROR_USAGE lists the known ones. */
const struct entity_field *entity_field_find(const char *name, size_t length, struct error *error);

/* entity_field_append: puts the field at the end of the text; nothing when it is not known. */
void entity_field_append(GString *text, const struct entity_field *field,
                         const struct entity *entity);

#endif
