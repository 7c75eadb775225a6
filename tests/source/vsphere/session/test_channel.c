/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a channel makes of the bytes that come: lines of the head are cut, the body stays. */
#include "source/vsphere/session/channel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/memory.h"
#include "source/vsphere/session/session.h"

static const char *feed;
static size_t step;

static size_t feed_some(struct soap *soap, char *buffer, size_t length) {
    size_t count = strlen(feed);
    (void)soap;
    count = count < step ? count : step;
    count = count < length ? count : length;
    memcpy(buffer, feed, count);
    feed += count;
    return count;
}

/* All that a channel gives of an answer, the caller's. */
static char *receive_all(struct channel *channel, const char *answer) {
    char *all = memory_alloc(strlen(answer) + 1);
    size_t length = 0, count = 0;
    channel_first(channel);
    channel_begin(channel);
    feed = answer;
    while ((count = channel->soap->frecv(channel->soap, all + length, 4096)))
        length += count;
    assert_int_equal(channel->received, length);
    return all;
}

static void test_long_lines(void **state) {
    static const size_t steps[] = {1, 7, 4096, 100000};
    static const struct source_options options = {.insecure = true};
    struct error error = {0};
    struct session session = {.label = (char *)"vc", .timeout_seconds = 60};
    char *many = memory_alloc(30001), *some = memory_alloc(SOAP_HDRLEN - 64 + 1);
    (void)state;
    memset(many, 'x', 30000);
    memset(some, 'x', SOAP_HDRLEN - 64);
    pthread_mutex_init(&session.cookie_lock, NULL);
    session.cookies = cookies_new();
    session.tls = tls_new("127.0.0.1", 443, &options, &error);
    struct channel *channel = channel_new(&session);
    channel->receive = feed_some;
    const char *form = "HTTP/1.1 200 OK\r\n%s\r\nA: b\r\n\r\n%s\n%s\r\n\r\n%s";
    char *answer = memory_printf(form, many, many, many, many);
    char *expected = memory_printf(form, some, many, many, many);
    char *shorter = strstr(expected, "\r\nA: b");
    memmove(shorter, shorter + 1, strlen(shorter)); /* the line's \r is cut with it */
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        step = steps[i];
        char *all = receive_all(channel, answer);
        assert_string_equal(all, expected);
        free(all);
    }
    free(answer);
    free(expected);
    free(many);
    free(some);
    channel_free(channel);
    tls_free(session.tls);
    cookies_free(session.cookies);
    pthread_mutex_destroy(&session.cookie_lock);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_long_lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
