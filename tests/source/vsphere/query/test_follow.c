/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* An entity is asked for what it has not given: each sample is asked for until it has come. */
#include "source/vsphere/query/follow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { INTERVAL = 20, START = 1700000000 / INTERVAL * INTERVAL };

static int64_t at(int64_t n) {
    return START + n * INTERVAL;
}

/* What a round of an endless run asks the entity for at this moment. */
static struct query_item ask(struct tracked *tracked, int64_t now) {
    const struct window window = {.after = START, .interval = INTERVAL, .fresh_only = true};
    struct query_item item = {.tracked = tracked, .count = 1};
    span_follow(&item.span, &window, now);
    follow_mark(&item, START, 1);
    return item;
}

/* The server answers with the samples from first up to last; those that are new are marked. */
static int answer(const struct query_item *item, int64_t first, int64_t last) {
    int fresh = 0;
    for (int64_t n = first; n <= last; n++) {
        bool asked = at(n) > item->span.start && (item->span.open || at(n) <= item->span.end);
        if (!asked || mark_has(&item->tracked->mark, at(n)))
            continue;
        mark_add(&item->tracked->mark, at(n));
        fresh++;
    }
    return fresh;
}

static void test_steady_rounds(void **state) {
    struct tracked tracked = {0};
    (void)state;
    for (int64_t n = 1; n < 5000; n++) {
        struct query_item item = ask(&tracked, at(n) + 3);
        assert_true(item.span.open);
        assert_true(item.span.start >= at(n - 1));
        assert_true(item.samples <= 3);
        assert_int_equal(answer(&item, 0, n), 1);
        follow_note(&item);
        assert_false(follow_late(&item, (uint64_t)n));
    }
}

/* It keeps an hour: all of it is asked for at once. */
static void test_a_server_that_was_away(void **state) {
    struct tracked tracked = {0};
    (void)state;
    struct query_item item = ask(&tracked, at(1) + 3);
    answer(&item, 0, 1);
    item = ask(&tracked, at(121) + 3);
    assert_int_equal(item.span.start, at(1));
    assert_in_range(item.samples, 120, 123);
    assert_int_equal(answer(&item, 0, 121), 120);
    item = ask(&tracked, at(100000)); /* nobody has samples of weeks ago */
    assert_true(item.span.start >= at(100000) - 2 * 3600);
}

static void test_new_guests_begin_with_the_run(void **state) {
    struct tracked tracked = {0};
    (void)state;
    struct query_item item = ask(&tracked, at(50) + 3);
    assert_int_equal(item.span.start, START);
    assert_int_equal(answer(&item, 40, 50), 11);
}

/* The run began while the clock was so many intervals, hours, ahead: all that comes is taken. */
static void check_clock_set_back(int64_t ahead) {
    struct tracked tracked = {0};
    for (int64_t n = 1; n < 10; n++) {
        struct query_item item = ask(&tracked, at(n) + 3);
        answer(&item, 0, n);
    }
    struct query_item item = ask(&tracked, at(10 - ahead) + 3); /* before a new sample is there */
    follow_note(&item);
    for (int64_t n = 11 - ahead; n < 20 - ahead; n++) {
        item = ask(&tracked, at(n) + 3);
        assert_true(answer(&item, n - 200, n) >= 1);
        assert_true(item.samples < 10);
        follow_note(&item);
    }
}

static void test_clock_set_back(void **state) {
    (void)state;
    check_clock_set_back(360);
    check_clock_set_back(1000000);
}

/* A sample is late by so many rounds; when is it asked for again? */
static int64_t rounds_until_found(int64_t late) {
    struct tracked tracked = {0};
    for (int64_t n = 1;; n++) {
        struct query_item item = ask(&tracked, at(n) + 3), again = item;
        if (follow_late(&again, (uint64_t)n) && n >= 10 + late && answer(&again, 10, 10))
            return n - 10 - late;
        answer(&item, 1, 9 < n ? 9 : n);
        answer(&item, 11, n);
        if (n > 10 + late + 200)
            return -1;
    }
}

static void test_late_samples(void **state) {
    (void)state;
    for (int64_t late = 0; late < 25; late++)
        assert_in_range(rounds_until_found(late), 0, 3);
    for (int64_t late = 30; late < 160; late++)
        assert_in_range(rounds_until_found(late), 0, 15);
    assert_int_equal(rounds_until_found(200), -1);
}

/*
 * Of a time that was emitted, one series came later than the others: how often is it asked for?
 * Before, the clock was set back by so many intervals.
 */
static int questions_for_a_lack(int64_t back) {
    struct tracked tracked = {0};
    int asked = 0;
    for (int64_t n = 1; n < 100; n++) {
        int64_t now = n < 20 ? n : n - back;
        struct query_item item = {.tracked = &tracked, .count = 1};
        const struct window window = {.after = START, .interval = INTERVAL, .fresh_only = true};
        span_follow(&item.span, &window, at(now) + 3);
        follow_mark(&item, START, (uint64_t)n);
        asked += item.span.start < at(40 - back) && n > 40;
        if (n != 20)
            assert_int_equal(item.behind, at(now - 1));
        known_advance(&tracked.known, INTERVAL, at(now));
        for (int32_t counter = 0; counter < 3; counter++) {
            known_add(&tracked.known, counter, "");
            if (counter != 1 || n != 40)
                known_take(&tracked.known, at(now));
        }
        mark_add(&tracked.mark, at(now));
        follow_note(&item);
        assert_int_equal(tracked.silent, 0);
        assert_true(tracked.floor < at(now));
    }
    known_done(&tracked.known);
    return asked;
}

