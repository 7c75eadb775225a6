/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What vperf and vperf-push say to each other. */
#ifndef VPERF_PUSH_PROTOCOL_H
#define VPERF_PUSH_PROTOCOL_H

#include "core/counter.h"
#include "core/message.h"
#include "core/series.h"

/* Kinds of messages. */
enum push_message {
    /* vperf's: the setup first, then data. */
    PUSH_SETUP, /* struct push_setup */
    PUSH_DATA,  /* items, until the end of the message */
    /* vperf-push's: the hello first. */
    PUSH_HELLO,     /* the version */
    PUSH_INFO,      /* a text for people */
    PUSH_WARNING,   /* likewise */
    PUSH_DELIVERED, /* the number of the newest round of which nothing is left to send */
    PUSH_DONE,      /* struct push_account: the answer to PUSH_END */
};

/* Kinds of items in PUSH_DATA. */
enum push_item {
    PUSH_ENTITY,    /* the next number of an entity, and the entity */
    PUSH_COUNTER,   /* the next number of a counter, and the counter */
    PUSH_KNOWN,     /* the number of a target, and an entity that it holds; see sink_ops */
    PUSH_SERIES,    /* struct push_series, the instance, the samples */
    PUSH_ROUND,     /* the number of a target whose round is complete, and of the round */
    PUSH_FORGET,    /* entities and counters are numbered from 0 again */
    PUSH_END,       /* nothing more comes */
    PUSH_INTERRUPT, /* there is little time left */
};

/* How a destination is written to. */
struct push_setup {
    const char *request; /* the URL */
    const char *shown;   /* the same for people */
    const char *login;   /* user:password, or NULL */
    const char *token;   /* the value of the header Authorization, or NULL */
    const char *ca_file; /* NULL: the system's authorities */
    const char *fields;  /* what is added to each series, with commas between the names */
    int64_t protocol;    /* of enum push_protocol */
    int64_t timeout_seconds;
    bool endless; /* what is refused as a whole is tried again */
    bool patient; /* reading waits while too much is to be sent: nothing is dropped */
};

/* The fixed part of a series. */
struct push_series {
    int32_t target;
    int32_t entity;
    int32_t counter;
    int32_t interval;
    int32_t continues;
};

/* What became of all samples. */
struct push_account {
    int64_t samples;
    int64_t lost;        /* of these */
    int64_t refused;     /* of these: they will never be taken */
    const char *reason;  /* why some were lost; NULL when none was */
    const char *refusal; /* why some were refused; NULL when none was */
};

/* push_write_setup: appends it. */
void push_write_setup(GByteArray *bytes, const struct push_setup *setup);

/* push_read_setup: its strings are borrowed from the record. */
struct push_setup push_read_setup(struct record *record);

/* push_write_counter: appends it. */
void push_write_counter(GByteArray *bytes, const struct counter *counter);

/* push_read_counter: its strings are borrowed from the record. */
struct counter push_read_counter(struct record *record);

#endif
