/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Reports of many hosts and guests: how many rows they show, in which order, and how large they
 * are. */
#include "report/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/memory.h"
#include "report/sections.h"

enum { MANY = 600, HOSTS_OF_CLUSTER = 4, INTERVAL = 7200, SAMPLES = 360, NOW = 1795824000 };

static const double no_limits[USAGE_METRICS];

/* A month of values between 0 and most, which look like noise and are always the same. */
static void write_month(struct usage *usage, const struct entity *entity, const char *name,
                        const char *instance, int64_t most) {
    const struct counter counter = {.name = name, .unit = "", .stats = "", .rollup = ""};
    static struct sample samples[SAMPLES];
    static uint32_t noise = 1;
    for (int i = 0; i < SAMPLES; i++) {
        noise = noise * 1664525U + 1013904223U;
        samples[i] = (struct sample){NOW - (int64_t)(SAMPLES - 1 - i) * INTERVAL,
                                     (int64_t)(noise >> 8) % most + i};
    }
    usage_write(usage, &(struct series){.entity = entity,
                                        .counter = &counter,
                                        .instance = instance,
                                        .interval = INTERVAL,
                                        .count = SAMPLES,
                                        .samples = samples});
}

/* The higher its number, the more it has to do. */
static void write_host(struct usage *usage, int number) {
    char *name = memory_printf("esx-%04d.long-name-of-a-datacenter.example.com", number);
    char *cluster = memory_printf("Cluster & more %04d", number / HOSTS_OF_CLUSTER);
    const struct entity host = {.type = ENTITY_HOST,
                                .source = "vc",
                                .name = name,
                                .id = name,
                                .cluster = cluster,
                                .hypervisor = "esxi",
                                .cpus = 10,
                                .threads = 20,
                                .cpu_mhz = 1000,
                                .memory_kib = 64 << 20};
    write_month(usage, &host, "cpu.usage.average", "", 1000 + number);
    write_month(usage, &host, "cpu.coreUtilization.average", "", 9000);
    write_month(usage, &host, "cpu.usagemhz.average", "", 1000 + number * 10);
    write_month(usage, &host, "mem.consumed.average", "", 1 << 20);
    free(name);
    free(cluster);
}

static void write_guest(struct usage *usage, int number) {
    static const struct {
        const char *name;
        int64_t most;
    } counters[] = {
        {"cpu.usage.average", 9000},          {"cpu.usagemhz.average", 4000},
        {"cpu.ready.summation", 2000000},     {"cpu.costop.summation", 2000000},
        {"mem.consumed.average", 8 << 20},    {"mem.active.average", 8 << 20},
        {"mem.vmmemctl.average", 8 << 20},    {"mem.swapped.average", 8 << 20},
        {"disk.usage.average", 100000},       {"net.usage.average", 100000},
        {"net.droppedRx.summation", 1000000},
    };
    char *name = memory_printf("guest-%04d with <a long> name of forty letters", number);
    char *host = memory_printf("esx-%04d.long-name-of-a-datacenter.example.com", number);
    const struct entity guest = {.type = ENTITY_VM,
                                 .source = "vc",
                                 .name = name,
                                 .id = name,
                                 .folder = name,
                                 .host = host,
                                 .hypervisor = "esxi",
                                 .cpus = 4,
                                 .memory_kib = 8 << 20};
    for (size_t i = 0; i < G_N_ELEMENTS(counters); i++)
        write_month(usage, &guest, counters[i].name, "", counters[i].most);
    write_month(usage, &guest, "guestDisk.capacity.latest", "/var/lib/data", 100);
    write_month(usage, &guest, "guestDisk.free.latest", "/var/lib/data", 90);
    free(name);
    free(host);
}

struct made {
    struct usage *usage;
    struct findings findings;
    GPtrArray *gaps;
};

static void make(struct made *made) {
    made->usage = usage_new(no_limits);
    made->gaps = g_ptr_array_new();
    static struct findings_gap gap = {.name = (char *)"a guest with a long name of forty letters",
                                      .type = (char *)"vm",
                                      .interval = 20,
                                      .after = NOW - 7200,
                                      .until = NOW - 3600,
                                      .reason = (char *)"the server was away, and kept nothing"};
    for (int i = 0; i < MANY; i++) {
        write_host(made->usage, i);
        write_guest(made->usage, i);
        g_ptr_array_add(made->gaps, &gap);
    }
    struct findings_order order = {.spare = 1,
                                   .seconds = (int64_t)SAMPLES * INTERVAL,
                                   .groups = 1U << GROUP_FOLDER,
                                   .gaps = made->gaps};
    sizing_rules_init(&order.rules);
    findings_init(&made->findings, made->usage, &order);
}

