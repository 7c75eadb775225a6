/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The past: averages of rrddata, of 60 s for the last hour, coarser before. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/memory.h"
#include "source/pve/pve.h"
#include "source/rest/helper/json.h"

enum { BATCH = 32, HOUR = 3600, DAY = 24 * HOUR };

/* What a row gives. */
enum value {
    VALUE_CPU,
    VALUE_WAIT,
    VALUE_MEM_USAGE,
    VALUE_CONSUMED,
    VALUE_MEM,
    VALUE_RX,
    VALUE_TX,
    VALUE_NET,
    VALUE_READ,
    VALUE_WRITE,
    VALUE_IO,
    VALUES,
};

static const struct {
    const char *counter;
    bool guest, node;
    enum value value;
} outputs[] = {
    {"cpu.usage.average", true, true, VALUE_CPU},
    {"cpu.utilization.average", false, true, VALUE_CPU},
    {"mem.usage.average", false, true, VALUE_MEM_USAGE},
    {"mem.consumed.average", true, true, VALUE_CONSUMED},
    {"net.received.average", true, true, VALUE_RX},
    {"net.transmitted.average", true, true, VALUE_TX},
    {"net.usage.average", true, true, VALUE_NET},
    {"disk.read.average", true, false, VALUE_READ},
    {"disk.write.average", true, false, VALUE_WRITE},
    {"disk.usage.average", true, false, VALUE_IO},
    {"pve.cpuWait.average", false, true, VALUE_WAIT},
    {"pve.mem.average", true, false, VALUE_MEM},
};

struct rows {
    struct pve_row *items;
    size_t count;
    size_t capacity;
};

/* The archive of one entity. */
struct archive {
    struct pve *pve;
    const struct source_events *events;
    const struct window *window;
    struct pve_track *track;
    bool container;
    bool has_cdrom; /* or may have: its disk rates are those of more than disks */
    struct rows rows;
};

static const char *timeframe(const struct window *window) {
    static const struct {
        const char *name;
        int64_t seconds;
    } frames[] = {{"hour", HOUR}, {"day", DAY}, {"week", 7 * DAY}, {"month", 30 * DAY}};
    int64_t age = window->now - window->after;
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++)
        if (age <= frames[i].seconds)
            return frames[i].name;
    return "year";
}

static void keep_row(void *context, const struct pve_row *row) {
    struct rows *rows = context;
    rows->items = memory_grow(rows->items, rows->count, &rows->capacity, sizeof *rows->items);
    rows->items[rows->count++] = *row;
}

static double value_of(const struct archive *archive, const struct pve_row *row, enum value value) {
    bool guest = archive->track->entity->type == ENTITY_VM;
    double used = isnan(row->available) ? row->mem : row->maxmem - row->available;
    bool disks = archive->container || !archive->has_cdrom;
    switch (value) {
    case VALUE_CPU:
        return row->cpu * 10000;
    case VALUE_WAIT:
        return row->iowait * 10000;
    case VALUE_MEM_USAGE:
        return row->maxmem > 0 ? used / row->maxmem * 10000 : NAN;
    case VALUE_CONSUMED:
        return (guest ? archive->container ? row->mem : row->memhost : used) / 1024;
    case VALUE_MEM:
        return row->mem / 1024;
    case VALUE_RX:
        return row->netin / 1024;
    case VALUE_TX:
        return row->netout / 1024;
    case VALUE_NET:
        return (row->netin + row->netout) / 1024;
    case VALUE_READ:
        return disks ? row->diskread / 1024 : NAN;
    case VALUE_WRITE:
        return disks ? row->diskwrite / 1024 : NAN;
    case VALUE_IO:
        return disks ? (row->diskread + row->diskwrite) / 1024 : NAN;
    case VALUES:
        break;
    }
    return NAN;
}

