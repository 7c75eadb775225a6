/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The commands of the program; main.c holds their table. */
#ifndef VPERF_COMMAND_COMMAND_H
#define VPERF_COMMAND_COMMAND_H

/* Exit status of the program; the README documents them. */
enum status {
    STATUS_OK = 0,            /* everything that was asked for was written */
    STATUS_NOTHING = 1,       /* nothing could be collected or written */
    STATUS_USAGE = 2,         /* the command line is wrong */
    STATUS_PARTIAL = 3,       /* part failed: stderr says what is missing */
    STATUS_READER_GONE = 141, /* as of a program that SIGPIPE ends; logged out, nothing said */
    STATUS_INTERRUPTED = 130, /* by a signal: logged out, nothing half-written */
};

struct options_spec;

struct command {
    const char *name;
    const char *help;
    /* run: the command line from the command's name on; returns an exit status. */
    int (*run)(int argc, char **argv);
    const struct options_spec *spec; /* its options */
};

extern const struct options_spec collect_spec, compare_spec, counters_spec, inventory_spec,
    report_spec, check_spec;
extern const struct options_spec record_spec, history_spec, serve_spec;

int collect_run(int argc, char **argv);
int compare_run(int argc, char **argv);
int counters_run(int argc, char **argv);
int inventory_run(int argc, char **argv);
int report_run(int argc, char **argv);
int check_run(int argc, char **argv);
int record_run(int argc, char **argv);
int history_run(int argc, char **argv);
int serve_run(int argc, char **argv);

/* command_end: the exit status of the program, which is another one when stdout cannot be written.
 */
int command_end(int status);

#endif
