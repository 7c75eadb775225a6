/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which cookies go back to the server, and in which form. */
#include "source/vsphere/session/cookies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/memory.h"

static void test_lines(void **state) {
    static const struct {
        const char *lines[4];
        const char *expected;
    } cases[] = {
        {{NULL}, NULL},
        {{"vmware_soap_session=\"a b\"; Path=/; HttpOnly; Secure"},
         "Cookie: vmware_soap_session=\"a b\""},
        {{"BIGip=1.2.3; path=/", "vmware_soap_session=x; Path=/sdk"},
         "Cookie: BIGip=1.2.3; vmware_soap_session=x"},
        {{"a=1", "b=2", "a=3"}, "Cookie: b=2; a=3"},
        {{"a=1; Path=/ui", "b=2; Path=/sd", "c=3; Path=/sdk/", "d=4; Path=nonsense"},
         "Cookie: d=4"},
        {{"a=1", "b=2", "a=; Max-Age=0", "b=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, NULL},
        {{"a=1; Expires=Wed, 21 Oct 2037 07:28:00 GMT; Max-Age=3600"}, "Cookie: a=1"},
        {{"ab=1", "a=2"}, "Cookie: ab=1; a=2"},
        {{"a=b=c ; Path=/"}, "Cookie: a=b=c"},
        {{"nothing", "=1", "a b=1", "a=\x01"}, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cookies *cookies = cookies_new(), *copy = cookies_new();
        for (size_t k = 0; k < 4 && cases[i].lines[k]; k++)
            cookies_set(cookies, cases[i].lines[k], "/sdk");
        cookies_copy(copy, cookies);
        const char *line = cookies_line(copy);
        if (cases[i].expected ? !line || strcmp(line, cases[i].expected) != 0 : line != NULL)
            fail_msg("%zu: %s", i, line);
        cookies_free(cookies);
        cookies_free(copy);
    }
}

/* What a hostile server sends does not grow without end. */
static void test_limits(void **state) {
    struct cookies *cookies = cookies_new();
    char *large = memory_alloc(10000);
    (void)state;
    memset(large, 'x', 9999);
    large[1] = '=';
    cookies_set(cookies, large, "/sdk");
    assert_null(cookies_line(cookies));
    for (int i = 0; i < 1000; i++) {
        char *line = memory_printf("c%d=1", i);
        cookies_set(cookies, line, "/sdk");
        free(line);
    }
    assert_in_range(strlen(cookies_line(cookies)), 16, 200);
    cookies_free(cookies);
    free(large);
}

static void test_drop(void **state) {
    struct cookies *cookies = cookies_new();
    (void)state;
    cookies_set(cookies, COOKIES_SESSION "=1", "/sdk");
    cookies_set(cookies, "balancer=2", "/sdk");
    cookies_drop(cookies, COOKIES_SESSION);
    assert_string_equal(cookies_line(cookies), "Cookie: balancer=2");
    cookies_free(cookies);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
