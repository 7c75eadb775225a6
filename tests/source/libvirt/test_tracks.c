/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Guests that come, go, restart and move: to whom their moments belong, and what is remembered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/memory.h"
#include "source/libvirt/tracks.h"

static enum phase next(enum phase before, enum guest_move move, bool same_run) {
    const struct guest_sample sample = {.move = move};
    return phase_next(before, &sample, same_run);
}

static void test_phases(void **state) {
    (void)state;
    /* It starts, goes on, restarts, ends. */
    assert_int_equal(next(PHASE_ABSENT, MOVE_NONE, false), PHASE_RUNS);
    assert_int_equal(next(PHASE_RUNS, MOVE_NONE, true), PHASE_RUNS);
    assert_int_equal(next(PHASE_RUNS, MOVE_NONE, false), PHASE_RUNS);
    assert_int_equal(phase_next(PHASE_RUNS, NULL, false), PHASE_ABSENT);
    /* It comes from elsewhere, seen or not: its first poll here is a baseline. */
    assert_int_equal(next(PHASE_ABSENT, MOVE_UNDER_WAY, false), PHASE_COMING);
    assert_int_equal(next(PHASE_COMING, MOVE_UNDER_WAY, true), PHASE_COMING);
    assert_int_equal(next(PHASE_COMING, MOVE_DONE, true), PHASE_BASELINE);
    assert_int_equal(next(PHASE_COMING, MOVE_NONE, true), PHASE_BASELINE);
    assert_int_equal(next(PHASE_ABSENT, MOVE_DONE, false), PHASE_BASELINE);
    assert_int_equal(next(PHASE_BASELINE, MOVE_DONE, true), PHASE_RUNS);
    assert_int_equal(next(PHASE_RUNS, MOVE_DONE, true), PHASE_RUNS);
    assert_int_equal(phase_next(PHASE_COMING, NULL, false), PHASE_ABSENT);
    /* It leaves, or stays after all. */
    assert_int_equal(next(PHASE_RUNS, MOVE_UNDER_WAY, true), PHASE_LEAVING);
    assert_int_equal(next(PHASE_LEAVING, MOVE_UNDER_WAY, true), PHASE_LEAVING);
    assert_int_equal(next(PHASE_LEAVING, MOVE_NONE, true), PHASE_RUNS);
    assert_int_equal(phase_next(PHASE_LEAVING, NULL, false), PHASE_ABSENT);
    /* It left and is on its way back within one interval. */
    assert_int_equal(next(PHASE_RUNS, MOVE_UNDER_WAY, false), PHASE_COMING);
}

static void test_whose(void **state) {
    (void)state;
    assert_false(phase_is_here(PHASE_ABSENT));
    assert_false(phase_is_here(PHASE_COMING));
    assert_true(phase_is_here(PHASE_BASELINE));
    assert_true(phase_is_here(PHASE_RUNS));
    assert_true(phase_is_here(PHASE_LEAVING));
}

static void add_guest(struct inventory *inventory, const char *name, int number) {
    char id[37];
    snprintf(id, sizeof id, "00000000-0000-0000-0000-%012d", number);
    inventory_add(inventory, &(struct entity){.type = ENTITY_VM, .name = name, .id = id});
}

static struct guest_sample *add_sample(struct snapshot *snapshot, const char *name, int number,
                                       int id) {
    char text[37];
    struct guest_sample *sample = snapshot_add(snapshot);
    snprintf(text, sizeof text, "00000000-0000-0000-0000-%012d", number);
    assert_true(sample_parse_uuid(text, sample->uuid));
    sample->name = memory_strdup(name);
    sample->id = id;
    return sample;
}

