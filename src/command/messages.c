/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "command/messages.h"

#include <glib.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/backoff.h"
#include "core/clock.h"
#include "core/memory.h"

static const int64_t second_ns = 1000000000;

enum {
    MAX_WARNINGS = 10000,
    FIRST_QUIET_SECONDS = 60,
    LONGEST_QUIET_SECONDS = 4 * 3600,
    FORGOTTEN_SECONDS = 3600, /* after so long without it, trouble is new */
};

enum { MAX_NAMED = 5 }; /* entities in one line */

static const char *const plurals[ENTITY_TYPES] = {
    [ENTITY_VM] = "guests",
    [ENTITY_HOST] = "hosts",
    [ENTITY_POOL] = "pools",
    [ENTITY_CLUSTER] = "clusters",
    [ENTITY_DATASTORE] = "datastores",
    [ENTITY_DATACENTER] = "datacenters",
};

struct trouble {
    char *subject; /* "vm 'web-1' (vm-42): ", or "" for the target */
    char *reason;
    const char *shared;   /* plural of the entities that are reported together; NULL: each alone */
    size_t count;         /* sample times */
    size_t unreported;    /* of them, since it was reported last */
    bool active;          /* in this round or the one before */
    bool mentioned;       /* in this round */
    bool reported;        /* that it has begun, and not that it has ended */
    struct backoff quiet; /* until it is reported again */
    int64_t seen_ns;      /* last */
};

struct messages {
    const struct log *log;
    const char *target;
    bool endless;
    struct reporter reporter;
    pthread_mutex_t lock; /* of said */
    GHashTable *said;     /* warnings of the source */
    bool full;            /* of those: further ones are not said */
    GHashTable *troubles; /* struct trouble by subject and reason */
    size_t different;
    struct error lost; /* why rounds are lost; the first reason */
    size_t lost_rounds;
    size_t lost_in_row;
    size_t lost_silently; /* rounds that nothing was said of, since the last report */
    int64_t lost_since_ns;
    int64_t lost_seen_ns;       /* last */
    bool lost_reported;         /* that it is lost, and not that it is back */
    enum error_kind lost_kind;  /* of the reason that was reported last */
    struct backoff lost_quiet;  /* until it is reported again */
    struct backoff other_quiet; /* until another reason is, of a loss that was */
};

static void trouble_free(void *data) {
    struct trouble *trouble = data;
    free(trouble->subject);
    free(trouble->reason);
    free(trouble);
}

/* What a source warns of is said once; false when it was said, or there are too many. */
static bool is_fresh(struct messages *messages, const char *text, bool *full) {
    pthread_mutex_lock(&messages->lock);
    bool fresh = !g_hash_table_contains(messages->said, text);
    bool room = g_hash_table_size(messages->said) < MAX_WARNINGS;
    *full = fresh && !room && !messages->full;
    messages->full |= *full;
    if (fresh && room)
        g_hash_table_add(messages->said, memory_strdup(text));
    pthread_mutex_unlock(&messages->lock);
    return fresh && room;
}

static void on_report(void *context, enum report_level level, const char *text) {
    struct messages *messages = context;
    bool full = false;
    if (level == REPORT_DETAIL)
        log_debug(messages->log, "%s", text);
    else if (level == REPORT_INFO)
        log_info(messages->log, "%s", text);
    else if (is_fresh(messages, text, &full))
        log_warn(messages->log, "%s", text);
    if (full)
        log_warn(messages->log, "%s: %d different warnings were given: further ones are not shown",
                 messages->target, MAX_WARNINGS);
}

struct messages *messages_new(const struct log *log, const char *target, bool endless) {
    struct messages *messages = memory_alloc(sizeof *messages);
    messages->log = log;
    messages->target = target;
    messages->endless = endless;
    messages->reporter = (struct reporter){messages, on_report};
    pthread_mutex_init(&messages->lock, NULL);
    messages->said = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    messages->troubles = g_hash_table_new_full(g_str_hash, g_str_equal, free, trouble_free);
    return messages;
}

void messages_free(struct messages *messages) {
    if (!messages)
        return;
    g_hash_table_destroy(messages->said);
    g_hash_table_destroy(messages->troubles);
    pthread_mutex_destroy(&messages->lock);
    free(messages);
}

const struct reporter *messages_reporter(struct messages *messages) {
    return &messages->reporter;
}

static char *subject_of(const struct entity *entity) {
    if (!entity)
        return memory_strdup("");
    return memory_printf("%s '%s' (%s): ", entity_type_name(entity->type), entity->name,
                         entity->id);
}

