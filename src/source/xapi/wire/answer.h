/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Calls of XAPI and their answers, as XML-RPC. */
#ifndef VPERF_SOURCE_XAPI_ANSWER_H
#define VPERF_SOURCE_XAPI_ANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

/* One of both is there. */
struct answer {
    json_t *value;   /* structs as objects, numbers as they came: mostly as text */
    json_t *failure; /* an array of texts: a code such as HOST_IS_SLAVE, and its arguments */
};

/*
 * answer_read: ERROR_PROTOCOL when the bytes are no answer. A fault of XAPI is none of ours: it is
 * in the answer.
 */
bool answer_read(struct answer *answer, const char *bytes, size_t size, struct error *error)
    __attribute__((warn_unused_result));

/* answer_done: frees what the answer holds. */
void answer_done(struct answer *answer);

/* answer_code: the code of the failure; "" without one. Borrowed. */
const char *answer_code(const struct answer *answer);

/* answer_argument: argument number index of the failure, from 0 on; "" without one. Borrowed. */
const char *answer_argument(const struct answer *answer, size_t index);

/*
 * answer_call: the body of a call with these texts as arguments, up to a NULL; the caller's, and
 * may hold a password: memory_wipe_free.
 */
char *answer_call(const char *method, const char *const *arguments);

#endif
