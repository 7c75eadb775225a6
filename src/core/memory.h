/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Allocation that cannot fail: out of memory ends the program, in one place. */
#ifndef VPERF_CORE_MEMORY_H
#define VPERF_CORE_MEMORY_H

#include <stdarg.h>
#include <stddef.h>

/* memory_check: what a library allocated, as it is; aborts when it is NULL. */
void *memory_check(void *memory) __attribute__((returns_nonnull));

/* memory_alloc: size zeroed bytes, owned by the caller; aborts when there are none. */
void *memory_alloc(size_t size) __attribute__((malloc, returns_nonnull));

/* memory_array: count zeroed elements of size bytes, owned by the caller; aborts on overflow. */
void *memory_array(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

/*
 * memory_grow: array made large enough for count + 1 elements of size bytes; *capacity is the
 * number of elements it has room for. New elements are not initialised.
 */
void *memory_grow(void *array, size_t count, size_t *capacity, size_t size)
    __attribute__((returns_nonnull, warn_unused_result));

/* memory_strdup: a copy of text, owned by the caller; NULL for NULL. */
char *memory_strdup(const char *text);

/* memory_strndup: a copy of the first length bytes of text, owned by the caller. */
char *memory_strndup(const char *text, size_t length) __attribute__((returns_nonnull));

/* memory_printf: formatted text, owned by the caller. */
char *memory_printf(const char *format, ...) __attribute__((format(printf, 1, 2), returns_nonnull));

/* memory_concat: the texts up to a NULL, one after the other; a tenth of the time of printf. */
char *memory_concat(const char *first, ...) __attribute__((sentinel, returns_nonnull));

/* memory_vprintf: the same with the arguments as a va_list. */
char *memory_vprintf(const char *format, va_list arguments)
    __attribute__((format(printf, 1, 0), returns_nonnull));

/*
 * memory_share_heap: threads that come get no heaps of their own. Those of the C library grow page
 * by page, each time by a system call: some 600 of them in a small run.
 */
void memory_share_heap(void);

/*
 * memory_keep_freed: large pieces that are freed stay for the next ones, which the system need not
 * clear again.
 */
void memory_keep_freed(void);

/* memory_trim: gives memory that was freed back to the system, where the C library can. */
void memory_trim(void);

/* memory_wipe_stack: overwrites what functions that have returned left on the stack. */
void memory_wipe_stack(void);

/*
 * memory_wipe_free: overwrites the text, then frees it; for passwords. Takes NULL.
 */
void memory_wipe_free(char *text);

#endif
