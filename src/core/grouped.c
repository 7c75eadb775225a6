/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/grouped.h"

#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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
    const char *map; /* of the file, up to the end that it had; NULL for none */
    size_t map_size;
    char *room; /* for the group that is read */
    size_t room_size;
};

struct grouped *grouped_new(size_t limit) {
    struct grouped *grouped = memory_alloc(sizeof *grouped);
    grouped->limit = limit;
    grouped->file = -1;
    grouped->list = g_array_new(FALSE, TRUE, sizeof(struct group));
    return grouped;
}

static struct group *group_at(const struct grouped *grouped, size_t index) {
    return &g_array_index(grouped->list, struct group, index);
}

static void unmap(struct grouped *grouped) {
    if (grouped->map)
        munmap((void *)grouped->map, grouped->map_size);
    grouped->map = NULL;
}

void grouped_clear(struct grouped *grouped) {
    unmap(grouped);
    for (size_t i = 0; i < grouped->list->len; i++) {
        struct group *group = group_at(grouped, i);
        if (!group->bytes)
            continue;
        g_byte_array_free(group->bytes, TRUE);
        g_array_free(group->parts, TRUE);
    }
    g_array_set_size(grouped->list, 0);
    grouped->held = 0;
    grouped->end = 0;
}

void grouped_free(struct grouped *grouped) {
    if (!grouped)
        return;
    grouped_clear(grouped);
    g_array_free(grouped->list, TRUE);
    free(grouped->room);
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

/* 0 for one that is in memory. */
static size_t size_to_read(const struct group *group) {
    size_t size = group->bytes && group->parts->len ? group->bytes->len : 0;
    for (guint i = 0; group->bytes && i < group->parts->len; i++)
        size += g_array_index(group->parts, struct part, i).size;
    return size;
}

bool grouped_prepare(struct grouped *grouped, struct error *error) {
    size_t largest = 0;
    for (size_t i = 0; i < grouped->list->len; i++)
        largest = MAX(largest, size_to_read(group_at(grouped, i)));
    if (largest <= grouped->room_size)
        return true;
    free(grouped->room);
    grouped->room = malloc(largest);
    grouped->room_size = grouped->room ? largest : 0;
    return grouped->room ||
           error_set(error, ERROR_OUTPUT,
                     "there is no memory for %zu MiB of values that are written together: choose "
                     "less, by --counter, --last or the guests' names",
                     largest >> 20);
}

static bool read_part(const struct grouped *grouped, const struct part *part, char *to) {
    for (size_t done = 0; done < part->size;) {
        ssize_t got =
            pread(grouped->file, to + done, part->size - done, part->offset + (off_t)done);
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

static bool read_group(const struct grouped *grouped, const struct group *group) {
    char *to = grouped->room;
    for (guint i = 0; i < group->parts->len; i++) {
        const struct part *part = &g_array_index(group->parts, struct part, i);
        if (!read_part(grouped, part, to))
            return false;
        to += part->size;
    }
    if (to && group->bytes->len)
        memcpy(to, group->bytes->data, group->bytes->len);
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
    if (!grouped_prepare(grouped, error))
        return NULL;
    if (!read_group(grouped, group)) {
        temporary_fail("read", error);
        return NULL;
    }
    *size = size_to_read(group);
    return grouped->room;
}

/* All is in the file then, or nothing. */
bool grouped_map(struct grouped *grouped, struct error *error) {
    unmap(grouped);
    if (!grouped->end)
        return true;
    if (!write_out(grouped, error))
        return false;
    grouped->map_size = (size_t)grouped->end;
    void *map = mmap(NULL, grouped->map_size, PROT_READ, MAP_SHARED, grouped->file, 0);
    if (map == MAP_FAILED)
        return temporary_fail("read", error);
    grouped->map = map;
    return true;
}

void grouped_pieces(const struct grouped *grouped, size_t index,
                    void (*take)(void *context, const void *bytes, size_t size), void *context) {
    if (index >= grouped->list->len || !group_at(grouped, index)->bytes)
        return;
    const struct group *group = group_at(grouped, index);
    for (guint i = 0; grouped->map && i < group->parts->len; i++) {
        const struct part *part = &g_array_index(group->parts, struct part, i);
        take(context, grouped->map + part->offset, part->size);
    }
    if (group->bytes->len)
        take(context, group->bytes->data, group->bytes->len);
}
