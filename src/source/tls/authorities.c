/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The system's authorities are there twice: in a directory, where the few that are needed are found
 * by the hash of their names, and in a bundle, of which each is parsed: 240 million instructions
 * for 140 of them, more than all the rest of a small run. So the bundle is read when the directory
 * does not help.
 */
#include "source/tls/authorities.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

bool authorities_add(SSL_CTX *context, const char *ca_files, struct error *error) {
    if (!ca_files) {
        SSL_CTX_set_default_verify_dir(context);
        return true;
    }
    char *list = memory_strdup(ca_files);
    char *rest = list;
    bool loaded = true;
    ERR_clear_error();
    for (char *file = NULL; loaded && (file = strsep(&rest, ":"));) {
        loaded = !*file || SSL_CTX_load_verify_file(context, file) == 1;
        unsigned long reason = ERR_peek_error();
        if (!loaded)
            error_set(error, ERROR_USAGE, "CA file '%s': %s", file,
                      ERR_SYSTEM_ERROR(reason) ? strerror(ERR_GET_REASON(reason))
                                               : "not a PEM file of certificates");
    }
    free(list);
    ERR_clear_error();
    return loaded;
}

/* A store context verifies once: another one, with the same certificates and conditions. */
static bool is_vouched_by_directory(SSL_CTX *context, X509_STORE_CTX *store) {
    X509_STORE_CTX *first = X509_STORE_CTX_new();
    X509_VERIFY_PARAM *conditions = X509_VERIFY_PARAM_new();
    bool vouched =
        first && conditions &&
        X509_STORE_CTX_init(first, SSL_CTX_get_cert_store(context), X509_STORE_CTX_get0_cert(store),
                            X509_STORE_CTX_get0_untrusted(store)) &&
        X509_VERIFY_PARAM_set1(conditions, X509_STORE_CTX_get0_param(store));
    if (vouched) {
        X509_STORE_CTX_set0_param(first, conditions);
        conditions = NULL;
        vouched = X509_verify_cert(first) > 0;
    }
    X509_VERIFY_PARAM_free(conditions);
    X509_STORE_CTX_free(first);
    ERR_clear_error();
    return vouched;
}

bool authorities_vouch(SSL_CTX *context, X509_STORE_CTX *store) {
    if (is_vouched_by_directory(context, store))
        return true;
    SSL_CTX_set_default_verify_file(context);
    ERR_clear_error();
    return X509_verify_cert(store) > 0;
}
