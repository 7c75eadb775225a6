/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * JSON by jansson, read with tolerance: servers give one number as an integer, a real or a text,
 * by their version. What is not there or is none gives nothing.
 */
#ifndef VPERF_SOURCE_REST_JSON_H
#define VPERF_SOURCE_REST_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

/*
 * rest_json_parse: owned by the caller (json_decref), and part of budget.h; NULL with
 * ERROR_PROTOCOL, what names it.
 */
json_t *rest_json_parse(const char *text, size_t size, const char *what, struct error *error);

/*
 * rest_json_parse_rows: the same of {"data":{"data":[...]}}, element by element: those that keeps
 * refuses are freed at once. Any other text is read whole.
 */
json_t *rest_json_parse_rows(const char *text, size_t size, const char *what,
                             bool (*keeps)(const json_t *row), struct error *error);

/*
 * rest_json_begin: until rest_json_end, what jansson makes is refused (NULL) when budget.h has no
 * room for it. rest_json_end: false with the error when something was refused.
 */
void rest_json_begin(void);
bool rest_json_end(struct error *error);

/* rest_json_is_refused: there was no room since rest_json_begin: the rest need not be read. */
bool rest_json_is_refused(void);

/* rest_json_text_of: the value as json_dumps writes it, owned by the caller; NULL for NULL. */
char *rest_json_text_of(const json_t *value, size_t flags);

/* rest_json_text: the member as text, borrowed; NULL when it is none. */
const char *rest_json_text(const json_t *object, const char *key);

/*
 * rest_json_integer: the member that is an integer, a real without fraction, or such a text, true
 * or false; false when it is none, or does not fit.
 */
bool rest_json_integer(const json_t *object, const char *key, int64_t *value);

/* rest_json_real: the member that is a finite number, or its text. */
bool rest_json_real(const json_t *object, const char *key, double *value);

/* rest_json_value_integer, _real: the same of a value itself. */
bool rest_json_value_integer(const json_t *value, int64_t *number);
bool rest_json_value_real(const json_t *value, double *number);

#endif
