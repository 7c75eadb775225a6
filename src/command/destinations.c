/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "command/destinations.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

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
    if (!options->timing.follow)
        return output_open(&destination->output, destination->path, error);
    char *header = sink_header(sink->ops, &sink->options);
    bool good = output_append(&destination->output, destination->path, header, sink->ops->row,
                              &fresh, error);
    sink->begun = !fresh;
    free(header);
    return good;
}

/* Two of one name would each replace what the other one wrote. */
static bool check_repetition(const struct destinations *destinations, size_t number,
                             struct error *error) {
    const struct destination *mine = &destinations->list[number];
    for (size_t i = 0; i < number; i++)
        if (output_same(&destinations->list[i].output, &mine->output))
            return error_set(error, ERROR_USAGE, "--output '%s' is given twice: give another FILE",
                             mine->path ? mine->path : "-");
    return true;
}

static bool open_one(struct destinations *destinations, size_t number, const char *text,
                     const struct options *options, struct error *error) {
    struct destination *mine = &destinations->list[number];
    if (!choose_format(mine, text, options, error) ||
        !sink_accepts(mine->sink.ops, &options->sink, error) || !open_output(mine, options, error))
        return false;
    mine->sink.stream = mine->output.stream;
    mine->sink.output = &mine->output;
    return check_repetition(destinations, number, error);
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
    output_abort(&destinations->list[number].output);
    lose(destinations, error, "; the other outputs go on");
}

static void make_tee(struct destinations *destinations) {
    size_t count = destinations->count;
    struct sink **sinks = memory_array(count, sizeof *sinks);
    for (size_t i = 0; i < count; i++)
        sinks[i] = &destinations->list[i].sink;
    tee_init(&destinations->tee, sinks, count);
    destinations->tee.failed = on_failure;
    destinations->tee.context = destinations;
    free(sinks);
}

bool destinations_open(struct destinations *destinations, const struct options *options,
                       struct error *error) {
    const char *const standard[] = {NULL};
    const char *const *outputs = options->output_count ? options->outputs : standard;
    size_t count = options->output_count ? options->output_count : 1;
    *destinations = (struct destinations){.count = count, .log = &options->log};
    destinations->list = memory_array(count, sizeof *destinations->list);
    for (size_t i = 0; i < count; i++) {
        if (open_one(destinations, i, outputs[i], options, error))
            continue;
        destinations_abort(destinations);
        destinations_done(destinations);
        return false;
    }
    make_tee(destinations);
    return true;
}

void destinations_end_with(struct destinations *destinations, const struct cancel *cancel) {
    for (size_t i = 0; i < destinations->count; i++)
        output_end_with(&destinations->list[i].output, cancel);
}

bool destinations_has(const struct destinations *destinations, const struct output *output) {
    for (size_t i = 0; i < destinations->count; i++)
        if (output_same(&destinations->list[i].output, output))
            return true;
    return false;
}

bool destinations_commit(struct destinations *destinations, struct error *error) {
    struct error last = {0};
    size_t written = 0;
    for (size_t i = 0; i < destinations->count; i++) {
        struct error failure = {0};
        if (!tee_works(&destinations->tee, i))
            continue;
        if (output_commit(&destinations->list[i].output, &failure)) {
            written++;
            continue;
        }
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
        output_abort(&destinations->list[i].output);
}

void destinations_done(struct destinations *destinations) {
    for (size_t i = 0; i < destinations->count; i++)
        if (destinations->list[i].sink.ops)
            sink_done(&destinations->list[i].sink);
    if (destinations->tee.members)
        tee_done(&destinations->tee);
    free(destinations->list);
    *destinations = (struct destinations){0};
}
