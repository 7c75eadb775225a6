/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a sample offers follows from the fields that are there, and what to ask for from those too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/memory.h"
#include "source/libvirt/recorded.h"

enum { COUNTERS = 128 };

struct offers {
    bool of[COUNTERS];
};

static void receive(void *context, size_t counter) {
    struct offers *offers = context;
    assert_true(counter < COUNTERS);
    if (offers->of[counter])
        fail_msg("%s twice", mapping_counter(counter)->name);
    offers->of[counter] = true;
}

static size_t find(const char *name) {
    size_t counter = 0;
    while (counter < mapping_count() && strcmp(mapping_counter(counter)->name, name) != 0)
        counter++;
    assert_true(counter < mapping_count());
    return counter;
}

static void guest_offers(struct offers *offers, const struct guest_sample *before,
                         const struct guest_sample *now, bool aggregate_only) {
    const struct mapping_output output = {
        .context = offers, .offer = receive, .aggregate_only = aggregate_only};
    struct guest_pair pair;
    *offers = (struct offers){0};
    rates_guest(&pair, before, now, 10);
    pair.mhz = RECORDED_MHZ;
    mapping_guest_offers(&pair, &output);
    rates_guest_done(&pair);
}

/* What a guest has, the counter, and which of values and of the aggregate it offers. */
static const struct {
    const char *lines;
    const char *counter;
    bool any;
    bool aggregate;
} rows[] = {
    {"cpu.user 1\n", "kvm.cpuUser.summation", true, true},
    {"cpu.haltpoll.success.time 1\ncpu.haltpoll.fail.time 1\n", "kvm.haltPoll.summation", true,
     true},
    {"cpu.haltpoll.success.time 1\n", "kvm.haltPoll.summation", false, false},
    {"vcpu.current 1\ncpu.time 1\n", "cpu.usage.average", true, true},
    {"vcpu.current 1\nvcpu.0.time 1\n", "cpu.usage.average", true, true},
    {"vcpu.current 1\n", "cpu.usage.average", false, false},
    {"cpu.time 1\n", "cpu.usage.average", false, false},
    {"vcpu.current 0\ncpu.time 1\n", "cpu.usage.average", false, false},
    {"cpu.time 1\n", "cpu.used.summation", true, true},
    {"vcpu.0.time 1\n", "cpu.used.summation", true, false},
    {"vcpu.0.time 1\n", "cpu.usagemhz.average", true, false},
    {"cpu.time 1\nvcpu.0.time 1\n", "cpu.system.summation", true, true},
    {"cpu.time 1\n", "cpu.system.summation", false, false},
    {"vcpu.0.time 1\n", "cpu.system.summation", false, false},
    {"state.state 1\nvcpu.0.time 1\nvcpu.0.delay 1\n", "cpu.wait.summation", true, true},
    {"state.state 3\nvcpu.0.time 1\nvcpu.0.delay 1\n", "cpu.wait.summation", false, false},
    {"state.state 1\nvcpu.0.time 1\nvcpu.0.delay 1\n", "cpu.idle.summation", false, false},
    {"state.state 1\nvcpu.0.time 1\nvcpu.0.delay 1\nvcpu.0.halt_wait_ns.sum 1\n",
     "cpu.idle.summation", true, true},
    {"state.state 3\nvcpu.0.time 1\nvcpu.0.delay 1\nvcpu.0.halt_wait_ns.sum 1\n",
     "cpu.idle.summation", false, false},
    {"vcpu.0.delay 1\nvcpu.1.delay 1\n", "cpu.ready.summation", true, true},
    {"vcpu.0.delay 1\nvcpu.1.time 1\n", "cpu.ready.summation", true, false},
    /* vCPUs that do not report leave no sum over all. */
    {"vcpu.current 3\nvcpu.0.delay 1\nvcpu.1.delay 1\n", "cpu.ready.summation", true, false},
    {"vcpu.current 3\nvcpu.0.delay 1\nvcpu.1.delay 1\n", "cpu.readiness.average", true, false},
    {"vcpu.current 2\nvcpu.0.delay 1\nvcpu.1.delay 1\n", "cpu.readiness.average", true, true},
    {"balloon.available 9\nballoon.usable 5\n", "mem.usage.average", true, true},
    {"balloon.available 9\nballoon.unused 5\n", "mem.usage.average", true, true},
    {"balloon.available 9\n", "mem.usage.average", false, false},
    {"balloon.rss 9\nballoon.current 5\n", "mem.consumed.average", true, true},
    {"balloon.rss 9\n", "mem.consumed.average", false, false},
    {"balloon.maximum 9\n", "mem.vmmemctl.average", false, false},
    {"balloon.maximum 9\nballoon.current 5\n", "mem.vmmemctl.average", true, true},
    {"balloon.last-update 9\nballoon.swap_in 5\n", "kvm.guestSwapInRate.average", true, true},
    {"balloon.swap_in 5\n", "kvm.guestSwapInRate.average", false, false},
    {"balloon.major_fault 5\n", "kvm.guestMajorFaults.summation", false, false},
    {"balloon.swap_in 5\n", "kvm.guestSwapIn.latest", true, true},
    {"net.count 1\nnet.0.name \"n\"\nnet.0.rx.bytes 1\n", "net.received.average", true, true},
    {"net.count 2\nnet.0.name \"n\"\nnet.0.rx.bytes 1\n", "net.received.average", true, false},
    {"net.count 1\nnet.0.name \"n\"\nnet.0.rx.bytes 1\n", "net.usage.average", false, false},
    {"net.count 0\n", "net.received.average", false, false},
    {"block.0.name \"a\"\nblock.0.rd.bytes 1\nblock.0.rd.reqs 1\n", "virtualDisk.readIOSize.latest",
     true, true},
    {"block.0.name \"a\"\nblock.0.rd.bytes 1\n", "virtualDisk.readIOSize.latest", false, false},
    {"block.0.name \"a\"\nblock.0.rd.bytes 1\nblock.0.wr.bytes 1\n", "disk.usage.average", true,
     true},
    {"block.0.name \"a\"\nblock.0.rd.bytes 1\nblock.1.name \"b\"\nblock.1.capacity 1\n",
     "disk.read.average", false, false},
    {"block.0.name \"a\"\nblock.0.rd.times 1\nblock.0.rd.reqs 1\nblock.0.wr.times 1\n",
     "disk.maxTotalLatency.latest", false, false},
};

