/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Guests side by side, as text, from the series that a source gives. */
#include "command/test_comparison.h"

static void test_table(void **state) {
    const struct entity web = guest("esxi", "web-1", "vm-9");
    const struct entity mail = guest("kvm", "mail", "uuid-1");
    struct bench bench;
    (void)state;

    set_up(&bench, "cpu.usage.average,mem.usage.average", RECORDS_TABLE);
    feed(&bench, &web, &usage, "", 459);
    feed(&bench, &web, &memory, "", 2500);
    feed(&bench, &mail, &usage_kvm, "", 10000);
    feed(&bench, &mail, &memory_kvm, "", 5);
    expect(&bench,
           "name        hypervisor  source  vCPUs  memory MB  cpu.usage %  mem.usage %\n"
           "mail        kvm         kvm01                          100.00        0.05~\n"
           "web-1       esxi        esx01                            4.59       25.00 \n"
           "\n"
           "total of 1  esxi                                         4.59       25.00 \n"
           "total of 1  kvm                                        100.00        0.05~\n"
           "\n" LEGEND
           "~ approximate: this hypervisor has no such figure of its own; 'vperf counters'\n"
           "tells the formula.\n");
}

static void test_csv(void **state) {
    const struct entity web = guest("esxi", "web,1", "vm-9");
    const struct entity mail = guest("kvm", "mail", "uuid-1");
    struct bench bench;
    (void)state;

    set_up(&bench, "cpu.usage.average,mem.usage.average", RECORDS_CSV);
    feed(&bench, &web, &usage, "", 459);
    feed(&bench, &mail, &memory_kvm, "", 5);
    expect(&bench, "\"name\",hypervisor,source,type,id,timestamp,interval,cpus,memory_kib,"
                   "cpu.usage.average,mem.usage.average,approximate\n"
                   "\"web,1\",esxi,esx01,vm,vm-9,2026-11-21T19:17:20Z,20,,,4.59,,\n"
                   "mail,kvm,kvm01,vm,uuid-1,2026-11-21T19:17:20Z,20,,,,0.05,"
                   "mem.usage.average\n");
}

static void test_no_guests(void **state) {
    struct bench bench;
    (void)state;

    set_up(&bench, "cpu.usage.average", RECORDS_CSV);
    expect(&bench, "\"name\",hypervisor,source,type,id,timestamp,interval,cpus,memory_kib,"
                   "cpu.usage.average,approximate\n");
    set_up(&bench, "cpu.usage.average", RECORDS_TABLE);
    expect(&bench, "name  hypervisor  source  vCPUs  memory MB  cpu.usage %\n\n");
}

static void test_widths(void **state) {
    static const char *const names[] = {"m\303\274ller", "\344\270\255\346\226\207", "e\314\201t",
                                        "two\nlines"};
    static const char *const ids[] = {"1", "2", "3", "4"};
    struct bench bench;
    (void)state;

    set_up(&bench, "cpu.usage.average", RECORDS_TABLE);
    for (int i = 0; i < 4; i++) {
        const struct entity entity = guest("esxi", names[i], ids[i]);
        feed(&bench, &entity, &usage, "", 400 - i);
    }
    expect(&bench,
           "name        hypervisor  source  vCPUs  memory MB  cpu.usage %\n"
           "m\303\274ller      esxi        esx01                            4.00\n"
           "\344\270\255\346\226\207        esxi        esx01                            3.99\n"
           "e\314\201t          esxi        esx01                            3.98\n"
           "two?lines   esxi        esx01                            3.97\n"
           "\n"
           "total of 4  esxi                                         3.98\n"
           "\n" LEGEND);
}

static void test_sort_and_top(void **state) {
    static const struct {
        const char *name;
        int64_t value;
    } guests[] = {{"b", 5}, {"none", -1}, {"c", 70}, {"a", 5}, {"absent", -1}};
    static const char header[] =
        "\"name\",hypervisor,source,type,id,timestamp,interval,cpus,memory_kib,"
        "mem.usage.average,cpu.ready.summation,"
        "approximate\n";
    static const char *const rows[] = {
        "c,esxi,esx01,vm,c,2026-11-21T19:17:20Z,20,,,0.01,70,\n",
        "a,esxi,esx01,vm,a,2026-11-21T19:17:20Z,20,,,0.01,5,\n",
        "b,esxi,esx01,vm,b,2026-11-21T19:17:20Z,20,,,0.01,5,\n",
        "absent,esxi,esx01,vm,absent,2026-11-21T19:17:20Z,20,,,0.01,,\n",
        "none,esxi,esx01,vm,none,2026-11-21T19:17:20Z,20,,,0.01,,\n",
    };
    (void)state;

    for (size_t top = 0; top <= 6; top++) {
        struct bench bench;
        char *expected = memory_strdup(header);
        set_up(&bench, "mem.usage.average,cpu.ready.summation", RECORDS_CSV);
        bench.comparison.order.sort = "cpu.ready.summation";
        bench.comparison.order.top = top;
        for (size_t i = 0; i < 5; i++) {
            const struct entity entity = guest("esxi", guests[i].name, guests[i].name);
            feed(&bench, &entity, &memory, "", 1);
            if (guests[i].value >= 0)
                feed(&bench, &entity, &ready, "", guests[i].value);
        }
        for (size_t i = 0; i < 5 && (!top || i < top); i++) {
            char *longer = memory_printf("%s%s", expected, rows[i]);
            free(expected);
            expected = longer;
        }
        expect(&bench, expected);
        free(expected);
    }
}

