/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Rows of RRDs: as recorded, in other forms, and what is refused as a whole. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "caught.h"
#include "source/rest/helper/budget.h"
#include "source/xapi/answers.h"
#include "source/xapi/wire/answer.h"
#include "source/xapi/wire/updates.h"

#define META(columns, legend)                                                                      \
    "<xport><meta><start>10</start><step>5</step><end>15</end><rows>2</rows><columns>" columns     \
    "</columns><legend>" legend "</legend></meta>"
#define ONE "<entry>AVERAGE:vm:u:cpu0</entry>"
#define BYTES(text) text, sizeof(text) - 1
#define ROW(time, values) "<row><t>" time "</t>" values "</row>"

static bool reads(struct updates *updates, const char *text, size_t size) {
    struct error error = {0};
    bool good = updates_read(updates, text, size, &error);
    assert_int_equal(error.kind, good ? ERROR_NONE : ERROR_PROTOCOL);
    return good;
}

static void test_recorded(void **state) {
    (void)state;
    size_t size = 0;
    struct updates updates;
    char *text = read_answer("ch8.2-rrd_updates.xml", &size);
    if (!text)
        skip();
    assert_true(reads(&updates, text, size));
    assert_int_equal(updates.step, 5);
    assert_int_equal(updates.end, 1630575355);
    assert_int_equal(updates.column_count, 45);
    assert_int_equal(updates.row_count, 4);
    assert_int_equal(updates.rows[0].time, 1630575340);
    assert_int_equal(updates.rows[3].time, 1630575355);
    assert_int_equal(updates.columns[6].owner, OWNER_HOST);
    assert_string_equal(updates.columns[6].name, "cpu_avg");
    assert_true(updates.rows[0].values[6] == 0.1112);
    assert_true(updates.rows[3].values[6] == 0.1378);
    assert_int_equal(updates.columns[44].owner, OWNER_VM);
    assert_string_equal(updates.columns[44].uuid, "00000000-0000-4000-8000-0000000000d0");
    assert_true(updates.rows[0].values[43] == 1191182336);
    assert_int_equal(updates_find(&updates, 1630575350), 2);
    assert_int_equal(updates_find(&updates, 1630575351), -1);
    assert_int_equal(updates_find(&updates, 1630575360), -1);
    updates_done(&updates);
    for (size_t cut = 0; cut + 1 < size; cut += 7)
        assert_false(reads(&updates, text, cut));
    g_free(text);
}

/* The source asks for XML alone. What comes as JSON all the same, in any of its forms, is refused.
 */
static void test_json(void **state) {
    static const char *const files[] = {
        "ch8.2-rrd_updates.json5",
        "derived-xapi24.5-rrd_updates.json",
        "derived-xapi24.11-rrd_updates.json",
    };
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        size_t size = 0;
        struct updates updates;
        char *text = read_answer(files[i], &size);
        if (!text)
            skip();
        assert_false(reads(&updates, text, size));
        g_free(text);
    }
}

/* Neither NaN nor Infinity nor a text is a number. */
static void test_no_values(void **state) {
    (void)state;
    static const char text[] = META("7", ONE ONE ONE ONE ONE) "<data>" ROW(
        "15", "<v>NaN</v><v>Infinity</v><v>-inf</v><v></v><v>1e3</v>") "</data></xport>";
    struct updates updates;
    assert_true(reads(&updates, text, strlen(text)));
    assert_int_equal(updates.column_count, 5);
    for (int i = 0; i < 4; i++)
        assert_true(isnan(updates.rows[0].values[i]));
    assert_true(updates.rows[0].values[4] == 1000);
    updates_done(&updates);
}

