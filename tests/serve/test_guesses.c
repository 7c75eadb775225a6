/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Whose wrong passwords count together, and how many are allowed. */
#include "serve/guesses.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <sys/un.h>

static const int64_t second_ns = 1000000000;

/* The key is fixed: no address shares a slot by chance. */
static size_t slot_of(const char *text) {
    static const struct guesses guesses = {.key = "fixed"};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(1234)};
    if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
        return guesses_slot(&guesses, (const struct sockaddr *)(const void *)&four);
    assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
    return guesses_slot(&guesses, (const struct sockaddr *)(const void *)&six);
}

/* Of IPv6, who has one address has the 2^64 beside it. */
static void test_slots(void **state) {
    static const struct {
        const char *one, *other;
        bool same;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1", true},          {"192.0.2.1", "::ffff:192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},         {"2001:db8::1", "2001:db8::2:3", true},
        {"2001:db8::1", "2001:db8:0:1::1", false}, {"::1", "127.0.0.1", false},
    };
    static const struct guesses guesses = {.key = "fixed"};
    const struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "/x"};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(slot_of(cases[i].one) == slot_of(cases[i].other), cases[i].same);
    assert_int_equal(guesses_slot(&guesses, NULL),
                     guesses_slot(&guesses, (const struct sockaddr *)(const void *)&local));
}

/* Of checks in a row: how many are allowed. */
static int count_allowed(struct guesses *guesses, size_t slot, int64_t now_ns, int64_t took_ns) {
    int count = 0;
    while (count < 100 && guesses_allowed(guesses, slot, now_ns)) {
        guesses_note(guesses, slot, now_ns, took_ns);
        count++;
    }
    return count;
}

static void test_limit(void **state) {
    struct guesses guesses = {.key = "fixed"};
    int64_t now_ns = 1000 * second_ns;
    (void)state;
    assert_int_equal(count_allowed(&guesses, 1, now_ns, 0), 21);
    assert_int_equal(count_allowed(&guesses, 1, now_ns + second_ns, 0), 1);
    assert_int_equal(count_allowed(&guesses, 2, now_ns + second_ns, 0), 21);
    assert_int_equal(count_allowed(&guesses, 3, now_ns, second_ns), 6);
    assert_int_equal(count_allowed(&guesses, 3, now_ns + 3 * second_ns, second_ns), 0);
    assert_int_equal(count_allowed(&guesses, 3, now_ns + 4 * second_ns, second_ns), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_slots), cmocka_unit_test(test_limit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
