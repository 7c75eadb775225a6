/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/columns.h"

#include <glib.h>
#include <stdlib.h>

#include "core/memory.h"

struct columns {
    int64_t *times;
    int64_t *values;
    size_t capacity;
};

struct columns *columns_new(void) {
    return memory_alloc(sizeof(struct columns));
}

void columns_free(struct columns *columns) {
    if (!columns)
        return;
    free(columns->times);
    free(columns->values);
    free(columns);
}

static void reserve(struct columns *columns, size_t count) {
    if (count <= columns->capacity)
        return;
    columns->capacity = MAX(count, columns->capacity * 2);
    columns->times =
        memory_check(reallocarray(columns->times, columns->capacity, sizeof *columns->times));
    columns->values =
        memory_check(reallocarray(columns->values, columns->capacity, sizeof *columns->values));
}

struct series columns_of(struct columns *columns, const struct series *series) {
    struct series split = *series;
    if (!series->count || series->columns.times)
        return split;
    reserve(columns, series->count);
    for (size_t i = 0; i < series->count; i++) {
        columns->times[i] = series->samples[i].time;
        columns->values[i] = series->samples[i].value;
    }
    split.samples = NULL;
    split.columns = (struct series_columns){columns->times, columns->values, false};
    return split;
}
