/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Each rule of right-sizing with an example by hand. */
#include "report/sizing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static const double gb = 1024 * 1024;

/*
 * CPU: 50 % x 8 / 80 % = 5 vCPUs, the peak of 70 % x 8 = 5.6 takes 6. Memory: 8 GB / 80 % = 10 GB,
 * and the dead band of 1 GB takes 12. Of 14 GB consumed, 2 GB come back.
 */
static const struct sizing_guest large = {
    .off_days = -1,
    .cpus = 8,
    .memory_kib = 16 * 1024 * 1024,
    .days = 30,
    .coverage = 100,
    .has_cpu = true,
    .cpu_percentile = 50,
    .cpu_peak = 70,
    .basis = MEMORY_NEED,
    .memory_low = 8 * 1024 * 1024,
    .memory_high = 8 * 1024 * 1024,
    .has_disk = true,
    .disk_percentile = 1000,
    .has_net = true,
    .net_percentile = 1000,
    .consumed_kib = 14 * 1024 * 1024,
};

/* 13 GB / 80 % = 16.25 GB: within the dead band. 80 % of CPU is the target. */
static const struct sizing_guest right = {
    .off_days = -1,
    .cpus = 8,
    .memory_kib = 16 * 1024 * 1024,
    .days = 30,
    .coverage = 100,
    .has_cpu = true,
    .cpu_percentile = 80,
    .cpu_peak = 100,
    .basis = MEMORY_NEED,
    .memory_low = 13 * 1024 * 1024,
    .memory_high = 13 * 1024 * 1024,
    .has_disk = true,
    .disk_percentile = 1000,
    .has_net = true,
    .net_percentile = 1000,
};

static struct sizing_advice advise(const struct sizing_guest *guest, const char *changes) {
    struct sizing_rules rules;
    struct error error = {0};
    sizing_rules_init(&rules);
    if (changes)
        assert_true(sizing_rules_parse(&rules, changes, &error));
    return sizing_advise(guest, &rules);
}

static void check(const struct sizing_guest *guest, const char *changes, enum sizing_class class,
                  int32_t cpus, double memory_gb) {
    struct sizing_advice advice = advise(guest, changes);
    assert_string_equal(sizing_class_name(advice.class), sizing_class_name(class));
    assert_int_equal(advice.cpus, cpus);
    assert_int_equal(advice.memory_kib, (int64_t)(memory_gb * gb));
    assert_true(*advice.rule);
}

static void test_large(void **state) {
    (void)state;
    check(&large, NULL, CLASS_OVERSIZED, 6, 12);
    assert_int_equal(advise(&large, NULL).reclaimed_kib, 2 * gb);
    check(&large, "cpu-target=50", CLASS_OVERSIZED, 0, 12);     /* 8 vCPUs */
    check(&large, "cpu-percentile=90", CLASS_OVERSIZED, 6, 12); /* the figure is the caller's */
    check(&large, "cpu-peak=140,dead-band=0", CLASS_OVERSIZED, 5, 10); /* the peak takes 4 */
    check(&large, "memory-target=50", CLASS_OVERSIZED, 6, 0);          /* 16 GB */
    check(&large, "cpu-step=4", CLASS_OVERSIZED, 0, 12);               /* 8 vCPUs */
    check(&large, "memory-step=3072", CLASS_OVERSIZED, 6, 12);
    check(&large, "dead-band=20", CLASS_OVERSIZED, 6, 12); /* 6 and 12 hold it */
    check(&large, "dead-band=30", CLASS_RIGHT, 0, 0);      /* 7 and 14 are not below 5.6 and 11.2 */
}

/* What is smaller than consumed comes back, and never less than nothing. */
static void test_reclaimed(void **state) {
    struct sizing_guest guest = large;
    (void)state;
    guest.consumed_kib = 4 * gb;
    assert_int_equal(advise(&guest, NULL).reclaimed_kib, 0);
    guest = large;
    guest.memory_low = guest.memory_high = 13 * gb; /* vCPUs alone: no MHz, no memory */
    check(&guest, NULL, CLASS_OVERSIZED, 6, 0);
    assert_int_equal(advise(&guest, NULL).reclaimed_kib, 0);
}

