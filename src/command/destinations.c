/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "command/destinations.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/credentials.h"
#include "core/memory.h"
#include "core/secret.h"

/* What stands before the first colon, if it is the name of a format. */
static const struct sink_ops *split_format(const char *text, const char **path) {
    size_t length = strcspn(text, ":");
    *path = text;
    for (size_t i = 0; text[length] && sink_table[i]; i++) {
        if (strlen(sink_table[i]->name) == length &&
            strncmp(sink_table[i]->name, text, length) == 0) {
            *path = text + length + 1;
            return sink_table[i];
        }
    }
    return NULL;
}

static bool choose_format(struct destination *destination, const char *text,
                          const struct options *options, struct error *error) {
    if (text)
        destination->sink.ops = split_format(text, &destination->path);
    if (!destination->sink.ops)
        destination->sink.ops = sink_choose(options->format, destination->path, error);
    destination->sink.options = options->sink;
    return destination->sink.ops;
}

/* An endless run goes on where one before it ended. */
static bool open_output(struct destination *destination, const struct options *options,
                        struct error *error) {
    struct sink *sink = &destination->sink;
    bool fresh = true;
    if (!options->timing.follow || sink->ops->whole)
        return output_open(&destination->output, destination->path, error);
    char *header = sink_header(sink->ops, &sink->options);
    bool good = output_append(&destination->output, destination->path, header, sink->ops->row,
                              &fresh, error);
    sink->begun = !fresh;
    free(header);
    return good;
}

static bool is_same(const struct destination *one, const struct destination *other) {
    if (one->client && other->client)
        return strcmp(one->url.request, other->url.request) == 0;
    return output_same(&one->output, &other->output);
}

/* Two of one name would each replace what the other one wrote. */
static bool check_repetition(const struct destinations *destinations, size_t number,
                             struct error *error) {
    const struct destination *mine = &destinations->list[number];
    for (size_t i = 0; i < number; i++)
        if (is_same(&destinations->list[i], mine))
            return error_set(error, ERROR_USAGE, "--output '%s' is given twice: give another %s",
                             mine->path ? mine->path : "-", mine->client ? "URL" : "FILE");
    return true;
}

/* All that is measured can wait. */
static bool is_recorded(const struct options *options) {
    bool recorded = true;
    for (size_t i = 0; recorded && i < options->target_count; i++) {
        struct error ignored = {0};
        const struct source_ops *ops = source_ops_for(&options->plans[i].target, &ignored);
        recorded = ops && ops->recorded;
    }
    return recorded;
}

static bool check_fields(const struct destination *mine, const struct options *options,
                         struct error *error) {
    return mine->url.protocol == PUSH_INFLUX || !options->sink.field_count ||
           error_set(error, ERROR_USAGE,
                     "--with: remote write has no place for it: leave the option out, or choose "
                     "line protocol");
}

/* A server is to see no secret of another one. */
static bool check_token(const struct destinations *destinations, size_t number,
                        struct error *error) {
    const struct destination *mine = &destinations->list[number];
    for (size_t i = 0; mine->token && i < number; i++) {
        const struct destination *other = &destinations->list[i];
        if (other->token && strcmp(mine->url.host, other->url.host) != 0)
            return error_set(error, ERROR_USAGE,
                             "one token would go to %s and to %s: put a login into one of the "
                             "URLs, or start a vperf for each",
                             other->path, mine->path);
    }
    return true;
}

static void warn_of_exposure(const struct destination *mine, const struct log *log) {
    if ((mine->token || mine->url.login) && push_url_exposed(&mine->url))
        log_warn(log, "%s: the %s is not encrypted on its way: use https", mine->path,
                 mine->url.login ? "password" : "token");
}

static bool open_url(struct destination *mine, const char *text, const struct options *options,
                     struct error *error) {
    struct push_options how = {
        .ca_file = options->output_ca_file,
        .log = &options->log,
        .timeout_seconds = options->source.timeout_seconds,
        .endless = options->timing.follow,
        .patient = options->resume || (!options->timing.follow && is_recorded(options)),
    };
    char *token = NULL;
    bool good = push_url_init(&mine->url, text, error) && check_fields(mine, options, error) &&
                credentials_token(options->token_file, &token, error);
    push_url_hide((char *)text); /* a copy of ours */
    mine->path = mine->url.shown;
    how.token = token;
    mine->token = token && !mine->url.login;
    if (good)
        warn_of_exposure(mine, &options->log);
    if (good)
        mine->client = push_client_new(&mine->url, &how, &options->sink, error);
    secret_free(token);
    return mine->client && sink_accepts(push_client_sink(mine->client)->ops, &options->sink, error);
}