/* A new inventory: the entities are new, in its order; what is remembered is that of the guest. */
static void test_follow(void **state) {
    struct inventory *first = inventory_new(), *second = inventory_new();
    struct selection selection;
    struct tracks tracks;
    (void)state;

    selection_init(&selection);
    globs_add(&selection.names, "!other");
    add_guest(first, "a", 1);
    add_guest(first, "b", 2);
    add_guest(first, "other", 3);
    inventory_add(first, &(struct entity){.type = ENTITY_HOST, .name = "kvm", .id = "kvm"});
    tracks_init(&tracks, 4);
    tracks_follow(&tracks, first, &selection);
    assert_int_equal(tracks.count, 3);
    assert_true(tracks.items[0]->selected);
    assert_false(tracks.items[2]->selected);
    assert_non_null(tracks.host);
    struct track *b = tracks.items[1];
    b->phase = PHASE_RUNS;
    b->id = 7;
    b->offered[3] = true;

    add_guest(second, "b", 2);
    add_guest(second, "c", 4);
    inventory_add(second, &(struct entity){.type = ENTITY_HOST, .name = "kvm", .id = "kvm"});
    tracks_follow(&tracks, second, &selection);
    inventory_free(first);
    assert_int_equal(tracks.count, 2);
    assert_ptr_equal(tracks.items[0], b);
    assert_ptr_equal(tracks_find(&tracks, b->uuid), b);
    assert_int_equal(b->phase, PHASE_RUNS);
    assert_true(b->offered[3]);
    assert_ptr_equal(b->entity, second->entities[0]);
    assert_ptr_equal(tracks.host->entity, second->entities[2]);
    assert_int_equal(tracks.items[1]->id, -1);
    tracks_done(&tracks);
    inventory_free(second);
    selection_done(&selection);
}

/* The inventory is listed anew when it is wrong, and not otherwise. */
static void test_outdated(void **state) {
    struct inventory *inventory = inventory_new();
    struct snapshot *now = snapshot_new();
    struct selection selection;
    struct tracks tracks;
    struct error error = {0};
    (void)state;

    selection_init(&selection);
    add_guest(inventory, "a", 1);
    add_guest(inventory, "off", 2);
    tracks_init(&tracks, 1);
    tracks_follow(&tracks, inventory, &selection);
    struct guest_sample *a = add_sample(now, "a", 1, 7);
    assert_true(tracks_outdated(&tracks, now));
    tracks_adopt(&tracks, now);
    tracks.items[0]->phase = PHASE_RUNS;
    assert_false(tracks_outdated(&tracks, now));

    a->id = 8; /* restarted */
    assert_true(tracks_outdated(&tracks, now));
    a->id = 7;
    free(a->name);
    a->name = memory_strdup("renamed");
    assert_true(tracks_outdated(&tracks, now));
    free(a->name);
    a->name = memory_strdup("a");
    add_sample(now, "c", 3, 9); /* unknown */
    assert_true(tracks_outdated(&tracks, now));

    /* It is in no inventory: after some polls it is looked for again, at once when it restarts. */
    struct guest_sample *c = &now->guests[1];
    for (int poll = 1; poll < 10; poll++) {
        tracks_note_unlisted(&tracks, now);
        assert_int_equal(tracks_is_unlisted(&tracks, c), poll > 1);
        assert_false(tracks_outdated(&tracks, now));
    }
    tracks_note_unlisted(&tracks, now);
    assert_true(tracks_outdated(&tracks, now));
    tracks_note_unlisted(&tracks, now);
    assert_false(tracks_outdated(&tracks, now));
    c->id++;
    assert_true(tracks_outdated(&tracks, now));
    assert_false(tracks_is_unlisted(&tracks, c));

    struct snapshot *empty = snapshot_new();
    assert_true(tracks_outdated(&tracks, empty)); /* ended */
    error_set(&error, ERROR_FAULT, "refused");
    snapshot_add_failure(empty, a->uuid, &error); /* only its statistics are lost */
    assert_false(tracks_outdated(&tracks, empty));
    snapshot_free(empty);
    snapshot_free(now);
    tracks_done(&tracks);
    inventory_free(inventory);
    selection_done(&selection);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_phases),
        cmocka_unit_test(test_whose),
        cmocka_unit_test(test_follow),
        cmocka_unit_test(test_outdated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