/* The shortest distance of two rows: after an upgrade to 9 there are several. */
static int64_t step_of(const struct rows *rows) {
    int64_t step = 0;
    for (size_t i = 1; i < rows->count; i++) {
        int64_t distance = rows->items[i].time - rows->items[i - 1].time;
        step = !step || distance < step ? distance : step;
    }
    return step > 0 && step < INT32_MAX ? step : 60;
}

static size_t take_samples(const struct archive *archive, enum value value,
                           struct sample *samples) {
    const struct window *window = archive->window;
    size_t count = 0;
    for (size_t i = 0; i < archive->rows.count; i++) {
        const struct pve_row *row = &archive->rows.items[i];
        double number = value_of(archive, row, value);
        if (row->time <= window->after || (window->until && row->time > window->until) ||
            !(number >= 0 && number < 9e18))
            continue;
        samples[count++] = (struct sample){row->time, (int64_t)number};
    }
    return count;
}

static bool emit_output(struct archive *archive, size_t output, struct sample *samples,
                        struct error *error) {
    const struct source_events *events = archive->events;
    const struct pve *pve = archive->pve;
    struct pve_track *track = archive->track;
    const struct counter *counter = catalog_by_name(pve->catalog, outputs[output].counter);
    bool guest = track->entity->type == ENTITY_VM;
    if (!(guest ? outputs[output].guest : outputs[output].node) ||
        !selection_has_counter(pve->selection, counter))
        return true;
    size_t count = take_samples(archive, outputs[output].value, samples);
    size_t newest = (size_t)MAX(archive->window->newest, 0);
    size_t left_out = newest && count > newest ? count - newest : 0;
    if (count == 0)
        return true;
    events->offered(events->context, track->entity, counter);
    const struct series series = {
        .entity = track->entity,
        .counter = counter,
        .instance = "",
        .interval = (int32_t)step_of(&archive->rows),
        .count = count - left_out,
        .samples = samples + left_out,
    };
    return events->series(events->context, &series, error);
}

static bool emit_archive(struct archive *archive, struct error *error) {
    struct sample *samples = memory_array(archive->rows.count, sizeof *samples);
    bool good = true;
    for (size_t i = 0; good && i < sizeof outputs / sizeof outputs[0]; i++)
        good = emit_output(archive, i, samples, error);
    free(samples);
    return good;
}

/* Whatever was asked for: the entity has values of this time. */
static bool has_values(const struct archive *archive) {
    bool guest = archive->track->entity->type == ENTITY_VM;
    struct sample *samples = memory_array(archive->rows.count, sizeof *samples);
    size_t count = 0;
    for (size_t i = 0; !count && i < sizeof outputs / sizeof outputs[0]; i++)
        if (guest ? outputs[i].guest : outputs[i].node)
            count = take_samples(archive, outputs[i].value, samples);
    free(samples);
    return count > 0;
}

static void tell_nothing(const struct archive *archive) {
    const struct source_events *events = archive->events;
    const struct entity *entity = archive->track->entity;
    if (entity->type == ENTITY_VM && entity->state != STATE_ON)
        events->skipped(events->context, entity);
    else
        events->missing(events->context, entity, "Proxmox VE keeps no values of it of this time");
}

static void tell_resolution(const struct archive *archive) {
    struct pve *pve = archive->pve;
    if (!pve->resolution_told && archive->rows.count > 1)
        report(pve->options.reporter, REPORT_WARNING,
               "Proxmox VE keeps averages alone: the samples of this time are of %lld s each",
               (long long)step_of(&archive->rows));
    pve->resolution_told = pve->resolution_told || archive->rows.count > 1;
}

static bool emit_answer(struct archive *archive, const struct pve_get *get, struct error *error) {
    const struct source_events *events = archive->events;
    if (!get->data) {
        events->missing(events->context, archive->track->entity, get->error.message);
        return true;
    }
    pve_read_rrd(get->data, keep_row, &archive->rows);
    tell_resolution(archive);
    if (!has_values(archive))
        tell_nothing(archive);
    bool good = emit_archive(archive, error);
    free(archive->rows.items);
    archive->rows = (struct rows){0};
    return good;
}

