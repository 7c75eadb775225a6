/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The run loop with sources that follow a script: no server, no libvirt. */
#include "command/run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "core/clock.h"
#include "core/memory.h"

static const int64_t period_ns = 150 * 1000000;

/* A source that each round emits one sample, or does what its script says for that round. */
struct fake {
    struct source base;
    const char *script; /* a letter per round: s sample, p partial sample, b baseline, l lost, m
                           missing, i idle, u usage, c cancel */
    const struct source_options *options;
    struct catalog *catalog;
    struct inventory *inventory;
    int round;
    int64_t start_ns;
};

static const char *scripts[4];
static int opened, refused_opens, refused_times;
static atomic_int signs_of_life;
static struct run *running;
static bool keeps;

static struct source_ops fake_source;

static struct source *fake_open(const struct target *target, const struct source_options *options,
                                struct error *error) {
    if (refused_opens > 0) {
        refused_opens--;
        error_set(error, ERROR_CONNECT, "%s: cannot connect", target->text);
        return NULL;
    }
    struct fake *fake = memory_alloc(sizeof *fake);
    fake->base.ops = &fake_source;
    fake->options = options;
    fake->script = scripts[target->port - 1];
    fake->catalog = catalog_new();
    catalog_add(fake->catalog, &(struct counter){.name = "cpu.usage.average", .unit = "percent"});
    fake->inventory = inventory_new();
    inventory_add(fake->inventory, &(struct entity){.type = ENTITY_VM,
                                                    .source = target->text,
                                                    .hypervisor = "kvm",
                                                    .name = "web",
                                                    .id = "1"});
    __atomic_add_fetch(&opened, 1, __ATOMIC_SEQ_CST);
    return &fake->base;
}

static struct catalog *fake_catalog(struct source *source, struct error *error) {
    (void)error;
    return ((struct fake *)source)->catalog;
}

static struct inventory *fake_inventory(struct source *source, const struct selection *selection,
                                        struct error *error) {
    (void)selection;
    (void)error;
    return ((struct fake *)source)->inventory;
}

static bool fake_now(struct source *source, int64_t *seconds, struct error *error) {
    (void)source;
    if (refused_times > 0) {
        refused_times--;
        return error_set(error, ERROR_TIMEOUT, "no time");
    }
    *seconds = 1700000000;
    return true;
}

/* An even grid by the number of rounds, not by the clock: a busy machine skips none. */
static struct due fake_due(struct source *source, int32_t interval) {
    const struct fake *fake = (const struct fake *)source;
    (void)interval;
    if (running->options->timing.follow)
        return (struct due){0, period_ns};
    return (struct due){fake->start_ns + fake->round * period_ns, period_ns};
}

static bool emit(const struct fake *fake, const struct source_events *events, struct error *error) {
    const struct entity *entity = fake->inventory->entities[0];
    const struct sample sample = {1700000000 + fake->round, 100 * fake->round};
    const struct series series = {.entity = entity,
                                  .counter = catalog_at(fake->catalog, 0),
                                  .instance = "",
                                  .interval = 1,
                                  .count = 1,
                                  .samples = &sample,
                                  .partial = fake->script[fake->round - 1] == 'p'};
    events->offered(events->context, entity, series.counter);
    return events->series(events->context, &series, error);
}

static bool fake_round(struct source *source, const struct selection *selection,
                       const struct window *window, const struct source_events *events,
                       struct error *error) {
    struct fake *fake = (struct fake *)source;
    (void)selection;
    (void)window;
    if (!fake->round)
        fake->start_ns = clock_boot_ns();
    switch (fake->script[fake->round++]) {
    case 's':
    case 'p':
        return emit(fake, events, error);
    case 'z': /* longer than the place of the next poll */
        fake->round++;
        while (clock_boot_ns() < fake->start_ns + 2 * period_ns)
            g_usleep(1000);
        return true;
    case 'm':
        events->missing(events->context, fake->inventory->entities[0], "no answer");
        return true;
    case 'i':
        events->idle(events->context);
        return true;
    case 'l':
        return error_set(error, ERROR_TIMEOUT, "no statistics");
    case 'n':
        return error_set(error, ERROR_UNAVAILABLE, "no helper");
    case 'u':
        return error_set(error, ERROR_USAGE, "not to be had here");
    case 'c':
        cancel_request(&running->cancel);
        return emit(fake, events, error);
    default:
        return true;
    }
}

