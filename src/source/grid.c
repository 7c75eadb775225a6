/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/grid.h"

enum { HELD_POLLS = 30 };

static const int64_t second_ns = 1000000000;

int64_t grid_begin(struct grid *grid, int64_t now_ns) {
    int64_t last = grid->slot;
    if (!grid->begun)
        grid->start_ns = now_ns;
    else
        grid->slot = (now_ns - grid->start_ns) / grid->period_ns;
    grid->begun = true;
    return grid->slot > last + 1 ? grid->slot - last - 1 : 0;
}

int64_t grid_due_ns(const struct grid *grid, int64_t now_ns) {
    int64_t slot = (now_ns - grid->start_ns) / grid->period_ns;
    return grid->begun ? grid->start_ns + (slot + 1) * grid->period_ns : now_ns;
}

int64_t grid_stamp(struct grid *grid, int64_t time_ns, int64_t wall_ns) {
    int64_t offset_ns = wall_ns - time_ns;
    int64_t moved_ns = offset_ns - grid->clock_offset_ns;
    bool set_back = grid->stamped && moved_ns < -second_ns;
    if (!grid->stamped)
        grid->fraction_ns = wall_ns % second_ns;
    if (!grid->stamped || moved_ns > second_ns || set_back)
        grid->clock_offset_ns = offset_ns;
    grid->set_back = set_back ? -moved_ns / second_ns : 0;
    grid->stamped = true;
    int64_t stamp_ns = time_ns + grid->clock_offset_ns - grid->fraction_ns;
    int64_t stamp = (stamp_ns + second_ns / 2) / second_ns;
    bool is_new = stamp > grid->stamp || (set_back && stamp < grid->stamp);
    grid->stamp = is_new ? stamp : grid->stamp + 1;
    return grid->stamp;
}

int64_t grid_hold(struct grid *grid, int64_t seconds) {
    if (grid->held_polls++ == HELD_POLLS) {
        grid->held[1] = grid->held[0];
        grid->held[0] = 0;
        grid->held_polls = 1;
    }
    grid->held[0] = seconds > grid->held[0] ? seconds : grid->held[0];
    return grid->held[0] > grid->held[1] ? grid->held[0] : grid->held[1];
}