static void test_sorted_by_the_first_column_when_the_default_is_none(void **state) {
    const struct entity a = guest("esxi", "a", "1"), b = guest("esxi", "b", "2");
    struct bench bench;
    (void)state;

    set_up(&bench, "mem.consumed.average", RECORDS_TABLE);
    feed(&bench, &a, &consumed, "", 1);
    feed(&bench, &b, &consumed, "", 9223372036854775807);
    expect(&bench, "name        hypervisor  source  vCPUs  memory MB          consumed KB\n"
                   "b           esxi        esx01                     9223372036854775807\n"
                   "a           esxi        esx01                                       1\n"
                   "\n"
                   "total of 2  esxi                                                     \n"
                   "\n" LEGEND);
}

static void test_top_is_told(void **state) {
    const struct entity a = guest("esxi", "a", "1"), b = guest("esxi", "b", "2");
    struct bench bench;
    (void)state;

    set_up(&bench, "cpu.usage.average", RECORDS_TABLE);
    bench.comparison.order.top = 1;
    feed(&bench, &a, &usage, "", 1);
    feed(&bench, &b, &usage, "", 2);
    expect(&bench, "name        hypervisor  source  vCPUs  memory MB  cpu.usage %\n"
                   "b           esxi        esx01                            0.02\n"
                   "\n"
                   "total of 2  esxi                                         0.01\n"
                   "\n"
                   "1 of 2 rows are shown; the totals cover all of them.\n" LEGEND);
}

static void test_types_have_totals_of_their_own(void **state) {
    const struct entity vm = guest("esxi", "a", "1");
    struct entity host = guest("esxi", "esx01", "ha-host");
    struct bench bench;
    (void)state;

    host.type = ENTITY_HOST;
    set_up(&bench, "cpu.ready.summation", RECORDS_TABLE);
    bench.comparison.order.show_types = true;
    feed(&bench, &vm, &ready, "", 1);
    feed(&bench, &host, &ready, "", 2);
    expect(&bench, "name        hypervisor  source  type  vCPUs  memory MB  ready ms\n"
                   "esx01       esxi        esx01   host                           2\n"
                   "a           esxi        esx01   vm                             1\n"
                   "\n"
                   "total of 1  esxi                vm                             1\n"
                   "total of 1  esxi                host                           2\n"
                   "\n" LEGEND);
}

/* A terminal leaves out what is the same of all, and the columns that it has no room for. */
static void test_narrow_terminal(void **state) {
    const struct entity web = sized("web-1", "vm-9", 2, 4194304);
    static const char whole[] = "name        vCPUs  memory MB  cpu.usage %  mem.usage %  ready ms\n"
                                "web-1           2       4096         4.59        25.00         7\n"
                                "\n"
                                "total of 1      2       4096         4.59        25.00         7\n"
                                "\n" LEGEND;
    static const char part[] =
        "name        vCPUs  memory MB  cpu.usage %  mem.usage %\n"
        "web-1           2       4096         4.59        25.00\n"
        "\n"
        "total of 1      2       4096         4.59        25.00\n"
        "\n"
        "2 of 3 counters fit. The others: a wider terminal, --counter NAME,...\n"
        "(first come, first shown), or --format table | less -S.\n" LEGEND;
    static const struct {
        size_t width;
        const char *text;
    } cases[] = {{64, whole}, {63, part}, {54, part}};
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench bench;
        set_up(&bench, "cpu.usage.average,mem.usage.average,cpu.ready.summation", RECORDS_TABLE);
        bench.comparison.order.width = cases[i].width;
        feed(&bench, &web, &usage, "", 459);
        feed(&bench, &web, &memory, "", 2500);
        feed(&bench, &web, &ready, "", 7);
        expect(&bench, cases[i].text);
    }
}

static void test_units(void **state) {
    const struct entity web = sized("web-1", "vm-9", 2, 4194304);
    struct bench bench;
    (void)state;

    set_up(&bench, "cpu.usage.average", RECORDS_CSV);
    bench.comparison.order.show_units = true;
    feed(&bench, &web, &usage, "", 459);
    expect(&bench, "\"name\",hypervisor,source,type,id,timestamp,interval,cpus,memory_kib,"
                   "cpu.usage.average [percent],approximate\n"
                   "web-1,esxi,esx01,vm,vm-9,2026-11-21T19:17:20Z,20,2,4194304,4.59,\n");
}

static void test_raw(void **state) {
    const struct entity web = guest("esxi", "web-1", "vm-9");
    struct bench bench;
    (void)state;

    set_up(&bench, "cpu.usage.average", RECORDS_TABLE);
    bench.comparison.sink.options.raw = true;
    feed(&bench, &web, &usage, "", 459);
    expect(&bench, "name        hypervisor  source  vCPUs  memory MB  cpu.usage %/100\n"
                   "web-1       esxi        esx01                                 459\n"
                   "\n"
                   "total of 1  esxi                                              459\n"
                   "\n" LEGEND);
}

static void test_given_up(void **state) {
    const struct entity entity = guest("esxi", "g", "1");
    struct bench bench;
    (void)state;

    set_up(&bench, "cpu.ready.summation", RECORDS_CSV);
    feed(&bench, &entity, &ready, "0", 6);
    comparison_done(&bench.comparison);
    fclose(bench.stream);
    assert_string_equal(bench.text, "");
    globs_done(&bench.counters);
    free(bench.text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_no_guests),
        cmocka_unit_test(test_widths),
        cmocka_unit_test(test_sort_and_top),
        cmocka_unit_test(test_sorted_by_the_first_column_when_the_default_is_none),
        cmocka_unit_test(test_top_is_told),
        cmocka_unit_test(test_types_have_totals_of_their_own),
        cmocka_unit_test(test_narrow_terminal),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_raw),
        cmocka_unit_test(test_given_up),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests_name("comparison", tests, NULL, NULL);
}
