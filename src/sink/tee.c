/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "sink/tee.h"

#include <stdlib.h>

#include "core/memory.h"

static struct tee *tee_of(struct sink *sink) {
    return (struct tee *)(void *)sink;
}

/* The sink with this number, told which target the call is about; NULL when it has failed. */
static struct sink *member_of(struct sink *sink, size_t number) {
    const struct tee_member *member = &tee_of(sink)->members[number];
    if (member->failed)
        return NULL;
    member->sink->target = sink->target;
    return member->sink;
}

static void nothing(struct sink *sink) {
    (void)sink;
}

static void write_to_all(struct sink *sink, const struct series *series) {
    for (size_t i = 0; i < tee_of(sink)->count; i++) {
        struct sink *member = member_of(sink, i);
        if (member)
            sink_write(member, series);
    }
}

static void give_entity(struct sink *sink, const struct entity *entity) {
    for (size_t i = 0; i < tee_of(sink)->count; i++) {
        struct sink *member = member_of(sink, i);
        if (member)
            sink_entity(member, entity);
    }
}

static void give_skipped(struct sink *sink, const struct entity *entity) {
    for (size_t i = 0; i < tee_of(sink)->count; i++) {
        struct sink *member = member_of(sink, i);
        if (member)
            sink_skipped(member, entity);
    }
}

static void give_event(struct sink *sink, const struct sink_event *event) {
    for (size_t i = 0; i < tee_of(sink)->count; i++) {
        struct sink *member = member_of(sink, i);
        if (member && member->ops->event)
            member->ops->event(member, event);
    }
}

static void give_catalog(struct sink *sink, const struct catalog *catalog) {
    for (size_t i = 0; i < tee_of(sink)->count; i++) {
        struct sink *member = member_of(sink, i);
        if (member && member->ops->define)
            member->ops->define(member, catalog);
    }
}

static void give_inventory(struct sink *sink, const struct inventory *inventory) {
    for (size_t i = 0; i < tee_of(sink)->count; i++) {
        struct sink *member = member_of(sink, i);
        if (member && member->ops->know)
            member->ops->know(member, inventory);
    }
}

/* An interrupt concerns all of them. */
static bool leave_out(struct tee *tee, size_t number, const struct error *failure,
                      struct error *error) {
    if (tee->working == 1 || failure->kind == ERROR_INTERRUPTED)
        return error_set(error, failure->kind, "%s", failure->message);
    tee->members[number].failed = true;
    tee->working--;
    tee->failed(tee->context, number, failure);
    return true;
}

static bool try_all(struct sink *sink, bool (*step)(struct sink *sink, struct error *error),
                    struct error *error) {
    struct tee *tee = tee_of(sink);
    struct error failure;
    error_clear(&failure);
    for (size_t i = 0; i < tee->count; i++) {
        struct sink *member = member_of(sink, i);
        if (member && !step(member, &failure) && !leave_out(tee, i, &failure, error))
            return false;
        error_clear(&failure);
    }
    return true;
}

static bool check_all(struct sink *sink, struct error *error) {
    return try_all(sink, sink_check, error);
}

static bool end_round_of_all(struct sink *sink, struct error *error) {
    return try_all(sink, sink_round_end, error);
}

static void end_all(struct sink *sink) {
    for (size_t i = 0; i < tee_of(sink)->count; i++) {
        struct sink *member = member_of(sink, i);
        if (member)
            sink_end(member);
    }
}

void tee_init(struct tee *tee, struct sink *const *sinks, size_t count) {
    *tee = (struct tee){.count = count, .working = count};
    tee->ops = (struct sink_ops){
        .name = "tee",
        .begin = nothing,
        .write = write_to_all,
        .check = check_all,
        .round_end = end_round_of_all,
        .end = end_all,
    };
    tee->members = memory_array(count + 1, sizeof *tee->members);
    for (size_t i = 0; i < count; i++) {
        const struct sink_ops *ops = sinks[i]->ops;
        tee->members[i].sink = sinks[i];
        /* What no sink wants is not asked for. */
        tee->ops.entity = ops->entity ? give_entity : tee->ops.entity;
        tee->ops.skipped = ops->skipped ? give_skipped : tee->ops.skipped;
        tee->ops.event = ops->event ? give_event : tee->ops.event;
        tee->ops.define = ops->define ? give_catalog : tee->ops.define;
        tee->ops.know = ops->know ? give_inventory : tee->ops.know;
        tee->ops.context |= ops->context;
    }
    tee->base.ops = &tee->ops;
}

struct sink *tee_sink(struct tee *tee) {
    return tee->count == 1 ? tee->members[0].sink : &tee->base;
}

bool tee_works(const struct tee *tee, size_t number) {
    return !tee->members[number].failed;
}

void tee_done(struct tee *tee) {
    free(tee->members);
    *tee = (struct tee){0};
}
