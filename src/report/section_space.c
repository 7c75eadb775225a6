/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/section_lists.h"

#include <stdlib.h>

#include "core/memory.h"

static const double kib_per_gb = 1024.0 * 1024.0;

static void put_space(struct grid *grid, const struct space *space) {
    enum { WEEK = 7 };
    double scale = WEEK / kib_per_gb;
    const struct space_reading *newest = space->newest;
    double capacity = newest[SPACE_OF_CAPACITY].kib;
    bool provisioned = newest[SPACE_OF_PROVISIONED].time != 0;
    grid_text(grid, space->entity->name);
    grid_text(grid, *space->instance ? space->instance : NULL);
    grid_number(grid, true, capacity / kib_per_gb, 1);
    grid_number(grid, true, space_used(space) / kib_per_gb, 1);
    grid_number(grid, true, space_share(space), 1);
    grid_number(grid, provisioned, 100 * newest[SPACE_OF_PROVISIONED].kib / capacity, 0);
    grid_number(grid, space->fills, space->days_left, 0);
    grid_number(grid, space->fills, space->days_low, 0);
    grid_number(grid, space->fills, space->days_high, 0);
    grid_number(grid, space->has_trend, space->trend.slope * scale, 2);
    grid_number(grid, space->has_trend, space->trend.low * scale, 2);
    grid_number(grid, space->has_trend, space->trend.high * scale, 2);
    grid_number(grid, true, space->days->len, 0);
    grid_end_row(grid, NULL, NULL);
}

struct grid *section_spaces(struct findings *findings, size_t rows) {
    static const char days[] =
        "free space / slope, 0 when it is full; - when it is flat, shrinks or "
        "is too young, as far as the days tell; from and to: at the ends of "
        "the interval";
    static const char slope[] = "median of the slopes between all pairs of days, from 14 days on "
                                "without the cycle of the week; low and high hold it in 95 % of "
                                "cases";
    static const struct grid_column columns[] = {
        {"name", false, NULL},
        {"file system", false, "mount point in the guest; - for a datastore"},
        {"GB", true, "newest guestDisk.capacity or space.capacity"},
        {"used GB", true, "capacity less free space, of the newest readings"},
        {"used %", true, "of the capacity"},
        {"provisioned %", true, "newest space.provisioned of the datastore / its capacity"},
        {"days to full", true, days},
        {"from", true, days},
        {"to", true, days},
        {"GB/week", true, slope},
        {"low", true, slope},
        {"high", true, slope},
        {"days read", true, "days (UTC) with a reading"},
    };
    const struct spaces *spaces = usage_spaces(findings->usage);
    struct grid *grid = grid_new("Space: datastores and file systems, those that fill first",
                                 columns, G_N_ELEMENTS(columns));
    for (size_t i = 0; i < spaces_count(spaces) && i < rows; i++)
        put_space(grid, spaces_at(spaces, i));
    grid->all = spaces_count(spaces);
    return grid;
}
