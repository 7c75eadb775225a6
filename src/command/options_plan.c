/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What one target is asked for, of what it has for itself and what goes for all. */
#include <string.h>

#include "command/options.h"

struct selection options_selection(const struct options *options, size_t target) {
    const struct target_plan *plan = &options->plans[target];
    struct selection selection = options->selection;
    if (plan->owns & OWNS_TYPES) {
        memcpy(selection.types, plan->own.types, sizeof selection.types);
        selection.types_by_default = false;
    }
    if (plan->owns & OWNS_NAMES)
        selection.names = plan->own.names;
    if (plan->owns & OWNS_COUNTERS)
        selection.counters = plan->own.counters;
    if (plan->owns & OWNS_INSTANCES)
        selection.aggregate_only = plan->own.aggregate_only;
    return selection;
}

bool options_share(const struct options *options, enum target_owns what) {
    for (size_t i = 0; i < options->target_count; i++)
        if (!(options->plans[i].owns & what))
            return true;
    return false;
}

struct timing options_timing(const struct options *options, size_t target) {
    const struct target_plan *plan = &options->plans[target];
    struct timing timing = options->timing;
    if (plan->interval) {
        timing.interval = plan->interval;
        timing.archive = plan->archive;
    }
    return timing;
}

static bool same_text(const char *left, const char *right) {
    return left && right ? strcmp(left, right) == 0 : left == right;
}

static bool same_globs(const struct globs *left, const struct globs *right) {
    bool same = left->count == right->count;
    for (size_t i = 0; same && i < left->count; i++)
        same = left->excludes[i] == right->excludes[i] &&
               strcmp(left->patterns[i], right->patterns[i]) == 0;
    return same;
}

static bool same_target(const struct target *left, const struct target *right) {
    return strcmp(left->uri, right->uri) == 0 && left->yields == right->yields &&
           same_text(left->username, right->username) && same_text(left->password, right->password);
}

static bool same_source(const struct source_options *left, const struct source_options *right) {
    return same_text(left->password_file, right->password_file) &&
           same_text(left->ca_file, right->ca_file) &&
           same_text(left->thumbprint, right->thumbprint) &&
           same_text(left->known_hosts, right->known_hosts) && left->insecure == right->insecure &&
           same_text(left->target, right->target) && same_text(left->labels, right->labels) &&
           left->timeout_seconds == right->timeout_seconds && left->jobs == right->jobs &&
           left->balloon_period_seconds == right->balloon_period_seconds &&
           left->guest_agent == right->guest_agent && left->runstates == right->runstates &&
           left->any_interval == right->any_interval && left->at == right->at &&
           left->at_relative == right->at_relative;
}

static bool same_selection(const struct selection *left, const struct selection *right) {
    return memcmp(left->types, right->types, sizeof left->types) == 0 &&
           same_globs(&left->names, &right->names) &&
           same_globs(&left->counters, &right->counters) && left->optional == right->optional &&
           left->aggregate_only == right->aggregate_only &&
           left->shard.number == right->shard.number && left->shard.count == right->shard.count &&
           left->context == right->context;
}

bool options_same_plan(const struct options *left, size_t left_target, const struct options *right,
                       size_t right_target) {
    const struct target_plan *mine = &left->plans[left_target],
                             *other = &right->plans[right_target];
    const struct selection wanted = options_selection(left, left_target),
                           others = options_selection(right, right_target);
    return same_text(mine->name, other->name) && same_target(&mine->target, &other->target) &&
           same_source(&mine->source, &other->source) && same_selection(&wanted, &others) &&
           options_timing(left, left_target).interval ==
               options_timing(right, right_target).interval;
}
