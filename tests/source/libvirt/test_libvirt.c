/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The source as the commands use it, on libvirt's test driver; and targets that cannot be opened.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/memory.h"
#include "source/source.h"

extern const struct source_ops libvirt_source;

static const char node[] = "test://" VPERF_TEST_DATA "/libvirt/node.xml";

/* What a collection said, in order. */
struct heard {
    char *text;
    size_t size;
    FILE *stream;
    size_t series;
    size_t offered;
    bool fails;
    int64_t last_time;
};

static void on_offered(void *context, const struct entity *entity, const struct counter *counter) {
    struct heard *heard = context;
    (void)entity;
    assert_non_null(counter->formula);
    heard->offered++;
}

static bool on_series(void *context, const struct series *series, struct error *error) {
    struct heard *heard = context;
    heard->series++;
    if (heard->fails)
        return error_set(error, ERROR_OUTPUT, "disk full");
    fprintf(heard->stream, "%s %s[%s] %zu@%d", series->entity->name, series->counter->name,
            series->instance, series->count, series->interval);
    for (size_t i = 0; i < series->count; i++) {
        fprintf(heard->stream, " %lld", (long long)series->samples[i].value);
        heard->last_time = series->samples[i].time;
    }
    fputc('\n', heard->stream);
    return true;
}

static void on_skipped(void *context, const struct entity *entity) {
    struct heard *heard = context;
    fprintf(heard->stream, "skipped %s\n", entity->name);
}

static void on_missing(void *context, const struct entity *entity, const char *reason) {
    struct heard *heard = context;
    fprintf(heard->stream, "missing %s: %s\n", entity ? entity->name : "-", reason);
}

static struct source *open_source(const char *uri, const struct source_options *options,
                                  struct error *error) {
    struct target target;
    assert_true(target_init(&target, uri, error));
    struct source *source = libvirt_source.open(&target, options, error);
    target_done(&target);
    return source;
}

/* Polls one second apart: the baseline, then so many samples; what was heard is the caller's. */
static bool run_for(const char *uri, const struct selection *selection, int samples,
                    struct heard *heard, struct error *error) {
    const struct source_options options = {0};
    const struct window window = {.interval = 1};
    const struct source_events events = {.context = heard,
                                         .offered = on_offered,
                                         .series = on_series,
                                         .skipped = on_skipped,
                                         .missing = on_missing};
    struct source *source = open_source(uri, &options, error);
    bool good = source != NULL;
    heard->stream = open_memstream(&heard->text, &heard->size);
    for (int i = 0; good && i <= samples; i++) {
        if (i > 0)
            cancel_wait(NULL, source->ops->due(source, 1).at_ns);
        good = source->ops->round(source, selection, &window, &events, error);
    }
    fclose(heard->stream);
    libvirt_source.close(source);
    return good;
}

static bool run(const char *uri, const struct selection *selection, struct heard *heard,
                struct error *error) {
    return run_for(uri, selection, 1, heard, error);
}

static bool has_line(const struct heard *heard, const char *line) {
    const char *found = strstr(heard->text, line);
    return found && (found == heard->text || found[-1] == '\n');
}

/* What the test driver can give; a line may go on. */
static const char *const given[] = {
    "test cpu.usage.average[] 1@1 ",
    "test cpu.usagemhz.average[] 1@1 ",
    "test cpu.run.summation[] 1@1 0",
    "test cpu.run.summation[0] 1@1 0",
    "test cpu.run.summation[1] 1@1 0",
    "test cpu.used.summation[] 1@1 ",
    "test cpu.corecount.provisioned.average[] 1@1 2",
    "test mem.usage.average[] 1@1 5000",
    "test mem.consumed.average[] 1@1 1048576",
    "test mem.granted.average[] 1@1 1048576",
    "test mem.vmmemctl.average[] 1@1 6291456",
    "test net.received.average[testnet0] 1@1 ",
    "test net.packetsTx.summation[] 1@1 ",
    "test net.droppedRx.summation[] 1@1 ",
    "test virtualDisk.read.average[vda] 1@1 ",
    "test virtualDisk.numberWriteAveraged.average[] 1@1 ",
    "test virtualDisk.readIOSize.latest[vda] 1@1 ",
    "test disk.usage.average[] 1@1 ",
    "test disk.provisioned.latest[vda] 1@1 1073736768",
    "test disk.used.latest[] 1@1 ",
    "test kvm.state.latest[] 1@1 1",
    "test kvm.cpuTime.latest[] 1@1 ",
    "test kvm.memUsed.average[] 1@1 ",
    "test kvm.guestSwapIn.latest[] 1@1 ",
    "test kvm.guestMajorFaults.summation[] 1@1 0",
    "test kvm.netRxErrors.latest[testnet0] 1@1 ",
    "test kvm.diskErrors.latest[vda] 1@1 ",
};
/* Times of requests, run delay, the time of one call: the driver has none of them. */
static const char *const not_given[] = {
    "test cpu.system.summation",    "test cpu.ready.summation",
    "test cpu.wait.summation",      "test virtualDisk.readLatencyUS.latest",
    "test kvm.balloonAge.latest",   "test sys.uptime.latest",
    "test disk.usage.average[vda]",
};