static void test_guest_rows(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct guest_sample sample;
        struct offers offers, aggregates;
        made_sample(&sample, 0, rows[i].lines);
        sample.report_clock = REPORT_LOCAL;
        guest_offers(&offers, NULL, &sample, false);
        guest_offers(&aggregates, NULL, &sample, true);
        size_t counter = find(rows[i].counter);
        if (offers.of[counter] != rows[i].any || aggregates.of[counter] != rows[i].aggregate)
            fail_msg("%s with %s", rows[i].counter, rows[i].lines);
        sample_done(&sample);
    }
}

/* Facts that are no fields: several calls, a driver whose reports are always fresh. */
static void test_conditions(void **state) {
    struct guest_sample sample;
    struct offers offers;
    (void)state;

    made_sample(&sample, 0,
                "cpu.time 1\nvcpu.0.time 1\nballoon.rss 9\nballoon.current 5\nballoon.swap_in 5\n");
    sample.one_call = false;
    sample.report_clock = REPORT_ALWAYS_FRESH;
    guest_offers(&offers, NULL, &sample, false);
    assert_true(offers.of[find("mem.consumed.average")]);
    assert_false(offers.of[find("cpu.system.summation")]);
    assert_true(offers.of[find("kvm.guestSwapInRate.average")]);

    const struct mapping_output output = {.context = &offers, .offer = receive};
    struct guest_pair pair;
    offers = (struct offers){0};
    rates_guest(&pair, NULL, &sample, 10);
    mapping_guest_offers(&pair, &output);
    rates_guest_done(&pair);
    assert_false(offers.of[find("cpu.usagemhz.average")]);
    assert_true(offers.of[find("cpu.used.summation")]);
    sample_done(&sample);
}

