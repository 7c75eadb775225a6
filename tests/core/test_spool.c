/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What comes out of a spool is what went in, though its sources are gone by then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/spool.h"

static struct sample sample_of(const struct series *series, size_t index) {
    const struct series_columns *columns = &series->columns;
    return columns->times
               ? (struct sample){columns->times[index], series_columns_value(columns, index)}
               : series->samples[index];
}

/* The series as text, one line each, in the order in which they come. */
struct text {
    GString *lines;
    int refuse_at; /* the write that fails, from 1; 0 for none */
    int writes;
};

static bool write_line(void *context, const struct series *series, struct error *error) {
    struct text *text = context;

    if (++text->writes == text->refuse_at)
        return error_set(error, ERROR_OUTPUT, "the disk is full");
    g_string_append_printf(text->lines, "%s/%s %s[%s] %s %d%s%s:", series->entity->source,
                           series->entity->name, series->counter->name, series->instance,
                           series->counter->unit, series->interval, series->continues ? "+" : "",
                           series->partial ? "?" : "");
    for (size_t i = 0; i < series->count; i++)
        g_string_append_printf(text->lines, " %lld=%lld", (long long)sample_of(series, i).time,
                               (long long)sample_of(series, i).value);
    g_string_append_c(text->lines, '\n');
    return true;
}

static int set_up(void **state) {
    struct text *text = memory_alloc(sizeof *text);
    text->lines = g_string_new(NULL);
    *state = text;
    return 0;
}

static int tear_down(void **state) {
    struct text *text = *state;
    g_string_free(text->lines, TRUE);
    free(text);
    return 0;
}

static const struct entity web1 = {.source = "esx01", .name = "web-1", .id = "vm-1"};
static const struct entity web2 = {.source = "esx01", .name = "web-2", .id = "vm-2"};

/* All but the entity is on the heap, and freed as soon as it is spooled. */
static void add(struct spool *spool, const struct entity *entity, const char *name,
                const char *instance, size_t count) {
    struct counter *counter = memory_alloc(sizeof *counter);
    struct sample *samples = memory_array(count + 1, sizeof *samples);
    char *own_instance = memory_strdup(instance);
    struct error error = {0};

    *counter = (struct counter){.name = name, .unit = "percent"};
    for (size_t i = 0; i < count; i++)
        samples[i] = (struct sample){(int64_t)(100 + 20 * i), (int64_t)i - 1};
    const struct series series = {.entity = entity,
                                  .counter = counter,
                                  .instance = own_instance,
                                  .interval = 20,
                                  .continues = count == 1,
                                  .partial = count == 2,
                                  .count = count,
                                  .samples = samples};
    assert_true(spool_add(spool, &series, &error));
    free(own_instance);
    free(samples);
    free(counter);
}

static void test_round_trip(void **state) {
    struct error error = {0};
    struct spool *spool = spool_new(&error);
    struct text *text = *state;

    assert_non_null(spool);
    add(spool, &web1, "cpu.usage.average", "", 2);
    add(spool, &web1, "net.usage.average", "vm nic, 1\n", 0);
    add(spool, &web2, "cpu.usage.average", "", 1);
    assert_true(spool_replay(spool, write_line, text, &error));
    assert_string_equal(text->lines->str,
                        "esx01/web-1 cpu.usage.average[] percent 20?: 100=-1 120=0\n"
                        "esx01/web-1 net.usage.average[vm nic, 1\n] percent 20:\n"
                        "esx01/web-2 cpu.usage.average[] percent 20+: 100=-1\n");
    spool_free(spool);
    spool_free(NULL);
}

static void test_empty(void **state) {
    struct error error = {0};
    struct spool *spool = spool_new(&error);
    struct text *text = *state;

    assert_true(spool_replay(spool, write_line, text, &error));
    assert_int_equal(text->writes, 0);
    spool_free(spool);
}

static void add_at(struct spool *spool, const struct entity *entity, const struct counter *counter,
                   int64_t time) {
    const struct sample sample = {time, 1};
    const struct series series = {.entity = entity,
                                  .counter = counter,
                                  .instance = "",
                                  .interval = 20,
                                  .count = 1,
                                  .samples = &sample};
    struct error error = {0};
    assert_true(spool_add(spool, &series, &error));
}

