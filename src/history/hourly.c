/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/hourly.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "history/rollup.h"

/* More samples than this are in no hour. */
enum { MAX_SAMPLES = 1024 * 1024 };

static const size_t nowhere = SIZE_MAX;

/* What is known of an hour of a series, of all intervals that it was recorded at. */
struct amount {
    int64_t seconds;   /* that have samples; 0 for none */
    __int128 sum;      /* of all values */
    __int128 time_sum; /* of all values, each times its interval */
    int64_t minimum;
    int64_t maximum;
};

struct reading {
    struct reader *reader;
    const struct reader_entity *entity;
    struct collected *collected;
    size_t *places;         /* of the entity's series among the collected ones, or nowhere */
    struct amount *amounts; /* of the collected series, of one hour */
    GArray **samples;       /* of each of them, as they come */
    int64_t hour;
    int64_t first, last; /* that are read */
    int64_t told;        /* the hour that damage was last told of */
};

bool hourly_begin(struct database *database, int64_t *time, struct error *error) {
    struct error failed = {0};
    int64_t hour = INT64_MIN;
    *time = INT64_MIN;
    if (!database_has_column(database, "dropped", "hour", &failed))
        return failed.kind == ERROR_NONE || error_set(error, failed.kind, "%s", failed.message);
    if (!database_number(database, "SELECT hour FROM dropped", &hour, INT64_MIN, error))
        return false;
    if (hour > INT64_MIN / HOURLY_INTERVAL && hour < INT64_MAX / HOURLY_INTERVAL)
        *time = hour * HOURLY_INTERVAL;
    return true;
}

static guint hash_series(gconstpointer data) {
    const struct reader_series *series = data;
    return g_str_hash(series->instance) ^ g_direct_hash(series->counter);
}

static gboolean equal_series(gconstpointer a, gconstpointer b) {
    const struct reader_series *left = a, *right = b;
    return left->counter == right->counter && strcmp(left->instance, right->instance) == 0;
}

static bool has_hours(const struct reader_series *series) {
    return series->interval > 0 && series->interval <= HOURLY_INTERVAL;
}

int64_t *hourly_choose(const struct reader_entity *entity, const struct hourly_wish *wish,
                       size_t *count) {
    GHashTable *known = g_hash_table_new(hash_series, equal_series);
    int64_t *ids = memory_array(entity->count + 1, sizeof *ids);
    *count = 0;
    for (size_t i = 0; i < entity->count; i++) {
        struct reader_series *series = &entity->series[i];
        if (has_hours(series) && wish->wants(wish->context, series) &&
            g_hash_table_add(known, series))
            ids[(*count)++] = series->id;
    }
    g_hash_table_destroy(known);
    return ids;
}

/* Where hours of the entity's series belong: to the first one of their counter and instance. */
static void find_places(struct reading *reading) {
    const struct reader_entity *entity = reading->entity;
    const struct collected_series *all = reading->collected->series;
    GHashTable *known = g_hash_table_new(hash_series, equal_series);
    reading->places = memory_array(entity->count + 1, sizeof *reading->places);
    for (size_t i = 0; i < entity->count; i++) {
        struct reader_series *series = &entity->series[i];
        reading->places[i] = nowhere;
        if (!has_hours(series))
            continue;
        const struct collected_series *found = collected_find(reading->collected, series->id);
        if (found)
            g_hash_table_insert(known, series, (gpointer)found);
        else
            found = g_hash_table_lookup(known, series);
        if (found)
            reading->places[i] = (size_t)(found - all);
    }
    g_hash_table_destroy(known);
}

static void reading_init(struct reading *reading) {
    const struct collected *collected = reading->collected;
    find_places(reading);
    reading->amounts = memory_array(collected->count + 1, sizeof *reading->amounts);
    reading->samples = memory_array(collected->count + 1, sizeof *reading->samples);
    for (size_t i = 0; i < collected->count; i++)
        reading->samples[i] = g_array_new(FALSE, FALSE, sizeof(struct sample));
    reading->hour = reading->told = INT64_MIN;
    reading->first = rollup_hour(collected->after + 1);
    reading->last = rollup_hour(MIN(collected->until, INT64_MAX - 1) + 1) - 1;
}

