/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "push/helper/delivery.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/memory.h"

enum { QUEUE_MIB = 64, MAX_SPLITS = 48, LONGEST_WAIT_MS = 1000 };

static const int64_t second_ns = 1000000000;
static const int64_t ms_ns = 1000000;
static const int64_t interrupted_ns = 5000000000;

void delivery_init(struct delivery *delivery, struct stream *stream,
                   const struct push_setup *setup) {
    *delivery = (struct delivery){
        .stream = stream,
        .encoding = encoding_of((enum push_protocol)setup->protocol),
        .timeout_ns = setup->timeout_seconds * second_ns,
        .endless = setup->endless,
        .patient = setup->patient,
        .alive_ns = clock_boot_ns(),
    };
    delivery->http = http_new(setup, delivery->encoding);
    queue_init(&delivery->queue, (size_t)QUEUE_MIB << 20);
}

void delivery_done(struct delivery *delivery) {
    http_free(delivery->http);
    queue_done(&delivery->queue);
    free(delivery->reason);
    free(delivery->refusal);
}

static void send_message(struct delivery *delivery, GByteArray *message, bool wait) {
    message_end(message);
    stream_send(delivery->stream, message, wait);
    message_free(message);
}

static void __attribute__((format(printf, 3, 4)))
tell(struct delivery *delivery, enum push_message kind, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = memory_vprintf(format, arguments);
    va_end(arguments);
    GByteArray *message = message_new(kind);
    record_add_text(message, text);
    send_message(delivery, message, false);
    free(text);
}

/* Also a sign of life. */
static void tell_round(struct delivery *delivery, int64_t round) {
    delivery->round = MAX(delivery->round, round);
    GByteArray *message = message_new(PUSH_DELIVERED);
    record_add_number(message, delivery->round);
    send_message(delivery, message, false);
}

static void keep_reason(struct delivery *delivery, const char *reason) {
    free(delivery->reason);
    delivery->reason = memory_strdup(reason);
}

/* What did not fit has cost so many samples. */
static void drop_oldest(struct delivery *delivery, int64_t samples) {
    if (!samples)
        return;
    delivery->dropped += samples;
    delivery->lost += samples;
    if (!delivery->reason)
        keep_reason(delivery, "they come faster than it takes them");
    if (outage_fail(&delivery->overflow, clock_boot_ns()))
        tell(delivery, PUSH_WARNING, "%d MiB wait to be sent: the oldest samples are dropped",
             QUEUE_MIB);
}

/* Half of what can be kept is free again. */
static void end_overflow(struct delivery *delivery, int64_t now_ns) {
    int64_t lasted_ns = 0;
    unsigned untold = 0;
    if (delivery->overflow.begin_ns && !queue_full(&delivery->queue) &&
        outage_end(&delivery->overflow, now_ns, &lasted_ns, &untold))
        tell(delivery, PUSH_WARNING, "all samples are kept again; %" PRId64 " were dropped so far",
             delivery->dropped);
}

void delivery_add(struct delivery *delivery, GByteArray *body, int64_t samples) {
    delivery->samples += samples;
    if (delivery->given_up) {
        delivery->lost += samples;
        g_byte_array_free(body, TRUE);
        return;
    }
    if (!queue_first(&delivery->queue))
        delivery->alive_ns = clock_boot_ns();
    drop_oldest(delivery, queue_add(&delivery->queue, body, samples));
}

void delivery_end_round(struct delivery *delivery, int64_t round) {
    if (!queue_end_round(&delivery->queue, round) && !delivery->given_up)
        tell_round(delivery, round);
}

void delivery_end(struct delivery *delivery) {
    delivery->ended = true;
    delivery->alive_ns = clock_boot_ns();
}

static void give_up(struct delivery *delivery) {
    delivery->given_up = true;
    delivery->lost += queue_samples(&delivery->queue);
    queue_done(&delivery->queue);
}

static void tell_back(struct delivery *delivery, int64_t now_ns) {
    int64_t lasted_ns = 0;
    unsigned untold = 0;
    if (!outage_end(&delivery->outage, now_ns, &lasted_ns, &untold))
        return;
    char *others =
        untold ? memory_printf("; %u shorter outages were not told", untold) : memory_strdup("");
    tell(delivery, PUSH_INFO, "is back after %" PRId64 " s%s", lasted_ns / second_ns, others);
    free(others);
}

static void accept(struct delivery *delivery, int64_t now_ns) {
    if (delivery->failures)
        tell_back(delivery, now_ns);
    delivery->failures = 0;
    delivery->due_ns = 0;
    delivery->alive_ns = now_ns;
    tell_round(delivery, queue_remove(&delivery->queue));
    end_overflow(delivery, now_ns);
}

static void try_again(struct delivery *delivery, const struct outcome *outcome, int64_t now_ns) {
    delivery->failures++;
    if (outage_fail(&delivery->outage, now_ns))
        tell(delivery, PUSH_WARNING, "%s: trying again", outcome->reason);
    delivery->due_ns = now_ns + verdict_pause_ns(outcome, delivery->failures);
}