/* Advice that was followed leads to none: neighbouring months do not contradict. */
static void test_followed(void **state) {
    struct sizing_guest guest = large;
    (void)state;
    guest.cpus = 6;
    guest.cpu_percentile = 50 * 8 / 6.0;
    guest.cpu_peak = 70 * 8 / 6.0;
    guest.memory_kib = 12 * 1024 * 1024;
    check(&guest, NULL, CLASS_RIGHT, 0, 0);
}

/* What is needed changes by less than 9 % from month to month: who got more loses none, and back.
 */
static void test_months_agree(void **state) {
    struct sizing_guest guest = right;
    (void)state;
    for (int has = 1; has <= 32; has++)
        for (int used = 1; used <= 40; used++)
            for (int change = -8; change <= 8; change++) {
                double cores = used * 0.7;
                guest.cpus = has;
                guest.cpu_percentile = guest.cpu_peak = 100 * cores / has;
                int32_t first = advise(&guest, NULL).cpus;
                guest.cpus = first ? first : has;
                guest.cpu_percentile = guest.cpu_peak = cores * (100 + change) / guest.cpus;
                int32_t second = advise(&guest, NULL).cpus;
                assert_false(first > has && second && second < first);
                assert_false(first && first < has && second > first);
            }
}

static void test_cpu(void **state) {
    static const struct {
        double percentile, peak;
        int32_t has, advised;
        enum sizing_class class;
    } cases[] = {
        {80, 100, 8, 0, CLASS_RIGHT},
        {88, 100, 8, 0, CLASS_RIGHT},        /* 8.8 vCPUs: within the dead band */
        {88.1, 100, 8, 9, CLASS_UNDERSIZED}, /* 8.81 */
        {100, 100, 8, 10, CLASS_UNDERSIZED},
        {20, 100, 8, 0, CLASS_RIGHT},    /* 2 vCPUs would not hold the peak */
        {20, 85, 8, 7, CLASS_OVERSIZED}, /* 6.8 */
        {20, 88, 8, 0, CLASS_RIGHT},     /* 7.04 */
        {20, 20, 1, 0, CLASS_RIGHT},     /* never none */
        {20, 30, 2, 1, CLASS_OVERSIZED},
        {95, 130, 1, 2, CLASS_UNDERSIZED}, /* turbo: the peak asks for nothing */
        {85, 130, 1, 0, CLASS_RIGHT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sizing_guest guest = right;
        guest.cpus = cases[i].has;
        guest.cpu_percentile = cases[i].percentile;
        guest.cpu_peak = cases[i].peak;
        check(&guest, NULL, cases[i].class, cases[i].advised, 0);
    }
}

static void test_memory(void **state) {
    static const struct {
        enum memory_basis basis;
        double low, high, has, advised; /* GB */
        enum sizing_class class;
    } cases[] = {
        {MEMORY_NEED, 13, 13, 16, 0, CLASS_RIGHT},
        {MEMORY_NEED, 14.2, 14.2, 16, 18, CLASS_UNDERSIZED}, /* 17.75, above 17.6 */
        {MEMORY_NEED, 10.1, 10.1, 16, 14, CLASS_OVERSIZED},  /* 12.6, with the dead band 13.9 */
        {MEMORY_NEED, 10.3, 10.3, 16, 0, CLASS_RIGHT},       /* 14.2 takes 16 */
        {MEMORY_NEED, 0.5, 0.5, 2, 0, CLASS_RIGHT},          /* no size below a step */
        {MEMORY_NEED, 1.2, 1.2, 1, 2, CLASS_UNDERSIZED},     /* 1.5 */
        {MEMORY_BOUNDS, 4, 15, 16, 0, CLASS_RIGHT},          /* it may need 15, or 4 */
        {MEMORY_BOUNDS, 15, 16, 16, 20, CLASS_UNDERSIZED},   /* 15 in any case */
        {MEMORY_BOUNDS, 1, 8, 16, 12, CLASS_OVERSIZED},      /* 8 at most */
        {MEMORY_UNKNOWN, 0, 0, 16, 0, CLASS_RIGHT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sizing_guest guest = right;
        guest.basis = cases[i].basis;
        guest.memory_low = cases[i].low * gb;
        guest.memory_high = cases[i].high * gb;
        guest.memory_kib = (int64_t)(cases[i].has * gb);
        check(&guest, NULL, cases[i].class, 0, cases[i].advised);
    }
}

/* One that is short outweighs one that is too large: nothing is taken away. */
static void test_short_wins(void **state) {
    struct sizing_guest guest = large;
    (void)state;
    guest.memory_low = guest.memory_high = 15 * gb;
    check(&guest, NULL, CLASS_UNDERSIZED, 0, 20);
    guest = large;
    guest.cpu_percentile = 95;
    check(&guest, NULL, CLASS_UNDERSIZED, 10, 0);
}

static void test_unknown(void **state) {
    struct sizing_guest guest = large;
    (void)state;
    guest.days = 6.99;
    check(&guest, NULL, CLASS_UNKNOWN, 0, 0);
    assert_non_null(strstr(advise(&guest, NULL).rule, "6.99 days"));
    check(&guest, "min-days=1", CLASS_OVERSIZED, 6, 12);
    guest = large;
    guest.coverage = 49.9;
    check(&guest, NULL, CLASS_UNKNOWN, 0, 0);
    assert_non_null(strstr(advise(&guest, NULL).rule, "49.9 %"));
    check(&guest, "min-coverage=0", CLASS_OVERSIZED, 6, 12);
    guest = large;
    guest.has_cpu = false;
    check(&guest, NULL, CLASS_UNKNOWN, 0, 0);
    guest = large;
    guest.basis = MEMORY_UNKNOWN;
    check(&guest, NULL, CLASS_OVERSIZED, 6, 0);
    assert_non_null(strstr(advise(&guest, NULL).rule, "memory need not known"));
}

/* All three stay below their limits. */
static void test_idle(void **state) {
    struct sizing_guest idle = large;
    (void)state;
    idle.cpu_percentile = 4.9;
    idle.disk_percentile = 99;
    idle.net_percentile = 199;
    check(&idle, NULL, CLASS_IDLE, 0, 0);
    struct sizing_guest guest = idle;
    guest.cpu_percentile = 5;
    check(&guest, NULL, CLASS_OVERSIZED, 6, 12);
    check(&guest, "idle-cpu=6", CLASS_IDLE, 0, 0);
    guest = idle;
    guest.disk_percentile = 100;
    check(&guest, NULL, CLASS_OVERSIZED, 6, 12);
    guest = idle;
    guest.net_percentile = 200;
    check(&guest, NULL, CLASS_OVERSIZED, 6, 12);
    guest = idle;
    guest.has_net = false; /* nobody knows */
    check(&guest, NULL, CLASS_OVERSIZED, 6, 12);
}

/* Off comes before all others, but not too soon. */
static void test_off(void **state) {
    struct sizing_guest guest = large;
    (void)state;
    guest.off = true;
    check(&guest, NULL, CLASS_OFF, 0, 0);
    assert_non_null(strstr(advise(&guest, NULL).rule, "not known"));
    guest.off_days = 21;
    check(&guest, NULL, CLASS_OFF, 0, 0);
    guest.off_days = 20.9;
    check(&guest, NULL, CLASS_OVERSIZED, 6, 12);
    check(&guest, "off-days=20", CLASS_OFF, 0, 0);
}

static void test_rules(void **state) {
    static const char *const wrong[] = {"",
                                        "cpu-target",
                                        "cpu-target=",
                                        "cpu-target=9",
                                        "cpu-target=101",
                                        "cpu-target=70%",
                                        "cpu=70",
                                        "=70",
                                        "cpu-target=nan",
                                        "min-days=1,,off-days=2"};
    struct sizing_rules rules;
    struct error error = {0};
    (void)state;

    sizing_rules_init(&rules);
    for (size_t i = 0; i < SIZING_RULES; i++) {
        const struct sizing_rule_info *info = &sizing_rule_table[i];
        assert_true(info->value >= info->least && info->value <= info->most);
        assert_true(*info->meaning && *info->source);
    }
    assert_true(sizing_rules_parse(&rules, "cpu-target=62.5,min-days=0", &error));
    assert_true(rules.value[RULE_CPU_TARGET] == 62.5 && rules.value[RULE_MIN_DAYS] == 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        error_clear(&error);
        assert_false(sizing_rules_parse(&rules, wrong[i], &error));
        assert_int_equal(error.kind, ERROR_USAGE);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_large),      cmocka_unit_test(test_reclaimed),
        cmocka_unit_test(test_followed),   cmocka_unit_test(test_months_agree),
        cmocka_unit_test(test_cpu),        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_short_wins), cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_idle),       cmocka_unit_test(test_off),
        cmocka_unit_test(test_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
