/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Xen, whose guests are asked call by call, and whose own domain is no guest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/memory.h"
#include "core/selection.h"
#include "source/libvirt/fake.h"
#include "source/libvirt/recorded.h"

static const char own_uuid[] = "11111111-2222-3333-4444-555555555502";
static const int64_t second_ns = 1000000000;

static struct poller xen_poller(const char *scheme) {
    struct poller poller = fake_poller();
    char *uri = memory_printf("%s%s", scheme, strchr(poller.endpoint.uri, ':'));
    free(poller.endpoint.uri);
    poller.endpoint.uri = uri;
    SCRIPT(0, ACT_NO_BULK);
    fake->xen = true;
    return poller;
}

static struct snapshot *poll_for(struct poller *poller, unsigned groups) {
    static const struct poller_limits patient = {10000000000, 10000000000, 20000000000};
    const struct sample_wish wish = {.groups = groups, .each_cpu = true};
    struct error error = {0};
    struct snapshot *snapshot = poller_round(poller, &wish, &patient, &error);
    assert_string_equal(error.message, "");
    assert_non_null(snapshot);
    return snapshot;
}

static const struct guest_sample *guest_of(const struct snapshot *snapshot, bool own) {
    assert_int_equal(snapshot->count, 2);
    return &snapshot->guests[snapshot->guests[0].is_host == own ? 0 : 1];
}

/* A guest has the memory that it is to have; the host what is not free. */
static void test_memory(void **state) {
    struct poller poller = xen_poller("test");
    (void)state;

    struct snapshot *snapshot = poll_for(&poller, SAMPLE_GUESTS | SAMPLE_HOST);
    const int64_t *guest = guest_of(snapshot, false)->values;
    assert_int_equal(guest[GUEST_MEMORY_CURRENT], 2097152);
    assert_int_equal(guest[GUEST_MEMORY_MAXIMUM], 4194304);
    assert_int_equal(guest[GUEST_BACKED], 2097152);
    assert_int_equal(guest[GUEST_RSS], ABSENT);
    assert_int_equal(guest[GUEST_AVAILABLE], ABSENT);
    const int64_t *host = snapshot->host.values;
    assert_int_equal(host[HOST_MEMORY_TOTAL], poller.host.memory_kib);
    assert_int_equal(host[HOST_MEMORY_FREE], 100 << 10);
    assert_int_equal(host[HOST_MEMORY_BUFFERS], 0);
    assert_int_equal(host[HOST_MEMORY_CACHED], 0);
    assert_true(snapshot->host.of_domains);
    assert_string_equal(poller.host.driver, "xen");
    snapshot_free(snapshot);
    poller_done(&poller);
}

/* What Xen's driver calls errors are requests that waited for their turn. */
static void test_no_disk_errors(void **state) {
    struct poller poller = xen_poller("test");
    (void)state;

    struct snapshot *snapshot = poll_for(&poller, SAMPLE_DISK);
    const struct device_list *disks = &guest_of(snapshot, false)->devices[DEVICE_DISK];
    assert_int_equal(disks->count, 2);
    for (size_t i = 0; i < disks->count; i++) {
        assert_true(disks->items[i].values[DISK_READ_BYTES] != ABSENT);
        assert_int_equal(disks->items[i].values[DISK_ERRORS], ABSENT);
        assert_int_equal(disks->items[i].values[DISK_PHYSICAL], ABSENT);
    }
    snapshot_free(snapshot);
    poller_done(&poller);
}

/* Of two guests, one of which has two disks and two NICs; descriptions come before. */
static void test_calls(void **state) {
    static const struct {
        unsigned groups;
        int calls;
    } rows[] = {
        {SAMPLE_CPU, 2},           {SAMPLE_HOST_CPU | SAMPLE_HOST_MEMORY, 2},
        {SAMPLE_VCPU, 4},          {SAMPLE_BALLOON, 2},
        {SAMPLE_NIC, 2 + 2},       {SAMPLE_DISK, 2 + 2},
        {SAMPLE_DISK_SIZE, 2 + 2},
    };
    struct poller poller = xen_poller("test");
    (void)state;

    snapshot_free(poll_for(&poller, SAMPLE_GUESTS | SAMPLE_HOST));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int before = fake->asked;
        snapshot_free(poll_for(&poller, rows[i].groups));
        if (fake->asked - before != rows[i].calls)
            fail_msg("groups %x: %d calls", rows[i].groups, fake->asked - before);
    }
    assert_int_equal(fake->descriptions, 2);
    assert_int_equal(fake->calls, 1);
    poller_done(&poller);
}

/* Over a network, calls for several guests are under way at a time. */
static void test_side_by_side(void **state) {
    struct poller poller = xen_poller("test+tcp");
    (void)state;

    fake->meet = true;
    snapshot_free(poll_for(&poller, SAMPLE_GUESTS));
    assert_int_equal(fake->met, 2);
    poller_done(&poller);

    poller = xen_poller("test");
    snapshot_free(poll_for(&poller, SAMPLE_GUESTS));
    assert_int_equal(fake->met, 0);
    poller_done(&poller);
}

