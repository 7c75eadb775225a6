/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Wide CSV, byte for byte: which values share a row, and what columns there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "sink/written.h"

static const struct counter usage = {.name = "cpu.usage.average", .unit = "percent"},
                            used = {.name = "mem.used.average", .unit = "kiloBytes"},
                            used_mib = {.name = "mem.used.average", .unit = "megaBytes"};
static const struct entity a = {.type = ENTITY_VM, .source = "s", .name = "a,b", .id = "1"},
                           b = {.type = ENTITY_HOST, .source = "s", .name = "b", .id = "2"};
static const struct sample both[] = {{1795288640, 459}, {1795288660, 1}},
                           late[] = {{1795288660, 7}}, early[] = {{1795288620, 3}};

#define HEAD "timestamp,source,hypervisor,type,\"name\",id"

/* The series of an entity may come in any order, and in parts; of two values the later one counts.
 */
static void test_rows(void **state) {
    (void)state;
    struct written *to = begin("wide", &(struct sink_options){0});
    put(to, &a, &usage, "1", 1, late);
    put(to, &b, &used, "", 1, early);
    put(to, &a, &usage, "", 2, both);
    put(to, &a, &usage, "", 1, late);
    put(to, &a, &usage, "", 1, early);
    check(to, HEAD ",cpu.usage.average,cpu.usage.average[1],mem.used.average\n"
                   "2026-11-21T19:17:00Z,s,,vm,\"a,b\",1,0.03,,\n"
                   "2026-11-21T19:17:20Z,s,,vm,\"a,b\",1,4.59,,\n"
                   "2026-11-21T19:17:40Z,s,,vm,\"a,b\",1,0.07,0.07,\n"
                   "2026-11-21T19:17:00Z,s,,host,b,2,,,3\n");
}

static void test_nothing(void **state) {
    (void)state;
    check(begin("wide", &(struct sink_options){0}), HEAD "\n");
}

/* Units that differ are no one column. */
static void test_units(void **state) {
    (void)state;
    struct written *to = begin("wide", &(struct sink_options){.raw = true});
    put(to, &a, &used, "", 1, early);
    put(to, &b, &used_mib, "", 1, early);
    put(to, &b, &usage, "", 1, early);
    check(to, HEAD ",cpu.usage.average,mem.used.average [kiloBytes],mem.used.average [megaBytes]\n"
                   "2026-11-21T19:17:00Z,s,,vm,\"a,b\",1,,3,\n"
                   "2026-11-21T19:17:00Z,s,,host,b,2,3,,3\n");
}

static void round_of(struct written *to, unsigned target) {
    struct error error = {0};
    to->sink.target = target;
    to->sink.ops->event(&to->sink, &(struct sink_event){.kind = SINK_ROUND});
    assert_true(sink_round_end(&to->sink, &error));
    fflush(to->sink.stream);
}

/* The header of an endless run waits for the first round of each target. */
static void test_endless(void **state) {
    (void)state;
    struct written *to = begin("wide", &(struct sink_options){.endless = true, .targets = 2});
    put(to, &a, &usage, "", 1, early);
    round_of(to, 0);
    assert_string_equal(to->text, "");
    put(to, &b, &used, "", 1, early);
    round_of(to, 1);
    assert_non_null(strstr(to->text, HEAD ",cpu.usage.average,mem.used.average\n"));
    put(to, &a, &usage, "0", 1, late);
    put(to, &a, &usage, "", 1, late);
    put(to, &a, &usage, "1", 1, late);
    round_of(to, 0);
    assert_int_equal(to->sink.omitted, 2);
    check(to, HEAD ",cpu.usage.average,mem.used.average\n"
                   "2026-11-21T19:17:00Z,s,,vm,\"a,b\",1,0.03,\n"
                   "2026-11-21T19:17:00Z,s,,host,b,2,,3\n"
                   "2026-11-21T19:17:40Z,s,,vm,\"a,b\",1,0.07,\n");
}

/* Rounds of guests that are not seen again; the memory that is in use afterwards. */
static size_t after_guests(struct written *to, unsigned first, unsigned count) {
    for (unsigned i = first; i < first + count; i++) {
        char *name = memory_printf("guest with a name as long as names may be %u", i);
        const struct entity guest = {.type = ENTITY_VM, .source = "s", .name = name, .id = name};
        put(to, &guest, &usage, "", 1, early);
        round_of(to, 0);
        free(name);
    }
    return mallinfo2().uordblks;
}

/* An endless run keeps nothing of the guests of rounds that are over. */
static void test_many_guests(void **state) {
    (void)state;
    struct error error = {0};
    struct sink sink = {.ops = sink_find("wide", &error),
                        .options = {.endless = true, .targets = 1}};
    struct written to = {.sink = sink};
    to.sink.stream = fopen("/dev/null", "we");
    size_t before = after_guests(&to, 0, 100);
    assert_in_range(after_guests(&to, 100, 1000), 0, before + 10000);
    sink_end(&to.sink);
    sink_done(&to.sink);
    fclose(to.sink.stream);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_units),       cmocka_unit_test(test_endless),
        cmocka_unit_test(test_many_guests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
