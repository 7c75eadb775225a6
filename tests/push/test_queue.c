/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What waits to be sent is bounded; the oldest goes, and no round counts as sent too early. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "push/helper/queue.h"

static GByteArray *body_of(guint size) {
    GByteArray *body = g_byte_array_new();
    g_byte_array_set_size(body, size);
    return body;
}

static void test_order(void **state) {
    struct queue queue;
    (void)state;
    queue_init(&queue, 100);
    assert_null(queue_first(&queue));
    assert_false(queue_end_round(&queue, 1));
    assert_int_equal(queue_add(&queue, body_of(10), 1), 0);
    assert_int_equal(queue_add(&queue, body_of(20), 2), 0);
    assert_true(queue_end_round(&queue, 2));
    assert_int_equal(queue_samples(&queue), 3);
    assert_int_equal(queue_remove(&queue), 0);
    assert_int_equal(queue_first(&queue)->samples, 2);
    assert_int_equal(queue_remove(&queue), 2);
    assert_null(queue_first(&queue));
    assert_int_equal(queue.bytes, 0);
    queue_done(&queue);
}

/* Which is not the one on its way. */
static void test_oldest_is_dropped(void **state) {
    struct queue queue;
    (void)state;
    queue_init(&queue, 100);
    queue_add(&queue, body_of(40), 1);
    queue.sending = true;
    queue_add(&queue, body_of(40), 2);
    assert_true(queue_full(&queue));
    assert_int_equal(queue_add(&queue, body_of(40), 4), 2);
    assert_int_equal(queue_first(&queue)->samples, 1);
    queue_remove(&queue);
    assert_int_equal(queue_first(&queue)->samples, 4);
    assert_int_equal(queue.bytes, 40);
    queue_done(&queue);
}

/* One that is larger than all room is taken, alone. */
static void test_larger_than_the_limit(void **state) {
    struct queue queue;
    (void)state;
    queue_init(&queue, 100);
    queue_add(&queue, body_of(40), 1);
    assert_int_equal(queue_add(&queue, body_of(400), 2), 1);
    assert_int_equal(queue_samples(&queue), 2);
    queue_done(&queue);
    assert_int_equal(queue.bytes, 0);
}

/* The round is over with the second half. */
static void test_split(void **state) {
    struct queue queue;
    (void)state;
    queue_init(&queue, 100);
    queue_add(&queue, body_of(40), 5);
    queue_end_round(&queue, 7);
    queue_add(&queue, body_of(10), 1);
    queue.sending = true;
    queue_split(&queue, body_of(25), body_of(30));
    assert_false(queue.sending);
    assert_int_equal(queue.bytes, 65);
    assert_int_equal(queue_samples(&queue), 6);
    assert_true(queue_first(&queue)->part);
    assert_int_equal(queue_first(&queue)->body->len, 25);
    assert_int_equal(queue_remove(&queue), 0);
    assert_int_equal(queue_first(&queue)->body->len, 30);
    assert_int_equal(queue_remove(&queue), 7);
    assert_false(queue_first(&queue)->part);
    queue_done(&queue);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_oldest_is_dropped),
        cmocka_unit_test(test_larger_than_the_limit),
        cmocka_unit_test(test_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