/* The first one, and then ever fewer: the others are counted. */
static void tell_refused(struct delivery *delivery, const struct outcome *outcome,
                         const GByteArray *items, int64_t now_ns) {
    int64_t lasted_ns = 0;
    unsigned untold = 0;
    if (!outage_fail(&delivery->refusals, now_ns))
        return;
    outage_end(&delivery->refusals, now_ns, &lasted_ns, &untold);
    char *first = delivery->encoding->describe(items->data, items->len);
    tell(delivery, PUSH_WARNING, "%s; refused is %s (%" PRId64 " samples so far)", outcome->reason,
         first, delivery->refused);
    free(first);
}

static void drop_refused(struct delivery *delivery, const struct outcome *outcome,
                         const GByteArray *items, int64_t now_ns) {
    const struct batch *batch = queue_first(&delivery->queue);
    if (!delivery->refusal)
        delivery->refusal = memory_strdup(outcome->reason);
    delivery->refused += batch->samples;
    delivery->lost += batch->samples;
    tell_refused(delivery, outcome, items, now_ns);
    delivery->alive_ns = now_ns;
    tell_round(delivery, queue_remove(&delivery->queue));
}

/* Halves of halves: in the end, what is refused stands alone, and the rest is taken. */
static void split(struct delivery *delivery, const struct outcome *outcome, int64_t now_ns) {
    const struct encoding *encoding = delivery->encoding;
    const struct batch *batch = queue_first(&delivery->queue);
    GByteArray *items = encoding->expand(batch->body);
    if (!batch->part)
        delivery->splits = MAX_SPLITS;
    size_t cut = encoding_cut(encoding, items->data, items->len, items->len / 2);
    if (cut == items->len || !delivery->splits) {
        drop_refused(delivery, outcome, items, now_ns);
    } else {
        delivery->splits--;
        queue_split(&delivery->queue, encoding->compress(items->data, cut),
                    encoding->compress(items->data + cut, items->len - cut));
    }
    g_byte_array_free(items, TRUE);
}

static void take_outcome(struct delivery *delivery, const struct outcome *outcome) {
    int64_t now_ns = clock_boot_ns();
    enum verdict verdict = verdict_of(outcome);
    delivery->queue.sending = false;
    if (verdict != VERDICT_DELIVERED)
        keep_reason(delivery, outcome->reason);
    if (verdict == VERDICT_DELIVERED)
        accept(delivery, now_ns);
    else if (verdict == VERDICT_SPLIT)
        split(delivery, outcome, now_ns);
    else if (verdict == VERDICT_REFUSED && !delivery->endless)
        give_up(delivery);
    else
        try_again(delivery, outcome, now_ns);
}

/* A run that ends, or waits, does so in a time that has a limit. */
static bool is_hopeless(const struct delivery *delivery, int64_t now_ns) {
    int64_t patience_ns =
        delivery->interrupted ? MIN(interrupted_ns, delivery->timeout_ns) : delivery->timeout_ns;
    bool limited = delivery->ended || (delivery->patient && !delivery->endless);
    return limited && queue_first(&delivery->queue) && now_ns > delivery->alive_ns + patience_ns;
}

void delivery_step(struct delivery *delivery) {
    struct outcome outcome;
    if (http_ended(delivery->http, &outcome))
        take_outcome(delivery, &outcome);
    int64_t now_ns = clock_boot_ns();
    if (is_hopeless(delivery, now_ns)) {
        if (!delivery->reason)
            keep_reason(delivery, "it does not answer");
        if (http_busy(delivery->http))
            http_give_up(delivery->http);
        give_up(delivery);
    }
    const struct batch *batch = queue_first(&delivery->queue);
    if (!batch || http_busy(delivery->http) || now_ns < delivery->due_ns)
        return;
    delivery->queue.sending = true;
    http_send(delivery->http, batch->body);
}

int delivery_wait_ms(const struct delivery *delivery) {
    int64_t left_ns = delivery->due_ns - clock_boot_ns();
    if (!queue_first(&delivery->queue) || http_busy(delivery->http))
        return LONGEST_WAIT_MS;
    return (int)CLAMP(left_ns / ms_ns + 1, 0, LONGEST_WAIT_MS);
}

bool delivery_over(const struct delivery *delivery) {
    return delivery->ended && !queue_first(&delivery->queue);
}

void delivery_account(const struct delivery *delivery) {
    GByteArray *message = message_new(PUSH_DONE);
    record_add_number(message, delivery->samples);
    record_add_number(message, delivery->lost);
    record_add_number(message, delivery->refused);
    record_add_text(message, delivery->lost ? delivery->reason : NULL);
    record_add_text(message, delivery->refusal);
    message_end(message);
    stream_send(delivery->stream, message, true);
    message_free(message);
}
