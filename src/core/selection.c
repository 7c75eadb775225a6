/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/selection.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/nearest.h"

enum { SUGGESTIONS = 5 };

void selection_init(struct selection *selection) {
    *selection = (struct selection){
        .types = {[ENTITY_VM] = true, [ENTITY_HOST] = true},
    };
}

void selection_done(struct selection *selection) {
    globs_done(&selection->names);
    globs_done(&selection->counters);
    globs_done(&selection->devices);
}

/* The texts put together with the separator between them, owned by the caller. */
static char *join(const char *const *texts, size_t count, const char *separator) {
    char *joined = memory_strdup("");

    for (size_t i = 0; i < count; i++) {
        char *longer = memory_printf("%s%s%s", joined, i ? separator : "", texts[i]);
        free(joined);
        joined = longer;
    }
    return joined;
}

static bool wrong_type(const char *name, size_t length, struct error *error) {
    const char *names[ENTITY_TYPES];

    for (enum entity_type type = 0; type < ENTITY_TYPES; type++)
        names[type] = entity_type_name(type);
    char *known = join(names, ENTITY_TYPES, ", ");
    error_set(error, ERROR_USAGE, "no type '%.*s'; the types are %s", (int)length, name, known);
    free(known);
    return false;
}

bool selection_set_types(struct selection *selection, const char *list, struct error *error) {
    bool types[ENTITY_TYPES] = {false};
    bool any = false;

    for (const char *part = list; *part;) {
        size_t length = strcspn(part, ",");
        enum entity_type type;
        if (length && !entity_type_from_name(part, length, &type))
            return wrong_type(part, length, error);
        if (length)
            any = types[type] = true;
        part += length + (part[length] == ',');
    }
    if (!any)
        return wrong_type("", 0, error);
    memcpy(selection->types, types, sizeof types);
    return true;
}

static bool is_path(const char *pattern) {
    return strchr(pattern, '/') != NULL;
}

unsigned selection_context(const struct selection *selection) {
    unsigned context = selection->context;
    for (size_t i = 0; i < selection->names.count; i++)
        if (is_path(selection->names.patterns[i]))
            context |= CONTEXT_PLACE;
    return context;
}

static bool matches_path(const char *pattern, const struct entity *entity) {
    if (!entity->folder || !is_path(pattern))
        return false;
    GString *path = g_string_new(NULL);
    entity_path(entity, path);
    bool matches = glob_matches(pattern + (*pattern == '/'), path->str);
    g_string_free(path, TRUE);
    return matches;
}

static bool matches_entity(const char *pattern, const void *context) {
    const struct entity *entity = context;
    return glob_matches(pattern, entity->name ? entity->name : "") ||
           (entity->title && glob_matches(pattern, entity->title)) ||
           (entity->id && strcmp(pattern, entity->id) == 0) ||
           (entity->uuid && g_ascii_strcasecmp(pattern, entity->uuid) == 0) ||
           matches_path(pattern, entity);
}

bool selection_means_entity(const struct selection *selection, const struct entity *entity) {
    return selection->types[entity->type] &&
           globs_match_with(&selection->names, matches_entity, entity);
}

bool selection_has_entity(const struct selection *selection, const struct entity *entity) {
    return selection->types[entity->type] && shard_has(&selection->shard, entity) &&
           selection_means_entity(selection, entity);
}

bool selection_has_counter(const struct selection *selection, const struct counter *counter) {
    return globs_match(&selection->counters, counter->name);
}

bool selection_has_series(const struct selection *selection, const struct counter *counter,
                          const char *instance) {
    bool device = *instance != '\0';
    return selection_has_counter(selection, counter) && !(selection->aggregate_only && device) &&
           !(device && selection->devices.count &&
             !globs_match(&selection->devices, counter->name));
}

static bool matches_any(const struct catalog *catalog, const char *pattern) {
    for (size_t i = 0; i < catalog_size(catalog); i++) {
        if (glob_matches(pattern, catalog_at(catalog, i)->name))
            return true;
    }
    return false;
}

/* What one pattern names may all be excluded by another one. */
static bool leaves_any(const struct selection *selection, const struct catalog *catalog,
                       const char *pattern) {
    for (size_t i = 0; i < catalog_size(catalog); i++) {
        const struct counter *counter = catalog_at(catalog, i);
        if (glob_matches(pattern, counter->name) && selection_has_counter(selection, counter))
            return true;
    }
    return false;
}

