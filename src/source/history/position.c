/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Entities mostly stand at the same time: one line for each time. */
#include "source/history/position.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

void position_init(struct position *position, int64_t begin) {
    *position = (struct position){.begin = begin};
    position->times = g_hash_table_new_full(g_int64_hash, g_int64_equal, free, free);
}

void position_done(struct position *position) {
    if (position->times)
        g_hash_table_destroy(position->times);
    *position = (struct position){0};
}

int64_t position_time(const struct position *position, int64_t entity) {
    const int64_t *time = g_hash_table_lookup(position->times, &entity);
    return time ? *time : position->begin;
}

static int64_t *new_number(int64_t number) {
    int64_t *copy = memory_alloc(sizeof *copy);
    *copy = number;
    return copy;
}

void position_move(struct position *position, int64_t entity, int64_t time) {
    int64_t *known = g_hash_table_lookup(position->times, &entity);
    if (!known)
        g_hash_table_insert(position->times, new_number(entity), new_number(time));
    else if (time > *known)
        *known = time;
}

struct standing {
    int64_t time;
    int64_t entity;
};

static int compare(const void *a, const void *b) {
    const struct standing *left = a, *right = b;
    if (left->time != right->time)
        return left->time < right->time ? -1 : 1;
    return (left->entity > right->entity) - (left->entity < right->entity);
}

static GArray *sorted(const struct position *position) {
    GHashTableIter iterator;
    gpointer entity = NULL, time = NULL;
    GArray *all = g_array_new(FALSE, FALSE, sizeof(struct standing));
    g_hash_table_iter_init(&iterator, position->times);
    while (g_hash_table_iter_next(&iterator, &entity, &time)) {
        struct standing one = {*(int64_t *)time, *(int64_t *)entity};
        g_array_append_val(all, one);
    }
    g_array_sort(all, compare);
    return all;
}

char *position_text(const struct position *position) {
    GString *text = g_string_new(NULL);
    GArray *all = sorted(position);
    g_string_append_printf(text, "round %" PRId64 "\nbegin %" PRId64, position->round,
                           position->begin);
    for (guint i = 0; i < all->len; i++) {
        const struct standing *one = &g_array_index(all, struct standing, i);
        if (i == 0 || one[-1].time != one->time)
            g_string_append_printf(text, "\ntime %" PRId64, one->time);
        g_string_append_printf(text, " %" PRId64, one->entity);
    }
    g_string_append(text, "\nend\n");
    g_array_free(all, TRUE);
    char *copy = memory_strdup(text->str);
    g_string_free(text, TRUE);
    return copy;
}

static bool take_number(const char **text, int64_t *number) {
    char *end = NULL;
    *number = g_ascii_strtoll(*text, &end, 10);
    bool good = end != *text;
    *text = end;
    return good;
}

static bool take_line(struct position *position, const char *line) {
    int64_t time = 0, entity = 0;
    if (g_str_has_prefix(line, "round ")) {
        line += strlen("round ");
        return take_number(&line, &position->round) && !*line;
    }
    if (g_str_has_prefix(line, "begin ")) {
        line += strlen("begin ");
        return take_number(&line, &position->begin) && !*line;
    }
    if (!g_str_has_prefix(line, "time "))
        return false;
    line += strlen("time ");
    bool good = take_number(&line, &time);
    while (good && *line) {
        good = take_number(&line, &entity);
        if (good)
            position_move(position, entity, time);
    }
    return good;
}

bool position_read(struct position *position, const char *text) {
    char **lines = g_strsplit(text, "\n", -1);
    bool good = g_str_has_suffix(text, "\nend\n");
    for (char **line = lines; good && strcmp(*line, "end") != 0; line++)
        good = take_line(position, *line);
    g_strfreev(lines);
    return good;
}
