/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "serve/answers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/globs.h"
#include "core/memory.h"
#include "serve/page.h"
#include "serve/render.h"

enum { OK = 200, BAD_REQUEST = 400, NOT_FOUND = 404, UNAVAILABLE = 503 };
enum { LONGEST_COUNTERS = 1024, FORMATS = 2 };

static const char plain[] = "text/plain; charset=utf-8";
static const char html[] = "text/html; charset=utf-8";

/* By request.openmetrics. */
static const char *const types[FORMATS] = {
    "text/plain; version=0.0.4; charset=utf-8",
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/* The whole of /metrics in one format, as it is and compressed; NULL before it was asked for. */
struct rendered {
    struct body *text, *gzip;
    uint64_t generation;
    int64_t until_ns;
};

struct answers {
    struct store *store;
    bool timestamps;
    pthread_mutex_t lock; /* of what follows; who waits for it wants what its holder makes */
    struct rendered whole[FORMATS];
};

struct answers *answers_new(struct store *store, bool timestamps) {
    struct answers *answers = memory_alloc(sizeof *answers);
    answers->store = store;
    answers->timestamps = timestamps;
    pthread_mutex_init(&answers->lock, NULL);
    return answers;
}

static void drop(struct rendered *rendered) {
    body_drop(rendered->text);
    body_drop(rendered->gzip);
    *rendered = (struct rendered){0};
}

void answers_free(struct answers *answers) {
    if (!answers)
        return;
    for (size_t i = 0; i < FORMATS; i++)
        drop(&answers->whole[i]);
    pthread_mutex_destroy(&answers->lock);
    free(answers);
}

static bool is_current(struct store *store, const struct rendered *rendered, int64_t now_ns) {
    pthread_mutex_lock(&store->lock);
    uint64_t generation = store->generation;
    pthread_mutex_unlock(&store->lock);
    return rendered->text && rendered->generation == generation && now_ns < rendered->until_ns;
}

static void render_whole(const struct answers *answers, bool openmetrics, struct rendered *rendered,
                         int64_t now_ns) {
    const struct render_wish wish = {
        .openmetrics = openmetrics, .timestamps = answers->timestamps, .target = RENDER_ALL};
    drop(rendered);
    pthread_mutex_lock(&answers->store->lock);
    rendered->generation = answers->store->generation;
    rendered->until_ns = store_changes_ns(answers->store, now_ns);
    rendered->text = render_metrics(answers->store, &wish);
    pthread_mutex_unlock(&answers->store->lock);
}

static struct answer get_whole(struct answers *answers, const struct request *request) {
    struct answer answer = {OK, types[request->openmetrics], NULL, false};
    struct rendered *rendered = &answers->whole[request->openmetrics];
    int64_t now_ns = clock_boot_ns();
    pthread_mutex_lock(&answers->lock);
    if (!is_current(answers->store, rendered, now_ns))
        render_whole(answers, request->openmetrics, rendered, now_ns);
    if (request->gzip && !rendered->gzip)
        rendered->gzip = body_compressed(rendered->text);
    answer.gzip = request->gzip && rendered->gzip;
    answer.body = body_share(answer.gzip ? rendered->gzip : rendered->text);
    pthread_mutex_unlock(&answers->lock);
    return answer;
}

struct answer answers_refuse(unsigned status, const char *text) {
    char *line = memory_concat(text, "\n", NULL);
    return (struct answer){status, plain, body_new(line, strlen(line)), false};
}

static bool compress_answer(struct answer *answer) {
    struct body *compressed = body_compressed(answer->body);
    if (!compressed)
        return false;
    body_drop(answer->body);
    answer->body = compressed;
    return true;
}

/* Of one target, of some counters, or both. */
static struct answer get_part(struct answers *answers, const struct request *request) {
    struct globs counters = {0};
    struct render_wish wish = {.openmetrics = request->openmetrics,
                               .timestamps = answers->timestamps,
                               .target = RENDER_ALL,
                               .counters = &counters};
    if (request->counter && (!*request->counter || strlen(request->counter) > LONGEST_COUNTERS))
        return answers_refuse(BAD_REQUEST, "counter=GLOB is empty or too long");
    if (request->target && !store_find(answers->store, request->target, &wish.target))
        return answers_refuse(NOT_FOUND, "no such target: / lists them");
    if (request->counter)
        globs_add(&counters, request->counter);
    pthread_mutex_lock(&answers->store->lock);
    struct answer answer = {OK, types[request->openmetrics], render_metrics(answers->store, &wish),
                            false};
    pthread_mutex_unlock(&answers->store->lock);
    globs_done(&counters);
    answer.gzip = request->gzip && compress_answer(&answer);
    return answer;
}

static struct answer get_metrics(struct answers *answers, const struct request *request) {
    if (request->unknown)
        return answers_refuse(BAD_REQUEST,
                              "the parameters are target=NAME, once, and counter=GLOB");
    return request->target || request->counter ? get_part(answers, request)
                                               : get_whole(answers, request);
}

/* A page that somebody writes; true when it is good. */
static struct answer get_written(struct store *store, const char *type,
                                 bool (*write)(struct store *store, FILE *stream)) {
    char *text = NULL;
    size_t size = 0;
    FILE *stream = memory_check(open_memstream(&text, &size));
    bool good = write(store, stream);
    fclose(stream);
    return (struct answer){good ? OK : UNAVAILABLE, type, body_new(text, size), false};
}

static struct answer get_health(struct answers *answers, const struct request *request) {
    (void)request;
    return get_written(answers->store, plain, page_health);
}

static bool write_overview(struct store *store, FILE *stream) {
    page_overview(store, stream);
    return true;
}

static struct answer get_overview(struct answers *answers, const struct request *request) {
    (void)request;
    return get_written(answers->store, html, write_overview);
}

static const struct {
    const char *path;
    struct answer (*get)(struct answers *answers, const struct request *request);
} paths[] = {{"/metrics", get_metrics}, {"/health", get_health}, {"/", get_overview}};

struct answer answers_get(struct answers *answers, const struct request *request) {
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (strcmp(request->path, paths[i].path) == 0)
            return paths[i].get(answers, request);
    return answers_refuse(NOT_FOUND, "nothing there: see /metrics, /health and /");
}