/* What has come becomes that of the collected series. */
static void reading_done(struct reading *reading) {
    struct collected *collected = reading->collected;
    for (size_t i = 0; i < collected->count; i++) {
        GArray *samples = reading->samples[i];
        struct sample *begin = (struct sample *)(void *)samples->data;
        collected_append(collected, &collected->series[i], begin,
                         samples->len ? samples_sort(begin, samples->len) : 0);
        g_array_free(samples, TRUE);
    }
    free(reading->samples);
    free(reading->amounts);
    free(reading->places);
}

/* Rounded to the nearest, halves away from zero; at the ends of int64_t, no further. */
static int64_t divide(__int128 dividend, int64_t divisor) {
    __int128 half = dividend < 0 ? -(divisor / 2) : divisor / 2;
    __int128 quotient = (dividend + half) / divisor;
    return quotient > INT64_MAX ? INT64_MAX : quotient < INT64_MIN ? INT64_MIN : (int64_t)quotient;
}

static int64_t value_of(const struct counter *counter, const struct amount *amount) {
    if (strcmp(counter->rollup, "summation") == 0)
        return divide(amount->sum * HOURLY_INTERVAL, amount->seconds);
    if (strcmp(counter->rollup, "maximum") == 0)
        return amount->maximum;
    if (strcmp(counter->rollup, "minimum") == 0)
        return amount->minimum;
    return divide(amount->time_sum, amount->seconds);
}

