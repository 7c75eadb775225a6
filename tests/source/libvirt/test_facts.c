/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What is read from the XML of guests. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "caught.h"
#include "source/libvirt/helper/xml.h"
#include "source/libvirt/recorded.h"

static const char balloon_and_agent[] =
    "<domain xmlns:q='http://q'><vcpu current='2'>8</vcpu><memory>2048</memory><devices>"
    "<q:disk><target dev='no'/></q:disk><disk><target/><target dev='vda'/></disk><disk/>"
    "<channel><target name='org.spice'/></channel>"
    "<channel><target name='org.qemu.guest_agent.0'/></channel>"
    "<memballoon><stats period='5'/></memballoon></devices></domain>";

static const char rich_xml[] =
    "<domain type='kvm' id='7'><name>a&lt;b</name>"
    "<metadata><libosinfo:libosinfo "
    "xmlns:libosinfo='http://libosinfo.org/xmlns/libvirt/domain/1.0'>"
    "<libosinfo:os id='http://debian.org/debian/12'/></libosinfo:libosinfo></metadata>"
    "<memory unit='KiB'>4194304</memory><memoryBacking><hugepages/></memoryBacking>"
    "<vcpu>4</vcpu><devices>"
    "<disk type='file' device='disk'><source file='/top'/><backingStore type='file'>"
    "<source file='/base'/><backingStore/></backingStore><target dev='vda'/><shareable/></disk>"
    "<disk type='file' device='disk'><source file='/single'/><backingStore/>"
    "<target dev='vdb'/></disk>"
    "<disk type='block' device='lun'><target dev='sdb'/></disk>"
    "<disk type='file' device='cdrom'><target dev='sda'/></disk>"
    "<disk type='file' device='floppy'><target dev='fda'/></disk>"
    "<interface type='bridge'><target dev='vnet0'/></interface>"
    "<interface type='user'/><interface type='bridge'><target dev='vnet10'/></interface>"
    "<memballoon model='virtio'><stats period='10'/></memballoon></devices></domain>";

static void test_everything(void **state) {
    static const struct {
        const char *target;
        bool is_disk;
        bool shareable;
        int64_t lower_bytes;
    } disks[] = {{"vda", true, true, ABSENT},
                 {"vdb", true, false, 0},
                 {"sdb", true, false, 0},
                 {"sda", false, false, 0},
                 {"fda", false, false, 0}};
    struct guest_facts *facts = facts_parse(rich_xml);
    (void)state;

    assert_string_equal(facts->type, "kvm");
    assert_string_equal(facts->guest_os, "http://debian.org/debian/12");
    assert_int_equal(facts->cpus, 4);
    assert_int_equal(facts->memory_kib, 4194304);
    assert_true(facts->hugepages);
    assert_true(facts->has_balloon);
    assert_int_equal(facts->balloon_period, 10);
    assert_int_equal(facts->disk_count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(facts->disks[i].target, disks[i].target);
        assert_int_equal(facts->disks[i].is_disk, disks[i].is_disk);
        assert_int_equal(facts->disks[i].shareable, disks[i].shareable);
        assert_int_equal(facts->disks[i].lower_bytes, disks[i].lower_bytes);
    }
    assert_int_equal(facts->nic_count, 2);
    assert_string_equal(facts->nics[1].name, "vnet10");
    facts_free(facts);
}

static void test_hidden(void **state) {
    struct guest_facts *facts = facts_parse(balloon_and_agent);
    (void)state;
    assert_int_equal(facts->cpus, 2);
    assert_int_equal(facts->memory_kib, 2048);
    assert_true(facts->has_agent);
    assert_false(facts->has_balloon);
    assert_int_equal(facts->balloon_period, 5);
    assert_int_equal(facts->disk_count, 1);
    assert_string_equal(facts->disks[0].target, "vda");
    assert_true(facts->disks[0].is_disk);
    facts_free(facts);
}

static void test_little(void **state) {
    static const char *const xml[] = {
        "<domain type='xen'><devices><memballoon model='none'/></devices></domain>", "<domain/>"};
    (void)state;

    for (size_t i = 0; i < 2; i++) {
        struct guest_facts *facts = facts_parse(xml[i]);
        assert_false(facts->has_balloon);
        assert_false(facts->hugepages);
        assert_int_equal(facts->balloon_period, 0);
        assert_int_equal(facts->cpus, 0);
        assert_int_equal(facts->disk_count, 0);
        assert_int_equal(facts->nic_count, 0);
        assert_null(facts->guest_os);
        facts_free(facts);
    }
    assert_null(facts_parse(""));
    assert_null(facts_parse("<domain"));
    assert_null(facts_parse("no XML"));
    facts_free(NULL);
}

