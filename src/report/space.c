/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/space.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

enum { DAY_SECONDS = 86400 };

static const struct {
    const char *name;
    enum entity_type type;
    enum space_metric metric;
    bool devices; /* its instances count, and not the aggregate */
} counters[] = {
    {"guestDisk.capacity.latest", ENTITY_VM, SPACE_OF_CAPACITY, true},
    {"guestDisk.free.latest", ENTITY_VM, SPACE_OF_FREE, true},
    {"space.capacity.latest", ENTITY_DATASTORE, SPACE_OF_CAPACITY, false},
    {"space.free.latest", ENTITY_DATASTORE, SPACE_OF_FREE, false},
    {"space.provisioned.latest", ENTITY_DATASTORE, SPACE_OF_PROVISIONED, false},
};

/* Sums of the readings of a day. */
struct day {
    int64_t number; /* since 1970 */
    double sums[SPACE_METRICS];
    size_t counts[SPACE_METRICS];
};

struct spaces {
    GPtrArray *list;
    GHashTable *by_key;
    GString *key;
};

static void free_space(gpointer data) {
    struct space *space = data;
    g_array_free(space->days, TRUE);
    free(space->instance);
    free(space->entity);
    free(space);
}

struct spaces *spaces_new(void) {
    struct spaces *spaces = memory_alloc(sizeof *spaces);
    spaces->list = g_ptr_array_new_with_free_func(free_space);
    spaces->by_key = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    spaces->key = g_string_new(NULL);
    return spaces;
}

void spaces_free(struct spaces *spaces) {
    if (!spaces)
        return;
    g_hash_table_destroy(spaces->by_key);
    g_ptr_array_free(spaces->list, TRUE);
    g_string_free(spaces->key, TRUE);
    free(spaces);
}

const char *spaces_counter(size_t index) {
    return index < G_N_ELEMENTS(counters) ? counters[index].name : NULL;
}

static struct space *space_for(const struct spaces *spaces, const struct series *series) {
    entity_key(series->entity, spaces->key);
    g_string_append_printf(spaces->key, "\n%s", series->instance);
    struct space *space = g_hash_table_lookup(spaces->by_key, spaces->key->str);
    if (!space) {
        space = memory_alloc(sizeof *space);
        space->instance = memory_strdup(series->instance);
        space->days = g_array_new(FALSE, FALSE, sizeof(struct day));
        g_ptr_array_add(spaces->list, space);
        g_hash_table_insert(spaces->by_key, memory_strdup(spaces->key->str), space);
    }
    if (!space->entity || !entity_equal(space->entity, series->entity)) {
        free(space->entity);
        space->entity = entity_copy(series->entity);
    }
    return space;
}

/* Mostly, that of the reading before. */
static struct day *day_for(const struct space *space, int64_t time) {
    int64_t number = time / DAY_SECONDS;
    for (guint i = space->days->len; i > 0; i--) {
        struct day *day = &g_array_index(space->days, struct day, i - 1);
        if (day->number == number)
            return day;
    }
    struct day day = {.number = number};
    g_array_append_val(space->days, day);
    return &g_array_index(space->days, struct day, space->days->len - 1);
}

static void add_readings(struct space *space, enum space_metric metric,
                         const struct series *series) {
    struct space_reading *newest = &space->newest[metric];
    for (size_t i = 0; i < series->count; i++) {
        int64_t time = series->columns.times[i];
        double value = (double)series_columns_value(&series->columns, i);
        struct day *day = day_for(space, time);
        day->sums[metric] += value;
        day->counts[metric]++;
        if (time >= newest->time)
            *newest = (struct space_reading){value, time};
    }
    space->readings += metric == SPACE_OF_FREE ? series->count : 0;
}

bool spaces_write(struct spaces *spaces, const struct series *series) {
    size_t i = 0;
    while (i < G_N_ELEMENTS(counters) && strcmp(counters[i].name, series->counter->name) != 0)
        i++;
    if (i == G_N_ELEMENTS(counters))
        return false;
    bool device = *series->instance != '\0';
    if (series->entity->type == counters[i].type && device == counters[i].devices)
        add_readings(space_for(spaces, series), counters[i].metric, series);
    return true;
}

static bool is_known(const struct space *space) {
    return space->newest[SPACE_OF_CAPACITY].kib > 0 && space->newest[SPACE_OF_FREE].time;
}

double space_used(const struct space *space) {
    return MAX(space->newest[SPACE_OF_CAPACITY].kib - space->newest[SPACE_OF_FREE].kib, 0);
}

double space_share(const struct space *space) {
    return 100 * space_used(space) / space->newest[SPACE_OF_CAPACITY].kib;
}

static void set_trend(struct space *space) {
    struct trend_point *points = memory_array(space->days->len + 1, sizeof *points);
    size_t count = 0;
    for (guint i = 0; i < space->days->len; i++) {
        const struct day *day = &g_array_index(space->days, struct day, i);
        const size_t *counts = day->counts;
        if (!counts[SPACE_OF_CAPACITY] || !counts[SPACE_OF_FREE])
            continue;
        points[count++] = (struct trend_point){
            (double)day->number, day->sums[SPACE_OF_CAPACITY] / (double)counts[SPACE_OF_CAPACITY] -
                                     day->sums[SPACE_OF_FREE] / (double)counts[SPACE_OF_FREE]};
    }
    space->has_trend = trend_of_days(points, count, SPACE_LEAST_DAYS, &space->trend);
    free(points);
}

/* No date for what shrinks, or may be flat. */
static void set_date(struct space *space) {
    const double full_percent = 99.95;
    double left = MAX(space->newest[SPACE_OF_FREE].kib, 0);
    space->full = space_share(space) >= full_percent;
    space->fills = space->full || (space->has_trend && space->trend.low > 0);
    if (space->full || !space->fills)
        return;
    space->days_left = left / space->trend.slope;
    space->days_low = left / space->trend.high;
    space->days_high = left / space->trend.low;
}

static gint compare_spaces(gconstpointer a, gconstpointer b) {
    const struct space *left = *(struct space *const *)a, *right = *(struct space *const *)b;
    double mine = space_share(left), other = space_share(right);
    if (left->fills != right->fills)
        return left->fills ? -1 : 1;
    if (left->fills && left->days_left != right->days_left)
        return left->days_left < right->days_left ? -1 : 1;
    if (mine != other)
        return mine > other ? -1 : 1;
    int order = entity_compare(left->entity, right->entity);
    return order ? order : strcmp(left->instance, right->instance);
}

void spaces_finish(struct spaces *spaces) {
    for (guint i = spaces->list->len; i > 0; i--) {
        struct space *space = g_ptr_array_index(spaces->list, i - 1);
        if (is_known(space)) {
            set_trend(space);
            set_date(space);
        } else {
            g_ptr_array_remove_index(spaces->list, i - 1);
        }
    }
    g_hash_table_remove_all(spaces->by_key);
    g_ptr_array_sort(spaces->list, compare_spaces);
}

size_t spaces_count(const struct spaces *spaces) {
    return spaces->list->len;
}

const struct space *spaces_at(const struct spaces *spaces, size_t index) {
    return g_ptr_array_index(spaces->list, index);
}
