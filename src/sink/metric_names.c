/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "sink/metric_names.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

struct owner {
    char *counter;
    bool total;
};

struct metric_names {
    GHashTable *owners; /* by name of the metric */
};

static void free_owner(gpointer data) {
    struct owner *owner = data;
    free(owner->counter);
    free(owner);
}

struct metric_names *metric_names_new(void) {
    struct metric_names *names = memory_alloc(sizeof *names);
    names->owners = g_hash_table_new_full(g_str_hash, g_str_equal, free, free_owner);
    return names;
}

void metric_names_free(struct metric_names *names) {
    if (!names)
        return;
    g_hash_table_destroy(names->owners);
    free(names);
}

/* The name is the counter's, or becomes it. */
static bool claim(struct metric_names *names, const struct metric *metric,
                  const struct counter *counter) {
    const struct owner *found = g_hash_table_lookup(names->owners, metric->name);
    if (found)
        return strcmp(found->counter, counter->name) == 0 && found->total == metric->total;
    struct owner *owner = memory_alloc(sizeof *owner);
    *owner = (struct owner){memory_strdup(counter->name), metric->total};
    g_hash_table_insert(names->owners, memory_strdup(metric->name), owner);
    return true;
}

static void add_number(struct metric *metric, unsigned number) {
    char *name = memory_printf("%s_%u", metric->name, number);
    free(metric->name);
    metric->name = name;
    metric->unit = "";
}

void metric_names_init(struct metric_names *names, struct metric *metric,
                       const struct counter *counter) {
    for (unsigned attempt = 0;; attempt++) {
        metric_init(metric, counter, attempt > 0);
        if (attempt > 1)
            add_number(metric, attempt);
        if (claim(names, metric, counter))
            return;
        metric_done(metric);
    }
}