/* A recorded guest on KVM: all that the mapping has a formula for. */
static void load_pair(struct guest_sample *before, struct guest_sample *now) {
    struct guest_sample *samples[] = {before, now};
    recorded_load(before, "final-a");
    recorded_load(now, "final-b");
    for (size_t i = 0; i < 2; i++) {
        struct device_list *vcpus = &samples[i]->devices[DEVICE_VCPU];
        for (size_t k = 0; k < vcpus->count; k++) {
            vcpus->items[k].values[VCPU_HALT_WAIT] = (int64_t)i * 7000000;
            vcpus->items[k].values[VCPU_EXITS] = (int64_t)i;
        }
        samples[i]->devices[DEVICE_DISK].items[0].values[DISK_ERRORS] = 1;
        struct device *root = sample_device(&samples[i]->devices[DEVICE_FILESYSTEM], 0);
        root->name = memory_strdup("/");
        root->values[FILESYSTEM_TOTAL] = 4096;
        root->values[FILESYSTEM_USED] = 1024;
        samples[i]->values[GUEST_UPTIME] = 1 + (int64_t)i;
        samples[i]->values[GUEST_SNAPSHOT_COUNT] = samples[i]->values[GUEST_SNAPSHOT_BYTES] = 1;
        samples[i]->values[GUEST_SNAPSHOT_AGE] = 1;
        sample_judge_report(samples[i], i ? before : NULL);
    }
}

/* With all fields there, every counter that guests have is offered; and whatever has a value. */
static void test_values_are_offered(void **state) {
    struct guest_sample before, now;
    struct offers offers;
    struct values values;
    size_t count = 0;
    (void)state;

    load_pair(&before, &now);
    guest_offers(&offers, NULL, &now, false);
    values_of(&values, &before, &now, 10);
    for (size_t i = 0; i < mapping_count(); i++) {
        const struct counter *counter = mapping_counter(i);
        bool of_guests = strstr(counter->formula, "guest: ");
        if (offers.of[i] != of_guests || (values_count(&values, counter->name) > 0) != of_guests)
            fail_msg("%s", counter->name);
        count += of_guests;
    }
    assert_int_equal(count, 94);
    sample_done(&before);
    sample_done(&now);
}

/* As if only these groups had been asked for. */
static struct guest_sample only_groups(const struct guest_sample *sample, unsigned int groups) {
    static const struct {
        unsigned int group;
        int first;
        int last;
        int kind; /* all of its devices, -1 for none */
    } contents[] = {
        {SAMPLE_STATE, GUEST_STATE, GUEST_STATE, -1},
        {SAMPLE_CPU, GUEST_CPU_TIME, GUEST_HALTPOLL_FAIL, -1},
        {SAMPLE_VCPU, GUEST_VCPU_CURRENT, GUEST_VCPU_MAXIMUM, DEVICE_VCPU},
        {SAMPLE_NIC, GUEST_NET_COUNT, GUEST_NET_COUNT, DEVICE_NIC},
        {SAMPLE_BALLOON, GUEST_MEMORY_CURRENT, GUEST_REPORT_AGE, -1},
        {SAMPLE_DISK | SAMPLE_DISK_SIZE, 0, 0, DEVICE_DISK},
    };
    struct guest_sample copy = *sample;
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        if (groups & contents[i].group)
            continue;
        for (int field = contents[i].first; field <= contents[i].last; field++)
            copy.values[field] = ABSENT;
        if (contents[i].kind >= 0)
            copy.devices[contents[i].kind].count = 0;
    }
    return copy;
}

/* Each counter alone: the groups that it asks for suffice, and each guest's come with STATE and
 * CPU. */
static void test_groups_suffice(void **state) {
    struct guest_sample before, now;
    struct values all, some;
    (void)state;

    load_pair(&before, &now);
    values_of(&all, &before, &now, 10);
    for (size_t i = 0; i < mapping_count(); i++) {
        const char *name = mapping_counter(i)->name;
        bool wanted[COUNTERS] = {false};
        wanted[i] = true;
        unsigned int groups = mapping_groups(wanted);
        struct guest_sample first = only_groups(&before, groups);
        struct guest_sample second = only_groups(&now, groups);
        values_of(&some, &first, &second, 10);
        if (values_count(&all, name) != values_count(&some, name) ||
            values_get(&all, name, "") != values_get(&some, name, ""))
            fail_msg("%s lacks fields", name);
    }
    sample_done(&before);
    sample_done(&now);
}