static bool lists_own(struct poller *poller, unsigned context) {
    struct record answer;
    struct error error = {0};
    GByteArray *request = message_new(MESSAGE_INVENTORY);
    bool found = false;
    record_add_number(request, context);
    assert_true(poller_call(poller, request, "inventory", &answer, &error));
    struct inventory *inventory = inventory_read(&answer);
    for (size_t i = 0; i < inventory->count; i++)
        found = found || strcmp(inventory->entities[i]->id, own_uuid) == 0;
    assert_int_equal(inventory->count, found ? 4 : 3);
    inventory_free(inventory);
    return found;
}

/* The host's own domain is listed for those alone who ask for it. */
static void test_inventory(void **state) {
    struct poller poller = xen_poller("test");
    (void)state;

    assert_false(lists_own(&poller, 0));
    assert_false(lists_own(&poller, CONTEXT_DETAILS));
    assert_true(lists_own(&poller, CONTEXT_HOST_DOMAIN));
    poller_done(&poller);
}

/* The host's own domain, which used 2 s, and a guest with 1 s, in 10 s of 4 CPUs. */
static void test_host_of_domains(void **state) {
    struct host_sample before = {.of_domains = true};
    struct host_sample now = {.of_domains = true, .time_ns = 10 * second_ns};
    struct guest_sample then[2], later[2];
    struct guest_pair guests[2];
    struct host_pair pair;
    struct values *values = memory_alloc(sizeof *values);
    (void)state;

    for (int i = 0; i < HOST_FIELDS; i++)
        before.values[i] = now.values[i] = ABSENT;
    for (int i = 0; i < 2; i++) {
        made_sample(&then[i], 0, "cpu.time 5000000000\nvcpu.current 3\nballoon.current 5\n");
        made_sample(&later[i], 10 * second_ns,
                    i ? "cpu.time 6000000000\nvcpu.current 3\nballoon.current 5\n"
                      : "cpu.time 7000000000\nvcpu.current 3\nballoon.current 5\n");
        later[i].values[GUEST_BACKED] = 5;
        later[i].is_host = i == 0;
        rates_guest(&guests[i], &then[i], &later[i], 10);
    }
    rates_host(&pair, &before, &now, 10);
    pair.mhz = 1000;
    pair.guests = guests;
    pair.guest_count = 2;
    pair.guests_known = pair.guests_same = true;
    rates_host_of_domains(&pair, 4);
    values_of_host(values, &pair);
    assert_int_equal(values_get(values, "cpu.used.summation", ""), 3000);
    assert_int_equal(values_get(values, "cpu.idle.summation", ""), 37000);
    assert_int_equal(values_get(values, "cpu.utilization.average", ""), 750);
    assert_int_equal(values_get(values, "cpu.usagemhz.average", ""), 300);
    assert_int_equal(values_get(values, "cpu.corecount.usage.average", ""), 3);
    assert_int_equal(values_get(values, "mem.consumed.vms.average", ""), 5);

    /* A domain came: what all used meanwhile is not known. */
    pair.guests_same = false;
    rates_host_of_domains(&pair, 4);
    values_of_host(values, &pair);
    assert_int_equal(values_count(values, "cpu.used.summation"), 0);
    assert_int_equal(values_count(values, "cpu.utilization.average"), 0);
    for (int i = 0; i < 2; i++) {
        rates_guest_done(&guests[i]);
        sample_done(&then[i]);
        sample_done(&later[i]);
    }
    rates_host_done(&pair);
    free(values);
}

/* What Xen gives is said in its own terms; the rest of a row is as with QEMU. */
static void test_texts(void **state) {
    static const char *const given[] = {
        "cpu.usage.average",      "cpu.usagemhz.average",     "cpu.utilization.average",
        "cpu.run.summation",      "cpu.used.summation",       "cpu.idle.summation",
        "mem.usage.average",      "mem.consumed.average",     "mem.granted.average",
        "mem.vmmemctl.average",   "mem.consumed.vms.average", "mem.capacity.provisioned.average",
        "kvm.memCurrent.average", "kvm.memMaximum.average",   "kvm.cpuTime.latest",
        "kvm.state.latest",
    };
    static const char *const foreign[] = {"QEMU", "balloon.", "vcpu.", "TSC", "user"};
    struct catalog *qemu = mapping_catalog("qemu"), *xen = mapping_catalog("xen");
    (void)state;

    assert_int_equal(catalog_size(xen), catalog_size(qemu));
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        const struct counter *counter = catalog_by_name(xen, given[i]);
        const struct counter *other = catalog_by_name(qemu, given[i]);
        assert_string_not_equal(counter->formula, other->formula);
        assert_string_equal(counter->summary, other->summary);
        for (size_t k = 0; k < sizeof foreign / sizeof *foreign; k++)
            if (strstr(counter->formula, foreign[k]))
                fail_msg("%s: %s", given[i], counter->formula);
    }
    assert_string_equal(catalog_by_name(xen, "mem.consumed.average")->fidelity, "exact");
    catalog_free(qemu);
    catalog_free(xen);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory),    cmocka_unit_test(test_no_disk_errors),
        cmocka_unit_test(test_calls),     cmocka_unit_test(test_side_by_side),
        cmocka_unit_test(test_inventory), cmocka_unit_test(test_host_of_domains),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
