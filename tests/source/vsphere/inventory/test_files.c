/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What of a guest's files is there for snapshots alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "source/vsphere/inventory/files.h"

#define FILE_OF(key, size) "<file><key>" key "</key><name>x</name><size>" size "</size></file>"
#define UNIT(keys) "<chain>" keys "</chain>"
#define KEY(key) "<fileKey>" key "</fileKey>"
#define FILES                                                                                      \
    FILE_OF("0", "1000000")                                                                        \
    FILE_OF("1", "1")                                                                              \
    FILE_OF("2", "20") FILE_OF("3", "300") FILE_OF("4", "4000") FILE_OF("5", "50000")

static void test_layouts(void **state) {
    static const struct {
        const char *layout;
        int64_t bytes;
    } cases[] = {
        {"", 0},
        {"<timestamp>2026-11-21T19:17:25Z</timestamp>", 0},
        {FILES, 0},
        /* A disk without a snapshot, whose base has two files. */
        {FILES "<disk><key>2000</key>" UNIT(KEY("0") KEY("1")) "</disk>", 0},
        /* Two layers above the base, each counted once; data and memory; none. */
        {FILES "<disk><key>2000</key>" UNIT(KEY("0")) UNIT(KEY("1") KEY("2"))
             UNIT(KEY("3")) "</disk>"
                            "<snapshot><key "
                            "type='VirtualMachineSnapshot'>snapshot-1</key><dataKey>4</dataKey>"
                            "<memoryKey>-1</memoryKey><disk><key>2000</key>" UNIT(KEY("0"))
                                UNIT(KEY("1")) "</disk></snapshot>",
         4321},
        {"<snapshot><dataKey>4</dataKey><memoryKey>5</memoryKey></snapshot>" FILES, 54000},
        /* A second disk begins with a base of its own; a file that is not listed. */
        {FILES "<disk>" UNIT(KEY("0")) UNIT(KEY("1")) "</disk><disk>" UNIT(KEY("5"))
             UNIT(KEY("9")) "</disk>",
         1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(files_snapshot_bytes(cases[i].layout), cases[i].bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_layouts)};
    return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
