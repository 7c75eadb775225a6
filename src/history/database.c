/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/database.h"

#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "history/block.h"
#include "history/lock.h"
#include "history/schema.h"

/* A reader holds nobody up; a checkpoint may hold it up for a moment. */
enum { BUSY_MS = 10000 };

struct database {
    sqlite3 *handle;
    char *path;
    int lock;     /* of the writer; -1 for a reader */
    dev_t device; /* of the file that a reader has opened */
    ino_t inode;
    GHashTable *statements; /* by their text */
};

const char *database_path(const struct database *database) {
    return database->path;
}

bool database_is_there(const struct database *database) {
    struct stat named;
    if (database->lock >= 0)
        return lock_holds(database->lock, database->path);
    if (stat(database->path, &named) != 0)
        return errno != ENOENT && errno != ENOTDIR;
    return named.st_ino == database->inode && named.st_dev == database->device;
}

static enum error_kind kind_of(int code) {
    switch (code & 0xff) {
    case SQLITE_NOTADB:
        return ERROR_USAGE;
    case SQLITE_CORRUPT:
        return ERROR_PROTOCOL;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
        return ERROR_OUTPUT;
    default:
        return ERROR_FAULT;
    }
}

bool database_fail(const struct database *database, struct error *error) {
    int code = sqlite3_extended_errcode(database->handle);
    int system = sqlite3_system_errno(database->handle);
    if ((code & 0xff) == SQLITE_NOTADB)
        return error_set(error, ERROR_USAGE, "'%s' is no history of vperf", database->path);
    if ((code & 0xff) == SQLITE_CORRUPT)
        return error_set(error, ERROR_PROTOCOL,
                         "'%s' is damaged: 'vperf history --check' tells what is lost",
                         database->path);
    bool told = system && kind_of(code) == ERROR_OUTPUT && (code & 0xff) != SQLITE_FULL;
    return error_set(error, kind_of(code), "'%s': %s%s%s", database->path,
                     sqlite3_errmsg(database->handle), told ? ": " : "",
                     told ? g_strerror(system) : "");
}

bool database_script(struct database *database, const char *sql, struct error *error) {
    return sqlite3_exec(database->handle, sql, NULL, NULL, NULL) == SQLITE_OK ||
           database_fail(database, error);
}

void database_undo(struct database *database) {
    if (!sqlite3_get_autocommit(database->handle))
        sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
}

static void finalize(void *statement) {
    sqlite3_finalize(statement);
}

static void bind(sqlite3_stmt *statement, const char *types, va_list values) {
    for (int place = 1; *types; types++, place++) {
        if (*types == 'i') {
            sqlite3_bind_int64(statement, place, va_arg(values, int64_t));
        } else if (*types == 'd') {
            sqlite3_bind_double(statement, place, va_arg(values, double));
        } else if (*types == 't') {
            sqlite3_bind_text(statement, place, va_arg(values, const char *), -1, SQLITE_TRANSIENT);
        } else {
            const void *bytes = va_arg(values, const void *);
            sqlite3_bind_blob64(statement, place, bytes, va_arg(values, size_t), SQLITE_TRANSIENT);
        }
    }
}

static sqlite3_stmt *statement_for(struct database *database, const char *sql,
                                   struct error *error) {
    sqlite3_stmt *statement = g_hash_table_lookup(database->statements, sql);
    if (statement) {
        sqlite3_reset(statement);
        return statement;
    }
    if (sqlite3_prepare_v3(database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement,
                           NULL) != SQLITE_OK) {
        database_fail(database, error);
        return NULL;
    }
    g_hash_table_insert(database->statements, memory_strdup(sql), statement);
    return statement;
}

static sqlite3_stmt *prepare(struct database *database, struct error *error, const char *sql,
                             const char *types, va_list values) {
    sqlite3_stmt *statement = statement_for(database, sql, error);
    if (statement)
        bind(statement, types, values);
    return statement;
}

bool database_run(struct database *database, struct error *error, const char *sql,
                  const char *types, ...) {
    va_list values;
    va_start(values, types);
    sqlite3_stmt *statement = prepare(database, error, sql, types, values);
    va_end(values);
    if (!statement)
        return false;
    bool good = sqlite3_step(statement) == SQLITE_DONE || database_fail(database, error);
    sqlite3_reset(statement);
    return good;
}

sqlite3_stmt *database_query(struct database *database, struct error *error, const char *sql,
                             const char *types, ...) {
    va_list values;
    va_start(values, types);
    sqlite3_stmt *statement = prepare(database, error, sql, types, values);
    va_end(values);
    return statement;
}

