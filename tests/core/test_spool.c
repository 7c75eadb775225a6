/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What comes out of a spool is what went in, though its sources are gone by then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/memory.h"
#include "core/spool.h"

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
    g_string_append_printf(text->lines, "%s/%s %s[%s] %s %d%s:", series->entity->source,
                           series->entity->name, series->counter->name, series->instance,
                           series->counter->unit, series->interval, series->continues ? "+" : "");
    for (size_t i = 0; i < series->count; i++)
        g_string_append_printf(text->lines, " %lld=%lld", (long long)series->samples[i].time,
                               (long long)series->samples[i].value);
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
                        "esx01/web-1 cpu.usage.average[] percent 20: 100=-1 120=0\n"
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
    assert_non_null(strstr(error.message, "a temporary file: File too large"));
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
    assert_non_null(strstr(error.message, "cannot make a temporary file: "));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_empty, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_writer_ends_the_replay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full_disk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_file, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("spool", tests, NULL, NULL);
}