/* What people call a guest: its title, or else what nova or oVirt knows. */
static void test_title(void **state) {
    static const struct {
        const char *xml, *title;
    } cases[] = {
        {"<domain><name>a</name></domain>", NULL},
        {"<domain><name>a</name><title>Shop front</title></domain>", "Shop front"},
        {"<domain><name>instance-0001</name><metadata>"
         "<nova:instance xmlns:nova='http://openstack.org/xmlns/libvirt/nova/1.1'>"
         "<nova:package version='1'/><nova:name>Shop</nova:name><nova:flavor name='small'/>"
         "<nova:owner><nova:user uuid='1'>bob</nova:user></nova:owner></nova:instance>"
         "</metadata></domain>",
         "Shop"},
        {"<domain><title/><metadata><o:vm xmlns:o='http://ovirt.org/vm/1.0'><o:name>Db</o:name>"
         "</o:vm></metadata></domain>",
         "Db"},
        {"<domain><title>T</title><metadata><n:instance xmlns:n='n'><n:name>N</n:name>"
         "</n:instance></metadata></domain>",
         "T"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct guest_facts *facts = facts_parse(cases[i].xml);
        if (cases[i].title)
            assert_string_equal(facts->title, cases[i].title);
        else
            assert_null(facts->title);
        facts_free(facts);
    }
}

/* The XML is read again when a disk came, or another image is under an old name. */
static void test_cover(void **state) {
    struct guest_facts *facts = facts_parse(recorded_xml);
    struct guest_sample sample;
    (void)state;

    recorded_raw(&sample, "final-b");
    sample_tidy(&sample);
    assert_false(facts_cover(facts, &sample));
    facts_learn_paths(facts, &sample);
    assert_true(facts_cover(facts, &sample));
    sample.devices[DEVICE_DISK].items[1].path[0] = '?';
    assert_false(facts_cover(facts, &sample));
    sample.devices[DEVICE_DISK].items[1].path[0] = '/';
    sample.devices[DEVICE_DISK].items[2].name[2] = 'z';
    assert_false(facts_cover(facts, &sample));
    sample_done(&sample);
    facts_free(facts);
}

static void test_uptime(void **state) {
    struct guest_facts *facts = facts_parse(recorded_xml);
    struct guest_sample sample;
    struct values values;
    (void)state;

    made_sample(&sample, 1900999999999, "state.state 1\n");
    facts->start_ns = 38000000000;
    facts_apply(facts, &sample);
    values_of(&values, NULL, &sample, 20);
    assert_int_equal(values_get(&values, "sys.uptime.latest", ""), 1862);
    sample_done(&sample);
    facts_free(facts);
}

static void test_uuid(void **state) {
    static const char *const wrong[] = {"",
                                        "6695eb01",
                                        "6695eb01-f6a4-8304-79aa-97f2502e193",
                                        "6695eb01-f6a4-8304-79aa-97f2502e193f0",
                                        "6695eb01-f6a4-8304-79aa-97f2502e193g",
                                        "ha-host"};
    unsigned char uuid[SAMPLE_UUID_SIZE];
    (void)state;

    assert_true(sample_parse_uuid("6695eb01-f6a4-8304-79aa-97f2502e193f", uuid));
    assert_int_equal(uuid[0], 0x66);
    assert_int_equal(uuid[15], 0x3f);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(sample_parse_uuid(wrong[i], uuid));
}

static void *parse_broken(void *context) {
    (void)context;
    facts_free(
        facts_parse("<?xml version='1.0' encoding='ISO-2022-JP'?><domain>\x1b$B\xff\xfe</domain>"));
    return NULL;
}

/* Descriptions are read by threads, each of which has its own messages of libxml2. */
static void test_broken_encoding(void **state) {
    struct caught caught;
    pthread_t thread;
    (void)state;
    caught_begin(&caught);
    xml_silence();
    parse_broken(NULL);
    assert_int_equal(pthread_create(&thread, NULL, parse_broken, NULL), 0);
    pthread_join(thread, NULL);
    caught_end(&caught);
    assert_string_equal(caught.text, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything), cmocka_unit_test(test_little),
        cmocka_unit_test(test_hidden),     cmocka_unit_test(test_title),
        cmocka_unit_test(test_cover),      cmocka_unit_test(test_uptime),
        cmocka_unit_test(test_uuid),       cmocka_unit_test(test_broken_encoding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
