/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which host a certificate has to be for; and floods of TLS records that hold no data. */
#include "source/tls/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <fcntl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static X509 *certificate_for(const char *names, EVP_PKEY *key) {
    X509 *certificate = X509_new();
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
    X509_set_version(certificate, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_add_ext(certificate, extension, -1);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    X509_EXTENSION_free(extension);
    return certificate;
}

static void test_names(void **state) {
    static const struct {
        const char *host, *names;
        bool good;
    } cases[] = {
        {"ab.example.com", "DNS:ab.example.com", true},
        {"ab.example.com.", "DNS:ab.example.com", true},
        {"ab.example.com..", "DNS:ab.example.com", false},
        {"ab.example.com", "DNS:*.example.com", true},
        {"ab.example.com", "DNS:a*.example.com", false},
        {"ab.example.com", "DNS:*b.example.com", false},
        {"ab.example.com", "DNS:b.example.com", false},
    };
    static const struct source_options options = {.insecure = true};
    EVP_PKEY *key = EVP_EC_gen("P-256");
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {0};
        struct tls *tls = tls_new(cases[i].host, 443, &options, &error);
        X509_VERIFY_PARAM *parameters = SSL_CTX_get0_param(tls_context(tls));
        X509 *certificate = certificate_for(cases[i].names, key);
        int matches = X509_check_host(certificate, X509_VERIFY_PARAM_get0_host(parameters, 0), 0,
                                      X509_VERIFY_PARAM_get_hostflags(parameters), NULL);
        if (matches != cases[i].good)
            fail_msg("%s, %s: %d", cases[i].host, cases[i].names, matches);
        X509_free(certificate);
        tls_free(tls);
    }
    EVP_PKEY_free(key);
}

/* A server that sends many records without data, behind a handshake. */
struct flood {
    int socket;
    SSL_CTX *context;
    bool (*send)(SSL *ssl);
};

static bool send_ticket(SSL *ssl) {
    return SSL_new_session_ticket(ssl) && SSL_do_handshake(ssl) > 0;
}

static bool send_key_update(SSL *ssl) {
    return SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) && SSL_do_handshake(ssl) > 0;
}

static void *run_flood(void *argument) {
    struct flood *flood = argument;
    SSL *ssl = SSL_new(flood->context);
    SSL_set_fd(ssl, flood->socket);
    if (SSL_accept(ssl) > 0)
        for (int i = 0; i < 30 && flood->send(ssl); i++)
            continue;
    SSL_free(ssl);
    return NULL;
}

static SSL_CTX *server_context(void) {
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = certificate_for("DNS:localhost", key);
    SSL_CTX_use_certificate(context, certificate);
    SSL_CTX_use_PrivateKey(context, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return context;
}

/* A look at what has come takes one record, so that a flood holds up neither time nor signals. */
static void check_flood(bool (*send)(SSL *ssl)) {
    static const struct source_options options = {.insecure = true};
    struct error error = {0};
    struct tls *tls = tls_new("localhost", 443, &options, &error);
    int ends[2], before = 0, after = 0;
    pthread_t thread;
    char byte;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    struct flood flood = {.socket = ends[1], .context = server_context(), .send = send};
    assert_int_equal(pthread_create(&thread, NULL, run_flood, &flood), 0);
    SSL *ssl = SSL_new(tls_context(tls));
    SSL_set_fd(ssl, ends[0]);
    assert_int_equal(SSL_connect(ssl), 1);
    pthread_join(thread, NULL);
    fcntl(ends[0], F_SETFL, fcntl(ends[0], F_GETFL) | O_NONBLOCK);
    ioctl(ends[0], FIONREAD, &before);
    assert_int_equal(SSL_get_error(ssl, SSL_peek(ssl, &byte, 1)), SSL_ERROR_WANT_READ);
    ioctl(ends[0], FIONREAD, &after);
    assert_in_range(after, 1, before - 1);
    SSL_free(ssl);
    close(ends[0]);
    close(ends[1]);
    SSL_CTX_free(flood.context);
    tls_free(tls);
}

static void test_floods(void **state) {
    (void)state;
    check_flood(send_ticket);
    check_flood(send_key_update);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_floods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
