/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* XenServer and XCP-ng as a source: a pool, by XAPI and the RRDs of its hosts. */
#include "source/xapi/xapi.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "source/rest/helper/sources.h"
#include "source/xapi/counters/figures.h"
#include "source/xapi/records/member.h"

/* After the end of an interval: until its last row is there, and when to look again. */
static const int64_t delay_ns = 7000000000;
static const int64_t again_ns = 2000000000;
static const int64_t second_ns = 1000000000;

static struct xapi *from_base(struct source *source) {
    return (struct xapi *)source;
}

static void close_source(struct source *source) {
    if (!source)
        return;
    struct xapi *xapi = from_base(source);
    master_close(xapi->master);
    catalog_free(xapi->catalog);
    pool_free(xapi->pool);
    inventory_free(xapi->inventory);
    inventory_free(xapi->previous);
    xapi_tracks_free(xapi->tracks);
    if (xapi->strangers)
        g_hash_table_destroy(xapi->strangers);
    if (xapi->enabled)
        g_hash_table_destroy(xapi->enabled);
    free(xapi->clocks);
    free(xapi);
}

static struct source *open_source(const struct target *target, const struct source_options *options,
                                  struct error *error) {
    struct xapi *xapi = memory_alloc(sizeof *xapi);
    xapi->base.ops = &xapi_hosted;
    xapi->options = *options;
    xapi->given = INT64_MIN;
    xapi->catalog = figures_catalog();
    xapi->tracks = xapi_tracks_new(catalog_size(xapi->catalog));
    xapi->strangers = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    xapi->enabled = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    xapi->master = master_open(target, &xapi->options, error);
    if (xapi->master)
        return &xapi->base;
    close_source(&xapi->base);
    return NULL;
}

static struct catalog *get_catalog(struct source *source, struct error *error) {
    (void)error;
    return from_base(source)->catalog;
}

/* The clocks of hosts are asked for anew with the records: they may have been set. */
static void take_pool(struct xapi *xapi, struct pool *pool) {
    pool_free(xapi->pool);
    free(xapi->clocks);
    xapi->pool = pool;
    xapi->clocks = memory_array(pool->host_count + 1, sizeof *xapi->clocks);
    inventory_free(xapi->previous);
    xapi->previous = xapi->inventory;
    xapi->inventory = pool_inventory(pool, "", xapi->host_domains);
    xapi_prune(xapi->tracks->by_id, xapi->inventory);
    xapi_prune(xapi->enabled, xapi->inventory);
    xapi->read_ns = clock_boot_ns();
    xapi->clock.known = false;
    xapi->outdated = false;
    xapi->unread = true;
}

/* Without the master's hosts and VMs there is nothing; the rest only makes it richer. */
static bool is_needed(enum pool_class class) {
    return class == CLASS_HOST || class == CLASS_VM || class == CLASS_POOL;
}

bool xapi_read_records(struct xapi *xapi, struct error *error) {
    json_t *records[POOL_CLASSES] = {0};
    const char *const nothing[] = {NULL};
    bool good = true;
    for (int i = 0; good && i < POOL_CLASSES; i++) {
        enum pool_class class = (enum pool_class)i;
        struct error refused = {0};
        char *method = memory_printf("%s.get_all_records", pool_class_name(class));
        records[class] = master_call(xapi->master, method, nothing, &refused);
        free(method);
        good = records[class] || (refused.kind == ERROR_FAULT && !is_needed(class));
        if (!good)
            error_set(error, refused.kind, "%s", refused.message);
    }
    struct pool *pool = good ? pool_new(records) : NULL;
    for (int i = 0; i < POOL_CLASSES; i++)
        json_decref(records[i]);
    if (pool && !pool->host_count) {
        pool_free(pool);
        return error_set(error, ERROR_PROTOCOL, "host.get_all_records names no host");
    }
    if (pool)
        take_pool(xapi, pool);
    return pool;
}

/* Its load is the host's: only who names it wants to see it apart. */
static bool names_host_domain(const struct selection *selection) {
    static const struct entity domain = {
        .type = ENTITY_VM,
        .name = "Domain-0",
        .id = "",
    };
    struct entity full = domain;
    full.name = "Control domain on host: ";
    return selection->names.includes > 0 &&
           (selection_has_entity(selection, &domain) || selection_has_entity(selection, &full));
}

static struct inventory *get_inventory(struct source *source, const struct selection *selection,
                                       struct error *error) {
    struct xapi *xapi = from_base(source);
    xapi->host_domains = names_host_domain(selection);
    return xapi_read_records(xapi, error) ? xapi->inventory : NULL;
}

static const char *master_reference_of(const struct pool *pool) {
    return pool->master ? pool->master : pool->hosts[0].reference;
}

bool xapi_now(struct xapi *xapi, int64_t *seconds, struct error *error) {
    if (!xapi->pool && !xapi_read_records(xapi, error))
        return false;
    if (!xapi->clock.known &&
        !host_clock_read(&xapi->clock, xapi->master, master_reference_of(xapi->pool), error))
        return false;
    *seconds = host_clock_at(&xapi->clock, clock_boot_ns());
    return true;
}

static bool get_now(struct source *source, int64_t *seconds, struct error *error) {
    struct xapi *xapi = from_base(source);
    xapi->clock.known = false;
    return xapi_now(xapi, seconds, error);
}

/* Brand and version of the first host; NULL when it tells none. */
static char *version_of(struct xapi *xapi) {
    struct error ignored = {0};
    const char *const arguments[] = {master_reference_of(xapi->pool), NULL};
    json_t *version = master_call(xapi->master, "host.get_software_version", arguments, &ignored);
    const char *brand = member_text(version, "product_brand");
    const char *number = member_text(version, "product_version");
    const char *own = member_text(version, "xapi");
    char *text = brand && number ? memory_printf("%s %s%s%s", brand, number, own ? ", xapi " : "",
                                                 own ? own : "")
                                 : NULL;
    json_decref(version);
    return text;
}

static bool get_about(struct source *source, struct source_about *about, struct error *error) {
    struct xapi *xapi = from_base(source);
    int64_t now = 0;
    xapi->clock.known = false;
    if (!xapi_now(xapi, &now, error))
        return false;
    about->version = version_of(xapi);
    about->has_clock = true;
    about->clock_offset_ms = (xapi->clock.offset_ns + clock_boot_ns() - clock_real_ns()) / 1000000;
    about->certificate_end = http_certificate_end(master_peer(xapi->master));
    return true;
}

static struct due get_due(struct source *source, int32_t interval) {
    const struct xapi *xapi = from_base(source);
    int64_t now_ns = clock_boot_ns(), period_ns = interval * second_ns;
    struct due due = {now_ns + again_ns, period_ns};
    if (!xapi->clock.known || xapi->given == INT64_MIN)
        return due;
    int64_t next_ns = (xapi->given + interval) * second_ns + delay_ns - xapi->clock.offset_ns;
    if (next_ns > due.at_ns)
        due.at_ns = next_ns < now_ns + period_ns ? next_ns : now_ns + period_ns;
    return due;
}

static bool run_round(struct source *source, const struct selection *selection,
                      const struct window *window, const struct source_events *events,
                      struct error *error) {
    return xapi_round(from_base(source), selection, window, events, error);
}

const struct source_ops xapi_hosted = {
    .open = open_source,
    .catalog = get_catalog,
    .inventory = get_inventory,
    .about = get_about,
    .now = get_now,
    .due = get_due,
    .round = run_round,
    .close = close_source,
};
