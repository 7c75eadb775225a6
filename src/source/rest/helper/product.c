/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/rest/helper/product.h"

#include <string.h>

enum { TIMEOUT_MS = 5000, BYTES = 64 << 10 };

static const struct {
    const char *scheme;
    const char *mark; /* in its header Server, or on its pages */
    const char *name;
    const char *target;
} products[] = {
    {"pve", "pve-api-daemon", "Proxmox VE", "pve://USER@REALM!TOKEN@HOST"},
    {"xapi", "Xapi Server", "XenServer or XCP-ng", "xapi://[USER@]HOST"},
    {"https", "urn:vim25", "ESXi or vCenter", "[USER@]HOST, or https://HOST/sdk"},
};

enum { PRODUCTS = sizeof products / sizeof products[0] };

static bool has_mark(const struct http_answer *answer, const char *mark) {
    return strstr(answer->server, mark) || memmem(answer->body, answer->size, mark, strlen(mark));
}

/* The place in the table; PRODUCTS for one that is not known. */
static size_t ask(struct http_pool *pool, struct http_peer *peer) {
    struct error ignored = {0};
    size_t found = PRODUCTS;
    /* vSphere's versions; the others say what they are where they have nothing. */
    struct http_call call = {
        .peer = peer,
        .request = {.path = "/sdk/vimServiceVersions.xml",
                    .timeout_ms = TIMEOUT_MS,
                    .limit = BYTES},
    };
    if (http_ask(pool, &call, &ignored))
        for (found = 0; found < PRODUCTS && !has_mark(&call.answer, products[found].mark);)
            found++;
    http_call_done(&call);
    return found;
}

static const char *name_of(const char *scheme) {
    size_t i = 0;
    while (i + 1 < PRODUCTS && strcmp(products[i].scheme, scheme) != 0)
        i++;
    return products[i].name;
}

void product_explain(struct http_pool *pool, struct http_peer *peer, const char *scheme,
                     struct error *error) {
    if (error->kind != ERROR_FAULT && error->kind != ERROR_PROTOCOL &&
        error->kind != ERROR_UNAVAILABLE)
        return;
    size_t found = ask(pool, peer);
    if (found == PRODUCTS || strcmp(products[found].scheme, scheme) == 0)
        return;
    error_clear(error);
    error_set(error, ERROR_PROTOCOL, "this is %s, not %s: name it %s", products[found].name,
              name_of(scheme), products[found].target);
}