static struct trouble *trouble_for(struct messages *messages, const struct entity *entity,
                                   const char *reason) {
    char *subject = subject_of(entity);
    char *key = memory_printf("%s%s", subject, reason);
    struct trouble *trouble = g_hash_table_lookup(messages->troubles, key);
    if (trouble) {
        free(subject);
        free(key);
        return trouble;
    }
    trouble = memory_alloc(sizeof *trouble);
    trouble->subject = subject;
    trouble->reason = memory_strdup(reason);
    g_hash_table_insert(messages->troubles, key, trouble);
    messages->different++;
    return trouble;
}

/* Whether to report it: when it comes again soon, after an ever longer while. */
static bool is_due(struct trouble *trouble) {
    int64_t now_ns = clock_boot_ns();
    bool reported = trouble->active && trouble->reported;
    trouble->unreported++;
    trouble->count++;
    trouble->active = trouble->mentioned = true;
    trouble->seen_ns = now_ns;
    if (reported || backoff_holds(&trouble->quiet, now_ns))
        return false;
    backoff_extend(&trouble->quiet, now_ns, FIRST_QUIET_SECONDS, LONGEST_QUIET_SECONDS);
    trouble->reported = true;
    return true;
}

static void report_trouble(const struct messages *messages, const struct trouble *trouble) {
    const char *separator = trouble->unreported > 1 ? "again: " : "";
    log_warn(messages->log, "%s: %s%s%s", messages->target, trouble->subject, separator,
             trouble->reason);
}

void messages_missing(struct messages *messages, const struct entity *entity, const char *reason) {
    struct trouble *trouble = trouble_for(messages, entity, reason);
    if (is_due(trouble))
        report_trouble(messages, trouble);
}

/* "vm 'a' (vm-1), vm 'b' (vm-2), …" of struct trouble; the others at --verbose. */
static char *names_of(const struct messages *messages, const GPtrArray *troubles) {
    GString *names = g_string_new(NULL);
    for (guint i = 0; i < troubles->len; i++) {
        const struct trouble *trouble = troubles->pdata[i];
        int length = (int)strlen(trouble->subject) - (int)strlen(": ");
        if (i < MAX_NAMED)
            g_string_append_printf(names, "%s%.*s", i ? ", " : "", length, trouble->subject);
        else
            log_debug(messages->log, "%s: %s%s", messages->target, trouble->subject,
                      trouble->reason);
    }
    if (troubles->len > MAX_NAMED)
        g_string_append(names, ", …");
    return g_string_free(names, FALSE);
}

static void report_absence(const struct messages *messages, const struct absence *absence,
                           const GPtrArray *news) {
    char *names = names_of(messages, news);
    if (news->len == 1)
        report_trouble(messages, news->pdata[0]);
    else if (news->len)
        log_warn(messages->log, "%s: %u of %zu %s %s: %s", messages->target, news->len,
                 absence->asked, plurals[absence->entities[0]->type], absence->reason, names);
    g_free(names);
}

void messages_absent(struct messages *messages, const struct absence *absence) {
    GPtrArray *news = g_ptr_array_new();
    for (size_t i = 0; i < absence->count; i++) {
        const struct entity *entity = absence->entities[i];
        struct trouble *trouble = trouble_for(messages, entity, absence->reason);
        trouble->shared = plurals[entity->type];
        if (is_due(trouble))
            g_ptr_array_add(news, trouble);
    }
    report_absence(messages, absence, news);
    g_ptr_array_free(news, TRUE);
}

static const char *plural(size_t count) {
    return count == 1 ? "" : "s";
}

static void report_end(const struct messages *messages, const struct trouble *trouble) {
    log_info(messages->log, "%s: %sover, after %zu sample%s: %s", messages->target,
             trouble->subject, trouble->unreported, plural(trouble->unreported), trouble->reason);
}

/* Those of one reason that have ended together. */
static void report_shared_end(const struct messages *messages, const GPtrArray *ended) {
    const struct trouble *first = ended->pdata[0];
    char *names = names_of(messages, ended);
    if (ended->len == 1)
        report_end(messages, first);
    else
        log_info(messages->log, "%s: over for %u %s: %s: %s", messages->target, ended->len,
                 first->shared, first->reason, names);
    g_free(names);
}

static int compare_troubles(gconstpointer a, gconstpointer b) {
    const struct trouble *left = *(const struct trouble *const *)a;
    const struct trouble *right = *(const struct trouble *const *)b;
    bool shared = left->shared && right->shared;
    int order = (left->shared != NULL) - (right->shared != NULL);
    if (!order && shared)
        order = strcmp(left->shared, right->shared);
    if (!order && shared)
        order = strcmp(left->reason, right->reason);
    return order ? order : strcmp(left->subject, right->subject);
}

static bool is_alike(const struct trouble *left, const struct trouble *right) {
    return left->shared && left->shared == right->shared &&
           strcmp(left->reason, right->reason) == 0;
}

