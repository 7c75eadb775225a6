/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Whatever a server refuses: all that it answers is asked for once, in order, in few calls. */
#include "source/vsphere/query/split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ITEMS = 6, COUNTERS = 8, METRICS = 16, WINDOWS = 3, UNLIMITED = 1000000 };

/* A server with a limit of metrics per call, and with entities and counters that it refuses. */
struct server {
    size_t items;
    size_t counters; /* of each */
    size_t windows;
    size_t answers_up_to; /* metrics; 0 for no limit */
    bool silent;          /* beyond the limit it does not answer */
    unsigned refused;     /* bits of items */
    bool names_object;    /* that it refuses */
    int refused_counter;  /* of all items; -1 for none */
};

/* What came of it. */
struct outcome {
    int answered[ITEMS][COUNTERS][WINDOWS];
    int lost_items[ITEMS];
    int lost_counters[ITEMS];
    size_t calls;
    size_t last; /* item, window and counter of the newest answer, as one ascending number */
    bool ordered;
};

static bool refuses_item(const struct server *server, const struct split_piece *piece,
                         size_t *object) {
    for (size_t i = piece->item; i < piece->item + piece->items; i++)
        if (server->refused & 1U << i) {
            *object = i;
            return true;
        }
    return false;
}

static bool refuses_counter(const struct server *server, const struct split_piece *piece) {
    size_t first = piece->items == 1 ? piece->counter : 0;
    size_t count = piece->items == 1 ? piece->counters : server->counters;
    return server->refused_counter >= 0 && (size_t)server->refused_counter >= first &&
           (size_t)server->refused_counter < first + count;
}

/* Whether the server answers the piece; if not, the verdict. */
static bool answers(const struct server *server, const struct split_piece *piece,
                    enum split_verdict *verdict, size_t *object) {
    if (server->answers_up_to && piece->metrics > server->answers_up_to)
        *verdict = server->silent ? SPLIT_SILENT : SPLIT_TOO_LARGE;
    else if (refuses_item(server, piece, object))
        *verdict = server->names_object ? SPLIT_REFUSED_OBJECT : SPLIT_REFUSED;
    else if (refuses_counter(server, piece))
        *verdict = SPLIT_REFUSED_COUNTER;
    else
        return true;
    return false;
}

static void note_answer(const struct server *server, const struct split_piece *piece,
                        struct outcome *outcome) {
    for (size_t i = piece->item; i < piece->item + piece->items; i++) {
        size_t first = piece->items == 1 ? piece->counter : 0;
        size_t count = piece->items == 1 ? piece->counters : server->counters;
        size_t place = (i * WINDOWS + piece->window) * COUNTERS + first + 1;
        outcome->ordered = outcome->ordered && place > outcome->last;
        outcome->last = place;
        for (size_t k = first; k < first + count; k++)
            outcome->answered[i][k][piece->window]++;
    }
}

/* Asks until nothing is left, as batches.c does: what is too large is not asked for again. */
static void serve(const struct server *server, struct outcome *outcome) {
    struct split_item items[ITEMS];
    struct split split;
    struct split_piece piece;
    size_t limit = UNLIMITED;
    *outcome = (struct outcome){.ordered = true};
    for (size_t i = 0; i < server->items; i++)
        items[i] = (struct split_item){server->counters, METRICS, server->windows};
    split_init(&split, items, server->items);
    while (split_next(&split, limit, &piece)) {
        enum split_verdict verdict = SPLIT_REFUSED;
        size_t object = 0, lost = 0;
        assert_true(++outcome->calls < 1000);
        if (answers(server, &piece, &verdict, &object)) {
            note_answer(server, &piece, outcome);
            continue;
        }
        size_t smaller = split_smaller(&piece, verdict);
        if (smaller && smaller < limit)
            limit = smaller;
        enum split_loss loss = split_judge(&split, &piece, verdict, object, &lost);
        outcome->lost_items[lost] += loss == SPLIT_ITEM_LOST;
        outcome->lost_counters[lost] += loss == SPLIT_COUNTER_LOST;
    }
    split_done(&split);
}

static const struct {
    const char *what;
    struct server server;
    size_t calls;
    unsigned lost_items;    /* bits */
    unsigned lost_counters; /* bits of the items that lost one */
} cases[] = {
    {"nothing to ask for", {0, 8, 1, 0, false, 0, false, -1}, 0, 0, 0},
    {"all at once", {6, 8, 1, 0, false, 0, false, -1}, 1, 0, 0},
    {"in windows, item by item", {2, 8, 3, 0, false, 0, false, -1}, 6, 0, 0},
    {"half is small enough", {6, 8, 1, 48, false, 0, false, -1}, 3, 0, 0},
    {"one item is too large", {2, 8, 1, 8, false, 0, false, -1}, 1 + 1 + 4, 0, 0},
    {"after silence, a quarter", {4, 8, 1, 16, true, 0, false, -1}, 1 + 4, 0, 0},
    {"one counter is too large", {1, 2, 1, 1, false, 0, false, -1}, 1 + 2, 1, 0},
    {"an entity is named", {6, 8, 1, 0, false, 1U << 2, true, -1}, 3, 1U << 2, 0},
    {"the first and the last are named", {6, 8, 1, 0, false, 33, true, -1}, 3, 33, 0},
    {"all are named", {3, 8, 1, 0, false, 7, true, -1}, 3, 7, 0},
    {"an entity is not named", {4, 8, 1, 0, false, 1U << 3, false, -1}, 5, 1U << 3, 0},
    {"a refused entity is not asked window by window", {2, 8, 3, 0, false, 1, true, -1}, 4, 1, 0},
    {"a counter of one", {1, 8, 1, 0, false, 0, false, 5}, 1 + 2 + 2 + 2, 0, 1},
    {"a counter of two", {2, 2, 1, 0, false, 0, false, 0}, 1 + 2 * 3, 0, 3},
    {"large and refused", {4, 8, 1, 32, false, 1U << 1, true, -1}, 1 + 3, 1U << 1, 0},
};

