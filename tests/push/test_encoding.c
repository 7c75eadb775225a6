/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a protocol's reader gets: labels and samples, whole items, the same after compression. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "push/helper/encoding.h"
#include "remote_write.pb-c.h"

static const struct entity guest = {
    .type = ENTITY_VM,
    .source = "esx01",
    .hypervisor = "esxi",
    .name = "a \"b\"\377",
    .id = "vm-1",
};

static const struct counter usage = {
    .name = "cpu.usage.average", .unit = "percent", .rollup = "average", .stats = "rate"};
static const struct counter ready = {
    .name = "cpu.ready.summation", .unit = "millisecond", .rollup = "summation", .stats = "delta"};
static const struct counter consumed = {
    .name = "mem.consumed.average", .unit = "kiloBytes", .rollup = "average", .stats = "absolute"};

static const struct sample samples[] = {{1000, 459}, {1020, 10000}};

static const struct sample later[] = {{1040, 459}, {1060, 10000}};

static void give_samples(struct encoder *encoder, const struct encoding *encoding,
                         const struct counter *counter, const char *instance,
                         const struct sample *given, size_t count) {
    const struct series series = {
        .entity = &guest,
        .counter = counter,
        .instance = instance,
        .interval = 20,
        .count = count,
        .samples = given,
    };
    encoding->series(encoder, 0, &series);
}

static void give(struct encoder *encoder, const struct encoding *encoding,
                 const struct counter *counter, const char *instance) {
    give_samples(encoder, encoding, counter, instance, samples, 2);
}

static struct encoder *encoder_of(const struct encoding *encoding) {
    struct sink_options options = {0};
    return encoding->new (&options);
}

static void check_label(const Remote__TimeSeries *series, size_t index, const char *name,
                        const char *value) {
    assert_true(index < series->n_labels);
    assert_string_equal(series->labels[index]->name, name);
    assert_string_equal(series->labels[index]->value, value);
}

static void check_samples(const Remote__TimeSeries *series, double first, double second) {
    assert_int_equal(series->n_samples, 2);
    assert_int_equal(series->samples[0]->timestamp, 1000000);
    assert_int_equal(series->samples[1]->timestamp, 1020000);
    assert_true(series->samples[0]->value == first);
    assert_true(series->samples[1]->value == second);
}

/* Series one behind the other are one request; values are in base units, and sums add up. */
static void test_remote_write(void **state) {
    const struct encoding *encoding = encoding_of(PUSH_REMOTE_WRITE);
    struct encoder *encoder = encoder_of(encoding);
    (void)state;
    give(encoder, encoding, &usage, "");
    give(encoder, encoding, &ready, "0");
    give_samples(encoder, encoding, &ready, "0", later, 2);
    give(encoder, encoding, &consumed, "");
    Remote__WriteRequest *request =
        remote__write_request__unpack(NULL, encoder->text->len, encoder->text->data);
    assert_non_null(request);
    assert_int_equal(request->n_timeseries, 4);
    const Remote__TimeSeries *first = request->timeseries[0], *sum = request->timeseries[1];
    assert_int_equal(first->n_labels, 6);
    check_label(first, 0, "__name__", "vperf_cpu_usage_ratio");
    check_label(first, 1, "hypervisor", "esxi");
    check_label(first, 2, "id", "vm-1");
    check_label(first, 3, "name", "a \"b\"\357\277\275");
    check_label(first, 4, "source", "esx01");
    check_label(first, 5, "type", "vm");
    check_samples(first, 0.0459, 1);
    assert_int_equal(sum->n_labels, 7);
    check_label(sum, 0, "__name__", "vperf_cpu_ready_seconds_total");
    check_label(sum, 3, "instance", "0");
    check_samples(sum, 0.459, 10.459);
    assert_int_equal(request->timeseries[2]->samples[0]->timestamp, 1040000);
    assert_true(request->timeseries[2]->samples[0]->value == 10.918);
    assert_true(request->timeseries[2]->samples[1]->value == 20.918);
    check_samples(request->timeseries[3], 459 * 1024.0, 10000 * 1024.0);
    remote__write_request__free_unpacked(request, NULL);
    encoding->free(encoder);
}

