/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The power fails at any moment of a recording: of what was written since a file was synced, some
 * sectors are on disk and others are not. A VFS of SQLite notes what is synced; at some of its
 * calls the files are put down as the disk might have them. Each of these states has to be a
 * history with all rounds whose commit had returned, the one under way wholly or not at all, and
 * marks that agree. And the disk is full, or cannot sync, for a while at any moment: nothing is
 * lost.
 */
#include "history/writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "history/check.h"
#include "history/reader.h"

enum {
    INTERVAL = 20,
    ROUND_SAMPLES = 15,
    ROUNDS = 60, /* five hours: some are folded */
    ENTITIES = 3,
    SECTOR = 512,
    ONE_IN = 12, /* calls that the power fails at */
    SEEDS = 20,  /* of histories on a disk that refuses */
};

static const int64_t begin = 1763751600; /* a whole hour */
static const struct retention long_enough = {35 * 86400, 1000 * 86400};
static struct log quiet = {.level = LOG_QUIET}; /* its stream is /dev/null */
static const struct counter usage = {
    .name = "cpu.usage.average", .unit = "percent", .rollup = "average", .stats = "rate"};

/* What was done to a file since it was synced: bytes at an offset, or with NULL its new size. */
struct change {
    sqlite3_int64 offset;
    GBytes *bytes;
};

struct disk_file {
    char *name;
    GByteArray *synced;
    GArray *changes;
};

static struct {
    GPtrArray *files;
    GRand *dice;
    char *folder;
    int states;       /* that were put down */
    int rounds[4096]; /* that had been committed then */
    int committed;
    bool recording;
    int refusing; /* so many calls */
    bool ailing;  /* now and then some calls are refused */
} disk;

static void free_change(void *data) {
    struct change *change = data;
    if (change->bytes)
        g_bytes_unref(change->bytes);
}

static void free_file(void *data) {
    struct disk_file *file = data;
    g_array_free(file->changes, TRUE);
    g_byte_array_free(file->synced, TRUE);
    free(file->name);
    free(file);
}

static struct disk_file *file_of(const char *name) {
    for (guint i = 0; i < disk.files->len; i++) {
        struct disk_file *file = g_ptr_array_index(disk.files, i);
        if (strcmp(file->name, name) == 0)
            return file;
    }
    struct disk_file *file = memory_alloc(sizeof *file);
    file->name = memory_strdup(name);
    file->synced = g_byte_array_new();
    file->changes = g_array_new(FALSE, FALSE, sizeof(struct change));
    g_array_set_clear_func(file->changes, free_change);
    g_ptr_array_add(disk.files, file);
    return file;
}

static void resize(GByteArray *bytes, size_t size) {
    guint before = bytes->len;
    g_byte_array_set_size(bytes, (guint)size);
    if (size > before)
        memset(bytes->data + before, 0, size - before);
}

static void put(GByteArray *bytes, size_t offset, const void *data, size_t size) {
    if (bytes->len < offset + size)
        resize(bytes, offset + size);
    memcpy(bytes->data + offset, data, size);
}

/* All of it, or by chance some sectors. */
static void apply(GByteArray *bytes, const struct change *change, bool all) {
    size_t offset = (size_t)change->offset, size = 0;
    if (!change->bytes) {
        if (all || g_rand_boolean(disk.dice))
            resize(bytes, offset);
        return;
    }
    const uint8_t *data = g_bytes_get_data(change->bytes, &size);
    for (size_t at = 0, part = 0; at < size; at += part) {
        part = MIN(SECTOR - (offset + at) % SECTOR, size - at);
        if (all || g_rand_boolean(disk.dice))
            put(bytes, offset + at, data + at, part);
    }
}

static void put_down(const struct disk_file *file) {
    GByteArray *bytes = g_byte_array_new();
    char *base = g_path_get_basename(file->name);
    char *path = memory_printf("%s/state-%d.%s", disk.folder, disk.states, base);
    g_byte_array_append(bytes, file->synced->data, file->synced->len);
    for (guint i = 0; i < file->changes->len; i++)
        apply(bytes, &g_array_index(file->changes, struct change, i), false);
    assert_true(g_file_set_contents(path, (const char *)bytes->data, bytes->len, NULL));
    g_byte_array_free(bytes, TRUE);
    g_free(base);
    free(path);
}

