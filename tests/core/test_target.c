/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* TARGETs as users write them, and that a password in one is never shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <string.h>

#include "core/secret.h"
#include "core/target.h"

static void check_text(const char *given, const char *what, const char *actual,
                       const char *expected) {
    if (!actual != !expected || (actual && strcmp(actual, expected) != 0))
        fail_msg("%s: %s is '%s', expected '%s'", given, what, actual ? actual : "NULL",
                 expected ? expected : "NULL");
}

static const struct {
    const char *given;
    const char *shown; /* NULL: as given */
    struct target expected;
} good[] = {
    {"esx01", NULL, {.scheme = "https", .host = "esx01"}},
    {"12345", NULL, {.scheme = "https", .host = "12345"}},
    {"192.0.2.7", NULL, {.scheme = "https", .host = "192.0.2.7"}},
    {"esx01.example.com:8443",
     NULL,
     {.scheme = "https", .host = "esx01.example.com", .port = 8443}},
    {"esx01/sdk", NULL, {.scheme = "https", .host = "esx01", .path = "/sdk"}},
    {"root@esx01", NULL, {.scheme = "https", .host = "esx01", .username = "root"}},
    {"root:pw@esx01:443",
     "root@esx01:443",
     {.scheme = "https", .host = "esx01", .port = 443, .username = "root", .password = "pw"}},
    {"[::1]:8989", NULL, {.scheme = "https", .host = "::1", .port = 8989}},
    {"https://[fe80::1%25eth0]/sdk",
     NULL,
     {.scheme = "https", .host = "fe80::1%eth0", .path = "/sdk"}},
    {"HTTPS://Esx01/sdk",
     "https://Esx01/sdk",
     {.scheme = "https", .host = "Esx01", .path = "/sdk"}},
    {"http://esx01", NULL, {.scheme = "http", .host = "esx01"}},
    {"https://user:p%40ss@[::1]:8989/sdk",
     "https://user@[::1]:8989/sdk",
     {.scheme = "https",
      .host = "::1",
      .port = 8989,
      .path = "/sdk",
      .username = "user",
      .password = "p@ss"}},
    {"https://administrator@vsphere.local:secret@vc01/sdk",
     "https://administrator@vsphere.local@vc01/sdk",
     {.scheme = "https",
      .host = "vc01",
      .path = "/sdk",
      .username = "administrator@vsphere.local",
      .password = "secret"}},
    {"https://a:b@c:d@e@vc01",
     "https://a@vc01",
     {.scheme = "https", .host = "vc01", .username = "a", .password = "b@c:d@e"}},
    {"administrator@vsphere.local@vc01",
     "administrator@vsphere.local@vc01",
     {.scheme = "https", .host = "vc01", .username = "administrator@vsphere.local"}},
    {"https://DOMAIN%5Cuser@vc01",
     "https://DOMAIN\\user@vc01",
     {.scheme = "https", .host = "vc01", .username = "DOMAIN\\user"}},
    {"https://root:@esx01",
     "https://root@esx01",
     {.scheme = "https", .host = "esx01", .username = "root", .password = ""}},
    {"pve://root@pam!vperf=top=secret@pve1",
     "pve://root@pam!vperf@pve1",
     {.scheme = "pve", .host = "pve1", .username = "root@pam!vperf", .password = "top=secret"}},
    {"https://root!a=b@esx01", NULL, {.scheme = "https", .host = "esx01", .username = "root!a=b"}},
    {"https://root:50%@esx01",
     "https://root@esx01",
     {.scheme = "https", .host = "esx01", .username = "root", .password = "50%"}},
    {"https://J\303\274rgen:gr\303\274n@esx01",
     "https://J\303\274rgen@esx01",
     {.scheme = "https", .host = "esx01", .username = "J\303\274rgen", .password = "gr\303\274n"}},
    {"esx://root@host", NULL, {.scheme = "esx", .host = "host", .username = "root"}},
    {"esx://host/?no_verify=1", NULL, {.scheme = "esx", .host = "host", .path = "/"}},
    {"vpx://a%40b@vc/dc/cluster/host?no_verify=1",
     "vpx://a@b@vc/dc/cluster/host?no_verify=1",
     {.scheme = "vpx", .host = "vc", .path = "/dc/cluster/host", .username = "a@b"}},
    {"qemu:///system", NULL, {.scheme = "qemu", .host = "", .path = "/system"}},
    {"qemu:///embed?root=/tmp/vm", NULL, {.scheme = "qemu", .host = "", .path = "/embed"}},
    {"qemu+unix:///system?socket=/run/x", NULL, {.scheme = "qemu", .host = "", .path = "/system"}},
    {"qemu+ssh://root@kvm01/system?keyfile=/k&no_tty=1",
     NULL,
     {.scheme = "qemu", .host = "kvm01", .path = "/system", .username = "root"}},
    {"qemu+tls://kvm01:16514/system",
     NULL,
     {.scheme = "qemu", .host = "kvm01", .port = 16514, .path = "/system"}},
    {"qemu+libssh2://u@[2001:db8::1]:22/system",
     NULL,
     {.scheme = "qemu", .host = "2001:db8::1", .port = 22, .path = "/system", .username = "u"}},
    {"test:///default", NULL, {.scheme = "test", .host = "", .path = "/default"}},
    {"test:///tmp/two%20guests.xml",
     NULL,
     {.scheme = "test", .host = "", .path = "/tmp/two guests.xml"}},
    {"xen:///", NULL, {.scheme = "xen", .host = "", .path = "/"}},
    {"xen+ssh://root@dom0/",
     NULL,
     {.scheme = "xen", .host = "dom0", .path = "/", .username = "root"}},
    {"lxc:///system", NULL, {.scheme = "lxc", .host = "", .path = "/system"}},
    {"rack.db:", "https://rack.db", {.scheme = "https", .host = "rack.db", .path = ""}},
    {"rack%2Edb", "https://rack.db", {.scheme = "https", .host = "rack.db", .path = ""}},
    {"vperf.db", NULL, {.scheme = "history", .host = "", .path = "vperf.db"}},
    {"./of today", NULL, {.scheme = "history", .host = "", .path = "./of today"}},
    {"../no/such", NULL, {.scheme = "history", .host = "", .path = "../no/such"}},
    {"/var/lib/vperf/no-such",
     NULL,
     {.scheme = "history", .host = "", .path = "/var/lib/vperf/no-such"}},
};

