/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a database that refuses single lines gets, and what is told of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "core/message.h"
#include "push/helper/delivery.h"

enum { LINES = 64 };

static const int64_t second_ns = 1000000000;

/* The database: it refuses each request with a line that is bad. */
static struct {
    int64_t now_ns;
    const GByteArray *body;
    size_t requests;
    size_t taken; /* lines */
} world;

/* NOLINTBEGIN(bugprone-reserved-identifier) */
int64_t __wrap_clock_boot_ns(void);
struct http *__wrap_http_new(const struct push_setup *setup, const struct encoding *encoding);
void __wrap_http_free(struct http *http);
void __wrap_http_send(struct http *http, const GByteArray *body);
void __wrap_http_give_up(struct http *http);
bool __wrap_http_busy(const struct http *http);
bool __wrap_http_ended(struct http *http, struct outcome *outcome);
/* NOLINTEND(bugprone-reserved-identifier) */

int64_t __wrap_clock_boot_ns(void) {
    return world.now_ns;
}

struct http *__wrap_http_new(const struct push_setup *setup, const struct encoding *encoding) {
    (void)setup;
    (void)encoding;
    return NULL;
}

void __wrap_http_free(struct http *http) {
    (void)http;
}

void __wrap_http_send(struct http *http, const GByteArray *body) {
    (void)http;
    world.body = body;
    world.requests++;
}

void __wrap_http_give_up(struct http *http) {
    (void)http;
    world.body = NULL;
}

bool __wrap_http_busy(const struct http *http) {
    (void)http;
    return world.body;
}

bool __wrap_http_ended(struct http *http, struct outcome *outcome) {
    (void)http;
    if (!world.body)
        return false;
    GByteArray *items = encoding_influx.expand(world.body);
    bool bad = g_strstr_len((const char *)items->data, items->len, "bad");
    *outcome = (struct outcome){.status = bad ? 400 : 204, .reason = "400: no"};
    for (guint i = 0; !bad && i < items->len; i++)
        world.taken += items->data[i] == '\n';
    g_byte_array_free(items, TRUE);
    world.body = NULL;
    return true;
}

struct ends {
    struct stream theirs, ours;
    struct delivery delivery;
};

static void begin(struct ends *ends, bool endless) {
    int sockets[2];
    const struct push_setup setup = {
        .protocol = PUSH_INFLUX, .timeout_seconds = 5, .endless = endless};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
    memset(&world, 0, sizeof world);
    world.now_ns = 5000 * second_ns;
    stream_init(&ends->theirs, sockets[0]);
    stream_init(&ends->ours, sockets[1]);
    delivery_init(&ends->delivery, &ends->theirs, &setup);
}

static void done(struct ends *ends) {
    delivery_done(&ends->delivery);
    stream_done(&ends->theirs);
    stream_done(&ends->ours);
}

/* A batch with so many bad lines, and what comes of it. */
static void deliver(struct ends *ends, int bad) {
    GString *text = g_string_new(NULL);
    for (int i = 0; i < LINES; i++)
        g_string_append_printf(text, "%s v=%d 1\n", i % 7 == 3 && bad-- > 0 ? "bad" : "good", i);
    delivery_add(&ends->delivery, encoding_influx.compress((const guint8 *)text->str, text->len),
                 LINES);
    g_string_free(text, TRUE);
    while (queue_first(&ends->delivery.queue))
        delivery_step(&ends->delivery);
}

static size_t warnings(struct ends *ends) {
    struct record message;
    size_t count = 0;
    while (stream_next(&ends->ours, &message, false) == STREAM_MESSAGE)
        count += record_number(&message) == PUSH_WARNING;
    return count;
}

/* However many batches have a bad line: it is refused alone. */
static void test_each_batch(void **state) {
    enum { BATCHES = 30 };
    struct ends ends;
    (void)state;
    begin(&ends, true);
    for (int i = 0; i < BATCHES; i++)
        deliver(&ends, 1);
    assert_int_equal(world.taken, BATCHES * (LINES - 1));
    assert_int_equal(ends.delivery.refused, BATCHES);
    assert_int_equal(ends.delivery.lost, BATCHES);
    assert_int_equal(warnings(&ends), 1);
    done(&ends);
}

/* Each minute for a day: the first is told, and then ever fewer, but not none. */
static void test_told(void **state) {
    struct ends ends;
    size_t told = 0;
    (void)state;
    begin(&ends, true);
    for (int minute = 0; minute < 24 * 60; minute++) {
        deliver(&ends, 1);
        told += warnings(&ends);
        world.now_ns += 60 * second_ns;
    }
    assert_in_range(told, 20, 40);
    done(&ends);
}

/* Halves have an end, also when all is refused. */
static void test_all_bad(void **state) {
    struct ends ends;
    (void)state;
    begin(&ends, false);
    for (int i = 0; i < 2; i++) {
        GByteArray *lines = g_byte_array_new();
        for (int k = 0; k < 500; k++)
            g_byte_array_append(lines, (const guint8 *)"bad v=1 1\n", 10);
        delivery_add(&ends.delivery, encoding_influx.compress(lines->data, lines->len), 500);
        g_byte_array_free(lines, TRUE);
        while (queue_first(&ends.delivery.queue))
            delivery_step(&ends.delivery);
    }
    assert_int_equal(ends.delivery.refused, 1000);
    assert_in_range(world.requests, 100, 200);
    done(&ends);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_batch),
        cmocka_unit_test(test_told),
        cmocka_unit_test(test_all_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