static void perhaps_fail(void) {
    if (!disk.recording || g_rand_int_range(disk.dice, 0, ONE_IN) ||
        disk.states == (int)G_N_ELEMENTS(disk.rounds))
        return;
    for (guint i = 0; i < disk.files->len; i++)
        put_down(g_ptr_array_index(disk.files, i));
    disk.rounds[disk.states++] = disk.committed;
}

static void change(const char *name, sqlite3_int64 offset, const void *data, int size) {
    struct change one = {offset, data ? g_bytes_new(data, (gsize)size) : NULL};
    perhaps_fail();
    g_array_append_val(file_of(name)->changes, one);
    perhaps_fail();
}

/* The file that SQLite has open, and behind it the one of its own VFS. */
struct shim {
    sqlite3_file base;
    const char *name; /* NULL for a temporary one */
};

static sqlite3_file *real(sqlite3_file *file) {
    return (sqlite3_file *)(void *)((struct shim *)(void *)file + 1);
}

static int shim_close(sqlite3_file *file) {
    return real(file)->pMethods->xClose(real(file));
}

static int shim_read(sqlite3_file *file, void *to, int size, sqlite3_int64 offset) {
    return real(file)->pMethods->xRead(real(file), to, size, offset);
}

/* Now and then, for a few calls or for many. */
static bool refuses(void) {
    if (disk.ailing && !disk.refusing && !g_rand_int_range(disk.dice, 0, 30))
        disk.refusing = g_rand_int_range(disk.dice, 1, 1 << g_rand_int_range(disk.dice, 1, 7));
    disk.refusing -= disk.refusing > 0;
    return disk.refusing;
}

static int shim_write(sqlite3_file *file, const void *from, int size, sqlite3_int64 offset) {
    const struct shim *shim = (struct shim *)(void *)file;
    if (refuses())
        return SQLITE_FULL;
    if (shim->name)
        change(shim->name, offset, from, size);
    return real(file)->pMethods->xWrite(real(file), from, size, offset);
}

static int shim_truncate(sqlite3_file *file, sqlite3_int64 size) {
    const struct shim *shim = (struct shim *)(void *)file;
    if (shim->name)
        change(shim->name, size, NULL, 0);
    return real(file)->pMethods->xTruncate(real(file), size);
}

static int shim_sync(sqlite3_file *file, int flags) {
    const struct shim *shim = (struct shim *)(void *)file;
    struct disk_file *mine = shim->name ? file_of(shim->name) : NULL;
    if (refuses())
        return SQLITE_IOERR_FSYNC;
    for (guint i = 0; mine && i < mine->changes->len; i++)
        apply(mine->synced, &g_array_index(mine->changes, struct change, i), true);
    if (mine)
        g_array_set_size(mine->changes, 0);
    perhaps_fail();
    return real(file)->pMethods->xSync(real(file), flags);
}

static int shim_size(sqlite3_file *file, sqlite3_int64 *size) {
    return real(file)->pMethods->xFileSize(real(file), size);
}

static int shim_lock(sqlite3_file *file, int lock) {
    return real(file)->pMethods->xLock(real(file), lock);
}

static int shim_unlock(sqlite3_file *file, int lock) {
    return real(file)->pMethods->xUnlock(real(file), lock);
}

static int shim_reserved(sqlite3_file *file, int *result) {
    return real(file)->pMethods->xCheckReservedLock(real(file), result);
}

static int shim_control(sqlite3_file *file, int what, void *value) {
    return real(file)->pMethods->xFileControl(real(file), what, value);
}

static int shim_sector(sqlite3_file *file) {
    return real(file)->pMethods->xSectorSize(real(file));
}