static const struct reader_series *find_series(const struct reader_entity *entity, int64_t id) {
    size_t low = 0, high = entity->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (entity->series[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < entity->count && entity->series[low].id == id ? &entity->series[low] : NULL;
}

/* The hour is complete: its amounts become samples. */
static void end_hour(struct reading *reading) {
    const struct collected *collected = reading->collected;
    for (size_t i = 0; i < collected->count; i++) {
        struct amount *amount = &reading->amounts[i];
        if (!amount->seconds)
            continue;
        const struct reader_series *series = find_series(reading->entity, collected->series[i].id);
        const struct sample sample = {(reading->hour + 1) * HOURLY_INTERVAL,
                                      value_of(series->counter, amount)};
        g_array_append_val(reading->samples[i], sample);
        *amount = (struct amount){0};
    }
}

static void begin_hour(struct reading *reading, int64_t hour) {
    if (hour == reading->hour)
        return;
    end_hour(reading);
    reading->hour = hour;
}

/* A sum at the end of int64_t is less than the values add up to: it tells no mean. */
static void add_row(struct reading *reading, const struct reader_series *series,
                    const struct rollup *row) {
    struct amount *amount = &reading->amounts[reading->places[series - reading->entity->series]];
    if (row->sum == INT64_MAX || row->sum == INT64_MIN)
        return;
    amount->minimum = amount->seconds ? MIN(amount->minimum, row->minimum) : row->minimum;
    amount->maximum = amount->seconds ? MAX(amount->maximum, row->maximum) : row->maximum;
    amount->seconds += (int64_t)row->samples * series->interval;
    amount->sum += row->sum;
    amount->time_sum += (__int128)row->sum * series->interval;
}

static void tell_damage(struct reading *reading, int64_t hour) {
    const struct reader *reader = reading->reader;
    if (hour == reading->told || !reader->damaged)
        return;
    GDateTime *begin = g_date_time_new_from_unix_utc(hour * HOURLY_INTERVAL);
    char *text = begin ? g_date_time_format(begin, "%Y-%m-%dT%H:%M:%SZ") : g_strdup("?");
    char *told = memory_printf("'%s' is damaged: what is kept of the hour that begins at %s is "
                               "lost: its checksum does not fit",
                               database_path(reader->database), text);
    reader->damaged(reader->context, reading->entity, told);
    reading->told = hour;
    free(told);
    g_free(text);
    if (begin)
        g_date_time_unref(begin);
}

/* Of an hour whose samples are all the same, that is what their sum says. */
static void take_row(struct reading *reading, sqlite3_stmt *row) {
    const struct reader_series *series = find_series(reading->entity, sqlite3_column_int64(row, 1));
    int64_t hour = sqlite3_column_int64(row, 0), samples = sqlite3_column_int64(row, 2);
    if (!series || reading->places[series - reading->entity->series] == nowhere)
        return;
    if (!sqlite3_column_int(row, 6) || samples < 1 || samples > MAX_SAMPLES) {
        tell_damage(reading, hour);
        return;
    }
    struct rollup rollup = {.samples = (size_t)samples, .sum = sqlite3_column_int64(row, 3)};
    bool flat = sqlite3_column_type(row, 4) == SQLITE_NULL;
    rollup.minimum = flat ? rollup.sum / samples : sqlite3_column_int64(row, 4);
    rollup.maximum = flat ? rollup.sum / samples : sqlite3_column_int64(row, 5);
    begin_hour(reading, hour);
    add_row(reading, series, &rollup);
}

/*
 * The primary key begins with the hour: the hours that there are come one by one, and of each some
 * rows. An older format has no code. Hours with rounds are not as their rows say.
 */
#define ROWS(code)                                                                                 \
    "WITH RECURSIVE found (hour) AS (SELECT min(hour) FROM rollup WHERE hour >= ?1 UNION ALL "     \
    "SELECT (SELECT min(hour) FROM rollup WHERE hour > found.hour) FROM found WHERE hour < ?2) "   \
    "SELECT r.hour, r.series, r.samples, r.sum, r.minimum, r.maximum, " code " FROM found CROSS "  \
    "JOIN rollup r ON r.hour = found.hour AND r.series BETWEEN ?3 AND ?4 WHERE found.hour <= ?2 "  \
    "AND NOT EXISTS (SELECT 1 FROM round o WHERE o.chunk = ?5 AND o.hour = found.hour AND "        \
    "o.hour >= ?6)"

/* Those whose hours are collected mostly lie close together; there is one at least. */
static void find_ids(const struct reading *reading, int64_t *first, int64_t *last) {
    const struct reader_series *series = reading->entity->series;
    size_t begin = 0, end = reading->entity->count;
    while (begin + 1 < end && reading->places[begin] == nowhere)
        begin++;
    while (end > begin + 1 && reading->places[end - 1] == nowhere)
        end--;
    *first = series[begin].id;
    *last = series[end - 1].id;
}

static bool read_rows(struct reading *reading, int64_t kept, struct error *error) {
    struct error failed = {0};
    struct database *database = reading->reader->database;
    int64_t first = 0, last = 0;
    find_ids(reading, &first, &last);
    bool tells = database_has_column(database, "rollup", "code", &failed);
    const char *sql = tells ? ROWS("r.code IS NULL OR r.code IS row_sum(r.hour, r.series, "
                                   "r.samples, r.sum, r.minimum, r.maximum, r.p95) & 65535")
                            : ROWS("1");
    sqlite3_stmt *row = database_query(database, &failed, sql, "iiiiii", reading->first,
                                       reading->last, first, last, reading->entity->chunk, kept);
    while (database_next(database, row, &failed))
        take_row(reading, row);
    end_hour(reading);
    return failed.kind == ERROR_NONE || error_set(error, failed.kind, "%s", failed.message);
}

/* The hours that are over and have rounds, as int64_t, ascending. */
static bool find_open(const struct reading *reading, int64_t kept, GArray *hours,
                      struct error *error) {
    struct error failed = {0};
    struct database *database = reading->reader->database;
    int64_t over = rollup_hour(MIN(reading->reader->newest, INT64_MAX - 1) + 1) - 1;
    sqlite3_stmt *row = database_query(
        database, &failed,
        "SELECT DISTINCT hour FROM round WHERE chunk = ? AND hour BETWEEN ? AND ? ORDER BY hour",
        "iii", reading->entity->chunk, MAX(reading->first, kept), MIN(reading->last, over));
    while (database_next(database, row, &failed)) {
        int64_t hour = sqlite3_column_int64(row, 0);
        g_array_append_val(hours, hour);
    }
    return failed.kind == ERROR_NONE || error_set(error, failed.kind, "%s", failed.message);
}

/* The samples of a series in an hour, from *at on, which moves behind them. */
static void add_samples(struct reading *reading, const struct collected_series *from, size_t *at) {
    size_t begin = *at;
    while (begin < from->count && rollup_hour(from->samples[begin].time) < reading->hour)
        begin++;
    *at = begin;
    while (*at < from->count && rollup_hour(from->samples[*at].time) == reading->hour)
        ++*at;
    if (*at == begin)
        return;
    const struct rollup rollup = rollup_make(from->samples + begin, *at - begin);
    add_row(reading, find_series(reading->entity, from->id), &rollup);
}

/* Room for the samples of all series whose hours are collected. */
static void choose_members(const struct reading *reading, struct collected *members) {
    const struct reader_entity *entity = reading->entity;
    int64_t *ids = memory_array(entity->count + 1, sizeof *ids);
    size_t count = 0;
    for (size_t i = 0; i < entity->count; i++)
        if (reading->places[i] != nowhere)
            ids[count++] = entity->series[i].id;
    collected_init(members, ids, count);
    free(ids);
}

static bool read_samples(struct reading *reading, const GArray *hours, struct error *error) {
    struct collected members;
    choose_members(reading, &members);
    members.after = g_array_index(hours, int64_t, 0) * HOURLY_INTERVAL;
    members.until = (g_array_index(hours, int64_t, hours->len - 1) + 1) * HOURLY_INTERVAL;
    size_t *at = memory_array(members.count + 1, sizeof *at);
    bool good = reader_read(reading->reader, reading->entity, &members, error);
    for (guint i = 0; good && i < hours->len; i++) {
        begin_hour(reading, g_array_index(hours, int64_t, i));
        for (size_t k = 0; k < members.count; k++)
            add_samples(reading, &members.series[k], &at[k]);
    }
    end_hour(reading);
    free(at);
    collected_done(&members);
    return good;
}

static bool read_open(struct reading *reading, int64_t kept, struct error *error) {
    GArray *hours = g_array_new(FALSE, FALSE, sizeof(int64_t));
    bool good = find_open(reading, kept, hours, error) &&
                (!hours->len || read_samples(reading, hours, error));
    g_array_free(hours, TRUE);
    return good;
}

bool hourly_read(struct reader *reader, const struct reader_entity *entity,
                 struct collected *collected, struct error *error) {
    int64_t kept = 0;
    if (!collected->count)
        return true;
    if (!hourly_begin(reader->database, &kept, error))
        return false;
    kept = kept == INT64_MIN ? INT64_MIN : kept / HOURLY_INTERVAL;
    struct reading reading = {.reader = reader, .entity = entity, .collected = collected};
    reading_init(&reading);
    bool good = read_rows(&reading, kept, error) && read_open(&reading, kept, error);
    reading_done(&reading);
    collected_sort(collected);
    return good;
}

bool hourly_count(struct reader *reader, int64_t after, int64_t until, int64_t *hours,
                  struct error *error) {
    int64_t first = 0, last = rollup_hour(until);
    if (!database_number(reader->database, "SELECT min(hour) FROM rollup", &first, last, error))
        return false;
    first = MAX(first, rollup_hour(after + 1));
    *hours = first > last ? 0 : last - first + 1;
    return true;
}