/* Polls that a busy machine makes late are reported as such; the next ones count. */
static void run_in_time(const struct selection *selection, struct heard *heard) {
    struct error error = {0};
    for (int attempts = 0; attempts < 10; attempts++) {
        *heard = (struct heard){0};
        assert_true(run_for("test:///default", selection, 2, heard, &error));
        if (!strstr(heard->text, "missing"))
            return;
        free(heard->text);
    }
    fail_msg("something is always missing");
}

/* Everything that the test driver can give. */
static void test_all_counters(void **state) {
    struct heard heard = {0};
    struct selection selection;
    (void)state;

    selection_init(&selection);
    run_in_time(&selection, &heard);
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        if (!has_line(&heard, given[i]))
            fail_msg("no line %s in %s", given[i], heard.text);
    }
    for (size_t i = 0; i < sizeof not_given / sizeof not_given[0]; i++) {
        if (has_line(&heard, not_given[i]))
            fail_msg("%s", not_given[i]);
    }
    static const char usage[] = "cpu.usage.average[] 1@1 ";
    const char *value = strstr(heard.text, usage) + sizeof usage - 1;
    assert_in_range(strtol(value, NULL, 10), 4800, 5200);
    assert_in_range(heard.last_time, time(NULL) - 2, time(NULL) + 2);
    free(heard.text);
    selection_done(&selection);
}

static void test_catalog(void **state) {
    const struct source_options options = {0};
    struct error error = {0};
    struct source *source = open_source("test:///default", &options, &error);
    (void)state;

    struct catalog *catalog = source->ops->catalog(source, &error);
    assert_ptr_equal(source->ops->catalog(source, &error), catalog);
    const struct counter *counter = catalog_by_name(catalog, "mem.usage.average");
    assert_string_equal(counter->unit, "percent");
    assert_string_equal(counter->fidelity, "approximate");
    assert_non_null(strstr(counter->formula, "balloon.available"));
    assert_int_equal(counter->id, 0);
    libvirt_source.close(source);
}

static void test_inventory(void **state) {
    static const struct {
        enum entity_type type;
        enum entity_state state;
        const char *name;
        int32_t cpus;
        int64_t memory_kib;
    } rows[] = {
        {ENTITY_VM, STATE_SUSPENDED, "paused", 1, 1048576},
        {ENTITY_VM, STATE_ON, "running, \"quoted\"", 3, 4194304},
        {ENTITY_VM, STATE_OFF, "shut-off", 1, 524288},
    };
    const struct selection both = {.types = {[ENTITY_VM] = true, [ENTITY_HOST] = true}};
    const struct source_options options = {0};
    struct error error = {0};
    struct source *source = open_source(node, &options, &error);
    char hostname[256];
    (void)state;

    gethostname(hostname, sizeof hostname);
    for (int round = 0; round < 2; round++) {
        struct inventory *inventory = source->ops->inventory(source, &both, &error);
        assert_int_equal(inventory->count, 4);
        for (size_t i = 0; i < 3; i++) {
            const struct entity *entity = inventory->entities[i];
            assert_int_equal(entity->type, rows[i].type);
            assert_int_equal(entity->state, rows[i].state);
            assert_string_equal(entity->name, rows[i].name);
            assert_int_equal(entity->cpus, rows[i].cpus);
            assert_int_equal(entity->memory_kib, rows[i].memory_kib);
            assert_string_equal(entity->hypervisor, "test");
            assert_string_equal(entity->source, hostname);
            assert_string_equal(entity->host, inventory->entities[3]->name);
            assert_string_equal(entity->id, entity->uuid);
            assert_int_equal(strlen(entity->id), 36);
        }
        assert_int_equal(inventory->entities[3]->type, ENTITY_HOST);
        assert_true(inventory->entities[3]->cpus > 0);
        assert_true(inventory->entities[3]->threads >= inventory->entities[3]->cpus);
        assert_int_equal(inventory->entities[3]->cpu_mhz, 1400);
    }
    libvirt_source.close(source);
}