static int shim_characteristics(sqlite3_file *file) {
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int shim_map(sqlite3_file *file, int page, int size, int extend, void volatile **to) {
    return real(file)->pMethods->xShmMap(real(file), page, size, extend, to);
}

static int shim_shm_lock(sqlite3_file *file, int offset, int count, int flags) {
    return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}

static void shim_barrier(sqlite3_file *file) {
    real(file)->pMethods->xShmBarrier(real(file));
}

static int shim_unmap(sqlite3_file *file, int remove) {
    return real(file)->pMethods->xShmUnmap(real(file), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_reserved,
    .xFileControl = shim_control,
    .xSectorSize = shim_sector,
    .xDeviceCharacteristics = shim_characteristics,
    .xShmMap = shim_map,
    .xShmLock = shim_shm_lock,
    .xShmBarrier = shim_barrier,
    .xShmUnmap = shim_unmap,
};

static sqlite3_vfs *unix_vfs;

static int shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out) {
    struct shim *shim = (struct shim *)(void *)file;
    (void)vfs;
    shim->name = name;
    int code = unix_vfs->xOpen(unix_vfs, name, real(file), flags, out);
    file->pMethods = real(file)->pMethods ? &methods : NULL;
    return code;
}

/* The directory is synced by SQLite when it matters. */
static int shim_delete(sqlite3_vfs *vfs, const char *name, int sync) {
    (void)vfs;
    for (guint i = 0; i < disk.files->len; i++)
        if (strcmp(((struct disk_file *)g_ptr_array_index(disk.files, i))->name, name) == 0)
            g_ptr_array_remove_index(disk.files, i--);
    return unix_vfs->xDelete(unix_vfs, name, sync);
}

static struct entity guest(int number, char id[16]) {
    snprintf(id, 16, "vm-%d", number);
    return (struct entity){.type = ENTITY_VM,
                           .state = STATE_ON,
                           .source = "esx01",
                           .hypervisor = "esxi",
                           .name = id,
                           .id = id};
}

static int64_t value_at(int entity, int64_t time) {
    return time / INTERVAL % 1000 * 7 + entity;
}

/* The samples of a round of all entities. */
static bool write_round(struct writer *writer, int round, struct error *error) {
    for (int k = 0; k < ENTITIES; k++) {
        char id[16];
        const struct entity entity = guest(k, id);
        struct sample samples[ROUND_SAMPLES];
        for (int i = 0; i < ROUND_SAMPLES; i++) {
            int64_t time = begin + INTERVAL * (int64_t)(round * ROUND_SAMPLES + i + 1);
            samples[i] = (struct sample){time, value_at(k, time)};
        }
        const struct series series = {.entity = &entity,
                                      .counter = &usage,
                                      .instance = "",
                                      .interval = INTERVAL,
                                      .count = ROUND_SAMPLES,
                                      .samples = samples};
        writer_add(writer, 0, &series);
    }
    return writer_commit(writer, 0, error);
}

static int64_t samples_of(struct reader *reader, struct reader_entity *entity) {
    struct error error = {0};
    struct collected collected;
    int number = atoi(reader_present(entity)->id + strlen("vm-"));
    assert_true(reader_load(reader, entity, &error));
    assert_int_equal(entity->count, 1);
    collected_init(&collected, &entity->series[0].id, 1);
    assert_true(reader_read(reader, entity, &collected, &error));
    const struct collected_series *series = &collected.series[0];
    for (size_t i = 0; i < series->count; i++) {
        assert_int_equal(series->samples[i].time, begin + INTERVAL * (int64_t)(i + 1));
        assert_int_equal(series->samples[i].value, value_at(number, series->samples[i].time));
    }
    int64_t count = (int64_t)series->count;
    if (count)
        assert_int_equal(entity->newest / INTERVAL * INTERVAL, series->samples[count - 1].time);
    collected_done(&collected);
    return count;
}

/* The rounds that the history has, which are whole: all entities have the samples of all. */
static int rounds_of(const char *path) {
    struct error error = {0};
    struct reader *reader = reader_open(path, &error);
    assert_non_null(reader);
    assert_true(reader_begin(reader, &error));
    int64_t count = reader->count ? samples_of(reader, reader->entities[0]) : 0;
    assert_true(!reader->count || reader->count == ENTITIES);
    for (size_t i = 1; i < reader->count; i++)
        assert_int_equal(samples_of(reader, reader->entities[i]), count);
    assert_int_equal(count % ROUND_SAMPLES, 0);
    reader_end(reader);
    reader_close(reader);
    return (int)count / ROUND_SAMPLES;
}

static void on_damage(void *context, const char *text) {
    (void)context;
    fail_msg("%s", text);
}

static void check_pages(const char *path) {
    struct error error = {0};
    struct check check = {.damaged = on_damage};
    struct database *database = database_open(path, &error);
    assert_non_null(database);
    check_all(database, &check);
    database_close(database);
}

static void remove_state(const char *path) {
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        char *name = memory_printf("%s%s", path, ends[i]);
        g_unlink(name);
        free(name);
    }
}

