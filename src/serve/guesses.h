/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * How many wrong passwords an address may send. Not by user: answers would tell which ones there
 * are, and who guesses would keep others out. Not thread-safe.
 */
#ifndef VPERF_SERVE_GUESSES_H
#define VPERF_SERVE_GUESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { GUESSES_SLOTS = 4096, GUESSES_KEY_BYTES = 32 };

/* Until when the wrong passwords of an address have used up its time; addresses share a few slots
 * that nobody can choose. */
struct guesses {
    unsigned char key[GUESSES_KEY_BYTES]; /* secret, and random */
    int64_t paid_ns[GUESSES_SLOTS];
};

/*
 * guesses_slot: that of an address; of IPv6, of its network of 64 bits. NULL, and what is no
 * internet address, have one of their own.
 */
size_t guesses_slot(const struct guesses *guesses, const struct sockaddr *address);

/* guesses_allowed: one more password may be checked now (clock_boot_ns). */
bool guesses_allowed(const struct guesses *guesses, size_t slot, int64_t now_ns);

/*
 * guesses_note: a wrong one, whose check began at this time and took so long: after 20 of them, one
 * each second, or less often where a check takes more than a quarter of one.
 */
void guesses_note(struct guesses *guesses, size_t slot, int64_t begin_ns, int64_t took_ns);

#endif
