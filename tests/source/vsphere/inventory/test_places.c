/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Paths as govc has them; objects that may not be seen, and objects that hold each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "source/vsphere/inventory/places.h"

struct bench {
    struct places *places;
    struct inventory *inventory;
};

static int setup(void **state) {
    static const char *const rows[][4] = {
        {"Datacenter", "datacenter-1", "DC%2fEast", "group-d1"},
        {"Folder", "group-v1", "vm", "datacenter-1"},
        {"Folder", "group-v2", "prod", "group-v1"},
        {"Folder", "group-h1", "host", "datacenter-1"},
        {"ClusterComputeResource", "domain-c1", "C0", "group-h1"},
        {"ComputeResource", "domain-s1", "lone", "group-h1"},
        {"HostSystem", "host-1", "esx01", "domain-c1"},
        {"HostSystem", "host-2", "esx02", "domain-s1"},
        {"ResourcePool", "resgroup-1", "Resources", "domain-c1"},
        {"VirtualApp", "resgroup-v2", "shop", "resgroup-1"},
        {"Datastore", "datastore-1", "LocalDS_0", "group-s1"},
        {"Folder", "group-s2", "datastore", "datacenter-1"},
        {"StoragePod", "group-p1", "pod", "group-s2"},
        {"Folder", "group-a", "a", "group-b"},
        {"Folder", "group-b", "b", "group-a"},
    };
    static struct bench bench;
    bench = (struct bench){places_new("group-d1"), inventory_new()};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        places_add(bench.places, rows[i][0], rows[i][1], rows[i][2], rows[i][3]);
    *state = &bench;
    return 0;
}

static int teardown(void **state) {
    struct bench *bench = *state;
    places_free(bench->places);
    places_free(NULL);
    inventory_free(bench->inventory);
    return 0;
}

static const struct entity *join(struct bench *bench, const struct entity *given,
                                 const char *host) {
    struct entity *entity = inventory_add(bench->inventory, given);
    places_join(bench->places, bench->inventory, entity, host);
    return entity;
}

static void check_path(const struct entity *entity, const char *expected) {
    GString *path = g_string_new(NULL);
    entity_path(entity, path);
    assert_string_equal(path->str, expected);
    g_string_free(path, TRUE);
}

static void test_guest(void **state) {
    const struct entity *guest = join(*state,
                                      &(struct entity){.name = "web/1 50%",
                                                       .folder = "group-v2",
                                                       .pool = "resgroup-v2",
                                                       .datastores = "datastore-1 datastore-9"},
                                      "host-1");
    check_path(guest, "DC%2fEast/vm/prod/web%2f1 50%25");
    assert_string_equal(guest->datacenter, "DC/East");
    assert_string_equal(guest->cluster, "C0");
    assert_string_equal(guest->pool, "DC%2fEast/host/C0/Resources/shop");
    assert_string_equal(guest->datastores, "LocalDS_0; datastore-9");
}

static void test_guest_of_a_lone_host(void **state) {
    const struct entity *guest =
        join(*state, &(struct entity){.name = "web", .folder = "group-v1"}, "host-2");
    assert_null(guest->cluster);
    assert_null(guest->pool);
    assert_null(guest->datastores);
}

/* The top of the tree, what may not be seen, and what says nothing of where it is. */
static void test_ends(void **state) {
    check_path(join(*state, &(struct entity){.name = "DC0", .folder = "group-d1"}, NULL), "DC0");
    check_path(join(*state, &(struct entity){.name = "web", .folder = "group-x"}, NULL), "web");
    check_path(join(*state, &(struct entity){.name = "web"}, NULL), "");
}

/* A cluster of datastores is a folder by another name. */
static void test_datastore_cluster(void **state) {
    const struct entity *store =
        join(*state, &(struct entity){.name = "LocalDS_1", .folder = "group-p1"}, NULL);
    check_path(store, "DC%2fEast/datastore/pod/LocalDS_1");
    assert_string_equal(store->datacenter, "DC/East");
}

static void test_circle(void **state) {
    const struct entity *entity =
        join(*state, &(struct entity){.name = "x", .folder = "group-a"}, NULL);
    assert_null(entity->datacenter);
    assert_non_null(entity->folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_guest, setup, teardown),
        cmocka_unit_test_setup_teardown(test_guest_of_a_lone_host, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_datastore_cluster, setup, teardown),
        cmocka_unit_test_setup_teardown(test_circle, setup, teardown),
    };
    return cmocka_run_group_tests_name("places", tests, NULL, NULL);
}