bool database_next(struct database *database, sqlite3_stmt *statement, struct error *error) {
    if (!statement)
        return false;
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return true;
    if (code != SQLITE_DONE)
        database_fail(database, error);
    sqlite3_reset(statement);
    return false;
}

bool database_number(struct database *database, const char *sql, int64_t *number, int64_t otherwise,
                     struct error *error) {
    struct error failed = {0};
    sqlite3_stmt *row = database_query(database, &failed, sql, "");
    *number = otherwise;
    if (database_next(database, row, &failed)) {
        if (sqlite3_column_type(row, 0) != SQLITE_NULL)
            *number = sqlite3_column_int64(row, 0);
        sqlite3_reset(row);
    }
    return failed.kind == ERROR_NONE || error_set(error, failed.kind, "%s", failed.message);
}

bool database_has_column(struct database *database, const char *table, const char *column,
                         struct error *error) {
    sqlite3_stmt *row = database_query(
        database, error, "SELECT 1 FROM pragma_table_info(?) WHERE name = ?", "tt", table, column);
    bool found = database_next(database, row, error);
    if (found)
        sqlite3_reset(row);
    return found;
}

const char *database_text(sqlite3_stmt *row, int column) {
    const unsigned char *text = sqlite3_column_text(row, column);
    return text ? (const char *)text : "";
}

struct counter database_counter(sqlite3_stmt *row) {
    return (struct counter){
        .name = database_text(row, 1),
        .unit = database_text(row, 2),
        .rollup = database_text(row, 3),
        .stats = database_text(row, 4),
        .level = sqlite3_column_int(row, 5),
        .device_level = sqlite3_column_int(row, 6),
        .label = database_text(row, 7),
        .summary = database_text(row, 8),
        .formula = (const char *)sqlite3_column_text(row, 9),
        .fidelity = (const char *)sqlite3_column_text(row, 10),
        .reading = sqlite3_column_int(row, 11),
    };
}

static struct database *database_new(const char *path, int lock) {
    struct database *database = memory_alloc(sizeof *database);
    database->path = memory_strdup(path);
    database->lock = lock;
    database->statements = g_hash_table_new_full(g_str_hash, g_str_equal, free, finalize);
    return database;
}

/*
 * SQLite leaves the write-ahead log of a file that was moved where it is: its rounds would be lost,
 * and another file of that path would be taken for what it belongs to.
 */
