/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/context.h"

#include <glib.h>
#include <stddef.h>
#include <string.h>

#include "core/memory.h"

/* A field of struct entity that is a column of the same name. */
struct field {
    const char *name;
    size_t offset;
    enum { FIELD_TEXT, FIELD_INT32, FIELD_INT64 } kind;
};

#define TEXT(name)                                                                                 \
    { #name, offsetof(struct entity, name), FIELD_TEXT }
#define INT32(name)                                                                                \
    { #name, offsetof(struct entity, name), FIELD_INT32 }
#define INT64(name)                                                                                \
    { #name, offsetof(struct entity, name), FIELD_INT64 }

/* The first two are what series are written under: the sum of a row is over them. */
static const struct field fields[] = {
    TEXT(name),        TEXT(hypervisor), TEXT(uuid),       TEXT(host),     TEXT(guest_os),
    TEXT(shape),       TEXT(cpu_model),  INT32(cpus),      INT32(threads), INT32(cpu_mhz),
    INT64(memory_kib), TEXT(subtype),    TEXT(title),      TEXT(reason),   TEXT(url),
    TEXT(folder),      TEXT(datacenter), TEXT(cluster),    TEXT(pool),     TEXT(datastores),
    TEXT(guest_host),  TEXT(guest_ip),   TEXT(attributes), TEXT(guest_id), TEXT(tags),
    TEXT(target),      TEXT(labels),
};
enum { FIELDS = sizeof fields / sizeof *fields, FIRST_FIELD = 3 };

/* Source and id are of the key. */
_Static_assert(ENTITY_STRINGS == 25, "a new text of an entity is a row of fields");

bool context_prepare(struct database *database, struct error *error) {
    for (size_t i = 0; i < FIELDS; i++) {
        if (database_has_column(database, "context", fields[i].name, error))
            continue;
        char *sql = g_strdup_printf("ALTER TABLE context ADD COLUMN %s %s", fields[i].name,
                                    fields[i].kind == FIELD_TEXT ? "TEXT" : "INTEGER");
        bool good = error->kind == ERROR_NONE && database_script(database, sql, error);
        g_free(sql);
        if (!good)
            return false;
    }
    return true;
}

char *context_columns(void) {
    GString *sql = g_string_new(NULL);
    for (size_t i = 0; i < FIELDS; i++)
        g_string_append_printf(sql, ", c.%s AS %s", fields[i].name, fields[i].name);
    char *text = memory_strdup(sql->str);
    g_string_free(sql, TRUE);
    return text;
}

static void append_names(GString *sql) {
    for (size_t i = 0; i < FIELDS; i++)
        g_string_append_printf(sql, ", %s", fields[i].name);
}

static void bind_field(sqlite3_stmt *statement, int place, const struct entity *entity,
                       const struct field *field) {
    const char *at = (const char *)entity + field->offset;
    if (field->kind == FIELD_TEXT)
        sqlite3_bind_text(statement, place, *(const char *const *)at, -1, SQLITE_TRANSIENT);
    else if (field->kind == FIELD_INT32)
        sqlite3_bind_int(statement, place, *(const int32_t *)at);
    else
        sqlite3_bind_int64(statement, place, *(const int64_t *)at);
}

bool context_store(struct database *database, int64_t number, int64_t since,
                   const struct entity *entity, struct error *error) {
    GString *sql = g_string_new("INSERT OR REPLACE INTO context (entity, since, state");
    append_names(sql);
    g_string_append(sql, ", sum) VALUES (?1, ?2, ?3");
    for (int i = 0; i < FIELDS; i++)
        g_string_append_printf(sql, ", ?%d", i + FIRST_FIELD + 1);
    g_string_append(sql, ", row_sum(?1, ?2, ?3, ?4, ?5))");
    struct error failed = {0};
    sqlite3_stmt *statement = database_query(database, &failed, sql->str, "iit", number, since,
                                             entity_state_name(entity->state));
    for (int i = 0; statement && i < FIELDS; i++)
        bind_field(statement, i + FIRST_FIELD + 1, entity, &fields[i]);
    database_next(database, statement, &failed);
    g_string_free(sql, TRUE);
    return failed.kind == ERROR_NONE || error_set(error, failed.kind, "%s", failed.message);
}

/* A file of an older vperf may lack columns. */
char *context_select(struct database *database, const char *where, struct error *error) {
    GString *sql = g_string_new("SELECT entity, since, state");
    struct error failed = {0};
    for (size_t i = 0; i < FIELDS && failed.kind == ERROR_NONE; i++)
        g_string_append_printf(sql, ", %s",
                               database_has_column(database, "context", fields[i].name, &failed)
                                   ? fields[i].name
                                   : "NULL");
    g_string_append(sql, ", sum IS row_sum(entity, since, state, name, hypervisor)");
    g_string_append_printf(sql, " FROM context %s ORDER BY entity, since", where);
    char *text = failed.kind == ERROR_NONE ? memory_strdup(sql->str) : NULL;
    g_string_free(sql, TRUE);
    if (!text)
        error_set(error, failed.kind, "%s", failed.message);
    return text;
}

static enum entity_state state_of(const char *name) {
    for (enum entity_state state = STATE_UNKNOWN; state <= STATE_DISCONNECTED; state++)
        if (strcmp(entity_state_name(state), name) == 0)
            return state;
    return STATE_UNKNOWN;
}

static void read_field(struct entity *entity, const struct field *field, sqlite3_stmt *row,
                       int column) {
    char *at = (char *)entity + field->offset;
    if (field->kind == FIELD_TEXT)
        *(const char **)at = (const char *)sqlite3_column_text(row, column);
    else if (field->kind == FIELD_INT32)
        *(int32_t *)at = sqlite3_column_int(row, column);
    else
        *(int64_t *)at = sqlite3_column_int64(row, column);
}

bool context_is_good(sqlite3_stmt *row) {
    return sqlite3_column_int(row, FIELDS + FIRST_FIELD);
}

void context_read(struct entity *entity, sqlite3_stmt *row) {
    entity->state = state_of(database_text(row, 2));
    for (int i = 0; i < FIELDS; i++)
        read_field(entity, &fields[i], row, i + FIRST_FIELD);
}