/* Its text may hold a password. */
static bool check_file(const char *text, struct error *error) {
    return !text || !push_url_is_unknown(text) ||
           error_set(error, ERROR_USAGE,
                     "--output '%.*s://...': a URL begins with http:// or https://; before it "
                     "stands influx: or remote-write: only",
                     (int)(strstr(text, "://") - text), text);
}

static bool check_name(const struct destination *mine, const char *text, struct error *error) {
    return !mine->path || *mine->path ||
           error_set(error, ERROR_USAGE,
                     "--output '%s' has no name of a file: give one, or - for standard output",
                     text);
}

static bool open_file(struct destination *mine, const char *text, const struct options *options,
                      struct error *error) {
    if (!check_file(text, error) || !choose_format(mine, text, options, error) ||
        !check_name(mine, text, error) || !sink_accepts(mine->sink.ops, &options->sink, error) ||
        !open_output(mine, options, error))
        return false;
    mine->sink.stream = mine->output.stream;
    mine->sink.output = &mine->output;
    mine->sink.options.width = mine->output.path ? 0 : options_terminal_width(options);
    mine->sink.options.color = !mine->output.path && options_terminal_color(options);
    return true;
}

static bool open_one(struct destinations *destinations, size_t number, const char *text,
                     const struct options *options, struct error *error) {
    struct destination *mine = &destinations->list[number];
    bool (*const open)(struct destination * destination, const char *text,
                       const struct options *options, struct error *error) =
        push_url_is(text) ? open_url : open_file;
    return open(mine, text, options, error) && check_repetition(destinations, number, error) &&
           check_token(destinations, number, error);
}

static void abort_one(struct destination *destination) {
    push_client_free(destination->client);
    destination->client = NULL;
    output_abort(&destination->output);
}

/* A reader that has seen enough has lost nothing. */
static void lose(struct destinations *destinations, const struct error *error, const char *rest) {
    if (error->kind == ERROR_READER_GONE)
        return;
    destinations->lost++;
    log_error(destinations->log, "%s%s", error->message, rest);
}

static void on_failure(void *context, size_t number, const struct error *error) {
    struct destinations *destinations = context;
    abort_one(&destinations->list[number]);
    lose(destinations, error, "; the other outputs go on");
}

static void make_tee(struct destinations *destinations) {
    size_t count = destinations->count;
    struct sink **sinks = memory_array(count, sizeof *sinks);
    for (size_t i = 0; i < count; i++) {
        struct destination *destination = &destinations->list[i];
        destination->sink.reporter = &destinations->reporter;
        sinks[i] = destination->client ? push_client_sink(destination->client) : &destination->sink;
    }
    if (destinations->resume)
        sinks[0] = resume_sink(destinations->resume, destinations->list[0].client);
    tee_init(&destinations->tee, sinks, count);
    destinations->tee.failed = on_failure;
    destinations->tee.context = destinations;
    free(sinks);
}

/* An option that no output takes would be ignored. */
static bool check_applicable(const struct destinations *destinations, const struct options *options,
                             struct error *error) {
    const char *given = options->token_file       ? "--token-file"
                        : options->output_ca_file ? "--output-ca-file"
                                                  : NULL;
    size_t urls = 0;
    for (size_t i = 0; i < destinations->count; i++)
        urls += destinations->list[i].client != NULL;
    if (options->format && urls == destinations->count)
        return error_set(error, ERROR_USAGE, "--format is for files: each --output is a URL");
    return !given || urls ||
           error_set(error, ERROR_USAGE, "%s is for URLs: no --output is one", given);
}

static void warn(void *log, enum report_level level, const char *text) {
    (void)level;
    log_warn(log, "%s", text);
}

static void close_all(struct destinations *destinations) {
    destinations_abort(destinations);
    destinations_done(destinations);
}

