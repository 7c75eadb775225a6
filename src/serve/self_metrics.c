/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "serve/self_metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "serve/render.h"
#include "version.h"

/* One target, at one moment. */
struct view {
    const struct store_target *target;
    const struct series_count *count;
    int64_t now_ns;
};

static double up(const struct view *view) {
    return store_up(view->target, view->now_ns);
}

static double rounds(const struct view *view) {
    return (double)view->target->rounds;
}

static double losses(const struct view *view) {
    return (double)view->target->losses;
}

static double samples(const struct view *view) {
    return (double)view->target->samples;
}

static double missing(const struct view *view) {
    return (double)view->target->missing;
}

static double round_seconds(const struct view *view) {
    return (double)view->target->duration_ns / 1e9;
}

static double interval_seconds(const struct view *view) {
    return (double)view->target->interval_ns / 1e9;
}

static double measured_at(const struct view *view) {
    return (double)view->target->measured_at;
}

static double newest(const struct view *view) {
    return (double)view->target->newest;
}

static double shown(const struct view *view) {
    return (double)view->count->shown;
}

static double stale(const struct view *view) {
    return (double)view->count->stale;
}

/* What a family of ours is called, as in struct metric. */
struct figure {
    const char *name;
    const char *unit;
    const char *help;
    bool total;
};

static const struct target_metric {
    struct figure figure;
    double (*value)(const struct view *view);
    bool needs_round; /* there is none before the first round */
} target_metrics[] = {
    {{"vperf_up", "", "1 while the target answers and its samples are of now, else 0", false},
     up,
     false},
    {{"vperf_target_rounds", "", "Rounds of the target that succeeded", true}, rounds, false},
    {{"vperf_target_losses", "", "How often the target could not be reached any more", true},
     losses,
     false},
    {{"vperf_target_samples", "", "Samples that the target gave", true}, samples, false},
    {{"vperf_target_missing", "", "Entities that lacked samples, counted in each round", true},
     missing,
     false},
    {{"vperf_target_round_seconds", "seconds", "How long the newest good round took", false},
     round_seconds,
     true},
    {{"vperf_target_interval_seconds", "seconds", "What an interval of the target lasts", false},
     interval_seconds,
     false},
    {{"vperf_target_last_success_timestamp_seconds", "seconds", "When the newest good round ended",
      false},
     measured_at,
     true},
    {{"vperf_target_newest_sample_timestamp_seconds", "seconds", "The time of the newest sample",
      false},
     newest,
     true},
    {{"vperf_target_series", "", "Series of the target that are served", false}, shown, false},
    {{"vperf_target_stale_series", "", "Series of the target that are too old to be served", false},
     stale,
     false},
};

/* The family of the figure begins. */
static struct metric begin_family(GString *text, enum openmetrics_dialect dialect,
                                  const struct figure *figure) {
    const struct metric metric = {
        .name = (char *)figure->name,
        .unit = figure->unit,
        .help = (char *)figure->help,
        .total = figure->total,
    };
    openmetrics_family(text, dialect, &metric);
    return metric;
}

static void write_number(GString *text, enum openmetrics_dialect dialect,
                         const struct metric *metric, const GString *labels, double value) {
    struct openmetrics_value shown = {.seconds = OPENMETRICS_NO_TIME};
    g_ascii_formatd(shown.text, sizeof shown.text, "%.15g", value);
    shown.length = strlen(shown.text);
    openmetrics_sample(text, dialect, metric, labels, &shown);
}

static void write_target_metric(GString *text, const struct target_metric *wanted,
                                const struct store *store, size_t number,
                                const struct series_count *counts,
                                enum openmetrics_dialect dialect) {
    const struct metric metric = begin_family(text, dialect, &wanted->figure);
    int64_t now_ns = clock_boot_ns();
    for (size_t i = 0; i < store->count; i++) {
        const struct view view = {&store->targets[i], &counts[i], now_ns};
        if (!view.target->name || (number != RENDER_ALL && number != i) ||
            (wanted->needs_round && !view.target->measured_ns))
            continue;
        GString *labels = g_string_new(NULL);
        openmetrics_label(labels, "target", view.target->name);
        if (!view.target->several)
            openmetrics_label(labels, "source", view.target->source);
        write_number(text, dialect, &metric, labels, wanted->value(&view));
        g_string_free(labels, TRUE);
    }
}

static double cpu_seconds(void) {
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

/* The second number of the file, in pages. */
static double resident_bytes(void) {
    char text[256] = "";
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return 0;
    bool read = fgets(text, sizeof text, file);
    fclose(file);
    const char *second = read ? strchr(text, ' ') : NULL;
    return second ? (double)strtoul(second, NULL, 10) * (double)sysconf(_SC_PAGESIZE) : 0;
}

/* Without ".", ".." and the one that reads the folder. */
static double open_descriptors(void) {
    size_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (!folder)
        return 0;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count > 3 ? (double)(count - 3) : 0;
}

static double most_descriptors(void) {
    struct rlimit limit = {0};
    getrlimit(RLIMIT_NOFILE, &limit);
    return (double)limit.rlim_cur;
}

/* By the names that Prometheus' own libraries give them. */
static const struct process_metric {
    struct figure figure;
    double (*value)(void);
} process_metrics[] = {
    {{"process_cpu_seconds", "seconds", "CPU time of this process", true}, cpu_seconds},
    {{"process_resident_memory_bytes", "bytes", "Memory of this process", false}, resident_bytes},
    {{"process_open_fds", "", "Open file descriptors of this process", false}, open_descriptors},
    {{"process_max_fds", "", "The most file descriptors of this process", false}, most_descriptors},
};

static void write_process_metric(GString *text, const struct process_metric *wanted,
                                 enum openmetrics_dialect dialect) {
    const struct metric metric = begin_family(text, dialect, &wanted->figure);
    GString *labels = g_string_new(NULL);
    write_number(text, dialect, &metric, labels, wanted->value());
    g_string_free(labels, TRUE);
}

static void write_build(GString *text, enum openmetrics_dialect dialect) {
    bool info = dialect == OPENMETRICS;
    const char *name = info ? "vperf_build" : "vperf_build_info";
    g_string_append_printf(text,
                           "# HELP %s The version of vperf\n# TYPE %s %s\n"
                           "vperf_build_info{version=\"%s\"} 1\n",
                           name, name, info ? "info" : "gauge", VPERF_VERSION);
}

void self_metrics_write(GString *text, const struct store *store, size_t number,
                        const struct series_count *counts, enum openmetrics_dialect dialect) {
    for (size_t i = 0; i < G_N_ELEMENTS(target_metrics); i++)
        write_target_metric(text, &target_metrics[i], store, number, counts, dialect);
    for (size_t i = 0; i < G_N_ELEMENTS(process_metrics); i++)
        write_process_metric(text, &process_metrics[i], dialect);
    write_build(text, dialect);
}
