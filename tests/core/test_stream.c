/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Messages through a socket whose other end does not read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/message.h"
#include "core/stream.h"

struct pair {
    struct stream ours, theirs;
};

static struct pair connected(void) {
    int ends[2];
    struct pair pair;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    stream_init(&pair.ours, ends[0]);
    stream_init(&pair.theirs, ends[1]);
    return pair;
}

static void end(struct pair *pair) {
    stream_done(&pair->ours);
    stream_done(&pair->theirs);
}

static GByteArray *message_of(size_t size) {
    static const unsigned char zeros[1 << 22];
    GByteArray *message = message_new(1);
    record_add_block(message, zeros, size);
    message_end(message);
    return message;
}

/* A message that begins and cannot be ended ends the stream, in a time that has a limit. */
static void test_half_a_message(void **state) {
    struct pair pair = connected();
    struct record record;
    GByteArray *message = message_of(1 << 22);
    (void)state;

    alarm(60); /* instead of for ever */
    assert_false(stream_send(&pair.ours, message, false));
    alarm(0);
    assert_int_equal(stream_next(&pair.theirs, &record, false), STREAM_ENDED);
    assert_int_equal(stream_next(&pair.ours, &record, false), STREAM_ENDED);
    message_free(message);
    end(&pair);
}

/* One for which there is no room at all is lost, and nothing else. */
static void test_no_room(void **state) {
    struct pair pair = connected();
    struct record record;
    GByteArray *message = message_of(1);
    int sent = 0, received = 0;
    (void)state;

    while (stream_send(&pair.ours, message, false))
        sent++;
    while (stream_next(&pair.theirs, &record, false) == STREAM_MESSAGE)
        received++;
    assert_int_equal(received, sent);
    assert_true(stream_send(&pair.ours, message, false));
    assert_int_equal(stream_next(&pair.theirs, &record, false), STREAM_MESSAGE);
    message_free(message);
    end(&pair);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_half_a_message),
        cmocka_unit_test(test_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
