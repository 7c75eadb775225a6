/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The long CSV: header and rows, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sink/sink.h"

#define HEADER "timestamp,source,hypervisor,type,\"name\",id,counter,instance,value,unit,interval\n"

static const struct counter usage = {.id = 2, .name = "cpu.usage.average", .unit = "percent"};
static const struct counter active = {.id = 33, .name = "mem.active.average", .unit = "kiloBytes"};

static char *written(const struct series *series, size_t count, struct sink_options options) {
    char *text;
    size_t size;
    struct error error = {0};
    struct sink sink = {.ops = sink_find("csv", &error), .options = options};

    sink.stream = open_memstream(&text, &size);
    sink.ops->begin(&sink);
    for (size_t i = 0; i < count; i++)
        sink.ops->write(&sink, &series[i]);
    sink.ops->end(&sink);
    sink_done(&sink);
    fclose(sink.stream);
    return text;
}

static void check(const struct series *series, size_t count, struct sink_options options,
                  const char *expected) {
    char *text = written(series, count, options);
    assert_string_equal(text, expected);
    free(text);
}

static struct entity guest(const char *name) {
    return (struct entity){.type = ENTITY_VM,
                           .source = "esx01.example.com",
                           .hypervisor = "esxi",
                           .name = name,
                           .id = "vm-9"};
}

static void test_nothing_but_the_header(void **state) {
    struct entity entity = guest("web-1");
    struct series empty = {.entity = &entity, .counter = &usage, .instance = "", .interval = 20};
    (void)state;

    check(NULL, 0, (struct sink_options){0}, HEADER);
    check(&empty, 1, (struct sink_options){0}, HEADER);
}

static void test_rows(void **state) {
    static const struct sample percents[] = {{1795288640, 459}, {1795288660, -1}, {1795288680, 5}};
    static const struct sample sizes[] = {{1795288640, 459}};
    struct entity entity = guest("web-1");
    struct entity host = {.type = ENTITY_HOST, .source = "kvm01:16509", .hypervisor = "kvm"};
    const struct series series[] = {
        {.entity = &entity,
         .counter = &usage,
         .instance = "",
         .interval = 20,
         .count = 3,
         .samples = percents},
        {.entity = &entity,
         .counter = &usage,
         .instance = "0",
         .interval = 300,
         .count = 1,
         .samples = percents},
        {.entity = &host, .counter = &active, .interval = 20, .count = 1, .samples = sizes},
    };
    (void)state;

    check(series, 3, (struct sink_options){0},
          HEADER
          "2026-11-21T19:17:20Z,esx01.example.com,esxi,vm,web-1,vm-9,cpu.usage.average,,4.59,"
          "percent,20\n"
          "2026-11-21T19:17:40Z,esx01.example.com,esxi,vm,web-1,vm-9,cpu.usage.average,,-0.01,"
          "percent,20\n"
          "2026-11-21T19:18:00Z,esx01.example.com,esxi,vm,web-1,vm-9,cpu.usage.average,,0.05,"
          "percent,20\n"
          "2026-11-21T19:17:20Z,esx01.example.com,esxi,vm,web-1,vm-9,cpu.usage.average,0,4.59,"
          "percent,300\n"
          "2026-11-21T19:17:20Z,kvm01:16509,kvm,host,,,mem.active.average,,459,kiloBytes,20\n");
}

static void test_raw(void **state) {
    static const struct sample sample = {1795288640, -459};
    struct entity entity = guest("web-1");
    const struct series series = {.entity = &entity,
                                  .counter = &usage,
                                  .instance = "",
                                  .interval = 20,
                                  .count = 1,
                                  .samples = &sample};
    (void)state;

    check(&series, 1, (struct sink_options){.raw = true},
          HEADER "2026-11-21T19:17:20Z,esx01.example.com,esxi,vm,web-1,vm-9,cpu.usage.average,,-"
                 "459,percent,20\n");
}

static void test_names(void **state) {
    static const struct {
        const char *name;
        const char *plain;
        const char *safe;
    } cases[] = {
        {"a,b", "\"a,b\"", "\"a,b\""},
        {"the \"big\" one", "\"the \"\"big\"\" one\"", "\"the \"\"big\"\" one\""},
        {"two\nlines", "\"two\nlines\"", "\"two\nlines\""},
        {"Gr\303\274n", "Gr\303\274n", "Gr\303\274n"},
        {"\344\270\255\346\226\207", "\344\270\255\346\226\207", "\344\270\255\346\226\207"},
        {"=cmd|x", "=cmd|x", "'=cmd|x"},
    };
    static const struct sample sample = {1795288640, -459};
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int safe = 0; safe <= 1; safe++) {
            char expected[512];
            struct entity entity = guest(cases[i].name);
            const struct series series = {.entity = &entity,
                                          .counter = &usage,
                                          .instance = "",
                                          .interval = 20,
                                          .count = 1,
                                          .samples = &sample};
            /* The value begins with '-' and is a number: never an apostrophe. */
            snprintf(expected, sizeof expected,
                     HEADER "2026-11-21T19:17:20Z,esx01.example.com,esxi,vm,%s,vm-9,"
                            "cpu.usage.average,,-4.59,percent,20\n",
                     safe ? cases[i].safe : cases[i].plain);
            check(&series, 1, (struct sink_options){.spreadsheet_safe = safe}, expected);
        }
    }
}

