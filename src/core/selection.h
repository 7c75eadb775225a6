/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* WHAT: which entities, counters and instances the user asked for. */
#ifndef VPERF_CORE_SELECTION_H
#define VPERF_CORE_SELECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/catalog.h"
#include "core/entity.h"
#include "core/error.h"
#include "core/globs.h"
#include "core/inventory.h"
#include "core/shard.h"

/* What is to be known of the entities beside what measuring them takes. */
enum selection_context {
    CONTEXT_PLACE = 1 << 0,       /* folder, datacenter, cluster, pool and datastores */
    CONTEXT_DETAILS = 1 << 1,     /* what guest systems tell of themselves, maintenance */
    CONTEXT_ATTRIBUTES = 1 << 2,  /* custom attributes */
    CONTEXT_LISTED = 1 << 3,      /* they are not measured: no counter is asked for */
    CONTEXT_AGENT = 1 << 4,       /* agents in guests are asked for these details */
    CONTEXT_GUEST_ID = 1 << 5,    /* the short id of guest systems */
    CONTEXT_VOLUMES = 1 << 6,     /* datastores, by whose volumes counters have their instances */
    CONTEXT_HOST_DOMAIN = 1 << 7, /* so is the domain that a Xen host itself runs in */
    CONTEXT_TAGS = 1 << 8,        /* of vCenter */
};

struct selection {
    bool types[ENTITY_TYPES];
    bool types_by_default; /* nobody asked for them: each target gives those that it has */
    struct globs names;    /* see selection_has_entity */
    struct globs counters;
    bool optional;        /* counters that no target has are not missed */
    bool aggregate_only;  /* --instance aggregate */
    struct globs devices; /* counters whose instances are wanted; all when empty */
    struct shard shard;   /* a part of the entities; names are looked for in all of them */
    unsigned context;     /* of enum selection_context; see selection_context */
};

/* selection_init: guests and hosts, all counters and instances. */
void selection_init(struct selection *selection);

/* selection_done: frees what the selection holds. */
void selection_done(struct selection *selection);

/* selection_set_types: the types of a comma list such as "vm,host"; ERROR_USAGE names a wrong one.
 */
bool selection_set_types(struct selection *selection, const char *list, struct error *error)
    __attribute__((warn_unused_result));

/*
 * selection_has_entity: the entity's type is wanted, and one of the names is a pattern of its name,
 * title or, with a "/" in it, path, or is its id or UUID; and it is of the
 * shard.
 */
bool selection_has_entity(const struct selection *selection, const struct entity *entity);

/* selection_means_entity: the same, whatever the shard. */
bool selection_means_entity(const struct selection *selection, const struct entity *entity);

/*
 * selection_measures: selection_has_entity, and its counters are wanted: not those of datastores
 * that nobody named, of which what properties give is enough.
 */
bool selection_measures(const struct selection *selection, const struct entity *entity);

/* selection_context: the bits of enum selection_context that are asked for, or that names need. */
unsigned selection_context(const struct selection *selection);

/* selection_has_counter: the counter's name is wanted. */
bool selection_has_counter(const struct selection *selection, const struct counter *counter);

/*
 * selection_has_any_counter: a counter of the catalog is wanted, or one that it may lack (#ID).
 */
bool selection_has_any_counter(const struct selection *selection, const struct catalog *catalog);

/*
 * selection_has_series: the counter is wanted, of this instance. Sources that do not tell instances
 * apart when they ask may give more.
 */
bool selection_has_series(const struct selection *selection, const struct counter *counter,
                          const char *instance);

/*
 * selection_check_counters: every counter pattern that is not an exclusion matches a name of the
 * catalog, or they are optional; else ERROR_USAGE names the pattern and the nearest names. So it
 * does when the exclusions leave nothing of what a pattern matches.
 */
bool selection_check_counters(const struct selection *selection, const struct catalog *catalog,
                              struct error *error) __attribute__((warn_unused_result));

/*
 * selection_check_name: pattern number index of the names is an exclusion, or matches an entity of
 * a wanted type; else ERROR_USAGE names the pattern and the nearest names.
 */
bool selection_check_name(const struct selection *selection, size_t index,
                          const struct inventory *entities, struct error *error)
    __attribute__((warn_unused_result));

#endif
