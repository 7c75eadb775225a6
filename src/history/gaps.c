/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/gaps.h"

/* A clock that was set back this far gives times that are not remembered. */
static bool is_forgotten(const struct mark *mark, int64_t time) {
    return mark_after(mark) - time >= (int64_t)MARK_TIMES * mark->interval;
}

bool gaps_has(const struct kept_mark *kept, int64_t time) {
    const struct mark *mark = &kept->mark;
    return mark->any && !is_forgotten(mark, time) && mark_has(mark, time);
}

void gaps_read(struct kept_mark *kept, int64_t time) {
    mark_init(&kept->mark, READINGS_INTERVAL, time);
    kept->mark.any = true;
    kept->changed = true;
}

/* Shorter gaps hold no archived sample. */
enum { ARCHIVE_SECONDS = 300 };

struct gap {
    int64_t entity;
    int64_t interval;
    int64_t after, until;
    struct gap_reason reason;
};

static bool insert(struct database *database, const struct gap *gap, struct error *error) {
    return gap->after >= gap->until ||
           database_run(database, error,
                        "INSERT INTO gap (entity, interval, after, until, reason, archive) "
                        "VALUES (?, ?, ?, ?, ?, nullif(?, 0))",
                        "iiiiti", gap->entity, gap->interval, gap->after, gap->until,
                        gap->reason.text, (int64_t)gap->reason.archive);
}

/* The gap around the time becomes one before it and one after it. */
static bool fill(struct database *database, int64_t entity, int64_t interval, int64_t end,
                 struct error *error) {
    struct error failed = {0};
    sqlite3_stmt *row =
        database_query(database, &failed,
                       "SELECT id, after, until, reason, archive FROM gap WHERE entity = ? "
                       "AND interval = ? AND until >= ? AND after < ?",
                       "iiii", entity, interval, end, end);
    if (!database_next(database, row, &failed))
        return failed.kind == ERROR_NONE || error_set(error, failed.kind, "%s", failed.message);
    int64_t id = sqlite3_column_int64(row, 0);
    char *text = g_strdup(database_text(row, 3));
    const struct gap_reason reason = {text, sqlite3_column_int(row, 4)};
    const struct gap before = {entity, interval, sqlite3_column_int64(row, 1), end - interval,
                               reason};
    const struct gap behind = {entity, interval, end, sqlite3_column_int64(row, 2), reason};
    sqlite3_reset(row);
    bool good = database_run(database, error, "DELETE FROM gap WHERE id = ?", "i", id) &&
                insert(database, &before, error) && insert(database, &behind, error);
    g_free(text);
    return good;
}

/* The end of the interval that the time lies in, as marks count. */
static int64_t place_of(const struct mark *mark, int64_t time) {
    int64_t phase = time % mark->interval;
    return time - (phase < 0 ? phase + mark->interval : phase);
}

bool gaps_add(struct database *database, const struct kept_entity *entity, struct kept_mark *kept,
              int64_t time, const struct gap_reason *reason, struct error *error) {
    struct mark *mark = &kept->mark;
    int32_t interval = mark->interval;
    int64_t place = place_of(mark, time);
    if (!mark->any || is_forgotten(mark, time))
        mark_init(mark, interval, place - interval);
    struct gap gap = {entity->id, interval, mark_after(mark), place - interval, *reason};
    gap.reason.archive &= interval < ARCHIVE_SECONDS && gap.until - gap.after >= ARCHIVE_SECONDS;
    bool good = place > gap.after ? insert(database, &gap, error)
                                  : fill(database, entity->id, interval, place, error);
    mark_add(mark, time);
    kept->changed = true;
    return good;
}

static int compare_losses(const void *a, const void *b) {
    const struct kept_loss *left = a, *right = b;
    if (left->interval != right->interval)
        return left->interval < right->interval ? -1 : 1;
    return (left->time > right->time) - (left->time < right->time);
}

/* The time comes with each series of the entity, mostly with the times in one order. */
void gaps_lose(struct kept_entity *entity, int64_t time, int32_t interval) {
    const struct kept_loss loss = {time, interval};
    if (!entity->losses)
        entity->losses = g_array_new(FALSE, FALSE, sizeof loss);
    guint low = 0, high = entity->losses->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        int order = compare_losses(&g_array_index(entity->losses, struct kept_loss, middle), &loss);
        if (!order)
            return;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    g_array_insert_val(entity->losses, low, loss);
}

/* How many of them from the first on leave no time of a sample between them. */
static size_t run_of(const struct kept_loss *losses, size_t count) {
    size_t run = 1;
    while (run < count && losses[run].interval == losses->interval &&
           losses[run].time / losses->interval - losses[run - 1].time / losses->interval <= 1)
        run++;
    return run;
}

bool gaps_add_losses(struct database *database, const struct kept_entity *entity,
                     const struct gap_reason *reason, struct error *error) {
    if (!entity->losses)
        return true;
    const struct kept_loss *losses = (const void *)entity->losses->data;
    char *text = g_strdup_printf("%s; some counters could be had later", reason->text);
    bool good = true;
    for (size_t i = 0, run = 0; good && i < entity->losses->len; i += run) {
        run = run_of(losses + i, entity->losses->len - i);
        const struct gap gap = {entity->id,
                                losses[i].interval,
                                losses[i].time - losses[i].interval,
                                losses[i + run - 1].time,
                                {text, false}};
        good = insert(database, &gap, error);
    }
    g_free(text);
    return good;
}

bool gaps_save(struct database *database, const struct kept_entity *entity, struct error *error) {
    for (size_t i = 0; i < entity->mark_count; i++) {
        const struct kept_mark *kept = &entity->marks[i];
        if (kept->changed &&
            !database_run(
                database, error,
                "INSERT OR REPLACE INTO mark (entity, interval, newest, seen, sum) VALUES "
                "(?1, ?2, ?3, ?4, row_sum(?1, ?2, ?3, ?4))",
                "iiib", entity->id, (int64_t)kept->mark.interval, kept->mark.newest,
                (const void *)kept->mark.seen, sizeof kept->mark.seen))
            return false;
    }
    return true;
}

struct saved_marks {
    struct kept_entity *entity;
    struct kept_mark *marks;
    size_t count;
};

GArray *gaps_keep(const GPtrArray *entities) {
    GArray *all = g_array_new(FALSE, FALSE, sizeof(struct saved_marks));
    for (guint i = 0; i < entities->len; i++) {
        struct kept_entity *entity = g_ptr_array_index(entities, i);
        struct saved_marks saved = {entity, NULL, entity->mark_count};
        if (saved.count)
            saved.marks = g_memdup2(entity->marks, saved.count * sizeof *saved.marks);
        g_array_append_val(all, saved);
    }
    return all;
}

void gaps_settle(GArray *all, bool committed) {
    for (guint i = 0; i < all->len; i++) {
        struct saved_marks *saved = &g_array_index(all, struct saved_marks, i);
        for (size_t k = 0; k < saved->count; k++) {
            if (!committed)
                saved->entity->marks[k] = saved->marks[k];
            else
                saved->entity->marks[k].changed = false;
        }
        g_free(saved->marks);
    }
    g_array_free(all, TRUE);
}
