/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "command/history_gaps.h"

#include <string.h>

#include "core/memory.h"
#include "history/hourly.h"
#include "report/findings.h"

static const char sql[] =
    "SELECT t.name, e.type, (SELECT c.name FROM context c WHERE c.entity = e.id ORDER BY c.since "
    "DESC LIMIT 1), g.interval, g.after, g.until, g.reason FROM gap g JOIN entity e ON e.id = "
    "g.entity JOIN target t ON t.id = e.target ORDER BY g.after, t.name, e.type, e.id";

static struct findings_gap *read_gap(sqlite3_stmt *row) {
    struct findings_gap *gap = memory_alloc(sizeof *gap);
    gap->source = memory_strdup(database_text(row, 0));
    gap->type = memory_strdup(database_text(row, 1));
    gap->name = memory_strdup(database_text(row, 2));
    gap->interval = sqlite3_column_int(row, 3);
    gap->after = sqlite3_column_int64(row, 4);
    gap->until = sqlite3_column_int64(row, 5);
    gap->reason = memory_strdup(database_text(row, 6));
    return gap;
}

static void read_file(const char *path, GPtrArray *gaps) {
    struct error ignored = {0};
    struct database *database = database_open(path, &ignored);
    if (!database)
        return;
    sqlite3_stmt *row = database_query(database, &ignored, sql, "");
    while (database_next(database, row, &ignored))
        g_ptr_array_add(gaps, read_gap(row));
    database_close(database);
}

/* The path of a target that is a history; else NULL. */
static const char *path_of(const struct target *target) {
    struct error ignored = {0};
    const struct source_ops *ops = source_ops_for(target, &ignored);
    return ops && strcmp(ops->name, "history") == 0 ? target->path : NULL;
}

GPtrArray *history_gaps(const struct options *options) {
    GPtrArray *gaps = g_ptr_array_new_with_free_func(findings_gap_free);
    for (size_t i = 0; i < options->target_count; i++) {
        const char *path = path_of(&options->plans[i].target);
        if (path)
            read_file(path, gaps);
    }
    return gaps;
}

int64_t history_hours_until(const struct options *options) {
    int64_t latest = 0;
    for (size_t i = 0; i < options->target_count; i++) {
        const char *path = path_of(&options->plans[i].target);
        struct error ignored = {0};
        struct database *database = path ? database_open(path, &ignored) : NULL;
        int64_t until = 0;
        if (database && hourly_begin(database, &until, &ignored))
            latest = MAX(latest, until);
        database_close(database);
    }
    return latest;
}