/* Those of guests end in their number, and the other ids name their kind. */
static char *path_of(const struct pve_track *track, const char *frame) {
    const struct entity *entity = track->entity;
    const char *number = strrchr(entity->id, '/') + 1;
    if (entity->type == ENTITY_HOST)
        return pve_node_path(entity->name, "rrddata?timeframe=%s&cf=AVERAGE", frame);
    return pve_node_path(entity->host, "%s/%s/rrddata?timeframe=%s&cf=AVERAGE",
                         strcmp(entity->hypervisor, "lxc") == 0 ? "lxc" : "qemu", number, frame);
}

static bool is_kept(const struct pve_track *track) {
    if (!track || !track->selected)
        return false;
    return track->entity->type == ENTITY_HOST ||
           (track->entity->type == ENTITY_VM && track->entity->host);
}

static bool run_batch(struct pve *pve, struct archive *archives, size_t count,
                      struct error *error) {
    struct pve_get gets[BATCH] = {0};
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        const struct entity *entity = archives[i].track->entity;
        const char *node = entity->type == ENTITY_HOST ? entity->name : entity->host;
        gets[i] = (struct pve_get){
            .path = path_of(archives[i].track, timeframe(archives[i].window)),
            .group = (int)(g_str_hash(node) & INT32_MAX),
        };
    }
    pve_api_get(&pve->api, gets, count);
    for (size_t i = 0; i < count; i++) {
        good = good && emit_answer(&archives[i], &gets[i], error);
        pve_get_done(&gets[i]);
    }
    return good;
}

static struct archive archive_of(struct pve *pve, struct pve_track *track) {
    const char *number = strrchr(track->entity->id, '/') + 1;
    struct archive archive = {.pve = pve, .track = track};
    archive.container = strcmp(track->entity->hypervisor, "lxc") == 0;
    char *id = memory_printf("%s/%s", archive.container ? "lxc" : "qemu", number);
    const struct pve_config *config = pve_cluster_config(&pve->cluster, id);
    archive.has_cdrom = !config || g_hash_table_size(config->cdroms) > 0;
    free(id);
    return archive;
}

/* All in one line: missing when they were asked for by --type, else no more than told. */
static void tell_datastores(struct pve *pve, const struct source_events *events) {
    static const char reason[] = "datastores: their past is not read from Proxmox VE";
    const struct inventory *inventory = pve->inventory;
    bool any = false;
    for (size_t i = 0; !any && i < inventory->count; i++) {
        const struct pve_track *track = pve_tracks_find(&pve->tracks, inventory->entities[i]->id);
        any = track && track->selected && track->entity->type == ENTITY_DATASTORE;
    }
    if (any && !pve->selection->types_by_default)
        events->missing(events->context, NULL, reason);
    else if (any && !pve->datastores_told)
        report(pve->options.reporter, REPORT_WARNING, "%s", reason);
    pve->datastores_told = pve->datastores_told || any;
}

bool pve_archive(struct pve *pve, const struct window *window, const struct source_events *events,
                 struct error *error) {
    struct window known = *window;
    const struct inventory *inventory = pve->inventory;
    if (!known.now)
        known.now = (int64_t)time(NULL) + (pve->api.has_clock ? pve->api.clock_offset : 0);
    tell_datastores(pve, events);
    for (size_t i = 0; i < inventory->count;) {
        struct archive archives[BATCH];
        size_t count = 0;
        for (; i < inventory->count && count < BATCH; i++) {
            struct pve_track *track = pve_tracks_find(&pve->tracks, inventory->entities[i]->id);
            if (!is_kept(track))
                continue;
            archives[count] = archive_of(pve, track);
            archives[count].events = events;
            archives[count++].window = &known;
        }
        if (!run_batch(pve, archives, count, error))
            return false;
    }
    return true;
}