/* What came is another entity and counter each time, though where it was before. */
static void test_reused_addresses(void **state) {
    struct entity entity = web1;
    struct counter counter = {.id = 1, .name = "cpu", .unit = "percent"};
    struct error error = {0};
    struct spool *spool = spool_new(&error);
    struct text *text = *state;

    add_at(spool, &entity, &counter, 100);
    counter.name = "mem";
    entity = web2;
    add_at(spool, &entity, &counter, 100);
    entity = web1;
    entity.name = "renamed";
    counter.unit = "number";
    add_at(spool, &entity, &counter, 120);
    add_at(spool, &web2, &counter, 120);
    add_at(spool, &entity, &counter, 140);
    entity = (struct entity){.source = "esx02", .name = "other", .id = "vm-1"};
    add_at(spool, &entity, &counter, 140);
    assert_true(spool_replay(spool, write_line, text, &error));
    assert_string_equal(text->lines->str, "esx01/web-1 cpu[] percent 20: 100=1\n"
                                          "esx01/web-2 mem[] percent 20: 100=1\n"
                                          "esx01/renamed mem[] number 20: 120=1\n"
                                          "esx01/web-2 mem[] number 20: 120=1\n"
                                          "esx01/renamed mem[] number 20: 140=1\n"
                                          "esx02/other mem[] number 20: 140=1\n");
    spool_free(spool);
}

/* Rounds that were not completed are not there. */
static void test_truncate(void **state) {
    static const struct counter cpu = {.name = "cpu", .unit = "percent"};
    struct error error = {0};
    struct spool *spool = spool_new(&error);
    struct text *text = *state;

    add_at(spool, &web1, &cpu, 80);
    assert_true(spool_truncate(spool, &error));
    assert_true(spool_replay(spool, write_line, text, &error));
    assert_string_equal(text->lines->str, "");
    add_at(spool, &web1, &cpu, 100);
    spool_mark(spool);
    add(spool, &web2, "cpu", "a long instance", 20);
    assert_true(spool_truncate(spool, &error));
    add_at(spool, &web2, &cpu, 120);
    spool_mark(spool);
    add_at(spool, &web1, &cpu, 140);
    add_at(spool, &web2, &cpu, 140);
    assert_true(spool_truncate(spool, &error));
    assert_true(spool_truncate(spool, &error));
    assert_true(spool_replay(spool, write_line, text, &error));
    assert_string_equal(text->lines->str, "esx01/web-1 cpu[] percent 20: 100=1\n"
                                          "esx01/web-2 cpu[] percent 20: 120=1\n");
    spool_free(spool);
}

static void add_columns(struct spool *spool, int64_t time, size_t count, bool same) {
    static const struct counter cpu = {.name = "cpu", .unit = "percent"};
    int64_t times[] = {time, time + 20, time + 40}, values[] = {time / 10, 7, 8};
    const struct series series = {.entity = &web1,
                                  .counter = &cpu,
                                  .instance = "",
                                  .interval = 20,
                                  .count = count,
                                  .columns = {times, values, same}};
    struct error error = {0};
    assert_true(spool_add(spool, &series, &error));
}

/* Times are kept once for series that have them in common, also between others and after a cut. */
static void test_columns(void **state) {
    struct error error = {0};
    struct spool *spool = spool_new(&error);
    struct text *text = *state;

    add_columns(spool, 100, 2, false);
    add_columns(spool, 100, 2, true);
    add(spool, &web2, "cpu", "", 1);
    add_columns(spool, 100, 2, false);
    add_columns(spool, 100, 3, true);
    add_columns(spool, 120, 0, false);
    spool_mark(spool);
    add_columns(spool, 120, 2, false);
    assert_true(spool_truncate(spool, &error));
    add_columns(spool, 120, 2, true);
    assert_true(spool_replay(spool, write_line, text, &error));
    assert_string_equal(text->lines->str, "esx01/web-1 cpu[] percent 20: 100=10 120=7\n"
                                          "esx01/web-1 cpu[] percent 20: 100=10 120=10\n"
                                          "esx01/web-2 cpu[] percent 20+: 100=-1\n"
                                          "esx01/web-1 cpu[] percent 20: 100=10 120=7\n"
                                          "esx01/web-1 cpu[] percent 20: 100=10 120=10 140=10\n"
                                          "esx01/web-1 cpu[] percent 20:\n"
                                          "esx01/web-1 cpu[] percent 20: 120=12 140=12\n");
    spool_free(spool);
}

static bool without_nameless; /* a file system that has no files without a name */

int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = va_arg(arguments, mode_t);
    va_end(arguments);
    if (without_nameless && (flags & O_TMPFILE) == O_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

/* The size of the open file that is in the directory; -1 when there is none. */
static off_t size_in(const char *directory) {
    DIR *descriptors = opendir("/proc/self/fd");
    off_t size = -1;
    assert_non_null(descriptors);
    for (struct dirent *entry = NULL; (entry = readdir(descriptors));) {
        char path[PATH_MAX], target[PATH_MAX] = "";
        struct stat status;
        snprintf(path, sizeof path, "/proc/self/fd/%.20s", entry->d_name);
        if (readlink(path, target, sizeof target - 1) < 0 || !g_str_has_prefix(target, directory))
            continue;
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_nlink, 0);
        assert_int_equal(status.st_mode & 07777, 0600);
        size = status.st_size;
    }
    closedir(descriptors);
    return size;
}