static void fake_close(struct source *source) {
    struct fake *fake = (struct fake *)source;
    catalog_free(fake->catalog);
    inventory_free(fake->inventory);
    free(fake);
    __atomic_sub_fetch(&opened, 1, __ATOMIC_SEQ_CST);
}

static struct source_ops fake_source = {
    .name = "fake",
    .open = fake_open,
    .catalog = fake_catalog,
    .inventory = fake_inventory,
    .now = fake_now,
    .due = fake_due,
    .round = fake_round,
    .close = fake_close,
};

/* These stand for source.c. */
const struct source_ops *const source_table[] = {&fake_source, NULL};

const struct source_ops *source_ops_for(const struct target *target, struct error *error) {
    (void)target;
    (void)error;
    return &fake_source;
}

/* What came out of a run. */
struct outcome {
    char *rows;
    char *messages;
    int status;
    bool publishable;
    enum error_kind fatal;
};

static void outcome_done(struct outcome *outcome) {
    free(outcome->rows);
    free(outcome->messages);
}

static size_t lines(const char *text) {
    size_t count = 0;
    for (; (text = strchr(text, '\n')); text++)
        count++;
    return count;
}

static void show_life(void) {
    atomic_fetch_add(&signs_of_life, 1);
}

/* What happened to the targets, a letter each, when that is asked for. */
static GString *happened;

static void note_event(struct sink *sink, const struct sink_event *event) {
    static const char letters[] = {[SINK_PRESENT] = 'p', [SINK_ARRIVED] = 'a', [SINK_ENDED] = 'e',
                                   [SINK_MISSING] = 'm', [SINK_LOST] = 'L',    [SINK_BACK] = 'B',
                                   [SINK_ROUND] = 'R',   [SINK_IDLE] = 'I',    [SINK_CLOCK] = 'C'};
    (void)sink;
    assert_true(event->duration_ns >= 0);
    g_string_append_c(happened, letters[event->kind]);
}

static struct outcome play(size_t targets, const struct timing *timing) {
    struct outcome outcome = {0};
    size_t rows_size = 0, messages_size = 0;
    struct target_plan all[4] = {0};
    struct error error = {0};
    struct options options = {.plans = all, .target_count = targets, .timing = *timing};
    options.log.stream = open_memstream(&outcome.messages, &messages_size);
    options.log.level = LOG_NORMAL;
    selection_init(&options.selection);
    for (size_t i = 0; i < targets; i++) {
        char *text = memory_printf("https://h:%zu", i + 1);
        assert_true(target_init(&all[i].target, text, &error));
        free(text);
    }
    struct sink_ops noting = *sink_table[0];
    noting.event = note_event;
    struct sink sink = {.ops = happened ? &noting : sink_table[0],
                        .stream = open_memstream(&outcome.rows, &rows_size)};
    struct run run;
    run_init(&run, &options, &sink);
    run.alive = show_life;
    atomic_store(&signs_of_life, 0);
    running = &run;
    fake_source.keeps_samples = keeps;
    run_all(&run);
    outcome.status = run_status(&run);
    outcome.publishable = run_publishable(&run);
    outcome.fatal = run.fatal.kind;
    run_done(&run);
    sink_done(&sink);
    fclose(sink.stream);
    fclose(options.log.stream);
    selection_done(&options.selection);
    for (size_t i = 0; i < targets; i++)
        target_done(&all[i].target);
    assert_int_equal(opened, 0);
    return outcome;
}

static const struct timing one_poll = {.samples = 1, .interval = 1};
static const struct timing three_polls = {.samples = 3, .interval = 1};
static const struct timing endless = {.samples = 1, .interval = 1, .follow = true};

static void test_one_round(void **state) {
    (void)state;
    keeps = true;
    scripts[0] = "s";
    struct outcome outcome = play(1, &(struct timing){.samples = 1, .interval = 20});
    assert_int_equal(outcome.status, STATUS_OK);
    assert_int_equal(lines(outcome.rows), 2);
    assert_string_equal(outcome.messages, "");
    outcome_done(&outcome);
    keeps = false;
}

