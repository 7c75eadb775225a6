/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* JSON lines, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sink/sink.h"

static const struct counter usage = {.name = "cpu.usage.average", .unit = "percent"};
static const struct sample samples[] = {{1795288640, 459}, {1795288660, -1}};

static char *written(const struct entity *entity, const char *instance, size_t count,
                     const struct sink_options *options) {
    char *text = NULL;
    size_t size = 0;
    struct error error = {0};
    struct sink sink = {.ops = sink_find("jsonl", &error), .options = *options};
    const struct series series = {.entity = entity,
                                  .counter = &usage,
                                  .instance = instance,
                                  .interval = 20,
                                  .count = count,
                                  .samples = samples};
    sink.stream = open_memstream(&text, &size);
    sink_write(&sink, &series);
    sink_end(&sink);
    sink_done(&sink);
    fclose(sink.stream);
    return text;
}

static void check(const struct entity *entity, const char *instance, size_t count,
                  const struct sink_options *options, const char *expected) {
    char *text = written(entity, instance, count, options);
    assert_string_equal(text, expected);
    free(text);
}

static void test_objects(void **state) {
    const struct entity guest = {
        .type = ENTITY_VM, .source = "esx01", .hypervisor = "esxi", .name = "web-1", .id = "vm-9"};
    (void)state;
    check(&guest, "", 0, &(struct sink_options){0}, "");
    check(&guest, "0", 2, &(struct sink_options){0},
          "{\"timestamp\":\"2026-11-21T19:17:20Z\",\"source\":\"esx01\",\"hypervisor\":\"esxi\","
          "\"type\":\"vm\",\"name\":\"web-1\",\"id\":\"vm-9\",\"counter\":\"cpu.usage.average\","
          "\"instance\":\"0\",\"value\":4.59,\"unit\":\"percent\",\"interval\":20}\n"
          "{\"timestamp\":\"2026-11-21T19:17:40Z\",\"source\":\"esx01\",\"hypervisor\":\"esxi\","
          "\"type\":\"vm\",\"name\":\"web-1\",\"id\":\"vm-9\",\"counter\":\"cpu.usage.average\","
          "\"instance\":\"0\",\"value\":-0.01,\"unit\":\"percent\",\"interval\":20}\n");
}

/* What is not known has no key; numbers are numbers. */
static void test_fields(void **state) {
    struct error error = {0};
    const struct entity guest = {.type = ENTITY_VM, .name = "a", .uuid = "u-1", .cpus = 2};
    const struct sink_options options = {
        .raw = true,
        .field_count = 3,
        .fields = {entity_field_find("uuid", 4, &error), entity_field_find("cluster", 7, &error),
                   entity_field_find("cpus", 4, &error)},
    };
    (void)state;
    check(&guest, "", 1, &options,
          "{\"timestamp\":\"2026-11-21T19:17:20Z\",\"type\":\"vm\",\"name\":\"a\","
          "\"counter\":\"cpu.usage.average\",\"value\":459,\"unit\":\"percent\",\"interval\":20,"
          "\"uuid\":\"u-1\",\"cpus\":2}\n");
}

/* Bytes that are declared terabytes: the unit does not change with each value. */
static void test_unit_stays(void **state) {
    static const struct counter cache = {.name = "mem.vmfs.pbc.workingSet.latest",
                                         .unit = "teraBytes"};
    static const struct entity hosts[] = {{.type = ENTITY_HOST, .name = "a", .id = "host-1"},
                                          {.type = ENTITY_HOST, .name = "b", .id = "host-2"}};
    static const struct {
        int host;
        int64_t value;
        const char *unit;
    } rows[] = {
        {0, 0, "teraBytes"}, {0, 558345748480, "bytes"}, {0, 0, "bytes"}, {1, 2, "teraBytes"},
        {0, 1, "bytes"},
    };
    char *text = NULL;
    size_t size = 0;
    struct error error = {0};
    struct sink sink = {.ops = sink_find("jsonl", &error)};
    (void)state;
    sink.stream = open_memstream(&text, &size);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct sample sample = {1795288640 + 20 * (int64_t)i, rows[i].value};
        const struct series series = {.entity = &hosts[rows[i].host],
                                      .counter = &cache,
                                      .instance = "",
                                      .interval = 20,
                                      .count = 1,
                                      .samples = &sample};
        char unit[32];
        fflush(sink.stream);
        size_t before = size;
        sink_write(&sink, &series);
        assert_true(sink_round_end(&sink, &error));
        fflush(sink.stream);
        snprintf(unit, sizeof unit, "\"unit\":\"%s\"", rows[i].unit);
        assert_non_null(strstr(text + before, unit));
    }
    sink_done(&sink);
    fclose(sink.stream);
    free(text);
}

static void test_names(void **state) {
    static const struct {
        const char *name;
        const char *json;
    } rows[] = {
        {"a\"b\\c", "a\\\"b\\\\c"},
        {"two\nlines\t", "two\\u000alines\\u0009"},
        {"\x01\x7f", "\\u0001\\u007f"},
        {"Gr\303\274n", "Gr\303\274n"},
        {"<&>/", "<&>/"},
        {"\377", "\357\277\275"},
        {"\360\237\226\245", "\360\237\226\245"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char expected[256];
        const struct entity guest = {.type = ENTITY_VM, .name = rows[i].name};
        snprintf(expected, sizeof expected, "\"name\":\"%s\",\"counter\"", rows[i].json);
        char *text = written(&guest, "", 1, &(struct sink_options){0});
        assert_non_null(strstr(text, expected));
        free(text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_objects),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_unit_stays),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
