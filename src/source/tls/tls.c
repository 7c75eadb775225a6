/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The certificate is judged in one callback during the handshake, before any byte of HTTP is sent,
 * so that a refusal can tell the real thumbprint.
 */
#include "source/tls/tls.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/memory.h"
#include "source/tls/authorities.h"
#include "source/tls/openssl_memory.h"
#include "source/tls/refusal.h"
#include "source/tls/thumbprint.h"

struct tls {
    SSL_CTX *context;
    bool insecure;
    struct thumbprint pinned; /* --thumbprint: the only certificate to trust; or empty */
    struct thumbprint known;  /* GOVC_TLS_KNOWN_HOSTS: trusted whoever its issuer is; or empty */
    char *ca_files;           /* of the only authorities to trust; NULL for the system's */
    pthread_mutex_t lock;     /* of the following, and of the system's authorities */
    char *refusal;            /* of the first certificate that was not trusted */
    int64_t end;              /* of the last certificate; 0 before the first */
};

static char *explain(const struct tls *tls, X509_STORE_CTX *store) {
    if (!tls->pinned.length && !tls->known.length)
        return refusal_text(store, tls->ca_files);
    char actual[THUMBPRINT_TEXT_SIZE] = "unknown";
    thumbprint_text(actual, X509_STORE_CTX_get0_cert(store));
    return memory_printf(
        "the certificate does not match %s: the server presents SHA-256 %s; compare it with "
        "the one on the server's console",
        tls->pinned.length ? "--thumbprint" : "GOVC_TLS_KNOWN_HOSTS", actual);
}

static void refuse(struct tls *tls, X509_STORE_CTX *store) {
    pthread_mutex_lock(&tls->lock);
    if (!tls->refusal)
        tls->refusal = explain(tls, store);
    pthread_mutex_unlock(&tls->lock);
}

/* OpenSSL adds the bundle to the store once more each time: for one thread. */
static bool system_vouches(struct tls *tls, X509_STORE_CTX *store) {
    pthread_mutex_lock(&tls->lock);
    bool vouched = authorities_vouch(tls->context, store);
    pthread_mutex_unlock(&tls->lock);
    return vouched;
}

static bool trusts(struct tls *tls, X509_STORE_CTX *store, const X509 *certificate) {
    if (tls->pinned.length)
        return thumbprint_matches(&tls->pinned, certificate);
    if (tls->insecure || (tls->known.length && thumbprint_matches(&tls->known, certificate)))
        return true;
    return tls->ca_files ? X509_verify_cert(store) > 0 : system_vouches(tls, store);
}

static void note_end(struct tls *tls, const X509 *certificate) {
    struct tm end = {0};
    if (!ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end))
        return;
    pthread_mutex_lock(&tls->lock);
    tls->end = timegm(&end);
    pthread_mutex_unlock(&tls->lock);
}

static int judge(X509_STORE_CTX *store, void *argument) {
    struct tls *tls = argument;
    X509 *certificate = X509_STORE_CTX_get0_cert(store);
    note_end(tls, certificate);
    if (trusts(tls, store, certificate)) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    }
    if (X509_STORE_CTX_get_error(store) == X509_V_OK)
        X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    refuse(tls, store);
    return 0;
}

bool tls_is_address(const char *host) {
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

char *tls_name(const char *host) {
    size_t length = strlen(host);
    return memory_strndup(host, length - (length > 1 && host[length - 1] == '.'));
}

/* A wildcard stands for a whole label, as browsers and govc have it. */
static bool expect_host(SSL_CTX *context, const char *host) {
    X509_VERIFY_PARAM *parameters = SSL_CTX_get0_param(context);
    if (tls_is_address(host))
        return X509_VERIFY_PARAM_set1_ip_asc(parameters, host);
    char *name = tls_name(host);
    X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    bool set = X509_VERIFY_PARAM_set1_host(parameters, name, 0);
    free(name);
    return set;
}

/* Whoever is trusted without authorities does without them. */
static bool add_authorities(const struct tls *tls, struct error *error) {
    bool needed = tls->ca_files || (!tls->pinned.length && !tls->insecure);
    return !needed || authorities_add(tls->context, tls->ca_files, error);
}

static bool choose_pin(struct tls *tls, const char *host, int port,
                       const struct source_options *options, struct error *error) {
    if (options->known_hosts)
        thumbprint_known_host(&tls->known, options->known_hosts, host, port);
    return !options->thumbprint || thumbprint_parse(&tls->pinned, options->thumbprint) ||
           error_set(error, ERROR_USAGE,
                     "--thumbprint '%s': expected 64 hex digits (SHA-256) or 40 (SHA-1), with or "
                     "without colons",
                     options->thumbprint);
}

struct tls *tls_new(const char *host, int port, const struct source_options *options,
                    struct error *error) {
    struct tls *tls = memory_alloc(sizeof *tls);
    pthread_mutex_init(&tls->lock, NULL);
    tls->insecure = options->insecure;
    tls->ca_files = memory_strdup(options->ca_file);
    openssl_memory_init();
    tls->context = SSL_CTX_new(TLS_client_method());
    bool ready = tls->context && SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION) &&
                 expect_host(tls->context, host);
    if (!ready)
        error_set(error, ERROR_TLS, "%s: OpenSSL cannot be set up for this host name", host);
    ready = ready && choose_pin(tls, host, port, options, error) && add_authorities(tls, error);
    if (!ready) {
        tls_free(tls);
        return NULL;
    }
    SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(tls->context, judge, tls);
    SSL_CTX_set_quiet_shutdown(tls->context, 1);
    /* Records without data, such as session tickets, come back to who watches the time. */
    SSL_CTX_clear_mode(tls->context, SSL_MODE_AUTO_RETRY);
    return tls;
}

void tls_free(struct tls *tls) {
    if (!tls)
        return;
    SSL_CTX_free(tls->context);
    pthread_mutex_destroy(&tls->lock);
    free(tls->ca_files);
    free(tls->refusal);
    free(tls);
}

SSL_CTX *tls_context(const struct tls *tls) {
    return tls->context;
}

bool tls_apply(struct tls *tls, SSL_CTX *context) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(context, judge, tls);
    SSL_CTX_set1_cert_store(context, SSL_CTX_get_cert_store(tls->context));
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) &&
           X509_VERIFY_PARAM_set1(SSL_CTX_get0_param(context), SSL_CTX_get0_param(tls->context));
}

int64_t tls_certificate_end(struct tls *tls) {
    pthread_mutex_lock(&tls->lock);
    int64_t end = tls->end;
    pthread_mutex_unlock(&tls->lock);
    return end;
}

void tls_forget_refusal(struct tls *tls) {
    free(tls->refusal);
    tls->refusal = NULL;
}

const char *tls_refusal(struct tls *tls) {
    pthread_mutex_lock(&tls->lock);
    const char *refusal = tls->refusal;
    pthread_mutex_unlock(&tls->lock);
    return refusal;
}
