/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What commands share that print a list: options, output and exit status around one function. */
#ifndef VPERF_COMMAND_LISTING_H
#define VPERF_COMMAND_LISTING_H

#include <stdbool.h>
#include <stddef.h>

#include "command/options.h"
#include "core/catalog.h"
#include "sink/records.h"

/* A run over all targets. */
struct listing_run {
    const struct options *options;
    enum records_format format;
    const struct target *target;       /* the one that is listed */
    const struct selection *selection; /* of this target */
    struct records *records;
    struct inventory *entities; /* type and name of those that the targets have */
    struct catalog *counters;   /* those that the targets define */
    size_t *missing;            /* counts what is lost of a target that is listed */
};

struct listing {
    const struct options_spec *spec;
    /* columns: those of the list, as many as are stored. */
    const struct records_column *(*columns)(const struct options *options,
                                            enum records_format format, size_t *count);
    /* list: the rows of one open source. */
    bool (*list)(const struct listing_run *run, struct source *source, struct error *error);
};

/* listing_run: parses the command line, and lists every target that can be reached. */
int listing_run(const struct listing *listing, int argc, char **argv);

#endif
