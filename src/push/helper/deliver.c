/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "push/helper/deliver.h"

#include <poll.h>
#include <string.h>

#include "core/memory.h"
#include "push/helper/delivery.h"
#include "push/helper/known.h"
#include "version.h"

enum {
    BATCH_BYTES = 1 << 20, /* before they are compressed */
    MESSAGES_AT_ONCE = 16, /* then requests have their turn */
};

struct deliverer {
    struct stream stream;
    struct delivery delivery;
    const struct encoding *encoding;
    struct encoder *encoder;
    struct known *known;
    int64_t fed; /* samples that are not yet in a batch */
    struct entity_field labels[LABELS_MAX];
    size_t label_count;
};

/* So many bytes of the text. */
static void close_batch(struct deliverer *deliverer, size_t size) {
    GByteArray *text = deliverer->encoder->text;
    int64_t samples = size == text->len
                          ? deliverer->fed
                          : (int64_t)((double)deliverer->fed * (double)size / (double)text->len);
    deliverer->fed -= samples;
    delivery_add(&deliverer->delivery, deliverer->encoding->compress(text->data, size), samples);
    g_byte_array_remove_range(text, 0, (guint)size);
}

static void close_batches(struct deliverer *deliverer, size_t least) {
    GByteArray *text = deliverer->encoder->text;
    while (text->len && text->len >= least)
        close_batch(deliverer,
                    encoding_cut(deliverer->encoding, text->data, text->len, BATCH_BYTES));
}

static void add_series(struct deliverer *deliverer, struct record *record) {
    unsigned target = 0;
    struct series series = known_series(deliverer->known, record, &target);
    if (record->damaged)
        return;
    deliverer->fed += (int64_t)series.count;
    deliverer->encoding->series(deliverer->encoder, target, &series);
    close_batches(deliverer, BATCH_BYTES);
}

static void add_known(struct deliverer *deliverer, struct record *record) {
    unsigned target = (unsigned)record_number(record);
    struct entity entity = message_entity(record);
    if (!record->damaged && deliverer->encoding->known)
        deliverer->encoding->known(deliverer->encoder, target, &entity);
}

static void end_round(struct deliverer *deliverer, struct record *record) {
    unsigned target = (unsigned)record_number(record);
    int64_t round = record_number(record);
    if (deliverer->encoding->round)
        deliverer->encoding->round(deliverer->encoder, target);
    close_batches(deliverer, 0);
    delivery_end_round(&deliverer->delivery, round);
}

static void forget(struct deliverer *deliverer) {
    deliverer->encoding->forget(deliverer->encoder);
    known_free(deliverer->known);
    deliverer->known = known_new();
}

static void end(struct deliverer *deliverer) {
    forget(deliverer);
    close_batches(deliverer, 0);
    delivery_end(&deliverer->delivery);
}

static void read_item(struct deliverer *deliverer, struct record *record) {
    switch (record_number(record)) {
    case PUSH_ENTITY:
        known_add_entity(deliverer->known, record);
        break;
    case PUSH_COUNTER:
        known_add_counter(deliverer->known, record);
        break;
    case PUSH_KNOWN:
        add_known(deliverer, record);
        break;
    case PUSH_SERIES:
        add_series(deliverer, record);
        break;
    case PUSH_ROUND:
        end_round(deliverer, record);
        break;
    case PUSH_FORGET:
        forget(deliverer);
        break;
    case PUSH_END:
        end(deliverer);
        break;
    case PUSH_INTERRUPT:
        deliverer->delivery.interrupted = true;
        break;
    default:
        record->damaged = true;
    }
}

static bool read_data(struct deliverer *deliverer, struct record *record) {
    if (record_number(record) != PUSH_DATA)
        return false;
    while (record->left && !record->damaged)
        read_item(deliverer, record);
    return !record->damaged;
}

static bool wants_data(const struct deliverer *deliverer) {
    return !deliverer->delivery.patient || !queue_full(&deliverer->delivery.queue);
}

/* Reads what has come; *more says that there may be more of it. False when vperf is gone. */
static bool read_some(struct deliverer *deliverer, bool *more) {
    struct record record;
    *more = false;
    for (int i = 0; i < MESSAGES_AT_ONCE && wants_data(deliverer); i++) {
        enum stream_state state = stream_next(&deliverer->stream, &record, false);
        if (state == STREAM_NOTHING)
            return true;
        if (state == STREAM_ENDED || !read_data(deliverer, &record))
            return false;
    }
    *more = wants_data(deliverer);
    return true;
}

/* Also while nothing is read. */
static bool is_alone(const struct deliverer *deliverer) {
    struct pollfd end = {.fd = deliverer->stream.socket};
    return poll(&end, 1, 0) > 0 && end.revents & (POLLHUP | POLLERR);
}

static void run(struct deliverer *deliverer) {
    struct delivery *delivery = &deliverer->delivery;
    bool more = false;
    while (!delivery_over(delivery)) {
        bool readable = false;
        if (!read_some(deliverer, &more) || is_alone(deliverer))
            return;
        delivery_step(delivery);
        if (delivery_over(delivery))
            break;
        http_wait(delivery->http, wants_data(deliverer) ? deliverer->stream.socket : -1,
                  more ? 0 : delivery_wait_ms(delivery), &readable);
    }
    delivery_account(delivery);
}

/* A label has = before its key. */
static const struct entity_field *find_field(struct deliverer *deliverer, const char *name,
                                             size_t length) {
    struct error ignored = {0};
    if (*name != '=')
        return entity_field_find(name, length, &ignored);
    if (deliverer->label_count == LABELS_MAX)
        return NULL;
    struct entity_field *field = &deliverer->labels[deliverer->label_count++];
    *field = (struct entity_field){.name = memory_strndup(name + 1, length - 1), .label = true};
    return field;
}

static void add_fields(struct deliverer *deliverer, struct sink_options *options,
                       const char *list) {
    while (*list && options->field_count < G_N_ELEMENTS(options->fields)) {
        size_t length = strcspn(list, ",");
        const struct entity_field *field = find_field(deliverer, list, length);
        if (field)
            options->fields[options->field_count++] = field;
        list += length + (list[length] == ',');
    }
}

/* The first message: what it holds of secrets is wiped. */
static bool set_up(struct deliverer *deliverer) {
    struct record record;
    struct sink_options options = {0};
    if (stream_next(&deliverer->stream, &record, true) != STREAM_MESSAGE ||
        record_number(&record) != PUSH_SETUP)
        return false;
    struct push_setup setup = push_read_setup(&record);
    if (!record.damaged) {
        add_fields(deliverer, &options, setup.fields);
        delivery_init(&deliverer->delivery, &deliverer->stream, &setup);
        deliverer->encoding = deliverer->delivery.encoding;
        deliverer->encoder = deliverer->encoding->new (&options);
        deliverer->known = known_new();
    }
    stream_wipe(&deliverer->stream);
    return !record.damaged;
}

static bool greet(struct stream *stream) {
    GByteArray *hello = message_new(PUSH_HELLO);
    record_add_text(hello, VPERF_VERSION);
    message_end(hello);
    bool sent = stream_send(stream, hello, true);
    message_free(hello);
    return sent;
}

void deliver_run(int socket) {
    struct deliverer deliverer = {0};
    stream_init(&deliverer.stream, socket);
    if (greet(&deliverer.stream) && set_up(&deliverer)) {
        run(&deliverer);
        delivery_done(&deliverer.delivery);
        deliverer.encoding->free(deliverer.encoder);
        known_free(deliverer.known);
    }
    stream_done(&deliverer.stream);
}
