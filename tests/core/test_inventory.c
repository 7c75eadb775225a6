/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Entities: names of types and states, copies that outlive the source, a stable order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "core/inventory.h"

static void test_type_names(void **state) {
    static const char *const names[ENTITY_TYPES] = {"vm",      "host",      "pool",
                                                    "cluster", "datastore", "datacenter"};
    (void)state;

    for (enum entity_type type = 0; type < ENTITY_TYPES; type++) {
        enum entity_type found = ENTITY_TYPES;
        assert_string_equal(entity_type_name(type), names[type]);
        assert_true(entity_type_from_name(names[type], strlen(names[type]), &found));
        assert_int_equal(found, type);
    }
}

static void test_unknown_type_names(void **state) {
    static const char *const names[] = {"", "v", "vms", "VM", "hos", "data"};
    (void)state;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        enum entity_type type;
        assert_false(entity_type_from_name(names[i], strlen(names[i]), &type));
    }
}

static void test_type_name_within_a_list(void **state) {
    enum entity_type type;
    (void)state;

    assert_true(entity_type_from_name("host,vm", 4, &type));
    assert_int_equal(type, ENTITY_HOST);
}

static void test_state_names(void **state) {
    (void)state;
    assert_string_equal(entity_state_name(STATE_UNKNOWN), "unknown");
    assert_string_equal(entity_state_name(STATE_ON), "on");
    assert_string_equal(entity_state_name(STATE_OFF), "off");
    assert_string_equal(entity_state_name(STATE_SUSPENDED), "suspended");
    assert_string_equal(entity_state_name(STATE_DISCONNECTED), "disconnected");
}

static void test_add_copies_everything(void **state) {
    char name[] = "web-1";
    struct inventory *inventory = inventory_new();
    struct entity given = {.type = ENTITY_VM,
                           .state = STATE_ON,
                           .source = "esx01",
                           .hypervisor = "esxi",
                           .name = name,
                           .id = "vm-9",
                           .host = "esx01",
                           .guest_os = "debian12_64Guest",
                           .cpus = 4,
                           .memory_kib = 4194304};
    (void)state;

    struct entity *stored = inventory_add(inventory, &given);
    memset(name, 'x', sizeof name - 1);
    assert_int_equal(inventory->count, 1);
    assert_ptr_equal(inventory->entities[0], stored);
    assert_string_equal(stored->name, "web-1");
    assert_string_equal(stored->guest_os, "debian12_64Guest");
    assert_null(stored->uuid);
    assert_null(stored->cpu_model);
    assert_int_equal(stored->state, STATE_ON);
    assert_int_equal(stored->cpus, 4);
    assert_int_equal(stored->memory_kib, 4194304);
    inventory_free(inventory);
    inventory_free(NULL);
}

static void test_path(void **state) {
    static const struct {
        const char *folder, *name, *path;
    } cases[] = {
        {NULL, "web", ""},
        {"", "DC0", "DC0"},
        {"DC0/vm", "web", "DC0/vm/web"},
        {"DC0/vm", "50% a/b\\c", "DC0/vm/50%25 a%2fb%5cc"},
        {"DC0/vm", NULL, "DC0/vm/"},
    };
    GString *path = g_string_new("before");
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        entity_path(&(struct entity){.folder = cases[i].folder, .name = cases[i].name}, path);
        assert_string_equal(path->str, cases[i].path);
    }
    g_string_free(path, TRUE);
}

static void test_set_replaces_one_string(void **state) {
    struct inventory *inventory = inventory_new();
    struct entity *entity = inventory_add(inventory, &(struct entity){.name = "old"});
    (void)state;

    inventory_set(inventory, &entity->name, "new");
    inventory_set(inventory, &entity->uuid, "6695eb01");
    assert_string_equal(entity->name, "new");
    assert_string_equal(entity->uuid, "6695eb01");
    inventory_set(inventory, &entity->name, entity->name);
    assert_string_equal(entity->name, "new");
    inventory_set(inventory, &entity->uuid, NULL);
    assert_null(entity->uuid);
    inventory_free(inventory);
}

