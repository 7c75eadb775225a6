/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Who is asked for whom, and what for. */
#include "source/vsphere/query/groups.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const int64_t second = 1000000000;

static const struct counter cpu = {.id = 1, .name = "cpu"}, disk = {.id = 2, .name = "disk"},
                            net = {.id = 3, .name = "net"};

static struct entity guest(const char *id, const char *shape) {
    return (struct entity){.type = ENTITY_VM, .state = STATE_ON, .id = id, .shape = shape};
}

static struct group *join(struct groups *groups, const char *id, const char *shape, size_t number) {
    struct entity entity = guest(id, shape);
    return groups_join(groups, &entity, number);
}

static void test_like_entities_are_one_group(void **state) {
    struct groups groups = {0};
    struct entity off = guest("vm-4", "a");
    struct entity host = {.type = ENTITY_HOST, .state = STATE_ON, .id = "vm-1", .shape = "a"};
    (void)state;
    off.state = STATE_UNKNOWN;
    struct group *first = join(&groups, "vm-1", "a", 0);
    assert_ptr_equal(join(&groups, "vm-2", "a", 1), first);
    assert_ptr_not_equal(join(&groups, "vm-3", "b", 2), first);
    assert_ptr_not_equal(groups_join(&groups, &off, 3), first);
    assert_ptr_not_equal(groups_join(&groups, &host, 4), first);
    assert_true(first->shared);
    assert_int_equal(first->count, 2);
    assert_int_equal(first->members[1], 1);
    groups_done(&groups);
}

static void test_without_shape_alone(void **state) {
    struct groups groups = {0};
    (void)state;
    struct group *first = join(&groups, "host-1", NULL, 0);
    assert_false(first->shared);
    assert_ptr_not_equal(join(&groups, "host-2", NULL, 1), first);
    groups_begin(&groups);
    assert_ptr_equal(join(&groups, "host-1", NULL, 0), first);
    groups_sweep(&groups);
    assert_int_equal(HASH_COUNT(groups.all), 1);
    groups_done(&groups);
}

/* A new round asks only groups that are new. */
static void test_rounds(void **state) {
    struct groups groups = {0};
    (void)state;
    struct group *a = join(&groups, "vm-1", "a", 0);
    uint32_t number = a->number;
    assert_true(groups_is_due(a, 0));
    const struct counter *const listed[] = {&cpu};
    groups_widen(a, listed, 1, true);
    groups_asked(a, 1, 0);
    assert_false(groups_is_due(a, 1000 * second));
    groups_begin(&groups);
    assert_false(groups_is_due(a, 0));
    join(&groups, "vm-2", "a", 0);
    struct group *b = join(&groups, "vm-3", "b", 1);
    groups_sweep(&groups);
    assert_int_equal(a->number, number);
    assert_false(groups_is_due(a, 0));
    assert_true(groups_is_due(b, 0));
    groups_forget(&groups);
    assert_true(groups_is_due(a, 0));
    assert_int_equal(a->offer.count, 0);
    groups_done(&groups);
}

/* A guest that has just been started lists nothing yet. */
static void test_empty_groups_are_asked_again(void **state) {
    struct groups groups = {0};
    int64_t now = 0;
    int asked = 0;
    (void)state;
    struct group *group = join(&groups, "vm-1", "a", 0);
    for (; now < 3600 * second; now += 20 * second)
        if (groups_is_due(group, now)) {
            groups_widen(group, NULL, 0, false);
            groups_asked(group, 1, now);
            asked++;
        }
    assert_in_range(asked, 5, 12);
    /* What lists only what is not wanted is not asked again. */
    groups_widen(group, NULL, 0, true);
    groups_asked(group, 1, now);
    assert_false(groups_is_due(group, now + 3600 * second));
    groups_done(&groups);
}

/* One group after the other is asked again, a few in an hour. */
static void test_groups_are_refreshed(void **state) {
    struct groups groups = {0};
    int asked[2] = {0};
    (void)state;
    struct group *both[] = {join(&groups, "host-1", NULL, 0), join(&groups, "host-2", NULL, 1)};
    for (uint64_t round = 1; round <= 180; round++) {
        int due = 0;
        if (round % 3 == 0)
            groups_refresh(&groups, round);
        for (int i = 0; i < 2; i++)
            if (groups_is_due(both[i], 0)) {
                groups_widen(both[i], NULL, 0, true);
                groups_asked(both[i], round, 0);
                due++;
                asked[i]++;
            }
        assert_true(round == 1 || due <= 1);
    }
    assert_in_range(asked[0], 5, 7);
    assert_in_range(asked[1], 5, 7);
    groups_done(&groups);
}

static void test_all_that_any_shape_offers_is_wanted(void **state) {
    const struct counter *const of_a[] = {&disk, &cpu, &disk, &disk}, *const of_b[] = {&net, &cpu};
    struct groups groups = {0};
    (void)state;
    struct group *a = join(&groups, "vm-1", "a", 0), *b = join(&groups, "vm-2", "b", 1),
                 *alone = join(&groups, "vm-3", NULL, 2);
    groups_widen(a, of_a, 4, true);
    groups_widen(b, of_b, 2, true);
    groups_widen(b, of_b, 2, true);
    groups_widen(alone, of_b, 1, true);
    groups_unite(&groups);
    assert_int_equal(a->offer.count, 2);
    assert_ptr_equal(a->offer.counters[0], &cpu);
    assert_int_equal(a->offer.metrics, 4);
    const struct offer *wanted = groups_wanted(&groups, b);
    assert_ptr_equal(wanted, groups_wanted(&groups, a));
    assert_int_equal(wanted->count, 3);
    assert_ptr_equal(wanted->counters[2], &net);
    assert_int_equal(wanted->metrics, 4);
    assert_int_equal(groups_wanted(&groups, alone)->count, 1);
    groups_done(&groups);
}

/* What members say, one letter each: l lists, n lists nothing, r is refused; and who is asked. */
static void test_sampling(void **state) {
    static const struct {
        const char *members, *asked;
    } cases[] = {
        {"l", "0"},           {"n", "0"},
        {"ll", "01"},         {"lll", "012"},
        {"llll", "0123"},     {"lllll", "04"},
        {"nll", "012"},       {"nnl", "012"},
        {"rrl", "012"},       {"rrrrrrl", "0123456"},
        {"nnnnnnl", "01236"}, {"rlll", "0123"},
        {"rllll", "014"},     {"nrnrnrnl", "01234567"},
        {"llllllll", "07"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct groups groups = {0};
        struct sampling sampling = {0};
        struct group *group = NULL;
        char asked[16] = "";
        size_t member = 0, count = 0;
        for (size_t k = 0; cases[i].members[k]; k++)
            group = join(&groups, "vm-1", "a", k);
        while (sampling_next(&sampling, group, &member)) {
            char says = cases[i].members[member];
            asked[count++] = (char)('0' + member);
            sampling_note(&sampling, says == 'r', says == 'l');
        }
        assert_string_equal(asked, cases[i].asked);
        groups_done(&groups);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_like_entities_are_one_group),
        cmocka_unit_test(test_without_shape_alone),
        cmocka_unit_test(test_rounds),
        cmocka_unit_test(test_empty_groups_are_asked_again),
        cmocka_unit_test(test_groups_are_refreshed),
        cmocka_unit_test(test_all_that_any_shape_offers_is_wanted),
        cmocka_unit_test(test_sampling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