/* What is lost of several polls, and what that makes of the run. */
static void test_polls(void **state) {
    static const struct {
        const char *script;
        const struct timing *timing;
        size_t rows;
        int status;
        const char *message;
    } rows[] = {
        {"bs", &one_poll, 1, STATUS_OK, NULL},
        {"bsss", &three_polls, 3, STATUS_OK, NULL},
        {"bsls", &three_polls, 2, STATUS_PARTIAL, "1 of 4 polls gave nothing: no statistics"},
        {"lbss", &three_polls, 2, STATUS_PARTIAL, "1 of 4 polls gave nothing: no statistics"},
        {"llll", &three_polls, 0, STATUS_NOTHING, "no statistics"},
        {"blll", &three_polls, 0, STATUS_NOTHING, "no statistics"},
        {"bmss", &three_polls, 2, STATUS_PARTIAL, "vm 'web' (1): no answer"},
        {"z", &one_poll, 0, STATUS_NOTHING, "1 of 2 polls gave nothing: the poll before took too"},
        {"u", &one_poll, 0, STATUS_USAGE, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scripts[0] = rows[i].script;
        struct outcome outcome = play(1, rows[i].timing);
        if (outcome.status != rows[i].status)
            fail_msg("%s: %d\n%s%s", rows[i].script, outcome.status, outcome.messages,
                     outcome.rows);
        assert_int_equal(lines(outcome.rows), rows[i].rows ? rows[i].rows + 1 : 0);
        if (rows[i].message)
            assert_non_null(strstr(outcome.messages, rows[i].message));
        outcome_done(&outcome);
    }
}

/* The rows of the second target follow those of the first, whoever is faster. */
static void test_order_of_targets(void **state) {
    (void)state;
    scripts[0] = "bs";
    scripts[1] = "bs";
    struct outcome outcome = play(2, &one_poll);
    assert_int_equal(outcome.status, STATUS_OK);
    const char *first = strstr(outcome.rows, "https://h:1");
    const char *second = strstr(outcome.rows, "https://h:2");
    assert_true(first && second && first < second);
    outcome_done(&outcome);
}

/* One target's failure costs the other nothing. */
static void test_one_of_two_fails(void **state) {
    (void)state;
    scripts[0] = "ll";
    scripts[1] = "bs";
    struct outcome outcome = play(2, &one_poll);
    assert_int_equal(outcome.status, STATUS_PARTIAL);
    assert_int_equal(lines(outcome.rows), 2);
    outcome_done(&outcome);
    scripts[0] = "u";
    outcome = play(2, &one_poll);
    assert_int_equal(outcome.status, STATUS_PARTIAL);
    assert_int_equal(lines(outcome.rows), 2);
    outcome_done(&outcome);
}

/* A run that is interrupted has its complete rounds, of each target. */
static void test_interrupted(void **state) {
    static const struct {
        const char *first;
        const char *second;
        size_t rows;
    } runs[] = {{"bsc", NULL, 1}, {"bc", NULL, 0}, {"bsc", "bss", 3}, {"bss", "bsc", 2}};
    (void)state;
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        scripts[0] = runs[i].first;
        scripts[1] = runs[i].second;
        struct outcome outcome = play(runs[i].second ? 2 : 1, &three_polls);
        assert_int_equal(outcome.status, STATUS_INTERRUPTED);
        assert_int_equal(outcome.publishable, runs[i].rows > 0);
        assert_in_range(lines(outcome.rows), runs[i].rows ? 2 : 0, runs[i].rows + 2);
        outcome_done(&outcome);
    }
}

static void test_endless(void **state) {
    (void)state;
    scripts[0] = "bsslllssmmsc";
    struct outcome outcome = play(1, &endless);
    assert_int_equal(outcome.status, STATUS_INTERRUPTED);
    assert_true(outcome.publishable);
    assert_int_equal(lines(outcome.rows), 1 + 5);
    assert_non_null(strstr(outcome.messages, "no statistics; trying again\n"));
    assert_non_null(strstr(outcome.messages, "https://h:1: is back after 0 s (3 attempts)\n"));
    assert_non_null(strstr(outcome.messages, "(1): no answer\n"));
    assert_non_null(strstr(outcome.messages, "over, after 2 samples: no answer\n"));
    assert_int_equal(lines(outcome.messages), 4);
    outcome_done(&outcome);
}