static void test_a_series_that_lacks(void **state) {
    (void)state;
    assert_in_range(questions_for_a_lack(0), 3, 6);
    assert_in_range(questions_for_a_lack(360), 3, 6);
    assert_in_range(questions_for_a_lack(1000000), 3, 6);
}

static void test_silent_entities_do_not_make_batches_small(void **state) {
    struct tracked tracked = {0};
    struct query_item item = {0};
    (void)state;
    for (int64_t n = 1; n < 100; n++) {
        item = ask(&tracked, at(n) + 3);
        follow_note(&item);
    }
    assert_int_equal(item.span.start, START);
    assert_int_equal(item.samples, 4);
    answer(&item, 95, 99);
    follow_note(&item);
    assert_int_equal(tracked.silent, 0);
}

/* compare asks for one interval, until every entity has its sample, and then for older ones. */
static void test_one_interval(void **state) {
    struct tracked early = {0}, late = {0};
    struct tracked *both[] = {&early, &late};
    struct query_item items[2];
    (void)state;
    for (int i = 0; i < 2; i++) {
        items[i] = (struct query_item){.tracked = both[i],
                                       .count = 1,
                                       .span = {.bounded = true,
                                                .start = at(10) + 5,
                                                .end = at(11) + 5,
                                                .interval = INTERVAL,
                                                .now = at(11) + 9}};
        follow_mark(&items[i], at(10) + 5, 1);
        assert_int_equal(items[i].count, 1);
    }
    answer(&items[0], 11, 11);
    for (int i = 0; i < 2; i++) {
        items[i].span.start = at(5);
        items[i].span.end = at(11) + 5;
        follow_mark(&items[i], at(5), 1);
    }
    assert_int_equal(items[0].count, 0);
    assert_int_equal(items[1].count, 1);
    assert_int_equal(items[1].span.start, at(5));
    assert_int_equal(answer(&items[1], 10, 10), 1);
}

static void test_entities_that_leave(void **state) {
    struct tracked tracked = {0};
    (void)state;
    struct query_item item = ask(&tracked, at(5) + 3);
    answer(&item, 1, 1);
    answer(&item, 5, 5);
    assert_true(follow_late(&item, 3));
    item.leaves = true;
    assert_false(follow_late(&item, 3));
}

/* An earlier run has got all up to time 50; a series lacks the one of time 40. */
static bool find_mark(void *context, const struct entity *entity, int32_t interval,
                      struct mark *mark) {
    (void)context;
    (void)entity;
    mark_init(mark, interval, at(50));
    mark->any = true;
    return true;
}

static bool find_lack(void *context, const struct entity *entity, int32_t interval, int64_t *time) {
    (void)entity;
    assert_int_equal(interval, INTERVAL);
    *time = at(40);
    return *(const bool *)context;
}

static struct query_item resume(struct tracked *tracked, bool lacks, int64_t now) {
    const struct source_marks marks = {&lacks, find_mark, find_lack};
    const struct window window = {.after = at(60), .interval = INTERVAL, .fresh_only = true};
    struct query_item item = {.tracked = tracked, .count = 1};
    span_follow(&item.span, &window, now);
    follow_resume(&item, &marks);
    follow_mark(&item, at(60), 1);
    return item;
}

/* Once, behind the time before the one that is lacked; and what is newer as always. */
static void test_a_lack_of_an_earlier_run(void **state) {
    (void)state;
    for (int64_t away = 1; away < 100; away += 7) {
        struct tracked tracked = {0};
        struct query_item item = resume(&tracked, true, at(50 + away) + 3), late = item;
        assert_int_equal(item.span.start, at(50));
        assert_true(follow_late(&late, 1));
        assert_int_equal(late.span.start, at(40) - 1);
        assert_in_range(late.span.end, at(50), at(51) - 1);
        assert_false(late.span.open);
        assert_int_equal(tracked.floor, at(40) - 1);
        late = item;
        assert_true(follow_late(&late, 1)); /* again, when the round was lost */
        follow_note(&item);
        late = item;
        assert_false(follow_late(&late, 1));
    }
}

static void test_no_lack_of_an_earlier_run(void **state) {
    struct tracked tracked = {0}, old = {0};
    (void)state;
    struct query_item item = resume(&tracked, false, at(51) + 3);
    assert_int_equal(item.span.start, at(50));
    assert_false(follow_late(&item, 1));
    assert_int_equal(tracked.floor, at(50));
    item = resume(&old, true, at(50) + 3 * 3600); /* what the server no longer has */
    assert_false(follow_late(&item, 1));
    assert_int_equal(old.floor, at(50));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steady_rounds),
        cmocka_unit_test(test_a_server_that_was_away),
        cmocka_unit_test(test_new_guests_begin_with_the_run),
        cmocka_unit_test(test_clock_set_back),
        cmocka_unit_test(test_a_series_that_lacks),
        cmocka_unit_test(test_late_samples),
        cmocka_unit_test(test_silent_entities_do_not_make_batches_small),
        cmocka_unit_test(test_one_interval),
        cmocka_unit_test(test_entities_that_leave),
        cmocka_unit_test(test_a_lack_of_an_earlier_run),
        cmocka_unit_test(test_no_lack_of_an_earlier_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
