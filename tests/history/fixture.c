/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <glib/gstdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "history/database.h"

const struct retention fixture_long_enough = {35 * 86400, 1000 * 86400};
const struct log fixture_quiet = {.level = LOG_QUIET};

int fixture_folder(void **state) {
    struct fixture *fixture = memory_alloc(sizeof *fixture);
    fixture->folder = g_dir_make_tmp("vperf-XXXXXX", NULL);
    fixture->path = g_build_filename(fixture->folder, "vperf.db", NULL);
    *state = fixture;
    return 0;
}

int fixture_writer(void **state) {
    fixture_folder(state);
    fixture_reopen(*state, &fixture_long_enough, &fixture_quiet);
    return 0;
}

void fixture_reopen(struct fixture *fixture, const struct retention *retention,
                    const struct log *log) {
    struct error error = {0};
    writer_close(fixture->writer);
    fixture->writer = writer_open(fixture->path, retention, log, &error);
    assert_non_null(fixture->writer);
}

int fixture_done(void **state) {
    struct fixture *fixture = *state;
    writer_close(fixture->writer);
    const char *const names[] = {"vperf.db", "vperf.db-wal", "vperf.db-shm"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        char *path = g_build_filename(fixture->folder, names[i], NULL);
        g_unlink(path);
        g_free(path);
    }
    g_rmdir(fixture->folder);
    g_free(fixture->folder);
    g_free(fixture->path);
    free(fixture);
    return 0;
}

int64_t fixture_number(const struct fixture *fixture, const char *sql) {
    struct error error = {0};
    int64_t result = 0;
    struct database *database = database_open(fixture->path, &error);
    assert_non_null(database);
    assert_true(database_number(database, sql, &result, -1, &error));
    database_close(database);
    return result;
}
