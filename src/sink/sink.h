/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * A sink knows one output format and nothing about hypervisors. It writes to a stream that
 * somebody else opens, checks and closes. sink_table lists the formats.
 */
#ifndef VPERF_SINK_SINK_H
#define VPERF_SINK_SINK_H

#include <stdbool.h>
#include <stdio.h>

#include "core/catalog.h"
#include "core/entity_field.h"
#include "core/error.h"
#include "core/inventory.h"
#include "core/label.h"
#include "core/mark.h"
#include "core/output.h"
#include "core/reporter.h"
#include "core/series.h"
#include "core/window.h"

struct sink_options {
    bool raw;              /* percent in hundredths instead of percent */
    bool spreadsheet_safe; /* an apostrophe before text that a spreadsheet would run */
    bool without_times;    /* of what has one value per series */
    bool units;            /* in the header */
    bool endless;          /* the rounds of a run have no end */
    size_t targets;        /* how many there are; 0: not known */
    size_t width;          /* of the terminal that gets it; 0 for none */
    size_t field_count;    /* of what is added to each row */
    const struct entity_field *fields[ENTITY_FIELDS + LABELS_MAX];
    bool color; /* the terminal that gets it shows colours */
};

/* What happens beside samples. */
enum sink_event_kind {
    SINK_PRESENT, /* an entity is there, whether it has samples or not */
    SINK_ARRIVED, /* an entity is new */
    SINK_ENDED,   /* an entity is gone, or no longer runs */
    SINK_MISSING, /* an entity, or the target, lacks samples */
    SINK_LOST,    /* the target cannot be reached */
    SINK_BACK,    /* it can again */
    SINK_ROUND,   /* a round of an endless run has succeeded; its series have come */
    SINK_IDLE,    /* so has one in which nothing was asked for */
    SINK_CLOCK,   /* the target's clock was set back */
};

struct sink_event {
    enum sink_event_kind kind;
    const char *target;          /* for people */
    const struct entity *entity; /* NULL: the target as a whole */
    const char *text;            /* why; NULL when there is nothing to say */
    int64_t duration_ns;         /* of a round */
    int64_t period_ns;           /* what an interval of the target lasts by our clock */
};

struct sink;

/* Options that have a meaning for some formats only. */
enum sink_taken {
    SINK_TAKES_RAW = 1 << 0,
    SINK_TAKES_SPREADSHEET_SAFE = 1 << 1,
    SINK_TAKES_NO_TIMESTAMPS = 1 << 2,
    SINK_TAKES_UNITS = 1 << 3,
};

struct sink_ops {
    const char *name;    /* the value of --format, and how names of its files end */
    const char *endings; /* others of them, with blanks between them; NULL for none */
    const char *row;     /* what each row begins with; NULL: begin writes a header */
    unsigned context;    /* of enum selection_context: what the format tells of entities */
    unsigned takes;      /* of enum sink_taken */
    bool whole;          /* each round of an endless run makes a document of its own */
    /* begin: what stands before the first series, such as a header. */
    void (*begin)(struct sink *sink);
    /* write: one series. */
    void (*write)(struct sink *sink, const struct series *series);
    /* entity: one that could be measured, after its series if there are any; may be NULL. */
    void (*entity)(struct sink *sink, const struct entity *entity);
    /* skipped: one that has no data, such as a guest that is powered off; may be NULL. */
    void (*skipped)(struct sink *sink, const struct entity *entity);
    /* check: false when what was written is lost; NULL: the output tells. */
    bool (*check)(struct sink *sink, struct error *error);
    /* round_end: the series of a round are complete; may be NULL. False with the error. */
    bool (*round_end)(struct sink *sink, struct error *error);
    /* end: what stands after the last series. */
    void (*end)(struct sink *sink);
    /* done: frees the state, if there is any; may be NULL. */
    void (*done)(struct sink *sink);
    /* event: what happened to the sink's target; may be NULL. */
    void (*event)(struct sink *sink, const struct sink_event *event);
    /* define: the counters of the sink's target; may be NULL. */
    void (*define)(struct sink *sink, const struct catalog *catalog);
    /*
     * know: what the sink's target holds, whether it is measured or not, before the first series
     * and when it may have changed; may be NULL.
     */
    void (*know)(struct sink *sink, const struct inventory *inventory);
    /* mark: which samples of the entity an earlier run gave; false for none; may be NULL. */
    bool (*mark)(struct sink *sink, const struct entity *entity, int32_t interval,
                 struct mark *mark);
    /*
     * gap: the window of archived samples that fill gaps of the sink's target, which are written
     * with series->fills; false for none; may be NULL.
     */
    bool (*gap)(struct sink *sink, struct window *window);
    /* filled: what could be had for the window has been written; round_end follows. */
    void (*filled)(struct sink *sink, const struct window *window);
    /* lack: as in struct source_marks; there when mark is. */
    bool (*lack)(struct sink *sink, const struct entity *entity, int32_t interval, int64_t *time);
};

struct sink {
    const struct sink_ops *ops;
    FILE *stream;
    struct output *output; /* of the stream; NULL when rounds need not be flushed */
    struct sink_options options;
    void *state;                     /* what the format keeps between series; its own */
    const struct reporter *reporter; /* may be NULL */
    size_t omitted;                  /* samples that have no place in the output */
    bool begun;
    unsigned target; /* the number of the one that the next call is about */
};

/* sink_write: one series; before the first one, what stands at the beginning. */
void sink_write(struct sink *sink, const struct series *series);

/* sink_header: what stands at the beginning of this format, owned by the caller. */
char *sink_header(const struct sink_ops *ops, const struct sink_options *options);

/* sink_entity: an entity of which a series may have come; ignored by formats of series only. */
void sink_entity(struct sink *sink, const struct entity *entity);

/* sink_skipped: an entity that has no data; ignored by formats that do not want to know. */
void sink_skipped(struct sink *sink, const struct entity *entity);

/* sink_check: what was written so far is not lost; else the error says why. */
bool sink_check(struct sink *sink, struct error *error) __attribute__((warn_unused_result));

/* sink_round_end: all series of a round have come: they go where they belong, or the error says why
 * not. */
bool sink_round_end(struct sink *sink, struct error *error) __attribute__((warn_unused_result));

/* sink_end: what stands at the end, after a beginning if there was no series. */
void sink_end(struct sink *sink);

/* sink_done: frees what the format keeps, also of a sink that did not come to its end. */
void sink_done(struct sink *sink);

/*
 * sink_choose: the format with this name; when it is NULL, the one that the end of the path names
 * (x.jsonl, x.jsonl.gz), else the default. ERROR_USAGE lists the known ones.
 */
const struct sink_ops *sink_choose(const char *name, const char *path, struct error *error);

/* sink_accepts: the format has a meaning for each option; else ERROR_USAGE names one. */
bool sink_accepts(const struct sink_ops *ops, const struct sink_options *options,
                  struct error *error) __attribute__((warn_unused_result));

/* sink_find: the format with this name; ERROR_USAGE lists the known ones. */
const struct sink_ops *sink_find(const char *name, struct error *error);

/* sink_table: the known formats, NULL-terminated; the first is the default. */
extern const struct sink_ops *const sink_table[];

#endif
