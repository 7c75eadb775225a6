/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The commands that collect, and the programs that vperf becomes for the others. Here are no SQLite
 * and no libxlsxwriter, which a collect of one guest does not need: to load them takes a sixth of
 * the CPU time of a start.
 */
#include <stdio.h>
#include <string.h>

#include "command/command.h"
#include "core/log.h"
#include "core/process.h"
#include "core/program.h"
#include "version.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"collect", collect_run},     {"compare", compare_run}, {"counters", counters_run},
    {"inventory", inventory_run}, {"check", check_run},
#if VPERF_SERVE
    {"serve", serve_run},
#endif
};

static bool asks_version(const char *word) {
    return strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0;
}

/* A configuration may name histories, and what comes from a pipe can be read once only. */
static bool has_config(char **argv) {
    static const char option[] = "--config";
    while (*argv && strncmp(*argv, option, strlen(option)) != 0)
        argv++;
    return *argv;
}

static int become_full(char **argv) {
    const struct log log = {.stream = stderr};
    struct error error = {0};
    process_become("vperf-full", argv, &error);
    log_error(&log, "%s", error.message);
    return STATUS_NOTHING;
}

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "";
    if (!program_begin())
        return STATUS_NOTHING;
    for (size_t i = 0; !has_config(argv) && i < sizeof commands / sizeof *commands; i++)
        if (strcmp(name, commands[i].name) == 0)
            return command_end(commands[i].run(argc - 1, argv + 1));
    if (!asks_version(name))
        return become_full(argv + (argc > 0));
    puts("vperf " VPERF_VERSION);
    return command_end(STATUS_OK);
}
