/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Allocation that cannot fail: out of memory ends the program, in one place. */
#include "core/memory.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *memory_check(void *memory) {
    static const char message[] = "vperf: out of memory\n";

    if (!memory) {
        /* No stdio here: it may allocate. */
        ssize_t written = write(STDERR_FILENO, message, sizeof message - 1);
        (void)written;
        abort();
    }
    return memory;
}

void *memory_alloc(size_t size) {
    return memory_array(1, size);
}

void *memory_array(size_t count, size_t size) {
    return memory_check(calloc(count ? count : 1, size ? size : 1));
}

void *memory_grow(void *array, size_t count, size_t *capacity, size_t size) {
    if (array && count < *capacity)
        return array;
    size_t room = count < 8 ? 8 : count + count / 2;
    void *grown = memory_check(reallocarray(array, room, size));
    *capacity = room;
    return grown;
}

void memory_share_heap(void) {
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, 1);
#endif
}

void memory_keep_freed(void) {
#ifdef __GLIBC__
    enum { MIB = 1024 * 1024 };
    mallopt(M_MMAP_THRESHOLD, 32 * MIB);
    mallopt(M_TRIM_THRESHOLD, 512 * MIB);
#endif
}

void memory_trim(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

char *memory_strdup(const char *text) {
    return text ? memory_check(strdup(text)) : NULL;
}

char *memory_strndup(const char *text, size_t length) {
    return memory_check(strndup(text, length));
}

char *memory_concat(const char *first, ...) {
    va_list arguments;
    size_t length = 0;
    va_start(arguments, first);
    for (const char *text = first; text; text = va_arg(arguments, const char *))
        length += strlen(text);
    va_end(arguments);
    char *all = memory_alloc(length + 1), *end = all;
    va_start(arguments, first);
    for (const char *text = first; text; text = va_arg(arguments, const char *))
        end = stpcpy(end, text);
    va_end(arguments);
    return all;
}

char *memory_printf(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = memory_vprintf(format, arguments);
    va_end(arguments);
    return text;
}

char *memory_vprintf(const char *format, va_list arguments) {
    char *text;
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    return memory_check(text);
}

/*
 * Not inlined, so that it has the place of those others. The copies of zeros go through the vector
 * registers that text went through, which the dynamic linker would save on the stack later.
 */
__attribute__((noinline)) void memory_wipe_stack(void) {
    char place[32 * 1024];
    explicit_bzero(place, sizeof place);
    for (volatile size_t size = 16; size <= 256; size *= 2)
        memcpy(place + sizeof place / 2, place, size);
    explicit_bzero(place, 1);
}

void memory_wipe_free(char *text) {
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}
