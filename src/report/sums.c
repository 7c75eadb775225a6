/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/sums.h"

#include <string.h>

enum { LANES = 8, BLOCK = 128 };

/* At most a block. */
static double add_block(const double *values, size_t count) {
    double sum = 0;
    size_t i = 0;
    if (count >= LANES) {
        double lanes[LANES];
        memcpy(lanes, values, sizeof lanes);
        for (i = LANES; i + LANES <= count; i += LANES)
            for (size_t lane = 0; lane < LANES; lane++)
                lanes[lane] += values[i + lane];
        sum = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
              ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
    }
    for (; i < count; i++)
        sum += values[i];
    return sum;
}

/* Of more than a block, the first half: in pairs of pairs. */
static size_t half_of(size_t count) {
    return count / 2 / LANES * LANES;
}

double sum_values(const double *values, size_t count) {
    if (count <= BLOCK)
        return add_block(values, count);
    size_t half = half_of(count);
    return sum_values(values, half) + sum_values(values + half, count - half);
}

/* As sum_values. */
static double add_scaled(const struct series_columns *columns, const struct scale *scale,
                         size_t first, size_t count) {
    if (count > BLOCK) {
        size_t half = half_of(count);
        return add_scaled(columns, scale, first, half) +
               add_scaled(columns, scale, first + half, count - half);
    }
    const int64_t *raw = columns->values + (columns->same ? 0 : first);
    double values[BLOCK];
    scale_values(scale, raw, columns->same ? 1 : count, values);
    for (size_t i = 1; columns->same && i < count; i++)
        values[i] = values[0];
    return add_block(values, count);
}

double sum_columns(const struct series_columns *columns, const struct scale *scale, size_t count,
                   double raw) {
    enum { FEW = 4096 };
    if (count <= FEW)
        return add_scaled(columns, scale, 0, count);
    return raw * scale->factor / scale->divisor;
}