static unsigned int groups_for(const char *prefix) {
    bool wanted[COUNTERS] = {false};
    for (size_t i = 0; i < mapping_count(); i++)
        wanted[i] = strncmp(mapping_counter(i)->name, prefix, strlen(prefix)) == 0;
    return mapping_groups(wanted);
}

static void test_groups(void **state) {
    enum { RUN = SAMPLE_STATE | SAMPLE_CPU };
    static const struct {
        const char *prefix;
        unsigned int groups;
    } expected[] = {
        {"cpu.", RUN | SAMPLE_VCPU | SAMPLE_HOST_CPU},
        {"cpu.utilization.average", SAMPLE_HOST_CPU},
        {"cpu.ready.summation", RUN | SAMPLE_VCPU},
        {"cpu.corecount.usage", RUN | SAMPLE_VCPU},
        {"mem.", RUN | SAMPLE_BALLOON | SAMPLE_HOST_MEMORY | SAMPLE_HOST_PAGES},
        {"mem.capacity", SAMPLE_HOST_MEMORY},
        {"mem.shared", SAMPLE_HOST_PAGES},
        {"mem.consumed.vms", RUN | SAMPLE_BALLOON},
        {"net.", RUN | SAMPLE_NIC},
        {"disk.", RUN | SAMPLE_DISK | SAMPLE_DISK_SIZE},
        {"disk.provisioned", RUN | SAMPLE_DISK_SIZE},
        {"disk.unshared", RUN | SAMPLE_DISK_SIZE},
        {"kvm.diskErrors", RUN | SAMPLE_DISK},
        {"virtualDisk.", RUN | SAMPLE_DISK},
        {"sys.uptime", RUN},
        {"kvm.state", RUN},
        {"kvm.guestSwap", RUN | SAMPLE_BALLOON},
        {"kvm.balloonAge", RUN | SAMPLE_BALLOON},
        {"kvm.vcpuMaximum", RUN | SAMPLE_VCPU},
        {"kvm.exits", RUN | SAMPLE_VCPU},
        {"", SAMPLE_GUESTS | SAMPLE_HOST},
        {"none", 0},
    };
    (void)state;

    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        if (groups_for(expected[i].prefix) != expected[i].groups)
            fail_msg("%s needs %x", expected[i].prefix, groups_for(expected[i].prefix));
    }
    assert_int_equal(mapping_groups(NULL), SAMPLE_GUESTS | SAMPLE_HOST);
}

static void host_offers(struct offers *offers, const struct host_pair *pair, bool aggregate_only) {
    const struct mapping_output output = {
        .context = offers, .offer = receive, .aggregate_only = aggregate_only};
    *offers = (struct offers){0};
    mapping_host_offers(pair, &output);
}

static void fill(int64_t *values, int first, int last) {
    for (int field = first; field <= last; field++)
        values[field] = 1;
}

/* What the host has, and how many of these counters it offers with and without its CPUs. */
static void test_host(void **state) {
    struct snapshot *snapshot = snapshot_new();
    struct host_sample *host = &snapshot->host;
    struct host_pair pair = {.now = host};
    struct offers offers;
    (void)state;

    host_offers(&offers, &pair, false);
    for (size_t i = 0; i < mapping_count(); i++)
        assert_false(offers.of[i]);
    fill(host->values, HOST_CPU_USER, HOST_CPU_KERNEL);
    host_offers(&offers, &pair, false);
    assert_true(offers.of[find("cpu.used.summation")]);
    assert_false(offers.of[find("cpu.usagemhz.average")]);
    assert_false(offers.of[find("cpu.utilization.average")]);
    pair.mhz = 1;
    fill(host->values, HOST_CPU_IDLE, HOST_MEMORY_TOTAL);
    fill(host->values, HOST_PAGES_SHARED, HOST_PAGES_SHARED);
    host_offers(&offers, &pair, true);
    assert_true(offers.of[find("cpu.usagemhz.average")]);
    assert_true(offers.of[find("cpu.utilization.average")]);
    assert_true(offers.of[find("mem.capacity.provisioned.average")]);
    assert_false(offers.of[find("mem.consumed.average")]);
    assert_false(offers.of[find("mem.sharedcommon.average")]);
    fill(host->values, HOST_MEMORY_FREE, HOST_MEMORY_CACHED);
    pair.page_bytes = 4096;
    host_offers(&offers, &pair, true);
    assert_true(offers.of[find("mem.consumed.average")]);
    assert_true(offers.of[find("mem.usage.average")]);
    assert_true(offers.of[find("mem.sharedcommon.average")]);
    assert_false(offers.of[find("mem.shared.average")]);
    snapshot_free(snapshot);
}