/* A counter that shrinks would seem to begin anew: what comes late adds to what is sent next. */
static void test_late(void **state) {
    const struct encoding *encoding = encoding_of(PUSH_REMOTE_WRITE);
    struct encoder *encoder = encoder_of(encoding);
    static const struct sample newest[] = {{1000, 1000}, {1060, 2000}};
    static const struct sample late[] = {{1020, 4000}, {1040, 8000}, {1060, 2000}};
    static const struct sample next[] = {{1080, -7000}, {1100, 16000}};
    (void)state;
    give_samples(encoder, encoding, &ready, "", newest, 2);
    give_samples(encoder, encoding, &ready, "", late, 3);
    give_samples(encoder, encoding, &ready, "", next, 2);
    give_samples(encoder, encoding, &consumed, "", newest, 2);
    give_samples(encoder, encoding, &consumed, "", late, 2);
    Remote__WriteRequest *request =
        remote__write_request__unpack(NULL, encoder->text->len, encoder->text->data);
    assert_non_null(request);
    assert_int_equal(request->n_timeseries, 4);
    assert_true(request->timeseries[0]->samples[1]->value == 3);
    assert_int_equal(request->timeseries[1]->samples[0]->timestamp, 1080000);
    assert_true(request->timeseries[1]->samples[0]->value == 15);
    assert_true(request->timeseries[1]->samples[1]->value == 31);
    assert_int_equal(request->timeseries[3]->n_samples, 2);
    assert_int_equal(request->timeseries[3]->samples[0]->timestamp, 1020000);
    remote__write_request__free_unpacked(request, NULL);
    encoding->free(encoder);
}

/* Whatever a damaged history holds: a total has an end, and a time that is none is left out. */
static void test_extremes(void **state) {
    const struct encoding *encoding = encoding_of(PUSH_REMOTE_WRITE);
    struct encoder *encoder = encoder_of(encoding);
    static const struct sample extreme[] = {
        {INT64_MIN, 1},    {1000, INT64_MAX}, {1020, INT64_MAX},
        {1040, INT64_MIN}, {INT64_MAX, 1},    {1060, 1},
    };
    static const struct sample lost[] = {{INT64_MAX, 1}};
    (void)state;
    give_samples(encoder, encoding, &ready, "", extreme, 6);
    give_samples(encoder, encoding, &consumed, "", lost, 1);
    Remote__WriteRequest *request =
        remote__write_request__unpack(NULL, encoder->text->len, encoder->text->data);
    assert_non_null(request);
    assert_int_equal(request->n_timeseries, 1);
    const Remote__TimeSeries *series = request->timeseries[0];
    assert_int_equal(series->n_samples, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(series->samples[i]->timestamp, 1000000 + 20000 * (int)i);
        assert_true(series->samples[i]->value == series->samples[0]->value);
    }
    remote__write_request__free_unpacked(request, NULL);
    encoding->free(encoder);
}

/* Labels of the target are in the order of the names of all. */
static void test_labels_of_the_target(void **state) {
    const struct encoding *encoding = encoding_of(PUSH_REMOTE_WRITE);
    struct encoder *encoder = encoder_of(encoding);
    struct entity labelled = guest;
    labelled.labels = "site=fra,Row=1,env=prod";
    const struct series series = {
        .entity = &labelled,
        .counter = &usage,
        .instance = "",
        .interval = 20,
        .count = 2,
        .samples = samples,
    };
    (void)state;
    encoding->series(encoder, 0, &series);
    Remote__WriteRequest *request =
        remote__write_request__unpack(NULL, encoder->text->len, encoder->text->data);
    assert_non_null(request);
    const Remote__TimeSeries *first = request->timeseries[0];
    assert_int_equal(first->n_labels, 9);
    check_label(first, 0, "Row", "1");
    check_label(first, 1, "__name__", "vperf_cpu_usage_ratio");
    check_label(first, 2, "env", "prod");
    check_label(first, 6, "site", "fra");
    check_label(first, 8, "type", "vm");
    remote__write_request__free_unpacked(request, NULL);
    encoding->free(encoder);
}

