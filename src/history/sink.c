/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/sink.h"

static struct writer *writer_of(struct sink *sink) {
    return ((struct history_sink *)(void *)sink)->writer;
}

static void nothing(struct sink *sink) {
    (void)sink;
}

static void write_series(struct sink *sink, const struct series *series) {
    writer_add(writer_of(sink), sink->target, series);
}

static bool round_end(struct sink *sink, struct error *error) {
    const struct history_sink *history = (struct history_sink *)(void *)sink;
    bool good = writer_commit(history->writer, sink->target, error);
    if (history->committed)
        history->committed();
    return good;
}

/* How events of a run are called here. What is skipped or missing is no event: it comes in each
 * round. */
static const struct {
    bool noted;
    enum writer_event event;
} kinds[] = {
    [SINK_PRESENT] = {false, 0},         [SINK_ARRIVED] = {true, WRITER_ARRIVED},
    [SINK_ENDED] = {true, WRITER_LEFT},  [SINK_MISSING] = {false, 0},
    [SINK_LOST] = {true, WRITER_LOST},   [SINK_BACK] = {true, WRITER_BACK},
    [SINK_ROUND] = {false, 0},           [SINK_IDLE] = {false, 0},
    [SINK_CLOCK] = {true, WRITER_CLOCK},
};

static void on_event(struct sink *sink, const struct sink_event *event) {
    struct writer *writer = writer_of(sink);
    if (kinds[event->kind].noted)
        writer_note(writer, kinds[event->kind].event, sink->target, event->target, event->entity,
                    event->text);
    if (event->kind == SINK_PRESENT)
        writer_see(writer, sink->target, event->entity);
    if (event->kind == SINK_MISSING || event->kind == SINK_LOST || event->kind == SINK_ENDED)
        writer_miss(writer, sink->target, event->entity, event->text);
}

static void define(struct sink *sink, const struct catalog *catalog) {
    writer_define(writer_of(sink), catalog);
}

static bool find_mark(struct sink *sink, const struct entity *entity, int32_t interval,
                      struct mark *mark) {
    return writer_mark(writer_of(sink), entity, interval, mark);
}

static bool find_lack(struct sink *sink, const struct entity *entity, int32_t interval,
                      int64_t *time) {
    return writer_lack(writer_of(sink), entity, interval, time);
}

static bool find_gap(struct sink *sink, struct window *window) {
    return writer_gap(writer_of(sink), sink->target, window);
}

static void on_filled(struct sink *sink, const struct window *window) {
    writer_filled(writer_of(sink), sink->target, window);
}

static const struct sink_ops history_ops = {
    .name = "history",
    .begin = nothing,
    .write = write_series,
    .round_end = round_end,
    .end = nothing,
    .event = on_event,
    .define = define,
    .mark = find_mark,
    .gap = find_gap,
    .filled = on_filled,
    .lack = find_lack,
};

void history_sink_init(struct history_sink *sink, struct writer *writer) {
    *sink = (struct history_sink){.base = {.ops = &history_ops}, .writer = writer};
}
