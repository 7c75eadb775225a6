/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "command/resume.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"

enum { MOST_WAITING = 2, MODE = 0640 };

static const char first_line[] = "vperf resume 1\n";

/* A round that is on its way. */
struct sent {
    int64_t round;
    char *position;
};

struct resume {
    struct sink sink;
    struct sink_ops ops;
    struct source_resume source;
    struct push_client *client;
    char *path;
    int file;       /* locked */
    char *position; /* as it is in the file; NULL for none */
    char *moved;    /* what the next end of a round stands for; NULL for nothing new */
    GQueue sent;    /* struct sent, the oldest first */
};

static struct resume *resume_of(struct sink *sink) {
    return (struct resume *)(void *)sink;
}

static bool is_name(const char *name) {
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789_-.");
    return length && !name[length] && *name != '.';
}

static bool check_options(const struct options *options, struct error *error) {
    struct error ignored = {0};
    const struct source_ops *ops =
        options->target_count == 1 ? source_ops_for(&options->plans[0].target, &ignored) : NULL;
    if (!is_name(options->resume))
        return error_set(error, ERROR_USAGE,
                         "--resume '%s': expected a NAME of letters, digits, '_', '-' and '.'",
                         options->resume);
    if (!options->timing.follow || !ops || !ops->recorded || options->output_count != 1 ||
        !push_url_is(options->outputs[0]))
        return error_set(error, ERROR_USAGE,
                         "--resume forwards one history to one database: give --follow, one "
                         "history file as TARGET and one --output that is a URL");
    return true;
}

static bool fail(const struct resume *resume, const char *what, struct error *error) {
    return error_set(error, ERROR_OUTPUT, "cannot %s %s: %s", what, resume->path, strerror(errno));
}

/* The file may have been replaced by its user while it was waited for. */
static bool lock(struct resume *resume, struct error *error) {
    struct stat mine, named;
    resume->file = open(resume->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, MODE);
    if (resume->file < 0)
        return fail(resume, "open", error);
    if (flock(resume->file, LOCK_EX | LOCK_NB) == 0 && fstat(resume->file, &mine) == 0 &&
        stat(resume->path, &named) == 0 && mine.st_ino == named.st_ino)
        return true;
    return error_set(error, ERROR_OUTPUT,
                     "%s is in use by another vperf: give another NAME to --resume, or stop it",
                     resume->path);
}

static bool read_position(struct resume *resume, struct error *error) {
    gchar *text = NULL;
    gsize length = 0;
    if (!g_file_get_contents(resume->path, &text, &length, NULL))
        return fail(resume, "read", error);
    bool good = !length || g_str_has_prefix(text, first_line);
    if (length && good)
        resume->position = memory_strdup(text + strlen(first_line));
    g_free(text);
    return good || error_set(error, ERROR_USAGE,
                             "%s is no file of --resume: remove it, or give "
                             "another NAME",
                             resume->path);
}

/* At most so many rounds or stretches wait for the database. */
static bool ready(void *context) {
    const struct resume *resume = context;
    return resume->sent.length < MOST_WAITING;
}

static void moved(void *context, const char *position) {
    struct resume *resume = context;
    free(resume->moved);
    resume->moved = memory_strdup(position);
}

struct resume *resume_new(struct options *options, struct error *error) {
    if (!options->resume || !check_options(options, error))
        return NULL;
    struct resume *resume = memory_alloc(sizeof *resume);
    g_queue_init(&resume->sent);
    resume->path = memory_printf("%s.resume-%s", options->plans[0].target.path, options->resume);
    if (!lock(resume, error) || !read_position(resume, error)) {
        resume_free(resume);
        return NULL;
    }
    resume->source = (struct source_resume){resume, resume->position, ready, moved};
    options->plans[0].source.resume = &resume->source;
    return resume;
}

static void write_series(struct sink *sink, const struct series *series) {
    struct sink *inner = push_client_sink(resume_of(sink)->client);
    inner->target = sink->target;
    sink_write(inner, series);
}

static void give_inventory(struct sink *sink, const struct inventory *inventory) {
    struct sink *inner = push_client_sink(resume_of(sink)->client);
    inner->target = sink->target;
    inner->ops->know(inner, inventory);
}

static bool check(struct sink *sink, struct error *error) {
    return sink_check(push_client_sink(resume_of(sink)->client), error);
}

static void nothing(struct sink *sink) {
    (void)sink;
}

static bool end_round(struct sink *sink, struct error *error) {
    struct resume *resume = resume_of(sink);
    struct sink *inner = push_client_sink(resume->client);
    inner->target = sink->target;
    if (!sink_round_end(inner, error))
        return false;
    if (resume->moved) {
        struct sent *sent = memory_alloc(sizeof *sent);
        *sent = (struct sent){push_client_rounds(resume->client), resume->moved};
        resume->moved = NULL;
        g_queue_push_tail(&resume->sent, sent);
    }
    return resume_store(resume, error);
}

static void end(struct sink *sink) {
    sink_end(push_client_sink(resume_of(sink)->client));
}

struct sink *resume_sink(struct resume *resume, struct push_client *client) {
    const struct sink_ops *inner = push_client_sink(client)->ops;
    resume->client = client;
    resume->ops = (struct sink_ops){
        .name = inner->name,
        .context = inner->context,
        .begin = nothing,
        .write = write_series,
        .know = inner->know ? give_inventory : NULL,
        .check = check,
        .round_end = end_round,
        .end = end,
    };
    resume->sink.ops = &resume->ops;
    return &resume->sink;
}

static bool write_all(int file, const char *text, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t written = write(file, text + done, size - done);
        if (written < 0 && errno != EINTR)
            return false;
        done += written > 0 ? (size_t)written : 0;
    }
    return fsync(file) == 0;
}

/* The new file is locked before it has the name. */
static bool replace(struct resume *resume, const char *position, struct error *error) {
    char *name = memory_printf("%s.new", resume->path);
    char *text = memory_concat(first_line, position, NULL);
    int file = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, MODE);
    bool good = file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0 &&
                write_all(file, text, strlen(text)) && rename(name, resume->path) == 0;
    if (!good)
        fail(resume, "write", error);
    int old = good ? resume->file : file;
    if (old >= 0)
        close(old);
    if (good)
        resume->file = file;
    else
        unlink(name);
    free(text);
    free(name);
    return good;
}

bool resume_store(struct resume *resume, struct error *error) {
    char *newest = NULL;
    struct sent *sent = NULL;
    while ((sent = g_queue_peek_head(&resume->sent)) &&
           sent->round <= push_client_delivered(resume->client)) {
        free(newest);
        newest = sent->position;
        free(g_queue_pop_head(&resume->sent));
    }
    if (!newest || (resume->position && strcmp(newest, resume->position) == 0)) {
        free(newest);
        return true;
    }
    bool good = replace(resume, newest, error);
    if (good) {
        free(resume->position);
        resume->position = newest;
    } else {
        free(newest);
    }
    return good;
}

void resume_free(struct resume *resume) {
    if (!resume)
        return;
    struct sent *sent = NULL;
    while ((sent = g_queue_pop_head(&resume->sent))) {
        free(sent->position);
        free(sent);
    }
    if (resume->file >= 0)
        close(resume->file);
    free(resume->path);
    free(resume->position);
    free(resume->moved);
    free(resume);
}
