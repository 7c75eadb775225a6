/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Text of unknown origin made fit for one line on a terminal or in a log. */
#ifndef VPERF_CORE_TEXT_H
#define VPERF_CORE_TEXT_H

#include <stddef.h>

/* What follows is bold, or no longer is: marks that mean this to text_for_terminal alone. */
#define TEXT_BOLD "\xf0\x9f\xbf\xbe"  /* U+1FFFE, which no text holds */
#define TEXT_PLAIN "\xf0\x9f\xbf\xbf" /* U+1FFFF */

/*
 * text_one_line: replaces what could break a line or steer a terminal (control characters, C1
 * and Unicode line breaks included) and each byte that is not UTF-8 by '?'. Never gets longer.
 */
void text_one_line(char *text);

/*
 * text_for_terminal: the same for size bytes of many lines: line feeds and tabs stay, and marks of
 * style become what a terminal shows so. Returns the length, which is not greater than size.
 */
size_t text_for_terminal(char *text, size_t size);

enum { TEXT_MAX_PARTIAL = 5 };

/*
 * text_whole: the length without a character at the end whose last bytes are still to come: of its
 * first ones there are at most TEXT_MAX_PARTIAL.
 */
size_t text_whole(const char *text, size_t size);

/* text_cut: the largest length up to limit that does not split a character of valid UTF-8. */
size_t text_cut(const char *text, size_t limit);

#endif
