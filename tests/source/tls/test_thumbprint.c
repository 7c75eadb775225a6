/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Thumbprints as people write them, of a certificate made here, and from files of known hosts. */
#include "source/tls/thumbprint.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/memory.h"

#define SHA1 "0123456789abcdef0123456789abcdef01234567"
#define SHA256 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_parse(void **state) {
    static const struct {
        const char *text;
        size_t length; /* 0: refused */
    } cases[] = {
        {SHA1, 20},
        {SHA256, 32},
        {"0123456789ABCDEF0123456789ABCDEF01234567", 20},
        {"01:23:45:67:89:AB:CD:EF:01:23:45:67:89:ab:cd:ef:01:23:45:67", 20},
        {"", 0},
        {":", 0},
        {"0", 0},
        {SHA1 "8", 0},
        {SHA1 "89", 0},
        {SHA256 "0", 0},
        {SHA256 "01", 0},
        {SHA256 SHA256, 0},
        {"g123456789abcdef0123456789abcdef01234567", 0},
        {"\020123456789abcdef0123456789abcdef01234567", 0},
        {"0123456789abcdef0123456789abcdef0123456\027", 0},
        {" " SHA1, 0},
        {SHA1 "\n", 0},
        {"SHA256:" SHA256, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct thumbprint thumbprint = {{0}, 0};
        bool parsed = thumbprint_parse(&thumbprint, cases[i].text);
        assert_int_equal(parsed, cases[i].length > 0);
        if (!parsed)
            continue;
        assert_int_equal(thumbprint.length, cases[i].length);
        assert_int_equal(thumbprint.bytes[0], 0x01);
        assert_int_equal(thumbprint.bytes[7], 0xef);
        assert_int_equal(thumbprint.bytes[19], 0x67);
    }
}

static X509 *make_certificate(void) {
    X509 *certificate = memory_check(X509_new());
    EVP_PKEY *key = memory_check(EVP_EC_gen("P-256"));
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    assert_true(X509_set_pubkey(certificate, key) && X509_sign(certificate, key, EVP_sha256()));
    EVP_PKEY_free(key);
    return certificate;
}

static void test_certificate(void **state) {
    X509 *certificate = make_certificate();
    struct thumbprint thumbprint = {{0}, 0};
    char text[THUMBPRINT_TEXT_SIZE] = "";
    (void)state;
    thumbprint_text(text, certificate);
    assert_int_equal(strlen(text), 3 * 32 - 1);
    assert_true(thumbprint_parse(&thumbprint, text));
    assert_true(thumbprint_matches(&thumbprint, certificate));
    thumbprint.bytes[31] ^= 1;
    assert_false(thumbprint_matches(&thumbprint, certificate));
    unsigned length = 0;
    X509_digest(certificate, EVP_sha1(), thumbprint.bytes, &length);
    thumbprint.length = length;
    assert_true(thumbprint_matches(&thumbprint, certificate));
    thumbprint.bytes[0] ^= 0x80;
    assert_false(thumbprint_matches(&thumbprint, certificate));
    X509_free(certificate);
}

/* None is nobody's. */
static void test_empty(void **state) {
    X509 *certificate = make_certificate();
    const struct thumbprint none = {{0}, 0};
    (void)state;
    assert_false(thumbprint_matches(&none, certificate));
    X509_free(certificate);
}

static const char known_hosts[] = "# comment\n"
                                  "\n"
                                  "alone\n"
                                  "short 0123\n"
                                  "one " SHA1 "\n"
                                  "Two:8443\t" SHA256 " trailing words\r\n"
                                  "one " SHA256 "\n"
                                  "[fe80::1]:8443 " SHA1 "\n"
                                  "last " SHA1;

static void test_known_hosts(void **state) {
    static const struct {
        const char *host;
        int port;
        size_t length; /* 0: not listed */
    } cases[] = {
        {"one", 443, 20},      {"ONE", 443, 20},   {"one", 8443, 0},  {"two", 8443, 32},
        {"two", 443, 0},       {"alone", 443, 0},  {"short", 443, 0}, {"last", 443, 20},
        {"fe80::1", 8443, 20}, {"nobody", 443, 0}, {"#", 443, 0},
    };
    char path[] = "/tmp/vperf-known-hosts-XXXXXX";
    int fd = mkstemp(path);
    (void)state;
    assert_int_equal(write(fd, known_hosts, sizeof known_hosts - 1), sizeof known_hosts - 1);
    close(fd);
    char *files = memory_printf("/nonexistent/file:%s:", path);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct thumbprint thumbprint = {{0}, 0};
        bool found = thumbprint_known_host(&thumbprint, files, cases[i].host, cases[i].port);
        assert_int_equal(found, cases[i].length > 0);
        assert_int_equal(thumbprint.length, cases[i].length);
    }
    free(files);
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_certificate),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_known_hosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
