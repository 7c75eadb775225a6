/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Rounds of all targets in the background, and a server that answers from what they gave. */
#include "serve/serve.h"

#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "command/notify.h"
#include "command/run.h"
#include "core/memory.h"
#include "serve/accounts.h"
#include "serve/answers.h"
#include "serve/defaults.h"
#include "serve/files.h"
#include "serve/listen.h"
#include "serve/server.h"
#include "serve/store.h"

static const char default_listen[] = "127.0.0.1:9272";

/* What a server needs beside the store. */
struct front {
    struct listener listener;
    struct accounts *accounts;
    char *certificate;
    char *key;
};

static void front_done(struct front *front) {
    listen_done(&front->listener);
    accounts_free(front->accounts);
    free(front->certificate);
    memory_wipe_free(front->key);
}

static bool read_files(struct front *front, const struct serve_options *options,
                       struct error *error) {
    if (!options->certificate != !options->key)
        return error_set(error, ERROR_USAGE, "--tls-cert and --tls-key belong together: give both");
    if (options->certificate &&
        (!(front->certificate = files_read("--tls-cert", options->certificate, error)) ||
         !(front->key = files_read("--tls-key", options->key, error))))
        return false;
    return !options->accounts || (front->accounts = accounts_read(options->accounts, error));
}

static bool front_open(struct front *front, const struct serve_options *options,
                       struct error *error) {
    const char *address = options->listen ? options->listen : default_listen;
    *front = (struct front){.listener = {.socket = -1}};
    return read_files(front, options, error) && listen_open(&front->listener, address, error);
}

/* One line: who can reach it, and what protects it. */
static void say_where(const struct log *log, const struct front *front) {
    const struct listener *listener = &front->listener;
    if (!listener->local && !(front->accounts && front->certificate))
        log_warn(log, "--listen: %s can be reached by others%s%s: give %s%s%s", listener->shown,
                 front->accounts ? "" : ", without a password",
                 front->certificate ? "" : ", without TLS", front->accounts ? "" : "--auth-file",
                 front->accounts || front->certificate ? "" : " and ",
                 front->certificate ? "" : "--tls-cert and --tls-key");
    log_info(log, "listening on %s://%s/", front->certificate ? "https" : "http", listener->shown);
}

/* Exclusions alone take some of the default counters away. */
static bool choose_counters(struct options *options) {
    struct globs *counters = &options->selection.counters;
    if (counters->includes)
        return false;
    defaults_select(counters);
    options->selection.optional = true;
    return true;
}

/* True when the counters are those of our own choice. */
static bool prepare(struct options *options) {
    options->timing.follow = true;
    options->selection.context |= CONTEXT_PLACE;
    return choose_counters(options);
}

/* What a new configuration concerns. */
struct served {
    struct store *store;
    bool by_default;
};

static bool prepare_again(void *context, struct options *fresh, struct error *error) {
    struct served *served = context;
    (void)error;
    served->by_default = prepare(fresh);
    return true;
}

static void begin_target(void *context, unsigned number, const struct options *options,
                         size_t target) {
    const struct served *served = context;
    store_begin(served->store, number, options, target, served->by_default);
}

static void end_target(void *context, unsigned number) {
    const struct served *served = context;
    store_end(served->store, number);
}

static int run_targets(const struct options *options, struct store *store) {
    struct run run;
    struct served served = {.store = store};
    const struct reload_hooks hooks = {prepare_again, begin_target, end_target, &served};
    run_init(&run, options, &store->sink);
    run.alive = notify_alive;
    run.reload = reload_new(options, &hooks);
    notify_ready();
    run_all(&run);
    notify_stopping();
    run_report_end(&options->log, &run.fatal);
    int status = run_status(&run);
    struct reload *reload = run.reload;
    run_done(&run);
    reload_free(reload);
    return status;
}

static int serve_store(const struct options *options, struct front *front, struct store *store,
                       struct error *error) {
    struct answers *answers = answers_new(store, !options->serve.no_timestamps);
    const struct server_options how = {
        .listener = &front->listener,
        .answers = answers,
        .accounts = front->accounts,
        .certificate = front->certificate,
        .key = front->key,
        .log = &options->log,
        .targets = store->count,
    };
    struct server *server = server_start(&how, error);
    int status = STATUS_NOTHING;
    if (server) {
        say_where(&options->log, front);
        status = run_targets(options, store);
    }
    server_stop(server);
    answers_free(answers);
    return status;
}

static int serve(struct options *options, struct error *error) {
    struct front front;
    struct store store;
    int status = STATUS_USAGE;
    store_init(&store, options, prepare(options));
    if (front_open(&front, &options->serve, error))
        status = serve_store(options, &front, &store, error);
    if (error->kind != ERROR_NONE)
        status = run_error_status(error);
    front_done(&front);
    store_done(&store);
    return status;
}

int serve_main(int argc, char **argv) {
    return run_command(&serve_spec, argc, argv, serve);
}