/* Whoever comes back goes on as if nothing had been. */
static void check_state(int state) {
    struct error error = {0};
    char *path = memory_printf("%s/state-%d.vperf.db", disk.folder, state);
    struct writer *writer = writer_open(path, &long_enough, &quiet, &error);
    if (!writer)
        fail_msg("state %d: %s", state, error.message);
    int rounds = rounds_of(path);
    if (rounds < disk.rounds[state] || rounds > disk.rounds[state] + 1)
        fail_msg("state %d: %d rounds, not %d", state, rounds, disk.rounds[state]);
    check_pages(path);
    assert_true(write_round(writer, rounds, &error));
    writer_close(writer);
    assert_int_equal(rounds_of(path), rounds + 1);
    remove_state(path);
    free(path);
}

static void test_power_fails(void **state) {
    struct error error = {0};
    char *path = memory_printf("%s/vperf.db", disk.folder);
    (void)state;
    disk.recording = true;
    struct writer *writer = writer_open(path, &long_enough, &quiet, &error);
    assert_non_null(writer);
    for (int round = 0; round < ROUNDS; round++) {
        assert_true(write_round(writer, round, &error));
        disk.committed++;
    }
    disk.recording = false;
    assert_true(disk.states > 50);
    for (int i = 0; i < disk.states; i++)
        check_state(i);
    writer_close(writer);
    remove_state(path);
    free(path);
}

static void test_disk_refuses(void **state) {
    char *path = memory_printf("%s/state-0.vperf.db", disk.folder);
    int64_t gaps = 0;
    (void)state;
    for (guint32 seed = 0; seed < SEEDS; seed++) {
        struct error error = {0};
        struct writer *writer = writer_open(path, &long_enough, &quiet, &error);
        assert_non_null(writer);
        g_rand_set_seed(disk.dice, seed);
        disk.ailing = true;
        for (int round = 0; round < ROUNDS; round++)
            assert_true(write_round(writer, round, &error));
        disk.ailing = false;
        disk.refusing = 0;
        writer_close(writer);
        assert_int_equal(rounds_of(path), ROUNDS);
        check_pages(path);
        struct database *database = database_open(path, &error);
        assert_true(database_number(database, "SELECT count(*) FROM gap", &gaps, -1, &error));
        assert_int_equal(gaps, 0);
        database_close(database);
        remove_state(path);
    }
    free(path);
}

static int set_up(void **state) {
    static sqlite3_vfs shim;
    (void)state;
    disk.folder = g_dir_make_tmp("vperf-XXXXXX", NULL);
    disk.files = g_ptr_array_new_with_free_func(free_file);
    disk.dice = g_rand_new_with_seed(7);
    quiet.stream = fopen("/dev/null", "w");
    assert_non_null(quiet.stream);
    unix_vfs = sqlite3_vfs_find("unix");
    shim = *unix_vfs;
    shim.zName = "power";
    shim.szOsFile = (int)sizeof(struct shim) + unix_vfs->szOsFile;
    shim.xOpen = shim_open;
    shim.xDelete = shim_delete;
    disk.states = disk.committed = 0;
    disk.states = disk.committed = 0;
    return sqlite3_vfs_register(&shim, 1);
}

static int tear_down(void **state) {
    (void)state;
    g_ptr_array_free(disk.files, TRUE);
    g_rand_free(disk.dice);
    fclose(quiet.stream);
    g_rmdir(disk.folder);
    g_free(disk.folder);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_power_fails, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_disk_refuses, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