bool selection_has_any_counter(const struct selection *selection, const struct catalog *catalog) {
    for (size_t i = 0; i < selection->counters.count; i++)
        if (!selection->counters.excludes[i] && selection->counters.patterns[i][0] == '#')
            return true;
    return leaves_any(selection, catalog, "*");
}

static bool check_exclusions(const struct selection *selection, const struct catalog *catalog,
                             struct error *error) {
    const struct globs *globs = &selection->counters;
    if (globs->includes == globs->count)
        return true;
    if (!globs->includes && catalog_size(catalog) && !leaves_any(selection, catalog, "*"))
        return error_set(error, ERROR_USAGE, "--counter excludes all counters");
    for (size_t i = 0; !selection->optional && i < globs->count; i++)
        if (!globs->excludes[i] && globs->patterns[i][0] != '#' &&
            !leaves_any(selection, catalog, globs->patterns[i]))
            return error_set(error, ERROR_USAGE, "--counter excludes all counters that match '%s'",
                             globs->patterns[i]);
    return true;
}

bool selection_check_counters(const struct selection *selection, const struct catalog *catalog,
                              struct error *error) {
    const struct globs *globs = &selection->counters;

    for (size_t i = 0; !selection->optional && i < globs->count; i++) {
        const char *pattern = globs->patterns[i];
        /* Which ids the catalog lacks (#ID) is known only when an entity offers them. */
        if (globs->excludes[i] || pattern[0] == '#' || matches_any(catalog, pattern))
            continue;

        const char *names[SUGGESTIONS];
        char *nearest = join(names, catalog_nearest(catalog, pattern, names, SUGGESTIONS), ", ");
        error_set(error, ERROR_USAGE, "no counter matches '%s'%s%s", pattern,
                  *nearest ? "; nearest: " : ": 'vperf counters' shows all", nearest);
        free(nearest);
        return false;
    }
    return check_exclusions(selection, catalog, error);
}

static char *wanted_types(const struct selection *selection) {
    const char *names[ENTITY_TYPES];
    size_t count = 0;

    for (enum entity_type type = 0; type < ENTITY_TYPES; type++)
        if (selection->types[type])
            names[count++] = entity_type_name(type);
    return join(names, count, " or ");
}

/* The names of wanted types nearest to the pattern, each once; owned by the caller. */
static char *nearest_names(const struct selection *selection, const struct inventory *entities,
                           const char *pattern) {
    struct nearest *known = memory_array(entities->count + 1, sizeof *known);
    const char *names[SUGGESTIONS];
    size_t wanted = 0, count = 0;

    for (size_t i = 0; i < entities->count; i++) {
        const struct entity *entity = entities->entities[i];
        if (selection->types[entity->type] && entity->name)
            known[wanted++] = (struct nearest){.name = entity->name, .usual = true};
    }
    wanted = nearest_keep(known, wanted, pattern);
    for (size_t i = 0; i < wanted && count < SUGGESTIONS; i++)
        if (i == 0 || strcmp(known[i].name, known[i - 1].name) != 0)
            names[count++] = known[i].name;
    free(known);
    return join(names, count, ", ");
}

bool selection_check_name(const struct selection *selection, size_t index,
                          const struct inventory *entities, struct error *error) {
    const char *pattern = selection->names.patterns[index];

    if (selection->names.excludes[index])
        return true;
    for (size_t i = 0; i < entities->count; i++) {
        const struct entity *entity = entities->entities[i];
        if (selection->types[entity->type] && matches_entity(pattern, entity))
            return true;
    }
    char *types = wanted_types(selection);
    char *nearest = nearest_names(selection, entities, pattern);
    error_set(error, ERROR_USAGE, "no %s matches --name '%s'%s%s", types, pattern,
              *nearest ? "; nearest: " : ": 'vperf inventory' shows all", nearest);
    free(types);
    free(nearest);
    return false;
}

bool selection_measures(const struct selection *selection, const struct entity *entity) {
    return selection_has_entity(selection, entity) &&
           !(selection->types_by_default && entity->type == ENTITY_DATASTORE);
}