bool destinations_open(struct destinations *destinations, struct options *options,
                       struct error *error) {
    const char *const standard[] = {NULL};
    const char *const *outputs = options->output_count ? options->outputs : standard;
    size_t count = options->output_count ? options->output_count : 1;
    *destinations = (struct destinations){
        .count = count,
        .log = &options->log,
        .reporter = {(void *)&options->log, warn},
    };
    destinations->list = memory_array(count, sizeof *destinations->list);
    destinations->resume = resume_new(options, error);
    if (error->kind != ERROR_NONE) {
        close_all(destinations);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (open_one(destinations, i, outputs[i], options, error))
            continue;
        close_all(destinations);
        return false;
    }
    if (!check_applicable(destinations, options, error)) {
        close_all(destinations);
        return false;
    }
    make_tee(destinations);
    return true;
}

void destinations_end_with(struct destinations *destinations, const struct cancel *cancel) {
    for (size_t i = 0; i < destinations->count; i++) {
        struct destination *destination = &destinations->list[i];
        if (destination->client)
            push_client_end_with(destination->client, cancel);
        else
            output_end_with(&destination->output, cancel);
    }
}

bool destinations_has(const struct destinations *destinations, const struct output *output) {
    for (size_t i = 0; i < destinations->count; i++)
        if (output_same(&destinations->list[i].output, output))
            return true;
    return false;
}

/* What waits is not lost: the next run sends it. What was refused lies behind the position. */
static bool keep_position(struct destinations *destinations, const struct destination *mine,
                          struct error *error) {
    const struct push_account *account = push_client_account(mine->client);
    struct error failure = {0};
    bool interrupted = push_client_interrupted(mine->client);
    if (interrupted)
        log_info(destinations->log, "%s; the next run with --resume goes on there", error->message);
    else if (!account)
        error_set(&failure, error->kind, "%s; the next run with --resume goes on there",
                  error->message);
    else if (account->refused)
        error_set(&failure, ERROR_OUTPUT,
                  "%s: %" PRId64 " samples were refused, and no run sends them again: %s",
                  mine->path, account->refused, account->refusal);
    if (account && account->lost > account->refused)
        log_info(destinations->log,
                 "%s: %" PRId64 " samples are not delivered yet: %s; the next run with --resume "
                 "goes on there",
                 mine->path, account->lost - account->refused, account->reason);
    error_clear(error);
    bool stored = resume_store(destinations->resume, error);
    if (!stored && failure.kind != ERROR_NONE)
        lose(destinations, &failure, "");
    else if (stored)
        *error = failure;
    return stored && (account || interrupted);
}

/* What has been written of one is worth keeping, though the error may tell of what is lost. */
static bool commit_file(struct destination *destination, struct error *error) {
    bool written = output_commit(&destination->output, error);
    if (written && destination->sink.omitted)
        error_set(error, ERROR_OUTPUT,
                  "%s: %zu samples are left out: their series came late and have no column",
                  destination->path ? destination->path : "standard output",
                  destination->sink.omitted);
    return written;
}

static bool commit_one(struct destinations *destinations, struct destination *destination,
                       struct error *error) {
    if (!destination->client)
        return commit_file(destination, error);
    bool written = push_client_finish(destination->client, error) != PUSH_NONE;
    if (destinations->resume)
        written = keep_position(destinations, destination, error);
    push_client_free(destination->client);
    destination->client = NULL;
    return written;
}

bool destinations_commit(struct destinations *destinations, struct error *error) {
    struct error last = {0};
    size_t written = 0;
    for (size_t i = 0; i < destinations->count; i++) {
        struct error failure = {0};
        if (!tee_works(&destinations->tee, i))
            continue;
        written += commit_one(destinations, &destinations->list[i], &failure);
        if (failure.kind == ERROR_NONE)
            continue;
        if (last.kind != ERROR_NONE)
            lose(destinations, &last, "");
        last = failure;
    }
    if (last.kind == ERROR_NONE)
        return true;
    if (!written)
        return error_set(error, last.kind, "%s", last.message);
    lose(destinations, &last, "");
    return true;
}

void destinations_abort(struct destinations *destinations) {
    for (size_t i = 0; i < destinations->count; i++)
        abort_one(&destinations->list[i]);
}

void destinations_done(struct destinations *destinations) {
    for (size_t i = 0; i < destinations->count; i++) {
        struct destination *destination = &destinations->list[i];
        push_url_done(&destination->url);
        if (destination->sink.ops)
            sink_done(&destination->sink);
    }
    if (destinations->tee.members)
        tee_done(&destinations->tee);
    resume_free(destinations->resume);
    free(destinations->list);
    *destinations = (struct destinations){0};
}
