/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Frames of numbers, texts and blocks. A text is a block that ends with its NUL; NULL has size -1.
 */
#include "core/record.h"

#include <string.h>

size_t record_begin(GByteArray *bytes) {
    size_t begin = bytes->len;
    g_byte_array_set_size(bytes, bytes->len + RECORD_HEAD);
    return begin;
}

void record_end(GByteArray *bytes, size_t begin) {
    uint32_t length = (uint32_t)(bytes->len - begin - RECORD_HEAD);
    g_assert(length <= RECORD_LIMIT);
    memcpy(bytes->data + begin, &length, sizeof length);
}

void record_add_number(GByteArray *bytes, int64_t number) {
    g_byte_array_append(bytes, (const guint8 *)&number, sizeof number);
}

void record_add_text(GByteArray *bytes, const char *text) {
    if (text)
        record_add_block(bytes, text, strlen(text) + 1);
    else
        record_add_number(bytes, -1);
}

void record_add_block(GByteArray *bytes, const void *block, size_t size) {
    g_assert(size <= RECORD_LIMIT);
    record_add_number(bytes, (int64_t)size);
    if (size)
        g_byte_array_append(bytes, block, (guint)size);
}

enum record_state record_open(struct record *record, const void *bytes, size_t size,
                              size_t *length) {
    uint32_t content;
    if (size < RECORD_HEAD)
        return RECORD_INCOMPLETE;
    memcpy(&content, bytes, sizeof content);
    if (content > RECORD_LIMIT)
        return RECORD_DAMAGED;
    if (content > size - RECORD_HEAD)
        return RECORD_INCOMPLETE;
    *record = (struct record){.next = (const unsigned char *)bytes + RECORD_HEAD, .left = content};
    *length = RECORD_HEAD + (size_t)content;
    return RECORD_WHOLE;
}

/* The next bytes, or NULL when there are not so many. */
static const unsigned char *advance(struct record *record, size_t size) {
    record->damaged = record->damaged || size > record->left;
    if (record->damaged)
        return NULL;
    const unsigned char *bytes = record->next;
    record->next += size;
    record->left -= size;
    return bytes;
}

int64_t record_number(struct record *record) {
    int64_t number = 0;
    const unsigned char *bytes = advance(record, sizeof number);
    if (bytes)
        memcpy(&number, bytes, sizeof number);
    return number;
}

static const void *block_of(struct record *record, int64_t size) {
    if (size < 0)
        record->damaged = true;
    return advance(record, (size_t)size);
}

const char *record_text(struct record *record) {
    int64_t size = record_number(record);
    if (size == -1)
        return NULL;
    const char *text = block_of(record, size);
    if (text && (size == 0 || memchr(text, '\0', (size_t)size) != text + size - 1))
        record->damaged = true;
    return record->damaged ? NULL : text;
}

const void *record_block(struct record *record, size_t *size) {
    int64_t stored = record_number(record);
    const void *block = block_of(record, stored);
    *size = block ? (size_t)stored : 0;
    return block;
}

void record_copy(struct record *record, void *block, size_t size) {
    size_t stored;
    const void *bytes = record_block(record, &stored);
    if (bytes && stored == size)
        memcpy(block, bytes, size);
    else
        record->damaged = true;
}

size_t record_count(struct record *record, size_t least) {
    int64_t count = record_number(record);
    if (count < 0 || (size_t)count > record->left / least)
        record->damaged = true;
    return record->damaged ? 0 : (size_t)count;
}

bool record_done(const struct record *record) {
    return !record->damaged && record->left == 0;
}