/* Only what was asked for; a guest that is shut off is skipped, a CD-ROM is no disk. */
static void test_selection(void **state) {
    struct heard heard = {0};
    struct selection selection;
    struct error error = {0};
    (void)state;

    selection_init(&selection);
    selection.types[ENTITY_HOST] = false;
    selection.aggregate_only = true;
    globs_add(&selection.names, "!paused");
    globs_add(&selection.counters, "kvm.state.*,disk.provisioned.*,cpu.corecount.*");
    assert_true(run(node, &selection, &heard, &error));
    assert_string_equal(heard.text,
                        "skipped shut-off\n"
                        "running, \"quoted\" cpu.corecount.provisioned.average[] 1@1 3\n"
                        "running, \"quoted\" disk.provisioned.latest[] 1@1 2147473536\n"
                        "running, \"quoted\" kvm.state.latest[] 1@1 1\n"
                        "skipped shut-off\n");
    assert_int_equal(heard.offered, 3);
    free(heard.text);

    heard = (struct heard){0};
    globs_add(&selection.names, "nobody,!*");
    assert_true(run(node, &selection, &heard, &error));
    assert_string_equal(heard.text, "");
    free(heard.text);
    selection_done(&selection);
}

/* The test driver's host never does anything: its share is offered and has no value. */
static void test_offered_by_host(void **state) {
    struct heard heard = {0};
    struct selection selection;
    struct error error = {0};
    (void)state;

    selection_init(&selection);
    selection.types[ENTITY_VM] = false;
    globs_add(&selection.counters, "cpu.usage.average");
    assert_true(run("test:///default", &selection, &heard, &error));
    assert_int_equal(heard.offered, 1);
    assert_int_equal(heard.series, 0);
    free(heard.text);
    selection_done(&selection);
}

static void test_failing_output(void **state) {
    struct heard heard = {.fails = true};
    struct selection selection;
    struct error error = {0};
    (void)state;

    selection_init(&selection);
    assert_false(run("test:///default", &selection, &heard, &error));
    assert_int_equal(error.kind, ERROR_OUTPUT);
    assert_string_equal(error.message, "disk full");
    assert_int_equal(heard.series, 1);
    free(heard.text);
    selection_done(&selection);
}

static void test_wrong_selection(void **state) {
    struct heard heard = {0};
    struct selection selection;
    struct error error = {0};
    (void)state;

    selection_init(&selection);
    selection.types[ENTITY_CLUSTER] = true;
    assert_false(run("test:///default", &selection, &heard, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_non_null(strstr(error.message, "--type cluster"));
    free(heard.text);
    selection_done(&selection);
}

/* One clear line for each way in which a target cannot be opened; no password in it. */
static void test_unreachable(void **state) {
    static const struct {
        const char *uri;
        enum error_kind kind;
        const char *piece;
    } rows[] = {
        {"foo:///x", ERROR_USAGE, "knows the scheme 'foo'"},
        {"foo://user:secret@host/x", ERROR_USAGE, "knows the scheme 'foo'"},
        {"qemu+bad:///system", ERROR_USAGE, "transport"},
        {"qemu+unix:///system?socket=/nonexistent", ERROR_CONNECT, "check that libvirtd"},
        {"qemu+tcp://127.0.0.1:1/system", ERROR_CONNECT, "Connection refused"},
        {"qemu+tcp://user:secret@127.0.0.1:1/system", ERROR_CONNECT, "Connection refused"},
        {"qemu+tls://127.0.0.1:1/system?pkipath=/nonexistent", ERROR_TLS, "ertificate"},
        {"qemu+tcp://no.such.host.invalid/system", ERROR_CONNECT, "check the host name"},
        {"hyperv://127.0.0.1/", ERROR_CONNECT, "no driver"},
        {"test:///nonexistent.xml", ERROR_CONNECT, "/nonexistent.xml"},
    };
    const struct source_options options = {.timeout_seconds = 20};
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error error = {0};
        assert_null(open_source(rows[i].uri, &options, &error));
        if (error.kind != rows[i].kind || !strstr(error.message, rows[i].piece) ||
            strstr(error.message, "secret") || strchr(error.message, '\n'))
            fail_msg("%s: %d %s", rows[i].uri, error.kind, error.message);
    }
}

/* Something that takes the connection and never says a word. */
static void test_silent_daemon(void **state) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct source_options options = {.timeout_seconds = 1};
    struct error error = {0};
    (void)state;

    snprintf(address.sun_path, sizeof address.sun_path, "/tmp/vperf-silent-%d", (int)getpid());
    int silent = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(silent, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(silent, 5), 0);
    char *uri = memory_printf("qemu+unix:///system?socket=%s", address.sun_path);
    time_t start = time(NULL);
    assert_null(open_source(uri, &options, &error));
    assert_true(time(NULL) - start <= 4);
    assert_int_equal(error.kind, ERROR_TIMEOUT);
    assert_non_null(strstr(error.message, "cannot connect: no answer in time"));
    /* The thread that was given up ends when the other side does. */
    close(silent);
    unlink(address.sun_path);
    usleep(300000);
    free(uri);
}

