/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Why no entity of a type has samples of a counter, as far as a source knows it. */
#ifndef VPERF_CORE_OMISSION_H
#define VPERF_CORE_OMISSION_H

/* In ascending order of weight: of two, the later one is told. */
enum omission {
    OMISSION_NONE,
    OMISSION_NOT_ASKED, /* some entities were not asked for it, and those that were have it not */
    OMISSION_ROLLUP,    /* minimum, maximum and none are not kept in real time */
    OMISSION_LEVEL,     /* the statistics level of the archive is below the counter's */
    OMISSION_REFUSED,   /* the server called it incorrect */
};

#endif
