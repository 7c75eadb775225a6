/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * vperf-full: all commands, and the help that shows them. vperf executes it for what needs SQLite
 * or libxlsxwriter, and for help.
 */
#include <stdio.h>
#include <string.h>

#include "command/command.h"
#include "command/completion.h"
#include "command/manual.h"
#include "core/nearest.h"
#include "core/program.h"
#include "source/source.h"
#include "version.h"

static const struct command commands[] = {
    {"collect", "write samples of hosts and guests", collect_run, &collect_spec},
    {"compare", "guests of all targets side by side", compare_run, &compare_spec},
    {"counters", "list the counters that targets define", counters_run, &counters_spec},
    {"inventory", "list hosts and guests", inventory_run, &inventory_spec},
    {"check", "tell of each target what would fail", check_run, &check_spec},
    {"report", "capacity report", report_run, &report_spec},
#if VPERF_HISTORY
    {"record", "record samples in a history file until stopped", record_run, &record_spec},
    {"history", "tell what a history file holds", history_run, &history_spec},
#endif
#if VPERF_SERVE
    {"serve", "answer Prometheus over HTTP until stopped", serve_run, &serve_spec},
#endif
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static int show_help(void) {
    puts("Usage: vperf COMMAND [OPTION...] TARGET...\n\n"
         "Performance data of ESXi, vCenter, KVM, Xen, Proxmox VE and XenServer,\n"
         "in one schema.\n\nCommands:");
    for (size_t i = 0; i < COMMANDS; i++)
        printf("  %-10s %s\n", commands[i].name, commands[i].help);
    puts("\nTargets:");
    for (const struct source_ops *const *source = source_table; *source; source++)
        printf("  %-10s %s\n", (*source)->name, (*source)->help);
    puts("\n  vperf COMMAND --help tells the options of a command.\n"
         "  vperf --version      tells the version.");
    return STATUS_OK;
}

static void reject_command(const char *name) {
    struct nearest names[COMMANDS];
    for (size_t i = 0; i < COMMANDS; i++)
        names[i] = (struct nearest){.name = commands[i].name, .usual = true};
    bool near = nearest_keep(names, COMMANDS, name) > 0;
    fprintf(stderr, "vperf: no command '%s'%s%s (see 'vperf --help')\n", name,
            near ? "; nearest: " : "", near ? names[0].name : "");
}

/* A first word like a URI is a target, which may hold a password: it is not repeated. */
static int reject(const char *name) {
    if (!*name)
        fputs("vperf: no command given (see 'vperf --help')\n", stderr);
    else if (strpbrk(name, "@:/"))
        fputs("vperf: no command before the target: vperf collect TARGET (see 'vperf --help')\n",
              stderr);
    else
        reject_command(name);
    return STATUS_USAGE;
}

/* vperf help COMMAND is vperf COMMAND --help. */
static int help_of(const char *name) {
    static char option[] = "--help";
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0) {
            char *arguments[] = {(char *)commands[i].name, option, NULL};
            return commands[i].run(2, arguments);
        }
    return reject(name);
}

static int write_completion(const char *shell, const char *folder) {
    struct error error = {0};
    if (completion_write(shell, folder, commands, COMMANDS, &error))
        return STATUS_OK;
    fprintf(stderr, "vperf: %s\n", error.message);
    return STATUS_USAGE;
}

static int write_manual(const char *name, const char *folder) {
    struct error error = {0};
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0 && manual_write(&commands[i], folder, &error))
            return STATUS_OK;
    fprintf(stderr, "vperf: no manual page of '%s': %s\n", name,
            error.kind ? error.message : "there is no such command");
    return STATUS_USAGE;
}

static int run(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "";
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    if (strcmp(name, "help") == 0 && argc > 2)
        return help_of(argv[2]);
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
        return show_help();
    /* For the build. */
    if (strcmp(name, "--completion") == 0 && argc == 4)
        return write_completion(argv[2], argv[3]);
    if (strcmp(name, "--manual") == 0 && argc == 4)
        return write_manual(argv[2], argv[3]);
    if (strcmp(name, "--version") != 0 && strcmp(name, "-V") != 0)
        return reject(name);
    puts("vperf " VPERF_VERSION);
    return STATUS_OK;
}

int main(int argc, char **argv) {
    if (!program_begin())
        return STATUS_NOTHING;
    return command_end(run(argc, argv));
}