/* Nothing came of it: there is nothing to publish, not even a header. */
static void test_endless_without_a_round(void **state) {
    (void)state;
    scripts[0] = "u";
    struct outcome outcome = play(1, &endless);
    assert_int_equal(outcome.status, STATUS_USAGE);
    assert_false(outcome.publishable);
    assert_string_equal(outcome.rows, "");
    outcome_done(&outcome);
}

/* A target that cannot be reached at first is waited for; a watchdog sees short waits too. */
static void test_endless_waits_for_target(void **state) {
    (void)state;
    refused_opens = 2;
    scripts[0] = "bsc";
    struct outcome outcome = play(1, &endless);
    assert_int_equal(outcome.status, STATUS_INTERRUPTED);
    assert_int_equal(lines(outcome.rows), 2);
    assert_non_null(strstr(outcome.messages, "cannot connect; trying again\n"));
    assert_non_null(strstr(outcome.messages, "is back"));
    assert_in_range(atomic_load(&signs_of_life), 2, 1000);
    outcome_done(&outcome);
}

/* What is missing at the beginning ends the run; what was there may come back. */
static void test_unavailable(void **state) {
    (void)state;
    scripts[0] = "n";
    struct outcome outcome = play(1, &endless);
    assert_int_equal(outcome.status, STATUS_NOTHING);
    assert_non_null(strstr(outcome.messages, "no helper\n"));
    outcome_done(&outcome);
    scripts[0] = "bsnsc";
    outcome = play(1, &endless);
    assert_int_equal(outcome.status, STATUS_INTERRUPTED);
    assert_int_equal(lines(outcome.rows), 3);
    outcome_done(&outcome);
}

/* A round that asked for nothing says nothing about a trouble that lasts. */
static void test_idle_rounds(void **state) {
    (void)state;
    scripts[0] = "bmiimsc";
    struct outcome outcome = play(1, &endless);
    assert_int_equal(lines(outcome.messages), 2);
    assert_non_null(strstr(outcome.messages, "over, after 2 samples: no answer\n"));
    outcome_done(&outcome);
}

/* Of a time that was lost, some counters came later: it is told once. */
static void test_partial(void **state) {
    (void)state;
    scripts[0] = "slppsc";
    struct outcome outcome = play(1, &endless);
    assert_non_null(strstr(outcome.messages, "only some counters can still be had\n"));
    assert_int_equal(lines(outcome.messages), 4); /* lost, back, this, its end */
    outcome_done(&outcome);
}

/* Who keeps what came last is told of rounds that succeed, and of those in which nothing was asked.
 */
static void test_rounds_are_told(void **state) {
    (void)state;
    happened = g_string_new(NULL);
    scripts[0] = "bmillsc";
    struct outcome outcome = play(1, &endless);
    assert_string_equal(happened->str, "RmRILBR");
    outcome_done(&outcome);
    g_string_free(happened, TRUE);
    happened = NULL;
}

/* The source's clock is asked again, as its connection is. */
static void test_endless_asks_time_again(void **state) {
    (void)state;
    keeps = true;
    refused_times = 1;
    scripts[0] = "ssc";
    struct outcome outcome = play(1, &endless);
    assert_int_equal(outcome.status, STATUS_INTERRUPTED);
    assert_int_equal(lines(outcome.rows), 3);
    outcome_done(&outcome);
    keeps = false;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_round),
        cmocka_unit_test(test_polls),
        cmocka_unit_test(test_order_of_targets),
        cmocka_unit_test(test_one_of_two_fails),
        cmocka_unit_test(test_interrupted),
        cmocka_unit_test(test_endless),
        cmocka_unit_test(test_endless_without_a_round),
        cmocka_unit_test(test_partial),
        cmocka_unit_test(test_endless_waits_for_target),
        cmocka_unit_test(test_idle_rounds),
        cmocka_unit_test(test_rounds_are_told),
        cmocka_unit_test(test_unavailable),
        cmocka_unit_test(test_endless_asks_time_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