static void unmake(struct made *made) {
    findings_done(&made->findings);
    usage_free(made->usage);
    g_ptr_array_free(made->gaps, TRUE);
}

static char *page_of(const char *form, struct findings *findings) {
    const struct page_options options = {.width = 80};
    struct error error = {0};
    const struct page *page = page_find(form, NULL, false, &error);
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(page);
    assert_non_null(stream);
    assert_true(page->write(stream, findings, &options, &error));
    assert_int_equal(fclose(stream), 0);
    return text;
}

static size_t count(const char *text, const char *part) {
    size_t found = 0;
    for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
        found++;
    return found;
}

/* Whatever is asked for, a page is below 5 MB, and tells of each list what it leaves out. */
static void test_html(void **state) {
    static const size_t tops[] = {0, 100000};
    for (size_t i = 0; i < G_N_ELEMENTS(tops); i++) {
        struct made *made = *state;
        made->findings.order.top = tops[i];
        char *text = page_of("html", &made->findings);
        assert_in_range(strlen(text), 1 << 20, 5000000);
        assert_int_equal(count(text, "<svg class=\"hours\""), 40);
        assert_non_null(strstr(text, "<p>500 of 750 are shown: --format csv for all.</p>"));
        assert_non_null(strstr(text, "<p>500 of 600 are shown: --format csv for all.</p>"));
        assert_non_null(strstr(text, "40 of 750 are shown."));
        assert_non_null(strstr(text, ">cores p95 %</th>"));
        assert_null(strstr(text, ">threads p95 %</th>"));
        free(text);
    }
}

/* Each list has so many rows, and what is left out is counted. */
static void test_top(void **state) {
    enum { TOP = 5 };
    struct made *made = *state;
    made->findings.order.top = TOP;
    char *text = page_of("table", &made->findings);
    assert_in_range(count(text, "\n"), 100, 300);
    assert_non_null(strstr(text, "5 of 750 are shown: --top N, or --format csv for all."));
    free(text);
    GPtrArray *sections = sections_list(&made->findings, TOP);
    assert_int_equal(sections->len, 14);
    for (guint i = 0; i < sections->len; i++) {
        const struct grid *grid = g_ptr_array_index(sections, i);
        bool bounded = g_str_has_prefix(grid->title, "Top talkers") ||
                       g_str_has_prefix(grid->title, "Counters");
        assert_in_range(grid->rows->len, 0, bounded ? 3 * TOP : TOP);
        assert_true(bounded || !grid->rows->len || grid->all >= MANY);
    }
    g_ptr_array_free(sections, TRUE);
}

/* The fullest first, clusters before hosts. */
static void test_order(void **state) {
    static const char *const lists[] = {"Hosts and clusters", "Headroom", "Hours of the week"};
    struct made *made = *state;
    GPtrArray *sections = sections_list(&made->findings, MANY * 2);
    size_t seen = 0;
    for (guint i = 0; i < sections->len; i++) {
        const struct grid *grid = g_ptr_array_index(sections, i);
        for (size_t k = 0; k < G_N_ELEMENTS(lists); k++) {
            if (!g_str_has_prefix(grid->title, lists[k]))
                continue;
            seen++;
            assert_string_equal(grid_text_of(grid, 0, 0), "Cluster & more 0149");
            assert_string_equal(grid_text_of(grid, grid->rows->len - MANY - 1, 0),
                                "Cluster & more 0000");
            assert_int_equal(strncmp(grid_text_of(grid, grid->rows->len - 1, 0), "esx-00", 6), 0);
        }
    }
    assert_int_equal(seen, G_N_ELEMENTS(lists));
    g_ptr_array_free(sections, TRUE);
}

static int setup(void **state) {
    struct made *made = memory_alloc(sizeof *made);
    make(made);
    *state = made;
    return 0;
}

static int teardown(void **state) {
    unmake(*state);
    free(*state);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_html),
        cmocka_unit_test(test_top),
        cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