static bool is_lost(const struct server *server, size_t item, size_t counter) {
    bool alone_too_large = server->answers_up_to && server->answers_up_to < METRICS / COUNTERS;
    return server->refused & 1U << item || alone_too_large ||
           (server->refused_counter >= 0 && (size_t)server->refused_counter == counter);
}

static void assert_complete(const struct server *server, const struct outcome *outcome,
                            const char *what) {
    for (size_t i = 0; i < server->items; i++)
        for (size_t k = 0; k < server->counters; k++)
            for (size_t w = 0; w < server->windows; w++)
                if (outcome->answered[i][k][w] != !is_lost(server, i, k))
                    fail_msg("%s: item %zu, counter %zu, window %zu: answered %d times", what, i, k,
                             w, outcome->answered[i][k][w]);
}

static void test_all_that_is_answered_is_asked_once(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct server *server = &cases[i].server;
        struct outcome outcome;
        unsigned items = 0, counters = 0;
        serve(server, &outcome);
        assert_complete(server, &outcome, cases[i].what);
        for (size_t k = 0; k < ITEMS; k++) {
            assert_true(outcome.lost_items[k] <= 1);
            items |= outcome.lost_items[k] ? 1U << k : 0;
            counters |= outcome.lost_counters[k] ? 1U << k : 0;
        }
        if (!outcome.ordered || outcome.calls != cases[i].calls || items != cases[i].lost_items ||
            counters != cases[i].lost_counters)
            fail_msg("%s: %zu calls, lost items %x, lost counters %x, %s", cases[i].what,
                     outcome.calls, items, counters, outcome.ordered ? "in order" : "not in order");
    }
}

/* Any mixture of limits and refusals. */
static void test_random_servers(void **state) {
    (void)state;
    srand(1);
    for (int round = 0; round < 20000; round++) {
        struct server server = {
            .items = (size_t)(rand() % (ITEMS + 1)),
            .counters = (size_t)(1 + rand() % COUNTERS),
            .windows = (size_t)(1 + rand() % WINDOWS),
            .answers_up_to = rand() % 2 ? (size_t)(METRICS + rand() % (ITEMS * METRICS)) : 0,
            .silent = rand() % 2,
            .refused = (unsigned)rand() % (1U << ITEMS),
            .names_object = rand() % 2,
            .refused_counter = rand() % 2 ? rand() % COUNTERS : -1,
        };
        struct outcome outcome;
        serve(&server, &outcome);
        assert_complete(&server, &outcome, "random");
        assert_true(outcome.ordered);
    }
}

static void test_what_one_verdict_does(void **state) {
    const struct split_item items[] = {{8, 16, 1}, {8, 16, 1}, {8, 16, 1}};
    struct split split;
    struct split_piece piece;
    size_t lost = 0;
    (void)state;
    split_init(&split, items, 3);
    assert_true(split_next(&split, 32, &piece)); /* 48 metrics are divided before they are asked */
    assert_int_equal(piece.item, 0);
    assert_int_equal(piece.items, 1);
    assert_int_equal(split_judge(&split, &piece, SPLIT_UNEXPANDED, 0, &lost), SPLIT_INSTANCES_DUE);
    assert_false(split_next(&split, 32, &piece));
    split_done(&split);
}

/* Each answer beyond the limit can cost 64 MiB: an entity whose answers all are is given up. */
static void test_always_too_large(void **state) {
    const struct split_item items[] = {{200, 200, 1}, {200, 200, 1}};
    struct split split;
    struct split_piece piece;
    size_t lost = 0, calls = 0, losses = 0;
    (void)state;
    split_init(&split, items, 2);
    while (split_next(&split, UNLIMITED, &piece)) {
        calls++;
        losses += split_judge(&split, &piece, SPLIT_TOO_LONG, 0, &lost) == SPLIT_ITEM_LOST;
    }
    assert_int_equal(losses, 2);
    assert_in_range(calls, 2, 2 * 16);
    split_done(&split);
}

static void test_sizes_that_are_learnt(void **state) {
    const struct split_piece many = {.items = 4, .metrics = 100};
    const struct split_piece one = {.items = 1, .counters = 1, .metrics = 100};
    const struct split_piece tiny = {.items = 2, .metrics = 1};
    (void)state;
    assert_int_equal(split_smaller(&many, SPLIT_TOO_LARGE), 50);
    assert_int_equal(split_smaller(&many, SPLIT_SILENT), 25);
    assert_int_equal(split_smaller(&many, SPLIT_REFUSED), 0);
    assert_int_equal(split_smaller(&many, SPLIT_REFUSED_OBJECT), 0);
    assert_int_equal(split_smaller(&one, SPLIT_TOO_LARGE), 0);
    assert_int_equal(split_smaller(&tiny, SPLIT_SILENT), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_that_is_answered_is_asked_once),
        cmocka_unit_test(test_random_servers),
        cmocka_unit_test(test_what_one_verdict_does),
        cmocka_unit_test(test_sizes_that_are_learnt),
        cmocka_unit_test(test_always_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