/* The test driver asks for user and password where its file names them. */
static void test_credentials(void **state) {
    char path[] = "/tmp/vperf-auth-XXXXXX";
    static const char xml[] = "<node><auth><user password='right'>bob</user></auth></node>";
    const struct selection host = {.types = {[ENTITY_HOST] = true}};
    const struct source_options options = {0};
    struct error error = {0};
    (void)state;

    int file = mkstemp(path);
    assert_int_equal(write(file, xml, sizeof xml - 1), sizeof xml - 1);
    close(file);
    char *uri = memory_printf("test://%s", path);

    unsetenv("VPERF_USERNAME");
    unsetenv("GOVC_USERNAME");
    assert_null(open_source(uri, &options, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_non_null(strstr(error.message, "no user name"));

    setenv("VPERF_USERNAME", "bob", 1);
    setenv("VPERF_PASSWORD", "wrong", 1);
    error_clear(&error);
    assert_null(open_source(uri, &options, &error));
    assert_int_equal(error.kind, ERROR_AUTH);
    assert_null(strstr(error.message, "wrong"));
    assert_non_null(strstr(error.message, "check user name and password"));

    setenv("VPERF_PASSWORD", "right", 1);
    error_clear(&error);
    struct source *source = open_source(uri, &options, &error);
    assert_non_null(source);
    assert_non_null(source->ops->inventory(source, &host, &error));
    libvirt_source.close(source);
    unsetenv("VPERF_USERNAME");
    unsetenv("VPERF_PASSWORD");
    unlink(path);
    free(uri);
}

struct side {
    pthread_t thread;
    const char *uri;
    struct heard heard;
    bool good;
};

static void *poll_side(void *context) {
    struct side *side = context;
    struct selection selection;
    struct error error = {0};

    selection_init(&selection);
    side->good = run_for(side->uri, &selection, 2, &side->heard, &error);
    selection_done(&selection);
    return NULL;
}

/* Several targets at once, each in a thread of the caller. */
static void test_side_by_side(void **state) {
    struct side sides[4] = {
        {.uri = "test:///default"}, {.uri = node}, {.uri = "foo:///"}, {.uri = node}};
    (void)state;

    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&sides[i].thread, NULL, poll_side, &sides[i]), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(sides[i].thread, NULL);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(sides[i].good, i != 2);
        free(sides[i].heard.text);
    }
    assert_int_equal(sides[1].heard.series, sides[3].heard.series);
    assert_true(sides[0].heard.series > 50);
}

static void test_close(void **state) {
    (void)state;
    libvirt_source.close(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_counters),    cmocka_unit_test(test_catalog),
        cmocka_unit_test(test_inventory),       cmocka_unit_test(test_selection),
        cmocka_unit_test(test_offered_by_host), cmocka_unit_test(test_failing_output),
        cmocka_unit_test(test_wrong_selection), cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_silent_daemon),   cmocka_unit_test(test_credentials),
        cmocka_unit_test(test_side_by_side),    cmocka_unit_test(test_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
