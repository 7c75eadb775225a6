/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Why a certificate is not trusted, and what to do about just that. */
#include "source/tls/refusal.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/memory.h"
#include "source/tls/thumbprint.h"

enum { MAX_NAMES = 3, NAME_SIZE = 128, DATE_SIZE = 16 };

/* An alternative name that stands for a host; "" for others. */
static void host_name(const GENERAL_NAME *name, char text[NAME_SIZE]) {
    text[0] = '\0';
    if (name->type != GEN_DNS && name->type != GEN_IPADD)
        return;
    const ASN1_STRING *value = name->type == GEN_DNS ? name->d.dNSName : name->d.iPAddress;
    const unsigned char *bytes = ASN1_STRING_get0_data(value);
    int length = ASN1_STRING_length(value);
    if (name->type == GEN_DNS)
        snprintf(text, NAME_SIZE, "%.*s", length, (const char *)bytes);
    else if (length == sizeof(struct in_addr) || length == sizeof(struct in6_addr))
        inet_ntop(length == sizeof(struct in_addr) ? AF_INET : AF_INET6, bytes, text, NAME_SIZE);
}

/* The first names in a list; "" when there are none. */
static char *list_names(const GENERAL_NAMES *names) {
    char *list = memory_strdup("");
    int listed = 0;
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && listed <= MAX_NAMES; i++) {
        char name[NAME_SIZE];
        host_name(sk_GENERAL_NAME_value(names, i), name);
        if (!*name)
            continue;
        char *longer =
            memory_printf("%s%s%s", list, listed ? ", " : "", listed == MAX_NAMES ? "…" : name);
        free(list);
        list = longer;
        listed++;
    }
    return list;
}

/* The hosts that the certificate is for, owned by the caller. */
static char *names_of(const X509 *certificate) {
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    char *list = list_names(names);
    GENERAL_NAMES_free(names);
    if (*list)
        return list;
    char name[NAME_SIZE] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                              sizeof name);
    free(list);
    return memory_strdup(*name ? name : "no host");
}

static void date_text(char text[DATE_SIZE], const ASN1_TIME *time) {
    struct tm date;
    if (!ASN1_TIME_to_tm(time, &date) || !strftime(text, DATE_SIZE, "%Y-%m-%d", &date))
        snprintf(text, DATE_SIZE, "an unknown date");
}

/* The certificate itself, or one of those that vouch for it. */
static char *about_dates(X509_STORE_CTX *store, const char *thumbprint) {
    const X509 *certificate = X509_STORE_CTX_get_current_cert(store);
    bool expired = X509_STORE_CTX_get_error(store) == X509_V_ERR_CERT_HAS_EXPIRED;
    char date[DATE_SIZE];
    date_text(date, expired ? X509_get0_notAfter(certificate) : X509_get0_notBefore(certificate));
    return memory_printf("the certificate%s %s %s: check the clock of this machine, have the "
                         "certificate renewed, or trust it all the same with --thumbprint %s",
                         X509_STORE_CTX_get_error_depth(store) ? " of its authority" : "",
                         expired ? "has expired on" : "is not valid before", date, thumbprint);
}

static char *about_names(const X509 *certificate, const char *thumbprint) {
    char *names = names_of(certificate);
    char *text = memory_printf("the certificate is for %s, not for this host: name it so in the "
                               "TARGET, or compare the certificate with the one on the server's "
                               "console and give --thumbprint %s",
                               names, thumbprint);
    free(names);
    return text;
}

/* No authority makes them good. */
static char *about_strength(X509_STORE_CTX *store, const char *thumbprint) {
    return memory_printf("the certificate%s is too weak for this machine's OpenSSL (%s): have a "
                         "stronger one made, or compare it with the one on the server's console "
                         "and give --thumbprint %s",
                         X509_STORE_CTX_get_error_depth(store) ? " of its authority" : "",
                         X509_verify_cert_error_string(X509_STORE_CTX_get_error(store)),
                         thumbprint);
}

static char *about_issuer(int reason, const char *ca_files, const char *thumbprint) {
    const char *why = X509_verify_cert_error_string(reason);
    if (ca_files)
        return memory_printf("CA file '%s' does not vouch for the certificate (%s): give the one "
                             "of its issuer, or compare the certificate with the one on the "
                             "server's console and give --thumbprint %s",
                             ca_files, why, thumbprint);
    return memory_printf("the certificate is not trusted (%s): give --ca-file, or compare it with "
                         "the one on the server's console and give --thumbprint %s",
                         why, thumbprint);
}

char *refusal_text(X509_STORE_CTX *store, const char *ca_files) {
    const X509 *certificate = X509_STORE_CTX_get0_cert(store);
    int reason = X509_STORE_CTX_get_error(store);
    char thumbprint[THUMBPRINT_TEXT_SIZE] = "unknown";
    thumbprint_text(thumbprint, certificate);
    switch (reason) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return about_dates(store, thumbprint);
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return about_names(certificate, thumbprint);
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK:
        return about_strength(store, thumbprint);
    default:
        return about_issuer(reason, ca_files, thumbprint);
    }
}
