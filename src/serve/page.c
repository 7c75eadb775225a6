/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "serve/page.h"

#include <glib.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "core/text.h"
#include "report/html.h"
#include "version.h"

enum { START_SECONDS = 60 };

static const int64_t second_ns = 1000000000;

/* What the newest values of a target are of. */
struct count {
    size_t entities[ENTITY_TYPES];
    size_t series;
};

static void count_series(const struct store *store, const struct latest_entity *entity,
                         struct count *counts, int64_t now_ns, int64_t now) {
    bool counted = false;
    for (const struct latest_series *series = latest_series_first(entity); series;
         series = latest_series_next(series)) {
        if (!store_fresh(store, series, now_ns, now))
            continue;
        struct count *count = &counts[series->target];
        count->series++;
        count->entities[entity->entity->type] += !counted;
        counted = true;
    }
}

/* One for each target; the caller's. */
static struct count *count_all(const struct store *store, int64_t now_ns) {
    struct count *counts = memory_array(store->count, sizeof *counts);
    for (const struct latest_entity *entity = latest_first(store->latest); entity;
         entity = latest_next(entity))
        count_series(store, entity, counts, now_ns, clock_real_ns() / second_ns);
    return counts;
}

/* One that will not be tried again, as after a login that was refused, is down too. */
static const char *state_of(const struct store *store, const struct store_target *target,
                            int64_t now_ns) {
    if (store_up(target, now_ns))
        return "up";
    bool late = now_ns > store->started_ns + START_SECONDS * second_ns;
    return target->answered_ns || target->lost || late ? "down" : "starting";
}

static void write_age(FILE *stream, const struct store_target *target, int64_t now_ns) {
    if (target->measured_ns)
        fprintf(stream, "%" PRId64 " s ago", (now_ns - target->measured_ns) / second_ns);
    else
        fputs("never", stream);
}

/* The name as a parameter of a URL. */
static void write_link(FILE *stream, const struct store_target *target) {
    char *escaped = g_uri_escape_string(target->name, NULL, FALSE);
    fprintf(stream, "<a href=\"/metrics?target=%s\">", escaped);
    html_text(stream, target->name);
    fputs("</a>", stream);
    g_free(escaped);
}

static void write_row(FILE *stream, const struct store *store, size_t number,
                      const struct count *count, int64_t now_ns) {
    const struct store_target *target = &store->targets[number];
    fputs("<tr><td>", stream);
    write_link(stream, target);
    fputs("<td>", stream);
    html_text(stream, target->several ? "several" : target->source);
    const char *state = state_of(store, target, now_ns);
    fprintf(stream, "<td class=\"%s\">%s<td>", state, state);
    write_age(stream, target, now_ns);
    fprintf(stream, "<td>%.2f s<td>%" PRId64 " s<td>%zu<td>%zu<td>%zu\n",
            (double)target->duration_ns / 1e9, target->interval_ns / second_ns,
            count->entities[ENTITY_HOST], count->entities[ENTITY_VM], count->series);
}

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>vperf</title>\n"
    "<style>body{font:15px sans-serif;margin:2em}td,th{padding:.2em 1em;text-align:left}"
    "td:nth-child(n+5){text-align:right}.up{color:#070}.down{color:#b00}</style>\n"
    "<h1>vperf " VPERF_VERSION "</h1>\n"
    "<p>Performance data of hypervisors for Prometheus.\n"
    "<ul><li><a href=\"/metrics\">/metrics</a>: all of it; <code>?target=NAME</code> and "
    "<code>?counter=GLOB</code> give a part, such as\n"
    "<a href=\"/metrics?counter=cpu.*\">/metrics?counter=cpu.*</a>\n"
    "<li><a href=\"/health\">/health</a>: 200 while a target is up, else 503</ul>\n";

void page_overview(struct store *store, FILE *stream) {
    pthread_mutex_lock(&store->lock);
    int64_t now_ns = clock_boot_ns();
    struct count *counts = count_all(store, now_ns);
    fputs(head, stream);
    fputs("<table><tr><th>target<th>source<th>state<th>last round<th>it took<th>interval<th>hosts"
          "<th>guests<th>series\n",
          stream);
    for (size_t i = 0; i < store->count; i++)
        if (store->targets[i].name)
            write_row(stream, store, i, &counts[i], now_ns);
    fputs("</table></html>\n", stream);
    free(counts);
    pthread_mutex_unlock(&store->lock);
}

bool page_health(struct store *store, FILE *stream) {
    bool any = false;
    pthread_mutex_lock(&store->lock);
    int64_t now_ns = clock_boot_ns();
    for (size_t i = 0; i < store->count; i++) {
        const struct store_target *target = &store->targets[i];
        if (!target->name)
            continue;
        char *text = memory_strdup(target->name);
        text_one_line(text);
        fprintf(stream, "%s: %s, last round ", text, state_of(store, target, now_ns));
        write_age(stream, target, now_ns);
        fputc('\n', stream);
        any = any || store_up(target, now_ns);
        free(text);
    }
    pthread_mutex_unlock(&store->lock);
    return any;
}
