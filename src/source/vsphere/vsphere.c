/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* ESXi and vCenter as a source. */
#include "source/vsphere/vsphere.h"

#include <glib.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/memory.h"
#include "source/vsphere/inventory/counters.h"
#include "source/vsphere/session/present.h"

enum {
    VCENTER_JOBS = 4,
    HASTY_ROUNDS = 5,
    RENEWAL_ROUNDS = 3, /* between two readings of the inventory */
};

static const int64_t second_ns = 1000000000, hasty_ns = 300000000;

extern const struct source_ops vsphere_source;

static struct vsphere *from_base(struct source *source) {
    return (struct vsphere *)source;
}

static size_t job_count(const struct source_options *options, const struct session *session) {
    if (options->jobs > 0)
        return (size_t)options->jobs;
    return session->is_vcenter ? VCENTER_JOBS : 1;
}

static struct vsphere *make(const struct source_options *options, struct session *session,
                            size_t jobs) {
    struct vsphere *vsphere = memory_alloc(sizeof *vsphere);
    vsphere->base.ops = &vsphere_source;
    vsphere->options = *options;
    vsphere->session = session;
    vsphere->workers = workers_new(session, jobs);
    vsphere->generation = atomic_load(&session->generation);
    refusals_init(&vsphere->refusals);
    return vsphere;
}

struct vsphere *vsphere_aside(struct vsphere *vsphere) {
    struct vsphere *aside = make(&vsphere->options, vsphere->session, 1);
    aside->guest = true;
    aside->options.marks = NULL;
    aside->view = vsphere->view;
    aside->tags = vsphere->tags;
    return aside;
}

void vsphere_rejoin(struct vsphere *vsphere, struct vsphere *aside) {
    vsphere->view = aside->view;
    vsphere->tags = aside->tags;
    aside->view = (struct entities_view){0};
    aside->tags = (struct tags){0};
    vsphere_close(&aside->base);
}

static struct source *vsphere_open(const struct target *target,
                                   const struct source_options *options, struct error *error) {
    struct session *session = session_open(target, options, error);
    return session ? &make(options, session, job_count(options, session))->base : NULL;
}

struct catalog *vsphere_load_catalog(struct vsphere *vsphere, struct error *error) {
    if (!vsphere->catalog)
        vsphere->catalog = counters_load(vsphere->session->main, error);
    return vsphere->catalog;
}

static struct catalog *vsphere_catalog(struct source *source, struct error *error) {
    return vsphere_load_catalog(from_base(source), error);
}

/* A message about counters that there are not names those that are near. */
static bool complete_catalog(struct channel *channel, struct catalog *catalog,
                             const struct selection *selection, struct error *error) {
    struct error missing = {0};
    space_define(catalog);
    return !catalog_left_out(catalog) || selection_check_counters(selection, catalog, &missing) ||
           counters_reload(channel, catalog, error);
}

/* Who wants samples needs the catalogue too: it comes with the first inventory. */
static bool load_both(struct vsphere *vsphere, const struct selection *selection,
                      struct entities *entities, struct error *error) {
    struct channel *channel = vsphere->session->main;
    struct catalog *catalog = catalog_new();
    struct counters_reader reader;
    counters_begin(&reader, channel, catalog,
                   vsphere->options.selected_only ? &selection->counters : NULL);
    bool loaded = entities_load(channel, &vsphere->view, selection, entities, true, error);
    counters_end(&reader);
    if (loaded && counters_check(channel, catalog, error) &&
        complete_catalog(channel, catalog, selection, error)) {
        vsphere->catalog = catalog;
        return true;
    }
    if (loaded)
        entities_done(entities);
    catalog_free(catalog);
    return false;
}

static bool load(struct vsphere *vsphere, const struct selection *selection,
                 struct entities *entities, struct error *error) {
    if (vsphere->options.measures && !vsphere->catalog)
        return load_both(vsphere, selection, entities, error);
    return entities_load(vsphere->session->main, &vsphere->view, selection, entities, false, error);
}

struct inventory *vsphere_load_inventory(struct vsphere *vsphere, const struct selection *selection,
                                         struct error *error) {
    struct entities entities;
    int64_t begun_ns = clock_boot_ns();
    if (!load(vsphere, selection, &entities, error))
        return NULL;
    if (selection_context(selection) & CONTEXT_TAGS &&
        !tags_load(&vsphere->tags, vsphere->session->main, entities.inventory, error)) {
        entities_done(&entities);
        return NULL;
    }
    readings_free(vsphere->readings);
    vsphere->readings = entities.readings;
    vsphere->unread = true;
    vsphere->read_ns = begun_ns + (clock_boot_ns() - begun_ns) / 2;
    inventory_free(vsphere->previous);
    vsphere->previous = vsphere->inventory;
    vsphere->inventory = entities.inventory;
    inventory_stamp(vsphere->inventory, vsphere->options.target, vsphere->options.labels);
    vsphere->ended_count = 0;
    vsphere->age = 0;
    vsphere->outdated = false;
    return vsphere->inventory;
}

