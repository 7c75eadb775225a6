/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "serve/guesses.h"

#include <glib.h>
#include <netinet/in.h>
#include <string.h>

enum { GUESS_SHARE = 4 /* hashes of wrong passwords take this part of the time */ };
enum { ADDRESS_BYTES = 8 };

static const int64_t guess_ns = 1000000000LL, burst_ns = 20 * guess_ns;

/* An address of IPv4 may come as one of IPv6. */
static void take_ipv6(const struct in6_addr *address, unsigned char bytes[ADDRESS_BYTES]) {
    if (IN6_IS_ADDR_V4MAPPED(address))
        memcpy(bytes, address->s6_addr + 12, 4);
    else
        memcpy(bytes, address->s6_addr, ADDRESS_BYTES);
}

static void take(const struct sockaddr *address, unsigned char bytes[ADDRESS_BYTES]) {
    if (!address)
        return;
    if (address->sa_family == AF_INET)
        memcpy(bytes, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    else if (address->sa_family == AF_INET6)
        take_ipv6(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, bytes);
}

size_t guesses_slot(const struct guesses *guesses, const struct sockaddr *address) {
    unsigned char bytes[ADDRESS_BYTES] = {0}, digest[GUESSES_KEY_BYTES];
    gsize size = sizeof digest;
    take(address, bytes);
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA256, guesses->key, sizeof guesses->key);
    g_hmac_update(hmac, bytes, sizeof bytes);
    g_hmac_get_digest(hmac, digest, &size);
    g_hmac_unref(hmac);
    return (digest[0] | (size_t)digest[1] << 8) % GUESSES_SLOTS;
}

bool guesses_allowed(const struct guesses *guesses, size_t slot, int64_t now_ns) {
    return guesses->paid_ns[slot] - now_ns <= burst_ns;
}

void guesses_note(struct guesses *guesses, size_t slot, int64_t begin_ns, int64_t took_ns) {
    int64_t *paid_ns = &guesses->paid_ns[slot];
    *paid_ns = MAX(*paid_ns, begin_ns) + MAX(guess_ns, GUESS_SHARE * took_ns);
}
