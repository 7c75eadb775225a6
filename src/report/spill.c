/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/spill.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/temporary.h"

enum { FEW = 64 }; /* different values */

struct spill {
    int file; /* -1: none */
    int64_t end;
};

struct spill *spill_new(void) {
    struct spill *spill = memory_alloc(sizeof *spill);
    spill->file = -1;
    return spill;
}

void spill_free(struct spill *spill) {
    if (!spill)
        return;
    if (spill->file >= 0)
        close(spill->file);
    free(spill);
}

static bool write_all(int file, const void *data, size_t size, int64_t offset) {
    const char *at = data;
    while (size) {
        ssize_t done = pwrite(file, at, size, offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        at += done;
        offset += done;
        size -= (size_t)done;
    }
    return true;
}

static bool read_all(int file, void *data, size_t size, int64_t offset) {
    char *at = data;
    while (size) {
        ssize_t done = pread(file, at, size, offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        at += done;
        offset += done;
        size -= (size_t)done;
    }
    return true;
}

void spill_put(struct spill *spill, struct distribution *distribution) {
    struct error ignored = {0};
    distribution_compact(distribution);
    size_t size = distribution->count * sizeof *distribution->sorted;
    if (distribution->count <= FEW)
        return;
    if (spill->file < 0)
        spill->file = temporary_open(&ignored);
    if (spill->file < 0 || !write_all(spill->file, distribution->sorted, size, spill->end))
        return;
    distribution_wait(distribution, spill->end);
    spill->end += (int64_t)size;
}

bool spill_take(const struct spill *spill, struct distribution *distribution, struct error *error) {
    bool good = true;
    for (size_t i = 0; good && i < distribution->waiting_count; i++) {
        const struct waiting *waiting = &distribution->waiting[i];
        struct occurrence *list = memory_array(waiting->count, sizeof *list);
        good = read_all(spill->file, list, waiting->count * sizeof *list, waiting->offset);
        if (good)
            distribution_merge(distribution, list, waiting->count);
        else
            temporary_fail("read", error);
        free(list);
    }
    distribution->waiting_count = 0;
    return good;
}
