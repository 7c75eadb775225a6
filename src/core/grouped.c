/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/grouped.h"

#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/temporary.h"

/* Bytes of a group in the file. */
struct part {
    off_t offset;
    size_t size;
};

struct group {
    GByteArray *bytes; /* those in memory, behind those in the file */
    GArray *parts;
};

struct grouped {
    size_t limit;
    size_t held; /* bytes in memory */
    GArray *list;
    int file; /* -1: not needed yet */
    off_t end;
    bool lost;
    GByteArray *read;
};

struct grouped *grouped_new(size_t limit) {
    struct grouped *grouped = memory_alloc(sizeof *grouped);
    grouped->limit = limit;
    grouped->file = -1;
    grouped->list = g_array_new(FALSE, TRUE, sizeof(struct group));
    grouped->read = g_byte_array_new();
    return grouped;
}

static struct group *group_at(const struct grouped *grouped, size_t index) {
    return &g_array_index(grouped->list, struct group, index);
}

void grouped_clear(struct grouped *grouped) {
    for (size_t i = 0; i < grouped->list->len; i++) {
        struct group *group = group_at(grouped, i);
        if (!group->bytes)
            continue;
        g_byte_array_set_size(group->bytes, 0);
        g_array_set_size(group->parts, 0);
    }
    grouped->held = 0;
    grouped->end = 0;
}

void grouped_free(struct grouped *grouped) {
    if (!grouped)
        return;
    for (size_t i = 0; i < grouped->list->len; i++) {
        struct group *group = group_at(grouped, i);
        if (!group->bytes)
            continue;
        g_byte_array_free(group->bytes, TRUE);
        g_array_free(group->parts, TRUE);
    }
    g_array_free(grouped->list, TRUE);
    g_byte_array_free(grouped->read, TRUE);
    if (grouped->file >= 0)
        close(grouped->file);
    free(grouped);
}

static bool write_all(const struct grouped *grouped, const struct group *group) {
    const guint8 *bytes = group->bytes->data;
    off_t offset = grouped->end;
    for (size_t rest = group->bytes->len; rest;) {
        ssize_t written = pwrite(grouped->file, bytes, rest, offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        offset += written;
        rest -= (size_t)written;
    }
    return true;
}

/* All groups give their bytes to the file, so that each part is large. */
static bool write_out(struct grouped *grouped, struct error *error) {
    if (grouped->file < 0)
        grouped->file = temporary_open(error);
    if (grouped->file < 0)
        return false;
    for (size_t i = 0; i < grouped->list->len; i++) {
        struct group *group = group_at(grouped, i);
        if (!group->bytes || !group->bytes->len)
            continue;
        struct part part = {grouped->end, group->bytes->len};
        if (!write_all(grouped, group))
            return temporary_fail("write", error);
        g_array_append_val(group->parts, part);
        grouped->end += (off_t)part.size;
        /* Large blocks are given back: the next ones may be other groups'. */
        g_byte_array_free(group->bytes, TRUE);
        group->bytes = g_byte_array_new();
    }
    grouped->held = 0;
    return true;
}

bool grouped_add(struct grouped *grouped, size_t index, const void *bytes, size_t size,
                 struct error *error) {
    if (index >= grouped->list->len)
        g_array_set_size(grouped->list, (guint)index + 1);
    struct group *group = group_at(grouped, index);
    if (!group->bytes) {
        group->bytes = g_byte_array_new();
        group->parts = g_array_new(FALSE, FALSE, sizeof(struct part));
    }
    if (grouped->lost)
        return error_set(error, ERROR_OUTPUT, "a temporary file could not be written");
    g_byte_array_append(group->bytes, bytes, (guint)size);
    grouped->held += size;
    grouped->lost = grouped->held > grouped->limit && !write_out(grouped, error);
    return !grouped->lost;
}

size_t grouped_count(const struct grouped *grouped) {
    return grouped->list->len;
}

static bool read_part(struct grouped *grouped, const struct part *part) {
    guint before = grouped->read->len;
    g_byte_array_set_size(grouped->read, before + (guint)part->size);
    for (size_t done = 0; done < part->size;) {
        ssize_t got = pread(grouped->file, grouped->read->data + before + done, part->size - done,
                            part->offset + (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got == 0)
            errno = EIO;
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

const void *grouped_read(struct grouped *grouped, size_t index, size_t *size, struct error *error) {
    static const char nothing[1];
    *size = 0;
    if (index >= grouped->list->len || !group_at(grouped, index)->bytes)
        return nothing;
    const struct group *group = group_at(grouped, index);
    if (!group->parts->len) {
        *size = group->bytes->len;
        return *size ? (const void *)group->bytes->data : nothing;
    }
    g_byte_array_set_size(grouped->read, 0);
    for (size_t i = 0; i < group->parts->len; i++) {
        if (read_part(grouped, &g_array_index(group->parts, struct part, i)))
            continue;
        temporary_fail("read", error);
        return NULL;
    }
    g_byte_array_append(grouped->read, group->bytes->data, group->bytes->len);
    *size = grouped->read->len;
    return grouped->read->data;
}
