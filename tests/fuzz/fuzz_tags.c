/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* JSON as each of the answers about tags. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "source/vsphere/inventory/tag_answers.h"
#include "source/vsphere/wire/wire_json.h"

static void check(const char *text, size_t limit) {
    CHECK(*text && strlen(text) <= limit);
}

static bool visit(void *context, const char *tag, const char *object) {
    (void)context;
    check(tag, TAG_ANSWERS_MAX_ID);
    check(object, TAG_ANSWERS_MAX_ID);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    json_t *json = wire_json_read((const char *)data, size);
    GPtrArray *ids = g_ptr_array_new_with_free_func(free);
    const char *text = NULL;
    tag_answers_ids(json, ids);
    for (guint i = 0; i < ids->len; i++)
        check(ids->pdata[i], TAG_ANSWERS_MAX_ID);
    if (tag_answers_name(json, &text))
        check(text, TAG_ANSWERS_MAX_NAME);
    if (tag_answers_category(json, &text))
        check(text, TAG_ANSWERS_MAX_ID);
    tag_answers_attached(json, visit, NULL);
    g_ptr_array_free(ids, TRUE);
    json_decref(json);
    return 0;
}