/* Only its CPUs report: that is no aggregate. */
static void test_host_cpus(void **state) {
    struct snapshot *snapshot = snapshot_new();
    struct host_pair pair;
    struct offers offers;
    (void)state;

    struct device *cpu = sample_device(&snapshot->host.cpus, 0);
    cpu->name = memory_strdup("0");
    fill(cpu->values, HOST_CPU_USER, HOST_CPU_IOWAIT);
    rates_host(&pair, NULL, &snapshot->host, 10);
    host_offers(&offers, &pair, false);
    assert_true(offers.of[find("cpu.utilization.average")]);
    assert_true(offers.of[find("cpu.idle.summation")]);
    host_offers(&offers, &pair, true);
    assert_false(offers.of[find("cpu.utilization.average")]);
    rates_host_done(&pair);
    snapshot_free(snapshot);
}

/* Sums over guests are offered when every guest is known, and has what is summed up. */
static void test_host_sums(void **state) {
    static const struct {
        const char *lines[2];
        bool known;
        bool ready;
        bool cores;
    } sums[] = {
        {{"vcpu.current 1\nvcpu.0.delay 1\n", "vcpu.current 1\nvcpu.0.delay 1\n"},
         true,
         true,
         true},
        {{"vcpu.current 1\nvcpu.0.delay 1\n", "vcpu.current 1\nvcpu.0.delay 1\n"},
         false,
         false,
         false},
        {{"vcpu.current 1\nvcpu.0.delay 1\n", "vcpu.current 1\nvcpu.0.time 1\n"},
         true,
         false,
         true},
        {{"vcpu.current 1\nvcpu.0.delay 1\n", "vcpu.0.delay 1\n"}, true, true, false},
        {{"vcpu.current 1\n", "vcpu.current 1\n"}, true, true, true},
    };
    struct snapshot *snapshot = snapshot_new();
    (void)state;

    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++) {
        struct guest_sample guests[2];
        struct guest_pair pairs[2];
        struct offers offers;
        for (size_t k = 0; k < 2; k++) {
            made_sample(&guests[k], 0, sums[i].lines[k]);
            rates_guest(&pairs[k], NULL, &guests[k], 10);
        }
        struct host_pair pair = {.now = &snapshot->host, .guests = pairs, .guest_count = 2};
        pair.guests_known = sums[i].known;
        host_offers(&offers, &pair, false);
        if (offers.of[find("cpu.ready.summation")] != sums[i].ready ||
            offers.of[find("cpu.corecount.usage.average")] != sums[i].cores)
            fail_msg("row %zu", i);
        for (size_t k = 0; k < 2; k++) {
            rates_guest_done(&pairs[k]);
            sample_done(&guests[k]);
        }
    }
    snapshot_free(snapshot);
}

/* Only what is wanted. */
static void test_wanted(void **state) {
    struct guest_sample sample;
    struct offers offers = {0};
    bool wanted[COUNTERS] = {false};
    const struct mapping_output output = {.context = &offers, .wanted = wanted, .offer = receive};
    struct guest_pair pair;
    (void)state;

    made_sample(&sample, 0, "state.state 1\ncpu.time 1\n");
    wanted[find("kvm.state.latest")] = true;
    rates_guest(&pair, NULL, &sample, 10);
    mapping_guest_offers(&pair, &output);
    rates_guest_done(&pair);
    for (size_t i = 0; i < mapping_count(); i++)
        assert_int_equal(offers.of[i], wanted[i]);
    sample_done(&sample);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guest_rows),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_values_are_offered),
        cmocka_unit_test(test_groups_suffice),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_host),
        cmocka_unit_test(test_host_cpus),
        cmocka_unit_test(test_host_sums),
        cmocka_unit_test(test_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