static void empty_log(struct database *database) {
    if (database->handle && database->lock >= 0 && !database_is_there(database))
        sqlite3_wal_checkpoint_v2(database->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

/* The lock goes last: closing the file ends the locks that SQLite has on it. */
void database_close(struct database *database) {
    if (!database)
        return;
    g_hash_table_destroy(database->statements);
    empty_log(database);
    sqlite3_close(database->handle);
    lock_release(database->lock);
    free(database->path);
    free(database);
}

/* SQLite takes "file:" for a URI: only we may say so. */
static char *uri_of(const char *path, const char *parameters) {
    char *escaped = g_uri_escape_string(path, "/", TRUE);
    char *uri = memory_printf("file:%s%s?%s", *path == '/' ? "//" : "", escaped, parameters);
    g_free(escaped);
    return uri;
}

/* FNV-1a over the types, lengths and bytes of the values. */
#define PRIME UINT64_C(0x100000001b3)

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size) {
    for (const uint8_t *at = bytes, *end = at + size; at < end; at++)
        hash = (hash ^ *at) * PRIME;
    return hash;
}

/* A small number is a byte with zeros behind it, which only multiply. */
static uint64_t hash_head(uint64_t hash, int type, size_t size) {
    static const uint64_t for_type = PRIME * PRIME * PRIME * PRIME, for_size = for_type * for_type;
    bool small = size <= UINT8_MAX && type >= 0 && type <= UINT8_MAX;
    if (small && G_BYTE_ORDER == G_LITTLE_ENDIAN && sizeof type == 4 && sizeof size == 8)
        return ((hash ^ (unsigned)type) * for_type ^ size) * for_size;
    return hash_bytes(hash_bytes(hash, &type, sizeof type), &size, sizeof size);
}

/* As SQLite writes it. */
static uint64_t hash_integer(uint64_t hash, int64_t number) {
    enum { LONGEST = 20, BASE = 10 };
    char text[LONGEST], *end = text + sizeof text, *at = end;
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
    for (; left || at == end; left /= BASE)
        *--at = (char)('0' + left % BASE);
    if (number < 0)
        *--at = '-';
    size_t size = (size_t)(end - at);
    return hash_bytes(hash_head(hash, SQLITE_INTEGER, size), at, size);
}

static uint64_t hash_value(uint64_t hash, sqlite3_value *value) {
    int type = sqlite3_value_type(value);
    if (type == SQLITE_INTEGER)
        return hash_integer(hash, sqlite3_value_int64(value));
    const void *text = sqlite3_value_text(value);
    size_t size = text ? (size_t)sqlite3_value_bytes(value) : 0;
    hash = hash_head(hash, type, size);
    return size ? hash_bytes(hash, text, size) : hash;
}

static void row_sum(sqlite3_context *context, int count, sqlite3_value **values) {
    uint64_t hash = 0xcbf29ce484222325;
    for (int i = 0; i < count; i++)
        hash = hash_value(hash, values[i]);
    sqlite3_result_int(context, (int)(uint32_t)(hash ^ hash >> 32));
}

static void oldest_in(sqlite3_context *context, int count, sqlite3_value **values) {
    int64_t time = 0;
    const void *data = sqlite3_value_blob(values[0]);
    (void)count;
    if (data && block_oldest(data, (size_t)sqlite3_value_bytes(values[0]),
                             sqlite3_user_data(context), &time))
        sqlite3_result_int64(context, time);
}

static void free_room(void *room) {
    block_room_free(room);
}

static void add_functions(sqlite3 *handle) {
    const int pure = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    sqlite3_create_function_v2(handle, "row_sum", -1, pure, NULL, row_sum, NULL, NULL, NULL);
    sqlite3_create_function_v2(handle, "oldest_in", 1, pure, block_room_new(), oldest_in, NULL,
                               NULL, free_room);
}

static bool connect(struct database *database, const char *parameters, int flags,
                    struct error *error) {
    char *uri = uri_of(database->path, parameters);
    int code = sqlite3_open_v2(uri, &database->handle,
                               flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
    free(uri);
    if (code != SQLITE_OK)
        return database_fail(database, error);
    sqlite3_extended_result_codes(database->handle, 1);
    sqlite3_busy_timeout(database->handle, BUSY_MS);
    add_functions(database->handle);
    /* A damaged file is told as that, whatever its schema says. */
    sqlite3_db_config(database->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(database->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return database_script(database, "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0", error);
}

/* What a reader needs beside the file while a write-ahead log is there, or why it cannot be had. */
static bool check_log(const struct database *database, const char *log, struct error *error) {
    char *index = memory_printf("%s-shm", database->path);
    if (access(log, R_OK) != 0)
        error_set(error, ERROR_OUTPUT, "cannot read '%s': %s", log, g_strerror(errno));
    else if (access(index, R_OK) != 0 && errno != ENOENT)
        error_set(error, ERROR_OUTPUT, "cannot read '%s': %s", index, g_strerror(errno));
    else if (access(index, F_OK) != 0)
        error_set(error, ERROR_OUTPUT,
                  "'%s' was left by a writer that was killed: '%s' cannot be made, without which "
                  "its last rounds cannot be read: copy it, with '%s', to a folder that you may "
                  "write",
                  database->path, index, log);
    free(index);
    return error->kind == ERROR_NONE;
}

/* Beside a file that nobody writes, a reader may be unable to make what SQLite wants there. */
static bool connect_reader(struct database *database, struct error *error) {
    struct error first = {0};
    if (connect(database, "mode=ro", SQLITE_OPEN_READONLY, &first) &&
        schema_check(database, &first))
        return true;
    char *log = memory_printf("%s-wal", database->path);
    bool quiet = first.kind == ERROR_OUTPUT && access(log, F_OK) != 0;
    bool told = !quiet && first.kind == ERROR_OUTPUT && !check_log(database, log, error);
    free(log);
    if (!quiet)
        return !told && error_set(error, first.kind, "%s", first.message);
    g_hash_table_remove_all(database->statements);
    sqlite3_close(database->handle);
    database->handle = NULL;
    return connect(database, "immutable=1", SQLITE_OPEN_READONLY, error) &&
           schema_check(database, error);
}

struct database *database_open(const char *path, struct error *error) {
    /* Asked before it is opened: another one that comes between is noticed later. */
    struct stat file;
    if (access(path, R_OK) != 0 || stat(path, &file) != 0) {
        error_set(error, ERROR_USAGE, "cannot read '%s': %s", path, g_strerror(errno));
        return NULL;
    }
    struct database *database = database_new(path, -1);
    database->device = file.st_dev;
    database->inode = file.st_ino;
    if (connect_reader(database, error))
        return database;
    database_close(database);
    return NULL;
}

struct database *database_create(const char *path, struct error *error) {
    int lock = lock_take(path, error);
    if (lock < 0)
        return NULL;
    struct database *database = database_new(path, lock);
    if (connect(database, "mode=rwc", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, error) &&
        schema_prepare(database, error))
        return database;
    database_close(database);
    return NULL;
}