static void test_every_text_cell_is_made_safe(void **state) {
    static const struct sample sample = {1795288640, 1};
    static const struct counter odd = {.name = "=counter", .unit = "=unit"};
    struct entity entity = {.type = ENTITY_VM,
                            .source = "=source",
                            .hypervisor = "=hyper",
                            .name = "=name",
                            .id = "=id"};
    const struct series series = {.entity = &entity,
                                  .counter = &odd,
                                  .instance = "=instance",
                                  .interval = 20,
                                  .count = 1,
                                  .samples = &sample};
    (void)state;

    check(
        &series, 1, (struct sink_options){.spreadsheet_safe = true},
        HEADER
        "2026-11-21T19:17:20Z,'=source,'=hyper,vm,'=name,'=id,'=counter,'=instance,1,'=unit,20\n");
}

/* What was formatted before belongs to what stood at the address then. */
static void test_addresses_are_used_again(void **state) {
    static const struct sample sample = {1795288640, 100};
    static const char *const sources[] = {"a", "b"}, *const units[] = {"percent", "number"};
    char name[16], counter_name[16];
    struct counter counter = {.name = counter_name};
    struct entity entity = guest(name);
    const struct series series = {.entity = &entity,
                                  .counter = &counter,
                                  .instance = "",
                                  .interval = 20,
                                  .count = 1,
                                  .samples = &sample};
    struct error error = {0};
    char *text;
    size_t size;
    struct sink sink = {.ops = sink_find("csv", &error)};
    (void)state;

    sink.stream = open_memstream(&text, &size);
    for (int i = 0; i < 8; i++) {
        snprintf(name, sizeof name, "n%d", i & 1);
        snprintf(counter_name, sizeof counter_name, "c%d", i >> 1 & 1);
        entity.source = sources[i >> 2];
        counter.unit = units[i >> 2];
        sink_write(&sink, &series);
    }
    sink_end(&sink);
    sink_done(&sink);
    fclose(sink.stream);
#define ROW(source, name, counter, rest)                                                           \
    "2026-11-21T19:17:20Z," source ",esxi,vm," name ",vm-9," counter ",," rest ",20\n"
    assert_string_equal(
        text, HEADER ROW("a", "n0", "c0", "1.00,percent") ROW("a", "n1", "c0", "1.00,percent")
                  ROW("a", "n0", "c1", "1.00,percent") ROW("a", "n1", "c1", "1.00,percent")
                      ROW("b", "n0", "c0", "100,number") ROW("b", "n1", "c0", "100,number")
                          ROW("b", "n0", "c1", "100,number") ROW("b", "n1", "c1", "100,number"));
    free(text);
}

/* Two visits that take turns; then another one, of what stands at the same addresses. */
static void test_visits(void **state) {
    static const struct sample sample = {1795288640, 100};
    static const struct {
        uint64_t visit;
        int number;
    } rows[] = {{1, 0}, {1, 0}, {2, 1}, {1, 0}, {2, 1}, {3, 2}, {3, 2}, {0, 3}, {0, 4}};
    char names[2][16], instances[2][16];
    struct counter counters[] = {active, usage};
    struct entity entities[] = {guest(names[0]), guest(names[1])};
    GString *expected = g_string_new(HEADER);
    struct error error = {0};
    char *text;
    size_t size;
    struct sink sink = {.ops = sink_find("csv", &error)};
    (void)state;

    sink.stream = open_memstream(&text, &size);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int number = rows[i].number, place = rows[i].visit == 2;
        snprintf(names[place], sizeof names[place], "n%d", number);
        snprintf(instances[place], sizeof instances[place], "i%d", number);
        for (size_t j = 0; j < sizeof counters / sizeof *counters; j++) {
            const struct series series = {.entity = &entities[place],
                                          .counter = &counters[j],
                                          .instance = instances[place],
                                          .interval = 20,
                                          .count = 1,
                                          .samples = &sample,
                                          .visit = rows[i].visit};
            sink_write(&sink, &series);
            g_string_append_printf(
                expected, "2026-11-21T19:17:20Z,esx01.example.com,esxi,vm,n%d,vm-9,%s,i%d,%s,20\n",
                number, counters[j].name, number, j ? "1.00,percent" : "100,kiloBytes");
        }
    }
    sink_end(&sink);
    sink_done(&sink);
    fclose(sink.stream);
    assert_string_equal(text, expected->str);
    free(text);
    g_string_free(expected, TRUE);
}

static void test_header_comes_once(void **state) {
    static const struct sample sample = {1795288640, 1};
    struct entity entity = guest("web-1");
    const struct series series = {.entity = &entity,
                                  .counter = &active,
                                  .instance = "",
                                  .interval = 20,
                                  .count = 1,
                                  .samples = &sample};
    (void)state;

    for (int count = 0; count <= 2; count++) {
        char *text;
        size_t size;
        struct error error = {0};
        struct sink sink = {.ops = sink_find("csv", &error)};
        sink.stream = open_memstream(&text, &size);
        for (int i = 0; i < count; i++)
            sink_write(&sink, &series);
        sink_end(&sink);
        sink_done(&sink);
        fclose(sink.stream);
        assert_int_equal(strncmp(text, HEADER, strlen(HEADER)), 0);
        assert_null(strstr(text + strlen(HEADER), "timestamp"));
        free(text);
    }
}

static void test_find(void **state) {
    struct error error = {0};
    (void)state;

    assert_ptr_equal(sink_find("csv", &error), sink_table[0]);
    assert_int_equal(error.kind, ERROR_NONE);
    assert_null(sink_find("xls", &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_non_null(strstr(error.message, "no format 'xls'; the formats are csv"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_but_the_header),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_raw),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_every_text_cell_is_made_safe),
        cmocka_unit_test(test_addresses_are_used_again),
        cmocka_unit_test(test_visits),
        cmocka_unit_test(test_header_comes_once),
        cmocka_unit_test(test_find),
    };
    return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