static void test_strings_are_shared(void **state) {
    char host[] = "esx01";
    const struct entity given = {.source = "vc",
                                 .hypervisor = "esxi",
                                 .name = "web",
                                 .id = "vm-1",
                                 .uuid = "6695eb01",
                                 .host = host,
                                 .guest_os = "debian",
                                 .cpu_model = "Xeon",
                                 .shape = "hardware=19"};
    struct inventory *inventory = inventory_new();
    const struct entity *first = inventory_add(inventory, &given);
    struct entity *second = inventory_add(inventory, &given);
    (void)state;

    assert_ptr_equal(first->source, second->source);
    assert_ptr_equal(first->hypervisor, second->hypervisor);
    assert_ptr_equal(first->host, second->host);
    assert_ptr_equal(first->guest_os, second->guest_os);
    assert_ptr_equal(first->cpu_model, second->cpu_model);
    assert_ptr_equal(first->shape, second->shape);
    memcpy(host, "esx02", sizeof host);
    inventory_set(inventory, &second->host, host);
    inventory_set(inventory, &second->shape, NULL);
    assert_string_equal(first->host, "esx01");
    assert_string_equal(second->host, "esx02");
    assert_string_equal(first->shape, "hardware=19");
    inventory_set(inventory, &second->host, "esx01");
    assert_ptr_equal(first->host, second->host);
    inventory_free(inventory);
}

/* Under a sanitizer mallinfo2 sees nothing. */
static void test_memory_of_many(void **state) {
    enum { GUESTS = 10000, BYTES = 320 };
    struct inventory *inventory = inventory_new();
    size_t before = mallinfo2().uordblks;
    (void)state;

    for (int i = 0; i < GUESTS; i++) {
        char id[16], uuid[40], host[32];
        snprintf(id, sizeof id, "vm-%d", i);
        snprintf(uuid, sizeof uuid, "42300000-1111-2222-3333-%012d", i);
        snprintf(host, sizeof host, "esx-%03d.example.com", i % 200);
        inventory_add(inventory, &(struct entity){.source = "vcenter.example.com",
                                                  .hypervisor = "esxi",
                                                  .name = id,
                                                  .id = id,
                                                  .uuid = uuid,
                                                  .host = host,
                                                  .guest_os = "Debian GNU/Linux 12 (64-bit)",
                                                  .shape = " networked=yes hardware=vmx-19"});
    }
    size_t bytes = (mallinfo2().uordblks - before) / GUESTS;
    print_message("%zu bytes per guest\n", bytes);
    assert_true(bytes < BYTES);
    inventory_free(inventory);
}

static void test_sort(void **state) {
    static const struct entity given[] = {
        {.type = ENTITY_HOST, .name = "a", .id = "host-1"},
        {.type = ENTITY_VM, .name = "web", .id = "vm-10"},
        {.type = ENTITY_VM, .name = "web", .id = "vm-9"},
        {.type = ENTITY_VM, .name = "db", .id = "vm-11"},
        {.type = ENTITY_VM, .name = "Web", .id = "vm-12"},
        {.type = ENTITY_VM, .name = NULL, .id = "vm-13"},
        {.type = ENTITY_VM, .name = "web", .id = NULL},
    };
    static const char *const expected[] = {"vm-13", "vm-12", "vm-11", "-",
                                           "vm-9",  "vm-10", "host-1"};
    struct inventory *inventory = inventory_new();
    (void)state;

    inventory_sort(inventory);
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        inventory_add(inventory, &given[i]);
    inventory_sort(inventory);
    for (size_t i = 0; i < inventory->count; i++) {
        const char *id = inventory->entities[i]->id;
        assert_string_equal(id ? id : "-", expected[i]);
    }
    inventory_free(inventory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_type_names),
        cmocka_unit_test(test_unknown_type_names),
        cmocka_unit_test(test_type_name_within_a_list),
        cmocka_unit_test(test_state_names),
        cmocka_unit_test(test_add_copies_everything),
        cmocka_unit_test(test_path),
        cmocka_unit_test(test_set_replaces_one_string),
        cmocka_unit_test(test_strings_are_shared),
        cmocka_unit_test(test_memory_of_many),
        cmocka_unit_test(test_sort),
    };
    return cmocka_run_group_tests_name("inventory", tests, NULL, NULL);
}
