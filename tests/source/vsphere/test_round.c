/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a round does by what the rounds before it have done. The server is a set of functions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/clock.h"
#include "source/vsphere/inventory/counters.h"
#include "source/vsphere/query/archives.h"
#include "source/vsphere/query/batches.h"
#include "source/vsphere/query/offers.h"
#include "source/vsphere/session/present.h"
#include "source/vsphere/vsphere.h"

enum { INTERVAL = 300, START = 1700000000 / INTERVAL * INTERVAL };

static const int64_t second_ns = 1000000000;

/* How often the server was asked what, and whether it answers. */
static struct server {
    bool lost; /* the connection */
    int clocks, archives, queries;
} server;

static struct session session;
static struct selection selection;
static int missing, idle, renewed;

static bool answer(int *asked, struct error *error) {
    ++*asked;
    return !server.lost || error_set(error, ERROR_PROTOCOL, "host: closed");
}

bool __wrap_present_read(struct channel *channel, struct server_reading *reading,
                         struct error *error);

bool __wrap_present_read(struct channel *channel, struct server_reading *reading,
                         struct error *error) {
    (void)channel;
    int64_t now_ns = clock_boot_ns();
    *reading = (struct server_reading){now_ns, now_ns, START * second_ns, 1};
    return answer(&server.clocks, error);
}

bool __wrap_archives_check(const struct span *span, struct channel *channel, int32_t *level,
                           struct error *error);

bool __wrap_archives_check(const struct span *span, struct channel *channel, int32_t *level,
                           struct error *error) {
    (void)span;
    (void)channel;
    (void)level;
    return answer(&server.archives, error);
}

bool __wrap_offers_update(struct groups *groups, struct offers_order *order, struct error *error);

bool __wrap_offers_update(struct groups *groups, struct offers_order *order, struct error *error) {
    (void)groups;
    (void)order;
    (void)error;
    return true;
}

bool __wrap_batches_run(struct workers *workers, struct batches_order *order, struct error *error);

bool __wrap_batches_run(struct workers *workers, struct batches_order *order, struct error *error) {
    (void)workers;
    (void)order;
    return answer(&server.queries, error);
}

struct inventory *__wrap_vsphere_load_inventory(struct vsphere *vsphere,
                                                const struct selection *chosen,
                                                struct error *error);

struct inventory *__wrap_vsphere_load_inventory(struct vsphere *vsphere,
                                                const struct selection *chosen,
                                                struct error *error) {
    static const struct entity store = {.type = ENTITY_DATASTORE, .id = "ds-1", .name = "added"};
    (void)chosen;
    (void)error;
    inventory_free(vsphere->previous);
    vsphere->previous = vsphere->inventory;
    vsphere->inventory = inventory_new();
    inventory_add(vsphere->inventory, &store);
    vsphere->age = 0;
    vsphere->outdated = false;
    return vsphere->inventory;
}

static void on_renewed(void *context, const struct inventory *inventory) {
    (void)context;
    assert_int_equal(inventory->count, 1);
    assert_string_equal(inventory->entities[0]->name, "added");
    renewed++;
}

static void on_missing(void *context, const struct entity *entity, const char *reason) {
    (void)context;
    (void)entity;
    (void)reason;
    missing++;
}

static void on_idle(void *context) {
    (void)context;
    idle++;
}

/* A handle that has read everything but the clock. */
static int setup(void **state) {
    static const struct source_options options = {.insecure = true};
    static struct vsphere vsphere;
    static struct channel channel = {.session = &session};
    struct error error = {0};
    server = (struct server){0};
    missing = idle = renewed = 0;
    session = (struct session){.label = (char *)"host", .main = &channel};
    session.tls = tls_new("127.0.0.1", 443, &options, &error);
    vsphere = (struct vsphere){.session = &session};
    vsphere.catalog = catalog_new();
    vsphere.inventory = inventory_new();
    selection_init(&selection);
    refusals_init(&vsphere.refusals);
    *state = &vsphere;
    return 0;
}

static int teardown(void **state) {
    struct vsphere *vsphere = *state;
    catalog_free(vsphere->catalog);
    inventory_free(vsphere->inventory);
    inventory_free(vsphere->previous);
    free(vsphere->ended);
    tracking_done(&vsphere->tracking);
    refusals_done(&vsphere->refusals);
    selection_done(&selection);
    tls_free(session.tls);
    return 0;
}

static bool run(struct vsphere *vsphere) {
    const struct window window = {.after = START - 3600, .interval = INTERVAL, .fresh_only = true};
    const struct source_events events = {
        .missing = on_missing, .idle = on_idle, .renewed = on_renewed};
    struct error error = {0};
    return vsphere_round(&vsphere->base, &selection, &window, &events, &error);
}

/* What is done once is done when it succeeds, in whichever round that is. */
static void test_a_first_round_that_is_lost(void **state) {
    struct vsphere *vsphere = *state;
    server.lost = true;
    assert_false(run(vsphere));
    assert_int_equal(server.archives, 0);
    server.lost = false;
    assert_true(run(vsphere));
    assert_int_equal(server.archives, 1);
    assert_int_equal(server.clocks, 3); /* the second good one measures the clock's rate */
    assert_true(run(vsphere));
    assert_int_equal(server.archives, 1);
}

/* A round that only reads the clock says so, and nothing about the troubles that last. */
static void test_a_round_that_asks_for_nothing(void **state) {
    static const struct entity guest = {
        .type = ENTITY_VM, .id = "vm-1", .name = "guest", .state = STATE_ON};
    struct vsphere *vsphere = *state;
    inventory_add(vsphere->inventory, &guest);
    tracked_refuse(tracking_of(&vsphere->tracking, "vm-1"), "no", clock_boot_ns());
    assert_true(run(vsphere));
    assert_int_equal(server.queries, 1);
    assert_int_equal(missing, 1);
    assert_int_equal(idle, 0);
    cadence_init(&vsphere->cadence, INTERVAL);
    vsphere->cadence.sought =
        cadence_newest(&vsphere->cadence, server_clock_at(&vsphere->clock, clock_boot_ns()));
    assert_true(run(vsphere));
    assert_int_equal(server.queries, 1);
    assert_int_equal(missing, 1);
    assert_int_equal(idle, 1);
}

/* What was read again is given on. */
static void test_a_new_inventory(void **state) {
    struct vsphere *vsphere = *state;
    assert_true(run(vsphere));
    assert_int_equal(renewed, 0);
    vsphere->outdated = true;
    assert_true(run(vsphere));
    assert_int_equal(renewed, 1);
}

#define WITH_HANDLE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_HANDLE(test_a_first_round_that_is_lost),
        WITH_HANDLE(test_a_round_that_asks_for_nothing),
        WITH_HANDLE(test_a_new_inventory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