/* Any order, and a time that comes twice. */
static void test_order(void **state) {
    (void)state;
    static const char text[] = META("1", ONE) "<data>" ROW("15", "<v>2</v>") ROW("10", "<v>1</v>")
        ROW("15", "<v>2</v>") ROW("20", "<v>3</v>") "</data></xport>";
    struct updates updates;
    assert_true(reads(&updates, text, strlen(text)));
    assert_int_equal(updates.row_count, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(updates.rows[i].time, 10 + 5 * i);
    updates_done(&updates);
}

/* Other consolidations and owners have their place among the columns, and nothing else. */
static void test_legend(void **state) {
    (void)state;
    static const char text[] =
        META("4", "<entry>MAX:vm:u:cpu0</entry><entry>AVERAGE:sr:u:x</entry><entry>rubbish</entry>"
                  "<entry>AVERAGE:host:u:a:b</entry>") "<data/></xport>";
    struct updates updates;
    assert_true(reads(&updates, text, strlen(text)));
    for (int i = 0; i < 3; i++)
        assert_int_equal(updates.columns[i].owner, OWNER_OTHER);
    assert_int_equal(updates.columns[3].owner, OWNER_HOST);
    assert_string_equal(updates.columns[3].name, "a:b");
    assert_int_equal(updates.row_count, 0);
    updates_done(&updates);
}

static void test_refused(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        "{meta: {start:1}}",
        "<html/>",
        "<xport/>",
        "<xport><data/></xport>",
        "<xport><meta><step>0</step></meta><data/></xport>",
        "<xport><meta><step>-5</step></meta><data/></xport>",
        "<xport><meta><step>5s</step></meta><data/></xport>",
        META("1", ONE) "<data>" ROW("10", "") "</data></xport>",
        META("1", ONE) "<data>" ROW("10", "<v>1</v><v>2</v>") "</data></xport>",
        META("1", ONE) "<data>" ROW("10", "<v>1</v><v>2</v><v>3</v>") "</data></xport>",
        META("1", ONE) "<data>" ROW("x", "<v>1</v>") "</data></xport>",
        META("1", ONE) "<data>" ROW("-1", "<v>1</v>") "</data></xport>",
        META("1", ONE) "<data>" ROW("4000000001", "<v>1</v>") "</data></xport>",
        META("1", ONE) "<data>" ROW("9223372036854775807", "<v>1</v>") "</data></xport>",
        META("1", ONE) "<data>" ROW("18446744073709551617", "<v>1</v>") "</data></xport>",
        "<xport><meta><step>9223372036854775807</step></meta><data/></xport>",
        META("1", ONE) "<data><row><v>1</v></row></data></xport>",
        META("1", ONE) "<data>" ROW("10", "<v>1</v>") "</data></xport><a/>",
        "<!DOCTYPE xport SYSTEM 'file:///etc/passwd'>" META("1", ONE) "<data/></xport>",
    };
    struct updates updates;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        if (reads(&updates, texts[i], strlen(texts[i])))
            fail_msg("%s", texts[i]);
}

/* What libxml2 has to say of such bytes is in the message, and not on stderr. */
static void test_encodings(void **state) {
    static const struct {
        const char *text;
        size_t size;
    } cases[] = {
        {BYTES("<?xml version='1.0' encoding='UTF-8'?><xport>\xff\xfe</xport>")},
        {BYTES("<?xml version='1.0' encoding='ISO-2022-JP'?><xport>\x1b$B\xff</xport>")},
        {BYTES("\xff\xfe<\0x\0p\0\0\xd8\x01\x02>")},
        {BYTES("<xport>\xff</xport>")},
        {BYTES("<xport><meta></xport>")},
    };
    struct caught caught;
    size_t refused = 0;
    struct error errors[2 * G_N_ELEMENTS(cases)] = {0};
    (void)state;
    caught_begin(&caught);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct updates updates;
        struct answer answer;
        bool read = updates_read(&updates, cases[i].text, cases[i].size, &errors[2 * i]);
        read |= answer_read(&answer, cases[i].text, cases[i].size, &errors[2 * i + 1]);
        refused += !read;
    }
    caught_end(&caught);
    assert_string_equal(caught.text, "");
    assert_int_equal(refused, G_N_ELEMENTS(cases));
    for (size_t i = 0; i < G_N_ELEMENTS(errors); i += 2)
        if (!(strstr(errors[i].message, "of RRDs: ") || strstr(errors[i].message, "missing: ")) ||
            !strstr(errors[i + 1].message, "none of XAPI"))
            fail_msg("%zu: %s; %s", i, errors[i].message, errors[i + 1].message);
}

/* What is held is counted, and given back; what there is no room for is refused as a whole. */
static void test_budget(void **state) {
    static const char text[] =
        META("1", ONE) "<data>" ROW("10", "<v>1</v>") ROW("15", "<v>2</v>") "</data></xport>";
    struct updates updates;
    assert_true(reads(&updates, text, strlen(text)));
    size_t held = budget_held();
    assert_true(held > 0);
    updates_done(&updates);
    assert_int_equal(budget_held(), 0);
    for (size_t limit = 0; limit <= held; limit++) {
        struct error error = {0};
        budget_limit(limit);
        bool good = updates_read(&updates, text, strlen(text), &error);
        assert_int_equal(good, limit == held);
        assert_int_equal(budget_refused(&error), !good);
        updates_done(&updates);
        assert_int_equal(budget_held(), 0);
    }
    budget_limit(BUDGET_BYTES);
    (void)state;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded),  cmocka_unit_test(test_json),
        cmocka_unit_test(test_no_values), cmocka_unit_test(test_order),
        cmocka_unit_test(test_legend),    cmocka_unit_test(test_refused),
        cmocka_unit_test(test_encodings), cmocka_unit_test(test_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