static struct inventory *vsphere_inventory(struct source *source, const struct selection *selection,
                                           struct error *error) {
    return vsphere_load_inventory(from_base(source), selection, error);
}

bool vsphere_read_clock(struct vsphere *vsphere, int64_t *seconds, struct error *error) {
    struct server_reading reading;
    if (!present_read(vsphere->session->main, &reading, error))
        return false;
    vsphere->set_back += server_clock_set_back(&vsphere->clock, &reading);
    server_clock_learn(&vsphere->clock, &reading);
    *seconds = present_seconds(&reading);
    return true;
}

bool vsphere_is_hasty(const struct vsphere *vsphere) {
    return !server_clock_settled(&vsphere->clock) && vsphere->unsettled < HASTY_ROUNDS;
}

static bool vsphere_now(struct source *source, int64_t *seconds, struct error *error) {
    return vsphere_read_clock(from_base(source), seconds, error);
}

/* The reading lies between the moments before and after the call; ours is the middle of them. */
static bool vsphere_about(struct source *source, struct source_about *about, struct error *error) {
    struct session *session = from_base(source)->session;
    struct server_reading reading;
    about->version = memory_strdup(session->product);
    about->certificate_end = tls_certificate_end(session->tls);
    if (!present_read(session->main, &reading, error))
        return false;
    int64_t age_ns = clock_boot_ns() - (reading.before_ns + reading.after_ns) / 2;
    int64_t ours_ms = g_get_real_time() / 1000 - age_ns / 1000000;
    about->has_clock = true;
    about->clock_offset_ms = (reading.server_ns + reading.resolution_ns / 2) / 1000000 - ours_ms;
    return true;
}

bool vsphere_is_stale(struct vsphere *vsphere, int32_t interval) {
    const struct server_clock *clock = &vsphere->clock;
    int64_t since_ns =
        server_clock_at(clock, clock_boot_ns()) - server_clock_at(clock, vsphere->read_ns);
    int64_t least_ns = (RENEWAL_ROUNDS * 2 - 1) * interval * second_ns / 2;
    return vsphere->outdated || (++vsphere->age >= RENEWAL_ROUNDS && since_ns >= least_ns);
}

static struct due vsphere_due(struct source *source, int32_t interval) {
    const struct vsphere *vsphere = from_base(source);
    const struct server_clock *clock = &vsphere->clock;
    int64_t now_ns = clock_boot_ns();
    struct due due = {now_ns + interval * second_ns, interval * second_ns};
    if (!clock->known || vsphere->cadence.interval != interval)
        return due;
    int64_t server_ns = cadence_due(&vsphere->cadence, server_clock_at(clock, now_ns));
    due.at_ns = server_clock_ours(clock, server_ns);
    due.period_ns = (int64_t)((double)due.period_ns / clock->rate);
    if (vsphere_is_hasty(vsphere) && due.at_ns > now_ns + hasty_ns)
        due.at_ns = now_ns + hasty_ns;
    return due;
}

void vsphere_close(struct source *source) {
    if (!source)
        return;
    struct vsphere *vsphere = from_base(source);
    workers_free(vsphere->workers);
    if (!vsphere->guest)
        session_close(vsphere->session);
    entities_view_done(&vsphere->view);
    tags_done(&vsphere->tags);
    catalog_free(vsphere->catalog);
    inventory_free(vsphere->inventory);
    inventory_free(vsphere->previous);
    readings_free(vsphere->readings);
    free(vsphere->ended);
    groups_done(&vsphere->groups);
    breadth_done(&vsphere->breadth);
    refusals_done(&vsphere->refusals);
    tracking_done(&vsphere->tracking);
    free(vsphere);
}

static const char *const schemes[] = {"https", "http", "esx", "vpx", NULL};

const struct source_ops vsphere_source = {
    .name = "vsphere",
    .help = "ESXi and vCenter: esx01.example.com, https://user@vc01.example.com",
    .takes = SOURCE_TAKES_TRUST | SOURCE_TAKES_JOBS | SOURCE_TAKES_ATTRIBUTES,
    .keeps_samples = true,
    .schemes = schemes,
    .open = vsphere_open,
    .catalog = vsphere_catalog,
    .inventory = vsphere_inventory,
    .about = vsphere_about,
    .now = vsphere_now,
    .due = vsphere_due,
    .round = vsphere_round,
    .close = vsphere_close,
};
