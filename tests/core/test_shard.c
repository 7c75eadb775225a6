/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which entities are whose: as it was, evenly, and each once. */
#include "core/shard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* Values that any FNV-1a gives; none of them may change. */
static void test_hash(void **state) {
    static const struct {
        struct entity entity;
        uint64_t hash;
    } rows[] = {
        {{.type = ENTITY_VM, .source = "vc01.example.com", .id = "vm-1"}, 0x807bc8272191a97aU},
        {{.type = ENTITY_HOST, .source = "vc01.example.com", .id = "host-9"}, 0x8dd64626a8a3f31aU},
        {{.type = ENTITY_VM, .source = "kvm01", .id = "6695eb01-f6a4-8304-79aa-97f2502e193f"},
         0x5b3f7af0559e4d88U},
        {{.type = ENTITY_DATASTORE, .source = NULL, .id = NULL}, 0x4aec0539b1120a52U},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_true(shard_hash(&rows[i].entity) == rows[i].hash);
}

static void test_parse(void **state) {
    static const char *const wrong[] = {"",
                                        "1",
                                        "0/1",
                                        "2/1",
                                        "1/0",
                                        "1/5x",
                                        "/5",
                                        "a/b",
                                        "-1/5",
                                        "+1/5",
                                        "1/ 5",
                                        "1/1001",
                                        "1/99999999999999999999",
                                        "1/2/3"};
    struct shard shard = {0};
    struct error error = {0};
    (void)state;
    assert_true(shard_parse(&shard, "2/5", &error));
    assert_int_equal(shard.number, 2);
    assert_int_equal(shard.count, 5);
    assert_true(shard_parse(&shard, "1000/1000", &error));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        error_clear(&error);
        if (shard_parse(&shard, wrong[i], &error))
            fail_msg("'%s' is taken", wrong[i]);
        assert_int_equal(error.kind, ERROR_USAGE);
    }
}

enum { ENTITIES = 100000, MOST = 64 };

static unsigned owners_of(const struct entity *entity, uint32_t count, size_t sizes[]) {
    unsigned owners = 0;
    for (uint32_t number = 1; number <= count; number++) {
        bool mine = shard_has(&(struct shard){number, count}, entity);
        sizes[number - 1] += mine;
        owners += mine;
    }
    return owners;
}

/* Each is in one shard; sizes are within five standard deviations of chance. */
static void check_evenness(uint32_t count, bool uuids) {
    size_t sizes[MOST] = {0};
    for (unsigned i = 1; i <= ENTITIES; i++) {
        char id[64];
        snprintf(id, sizeof id, uuids ? "6695eb01-f6a4-8304-79aa-97f2%08x" : "vm-%u", i);
        const struct entity entity = {.type = ENTITY_VM, .source = "vc01", .id = id};
        assert_int_equal(owners_of(&entity, count, sizes), 1);
    }
    double mean = (double)ENTITIES / count;
    for (uint32_t i = 0; i < count; i++) {
        double off = (double)sizes[i] - mean;
        if (off * off > 25 * mean)
            fail_msg("shard %u of %u has %zu", i + 1, count, sizes[i]);
    }
}

static void test_evenness(void **state) {
    static const uint32_t counts[] = {2, 3, 5, 8, MOST};
    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        check_evenness(counts[i], false);
        check_evenness(counts[i], true);
    }
}

static void test_no_shards(void **state) {
    (void)state;
    assert_true(shard_has(&(struct shard){0}, &(struct entity){.type = ENTITY_VM}));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_evenness),
        cmocka_unit_test(test_no_shards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
