/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What the REST API of a vCenter says of tags. All are false for what is not of the form. */
#ifndef VPERF_SOURCE_VSPHERE_TAG_ANSWERS_H
#define VPERF_SOURCE_VSPHERE_TAG_ANSWERS_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

enum {
    TAG_ANSWERS_MAX_TAGS = 100000, /* a vCenter may have 8000 */
    TAG_ANSWERS_MAX_ID = 256,      /* bytes of an id */
    TAG_ANSWERS_MAX_NAME = 2048,   /* of a name; a vCenter allows 256 characters */
};

/* tag_answers_ids: adds copies of the ids in a list. */
bool tag_answers_ids(const json_t *answer, GPtrArray *ids);

/* tag_answers_name: the name of a tag or category, borrowed. */
bool tag_answers_name(const json_t *answer, const char **name);

/* tag_answers_category: the category of a tag, borrowed. */
bool tag_answers_category(const json_t *answer, const char **category);

/*
 * tag_answers_attached: gives visit the id of each tag with each object that it is attached to; it
 * ends, false, when visit returns false.
 */
typedef bool tag_answers_visit(void *context, const char *tag, const char *object);
bool tag_answers_attached(const json_t *answer, tag_answers_visit *visit, void *context);

#endif