static void test_good(void **state) {
    (void)state;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        const char *given = good[i].given;
        const struct target *expected = &good[i].expected;
        struct target target;
        struct error error = {0};
        if (!target_init(&target, given, &error))
            fail_msg("%s", error.message);
        check_text(given, "text", target.text, good[i].shown ? good[i].shown : given);
        if (!expected->password || strncmp(expected->scheme, "qemu", 4) == 0)
            check_text(given, "uri", target.uri, given);
        else if (*expected->password && strstr(target.uri, expected->password))
            fail_msg("%s: the uri has the password: %s", given, target.uri);
        check_text(given, "scheme", target.scheme, expected->scheme);
        check_text(given, "host", target.host, expected->host);
        check_text(given, "path", target.path, expected->path ? expected->path : "");
        check_text(given, "username", target.username, expected->username);
        check_text(given, "password", target.password, expected->password);
        assert_int_equal(target.port, expected->port);
        target_done(&target);
        target_done(&target);
    }
}

static void test_bad(void **state) {
    static const struct {
        const char *given;
        const char *expected; /* how the message begins */
    } cases[] = {
        {"", "'' is no target (it is empty): give a host name, "},
        {" ", "' ' is no target (it holds a space"},
        {"esx 01", "'esx 01' is no target (it holds a space"},
        {"esx01\n", "'esx01?' is no target (it holds a space or control character)"},
        {"esx01:99999", "'esx01:99999' is no target (its host name or port is malformed)"},
        {"https://esx01:0/sdk", "'https://esx01:0/sdk' is no target (the port is out of range)"},
        {"esx01:https", "'esx01:...' is no target"},
        {"https://", "'https://' is no target (it has no host name)"},
        {"https:///sdk", "'https:///sdk' is no target (it has no host name)"},
        {"https:/esx01", "'https:...' is no target (a scheme is followed by '://')"},
        {"esx:///", "'esx:///' is no target (it has no host name)"},
        {":443", "':443' is no target (it has no host name)"},
        {"https://[::1", "'https://[:...' is no target"},
        {"2001:db8::1", "'2001:...' is no target (an IPv6 address stands in brackets"},
        {"/etc/hosts:1", "'/etc/hosts:1' is no target (it looks like a file)"},
        {"./a@b", "'...@b' is no target (it looks like a file)"},
        {"~/targets", "'~/targets' is no target (it looks like a file)"},
        {"..", "'..' is no target (the host name is malformed)"},
        {"web-*", "'web-*' is no target (the host name is malformed)"},
        {"cpu.[a-z]*", "'cpu.[a-z]*' is no target"},
        {"esx01,esx02", "'esx01,esx02' is no target"},
        {"--format", "'--format' is no target (the host name is malformed)"},
        {"qemu+ssh://-oProxyCommand=x/system", "'qemu+ssh://-oProxyCommand=x/system' is no target"},
        {"t;", "'t;' is no target (the host name is malformed)"},
        {"a;b", "'a;b' is no target (the host name is malformed)"},
        {"h%", "'h%' is no target (the host name is malformed)"},
        {"qemu+ssh://host;x/system", "'qemu+ssh://host;x/system' is no target (the host name is"},
        {"-://", "'-://' is no target (a scheme begins with a letter)"},
        {"0pu://", "'0pu://' is no target (a scheme begins with a letter)"},
        {"192.168.1.1://", "'192.168.1.1://' is no target (a scheme begins with a letter)"},
        {"1a://b:c@d/e?f#g", "'1a://...@d/e?f#g' is no target (a scheme begins with a letter)"},
        {"esx01#1", "'esx01#1' is no target ('#' must be written as %23)"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct target target;
        struct error error = {0};
        if (target_init(&target, cases[i].given, &error))
            fail_msg("'%s' was accepted", cases[i].given);
        assert_int_equal(error.kind, ERROR_USAGE);
        if (strncmp(error.message, cases[i].expected, strlen(cases[i].expected)) != 0)
            assert_string_equal(error.message, cases[i].expected);
        assert_non_null(strstr(error.message, "https://[user@]host[:port][/sdk]"));
        target_done(&target);
    }
}

/* Every text holds "secret" somewhere in its password, whether it is well-formed or not. */
static void test_password_is_never_shown(void **state) {
    static const char *const cases[] = {
        "https://root:secret@esx01/sdk",
        "root:secret@esx01",
        "pve://root@pam!vperf=secret@pve1",
        "pve://root@pam!vperf%3Dsecret@pve1:x",
        "https://root:s%73secret@esx01",
        "https://root:my@secret@esx01",
        "https://a@b:secret@esx01:99999/sdk",
        "https://root:top/secret@esx01",
        "https://root:12/secret@esx01",
        "https://root:12?secret@esx01",
        "https://root:12#secret@esx01",
        "https://root:top#secret@esx01",
        "https://root:top?secret@esx01",
        "https://root:top secret@esx01",
        "https://root:[secret@esx01",
        "https://root:secret@",
        "https://root:secret",
        "https://root:secret@esx01:x",
        "https://root:secret@[::1",
        "https://root:secret@*",
        "https://root:secret\xff@esx01",
        "https://root:secret@\xff",
        "https://root:secret@esx01#1",
        "https:/root:secret@esx01",
        "root:secret",
        "root:a://secret@esx01",
        "root:secret@./x",
        "/root:secret@x",
        ":secret@esx01:0",
        "qemu+tcp://root:secret@kvm01:x/system",
        "qemu+tcp://root:secret@kvm01/system",
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct target target;
        struct error error = {0};
        bool accepted = target_init(&target, cases[i], &error);
        const char *shown = accepted ? target.text : error.message;
        if (strstr(shown, "secret"))
            fail_msg("'%s' is shown as: %s", cases[i], shown);
        target_done(&target);
    }
}

static void test_same(void **state) {
    static const struct {
        const char *texts[2];
        bool same;
    } cases[] = {
        {{"esx01", "https://root:pw@ESX01:443/sdk"}, true},
        {{"esx://esx01", "vpx://user@esx01/dc"}, true},
        {{"[::1]:8443", "https://[::1]:8443"}, true},
        {{"esx01", "esx01:8443"}, false},
        {{"esx01", "esx02"}, false},
        {{"esx01", "qemu+ssh://esx01/system"}, false},
        {{"test:///default", "test:///default"}, true},
        {{"qemu:///system", "qemu:///session"}, false},
        {{"qemu+unix:///system?socket=/a", "qemu+unix:///system?socket=/b"}, false},
        {{"https://gw/esx1/sdk", "https://gw/esx2/sdk"}, false},
        {{"https://gw/sdk/", "gw"}, true},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct target targets[2];
        struct error error = {0};
        for (size_t k = 0; k < 2; k++)
            assert_true(target_init(&targets[k], cases[i].texts[k], &error));
        if (target_same(&targets[0], &targets[1]) != cases[i].same)
            fail_msg("'%s' and '%s'", cases[i].texts[0], cases[i].texts[1]);
        target_done(&targets[0]);
        target_done(&targets[1]);
    }
}

/* What a target lacks goes where it would stand; what it has stays, unless it yields. */
/* A port shows unless the scheme's own API has it. */
static void test_source_name(void **state) {
    static const char *const cases[][2] = {
        {"root@esx01", "esx01"},
        {"https://esx01:443/sdk", "esx01"},
        {"esx01:8443", "esx01:8443"},
        {"pve://pve1:8006", "pve1"},
        {"pve://pve1:443", "pve1:443"},
        {"xapi://[fd00::1]:444", "[fd00::1]:444"},
        {"qemu:///system", "qemu:///system"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct target target;
        struct error error = {0};
        assert_true(target_init(&target, cases[i][0], &error));
        char *name = target_source_name(&target);
        assert_string_equal(name, cases[i][1]);
        free(name);
        target_done(&target);
    }
    (void)state;
}

static void test_login(void **state) {
    static const struct {
        const char *given;
        const char *username;
        bool yields;
        const char *text;
        const char *uri;
        const char *expected; /* user name */
    } rows[] = {
        {"h.x", "u@v", false, "u@v@h.x", "u%40v@h.x", "u@v"},
        {"https://h.x/sdk", "u", false, "https://u@h.x/sdk", "https://u@h.x/sdk", "u"},
        {"r@h.x", "u", false, "r@h.x", "r@h.x", "r"},
        {"r@h.x", "u", true, "r@h.x", "r@h.x", "u"},
        {"qemu+ssh://h.x/system?a=b%26c", "u", false, "qemu+ssh://u@h.x/system?a=b&c",
         "qemu+ssh://u:p%40w@h.x/system?a=b%26c", "u"},
        {"qemu:///system", "u", false, "qemu:///system", "qemu:///system", "u"},
        {"x.db", "u", false, "x.db", "x.db", NULL},
        {"h.x", NULL, false, "h.x", "h.x", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct target target, copy;
        struct error error = {0};
        char *password = secret_copy("p@w");
        assert_true(target_init(&target, rows[i].given, &error));
        target.yields = rows[i].yields;
        target_set_login(&target, rows[i].username, password);
        target_copy(&copy, &target);
        target_done(&target);
        secret_free(password);
        check_text(rows[i].given, "text", copy.text, rows[i].text);
        check_text(rows[i].given, "uri", copy.uri, rows[i].uri);
        check_text(rows[i].given, "user name", copy.username, rows[i].expected);
        bool history = strcmp(copy.scheme, TARGET_HISTORY) == 0;
        check_text(rows[i].given, "password", copy.password, history ? NULL : "p@w");
        target_done(&copy);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_login), cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),   cmocka_unit_test(test_password_is_never_shown),
        cmocka_unit_test(test_same),  cmocka_unit_test(test_source_name),
    };
    return cmocka_run_group_tests_name("target", tests, NULL, NULL);
}