static void fill(struct encoder *encoder, const struct encoding *encoding) {
    for (int i = 0; i < 50; i++) {
        char instance[8];
        snprintf(instance, sizeof instance, "%d", i * i);
        give(encoder, encoding, &usage, instance);
    }
    if (encoding->round)
        encoding->round(encoder, 0);
}

/* Cuts are between items, at most the limit apart unless one item is larger. */
static void test_cut(void **state) {
    (void)state;
    for (enum push_protocol protocol = PUSH_INFLUX; protocol <= PUSH_REMOTE_WRITE; protocol++) {
        const struct encoding *encoding = encoding_of(protocol);
        struct encoder *encoder = encoder_of(encoding);
        fill(encoder, encoding);
        const GByteArray *text = encoder->text;
        size_t pieces = 0;
        for (size_t at = 0, cut = 0; at < text->len; at += cut, pieces++) {
            cut = encoding_cut(encoding, text->data + at, text->len - at, 500);
            assert_true(cut > 0 && cut <= 500);
            char *first = encoding->describe(text->data + at, cut);
            assert_non_null(strstr(first, "cpu"));
            free(first);
        }
        assert_true(pieces > 5);
        assert_int_equal(encoding_cut(encoding, text->data, text->len, 1),
                         encoding->length(text->data, text->len));
        encoding->free(encoder);
    }
}

static void test_compression(void **state) {
    (void)state;
    for (enum push_protocol protocol = PUSH_INFLUX; protocol <= PUSH_REMOTE_WRITE; protocol++) {
        const struct encoding *encoding = encoding_of(protocol);
        struct encoder *encoder = encoder_of(encoding);
        fill(encoder, encoding);
        GByteArray *body = encoding->compress(encoder->text->data, encoder->text->len);
        GByteArray *items = encoding->expand(body);
        assert_true(body->len < encoder->text->len / 3);
        assert_int_equal(items->len, encoder->text->len);
        assert_memory_equal(items->data, encoder->text->data, items->len);
        g_byte_array_free(body, TRUE);
        g_byte_array_free(items, TRUE);
        encoding->free(encoder);
    }
}

/* What is kept by address is forgotten: another entity may have the address next. */
static void test_forget(void **state) {
    const struct encoding *encoding = encoding_of(PUSH_INFLUX);
    struct encoder *encoder = encoder_of(encoding);
    (void)state;
    give(encoder, encoding, &usage, "");
    assert_int_equal(encoder->text->len, 0); /* the line may get further fields */
    encoding->forget(encoder);
    assert_true(encoder->text->len > 0);
    encoding->free(encoder);
}

/* The names of datastores come once; they outlive what is forgotten. */
static void test_volumes_after_forget(void **state) {
    const struct encoding *encoding = encoding_of(PUSH_INFLUX);
    struct encoder *encoder = encoder_of(encoding);
    const struct entity store = {
        .type = ENTITY_DATASTORE, .source = "esx01", .name = "fast", .id = "ds-1", .uuid = "5f-1"};
    static const struct counter reads = {.name = "datastore.read.average",
                                         .unit = "kiloBytesPerSecond"};
    (void)state;
    encoding->known(encoder, 0, &store);
    for (int i = 0; i < 2; i++) {
        give(encoder, encoding, &reads, "5f-1");
        encoding->forget(encoder);
        g_byte_array_append(encoder->text, (const guint8 *)"", 1);
        assert_non_null(strstr((const char *)encoder->text->data, ",dsname=fast"));
        g_byte_array_set_size(encoder->text, 0);
    }
    encoding->free(encoder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_remote_write), cmocka_unit_test(test_late),
        cmocka_unit_test(test_extremes),     cmocka_unit_test(test_labels_of_the_target),
        cmocka_unit_test(test_cut),          cmocka_unit_test(test_compression),
        cmocka_unit_test(test_forget),       cmocka_unit_test(test_volumes_after_forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