static void report_ends(const struct messages *messages, GPtrArray *ended) {
    GPtrArray *alike = g_ptr_array_new();
    g_ptr_array_sort(ended, compare_troubles);
    for (guint i = 0; i < ended->len; i++) {
        struct trouble *trouble = ended->pdata[i];
        bool last = i + 1 == ended->len || !is_alike(trouble, ended->pdata[i + 1]);
        g_ptr_array_add(alike, trouble);
        if (last && messages->endless)
            report_shared_end(messages, alike);
        if (last)
            g_ptr_array_set_size(alike, 0);
        trouble->unreported = 0;
        trouble->reported = false;
    }
    g_ptr_array_free(alike, TRUE);
}

static void report_back(struct messages *messages) {
    if (messages->lost_reported)
        log_info(messages->log, "%s: is back after %" PRId64 " s (%zu attempt%s)", messages->target,
                 (clock_boot_ns() - messages->lost_since_ns) / second_ns, messages->lost_in_row,
                 plural(messages->lost_in_row));
    messages->lost_in_row = 0;
    messages->lost_reported = false;
}

/* What has been well for long is forgotten: a process may live for months. */
static bool is_forgotten(const struct messages *messages, const struct trouble *trouble) {
    return messages->endless && !trouble->active &&
           clock_boot_ns() > trouble->seen_ns + FORGOTTEN_SECONDS * second_ns;
}

void messages_round(struct messages *messages) {
    GHashTableIter each;
    void *value = NULL;
    GPtrArray *ended = g_ptr_array_new();
    report_back(messages);
    g_hash_table_iter_init(&each, messages->troubles);
    while (g_hash_table_iter_next(&each, NULL, &value)) {
        struct trouble *trouble = value;
        trouble->active = trouble->mentioned;
        trouble->mentioned = false;
        if (!trouble->active && trouble->reported)
            g_ptr_array_add(ended, trouble);
        else if (is_forgotten(messages, trouble))
            g_hash_table_iter_remove(&each);
    }
    report_ends(messages, ended);
    g_ptr_array_free(ended, TRUE);
}

/* A loss is reported once, and another reason in it too, both ever more seldom. */
static bool is_news(struct messages *messages, const struct error *error) {
    int64_t now_ns = clock_boot_ns();
    struct backoff *quiet =
        messages->lost_reported ? &messages->other_quiet : &messages->lost_quiet;
    if ((messages->lost_reported && error->kind == messages->lost_kind) ||
        backoff_holds(quiet, now_ns))
        return false;
    backoff_extend(quiet, now_ns, FIRST_QUIET_SECONDS, LONGEST_QUIET_SECONDS);
    messages->lost_kind = error->kind;
    messages->lost_reported = true;
    return true;
}

static void report_loss(struct messages *messages, const struct error *error) {
    if (messages->lost_silently)
        log_error(messages->log, "%s (again: %zu attempt%s failed unreported); trying again",
                  error->message, messages->lost_silently, plural(messages->lost_silently));
    else
        log_error(messages->log, "%s; trying again", error->message);
    messages->lost_silently = 0;
}

/* A loss begins; after a long while without one, it is news. */
static void begin_loss(struct messages *messages, int64_t now_ns) {
    messages->lost_since_ns = now_ns;
    if (now_ns > messages->lost_seen_ns + FORGOTTEN_SECONDS * second_ns)
        messages->lost_quiet = messages->other_quiet = (struct backoff){0};
}

void messages_lost(struct messages *messages, const struct error *error) {
    int64_t now_ns = clock_boot_ns();
    messages->lost_rounds++;
    if (messages->lost.kind == ERROR_NONE)
        messages->lost = *error;
    if (!messages->lost_in_row++)
        begin_loss(messages, now_ns);
    messages->lost_seen_ns = now_ns;
    if (messages->endless && is_news(messages, error))
        report_loss(messages, error);
    else if (!messages->lost_reported)
        messages->lost_silently++;
}

void messages_finish(struct messages *messages, size_t rounds) {
    GHashTableIter each;
    void *value = NULL;
    if (messages->lost_rounds && !messages->endless)
        log_warn(messages->log, "%s: %zu of %zu polls gave nothing: %s", messages->target,
                 messages->lost_rounds, rounds, messages->lost.message);
    g_hash_table_iter_init(&each, messages->troubles);
    while (g_hash_table_iter_next(&each, NULL, &value)) {
        const struct trouble *trouble = value;
        if (trouble->count > 1 && !messages->endless && !trouble->shared)
            log_warn(messages->log, "%s: %s%zu samples in all: %s", messages->target,
                     trouble->subject, trouble->count, trouble->reason);
    }
}

size_t messages_troubles(const struct messages *messages) {
    return messages->different + (messages->lost_rounds > 0);
}
