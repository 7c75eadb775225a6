/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What the code under test writes to stderr. */
#ifndef VPERF_TESTS_CAUGHT_H
#define VPERF_TESTS_CAUGHT_H

#include <stdio.h>
#include <unistd.h>

struct caught {
    FILE *file;
    int saved;
    char text[4096];
};

/* caught_begin: from now on stderr goes to a file. */
static inline void caught_begin(struct caught *caught) {
    fflush(stderr);
    caught->saved = dup(STDERR_FILENO);
    caught->file = tmpfile();
    dup2(fileno(caught->file), STDERR_FILENO);
}

/* caught_end: stderr is as it was; the beginning of what was written to it is in text. */
static inline void caught_end(struct caught *caught) {
    fflush(stderr);
    dup2(caught->saved, STDERR_FILENO);
    close(caught->saved);
    rewind(caught->file);
    caught->text[fread(caught->text, 1, sizeof caught->text - 1, caught->file)] = '\0';
    fclose(caught->file);
}

#endif