static void test_directory(void **state) {
    enum { SERIES = 1000, BYTES = 32 + sizeof(struct sample) };
    char *before = memory_strdup(getenv("TMPDIR"));
    char directory[] = "/tmp/test-spool-XXXXXX";
    struct text *text = *state;

    assert_non_null(mkdtemp(directory));
    setenv("TMPDIR", directory, 1);
    for (int i = 0; i < 2; i++) {
        struct error error = {0};
        without_nameless = i == 1;
        struct spool *spool = spool_new(&error);
        assert_non_null(spool);
        assert_int_equal(size_in(directory), 0);
        for (int k = 0; k < SERIES; k++)
            add_at(spool, k % 2 ? &web1 : &web2, &(struct counter){.name = "c", .unit = "u"}, k);
        assert_true(spool_replay(spool, write_line, text, &error));
        assert_true(size_in(directory) <= SERIES * BYTES);
        spool_free(spool);
        assert_int_equal(size_in(directory), -1);
    }
    without_nameless = false;
    assert_int_equal(rmdir(directory), 0); /* nothing was left in it */
    struct error error = {0};
    assert_null(spool_new(&error));
    char *expected = memory_printf("cannot make a temporary file in %s: No such file or directory; "
                                   "TMPDIR chooses another directory",
                                   directory);
    assert_string_equal(error.message, expected);
    free(expected);
    if (before)
        setenv("TMPDIR", before, 1);
    else
        unsetenv("TMPDIR");
    free(before);
}

/* An empty variable is none. */
static void test_empty_directory(void **state) {
    char *before = memory_strdup(getenv("TMPDIR"));
    struct error error = {0};
    (void)state;

    setenv("TMPDIR", "", 1);
    struct spool *spool = spool_new(&error);
    assert_non_null(spool);
    spool_free(spool);
    if (before)
        setenv("TMPDIR", before, 1);
    else
        unsetenv("TMPDIR");
    free(before);
}

/* More than the buffer of a stream. */
static void test_many(void **state) {
    enum { SAMPLES = 100000 };
    struct error error = {0};
    struct sample *samples = memory_array(SAMPLES, sizeof *samples);
    const struct entity entity = {.source = "s", .name = "n", .id = "i"};
    const struct counter counter = {.name = "c", .unit = "u"};
    const struct series series = {.entity = &entity,
                                  .counter = &counter,
                                  .instance = "",
                                  .count = SAMPLES,
                                  .samples = samples};
    struct spool *spool = spool_new(&error);
    struct text *text = *state;

    assert_true(spool_add(spool, &series, &error));
    add(spool, &web1, "cpu.usage.average", "", 1);
    text->refuse_at = 2;
    assert_false(spool_replay(spool, write_line, text, &error));
    assert_int_equal(text->writes, 2);
    assert_string_equal(error.message, "the disk is full");
    spool_free(spool);
    free(samples);
}

static void test_writer_ends_the_replay(void **state) {
    struct error error = {0};
    struct spool *spool = spool_new(&error);
    struct text *text = *state;

    add(spool, &web1, "c", "", 1);
    add(spool, &web2, "c", "", 1);
    text->refuse_at = 1;
    assert_false(spool_replay(spool, write_line, text, &error));
    assert_int_equal(error.kind, ERROR_OUTPUT);
    assert_int_equal(text->writes, 1);
    spool_free(spool);
}

/* The limit of file sizes stands for a disk that is full. */
static void test_full_disk(void **state) {
    enum { SAMPLES = 4096 };
    struct rlimit old, tight;
    struct error error = {0};
    struct sample *samples = memory_array(SAMPLES, sizeof *samples);
    const struct entity entity = {.source = "s", .name = "n", .id = "i"};
    const struct counter counter = {.name = "c", .unit = "u"};
    const struct series series = {.entity = &entity,
                                  .counter = &counter,
                                  .instance = "",
                                  .count = SAMPLES,
                                  .samples = samples};
    struct spool *spool = spool_new(&error);
    struct text *text = *state;

    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    tight = (struct rlimit){.rlim_cur = 4096, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    bool added = spool_add(spool, &series, &error);
    assert_false(added && spool_replay(spool, write_line, text, &error));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(error.kind, ERROR_OUTPUT);
    assert_non_null(strstr(error.message, "File too large; TMPDIR chooses"));
    spool_free(spool);
    free(samples);
}

/* No file can be opened any more. */
static void test_no_file(void **state) {
    struct rlimit old, none;
    struct error error = {0};
    (void)state;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    struct spool *spool = spool_new(&error);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_null(spool);
    assert_int_equal(error.kind, ERROR_OUTPUT);
    assert_non_null(strstr(error.message, "cannot make a temporary file in "));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_empty, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reused_addresses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_truncate, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_columns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_directory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_empty_directory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_writer_ends_the_replay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full_disk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_file, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("spool", tests, NULL, NULL);
}
