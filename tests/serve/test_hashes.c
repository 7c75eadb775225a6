/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Hashes that can be checked, and those that cannot, or not soon. */
#include "serve/hashes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <crypt.h>
#include <glib.h>
#include <string.h>

/* What crypt(3) makes of a prefix is good; without its last byte it is not, nor with one more. */
static void test_made(void **state) {
    static const struct {
        const char *prefix;
        unsigned long cost; /* 0: the usual one */
    } rows[] = {{"$2a$", 4},   {"$2b$", 5}, {"$2y$", 6}, {"$6$", 0},  {"$6$", 1000},
                {"$6$", 7777}, {"$y$", 1},  {"$y$", 0},  {"$gy$", 0}, {"$7$", 6}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static struct crypt_data data;
        char setting[CRYPT_GENSALT_OUTPUT_SIZE], hash[CRYPT_OUTPUT_SIZE + 1];
        assert_non_null(
            crypt_gensalt_rn(rows[i].prefix, rows[i].cost, NULL, 0, setting, (int)sizeof setting));
        g_strlcpy(hash, crypt_r("secret", setting, &data), sizeof hash);
        size_t length = strlen(hash);
        assert_null(hashes_fault(hash));
        g_strlcpy(hash + length, "a", sizeof hash - length);
        assert_non_null(hashes_fault(hash));
        hash[length - 1] = '\0';
        assert_non_null(hashes_fault(hash));
        assert_non_null(hashes_fault(setting));
    }
}

#define HASH_43 "0123456789012345678901234567890123456789012"
#define HASH_53 "01234567890123456789012345678901234567890123456789012"
#define HASH_86 HASH_43 HASH_43

static void test_costs(void **state) {
    static const struct {
        const char *hash, *fault; /* NULL: none */
    } rows[] = {
        {"$2b$14$" HASH_53, NULL},
        {"$2b$15$" HASH_53, "cost"},
        {"$2b$31$" HASH_53, "cost"},
        {"$2b$03$" HASH_53, "cost"},
        {"$6$rounds=1000000$salt$" HASH_86, NULL},
        {"$6$rounds=656000$salt$" HASH_86, NULL},
        {"$6$rounds=1000001$salt$" HASH_86, "cost"},
        {"$6$rounds=999999999$salt$" HASH_86, "cost"},
        {"$6$rounds=999$salt$" HASH_86, "cost"},
        {"$6$abcdefghijklmnop$" HASH_86, NULL},
        {"$6$abcdefghijklmnopq$" HASH_86, "cut off"},
        {"$y$jBT$salt$" HASH_43, NULL},
        {"$y$jCT$salt$" HASH_43, "cost"},
        {"$y$jFT$salt$" HASH_43, "cost"},
        {"$gy$jFT$salt$" HASH_43, "cost"},
        {"$7$CU..../....salt$" HASH_43, NULL},
        {"$7$GU..../....salt$" HASH_43, "cost"},
        {"$7$CU..../1...salt$" HASH_43, "cost"},
        {"$5$salt$" HASH_43, "good enough"},
        {"$2y$05$5dYI7F", "cut off"},
        {"$6$\xff$", "good enough"},
        {"", "good enough"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *fault = hashes_fault(rows[i].hash);
        if (!rows[i].fault)
            assert_null(fault);
        else
            assert_true(fault && strstr(fault, rows[i].fault));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_made),
        cmocka_unit_test(test_costs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
