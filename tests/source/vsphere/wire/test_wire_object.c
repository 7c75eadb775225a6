/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Properties in the form that nearly all have, and in others: the same is read. */
#include "test_wire.h"

#define OBJECT(reference, properties)                                                              \
    "<RetrievePropertiesExResponse xmlns=\"urn:vim25\"><returnval><objects>" reference properties  \
    "</objects></returnval></RetrievePropertiesExResponse>"
#define REFERENCE "<obj type=\"VirtualMachine\">vm-1</obj>"

static const struct {
    const char *xml;
    const char *name;
    const char *type;
    const char *moref_type;
    const char *text;
} cases[] = {
    {"<propSet><name>name</name><val xsi:type=\"xsd:string\">web</val></propSet>", "name", "string",
     NULL, "web"},
    {"<propSet><name>name</name><val xsi:type=\"xsd:string\"></val></propSet>", "name", "string",
     NULL, ""},
    {"<propSet><name>name</name><val xsi:type=\"xsd:string\"/></propSet>", "name", "string", NULL,
     ""},
    {"<propSet><name>name</name><val>web</val></propSet>", "name", NULL, NULL, "web"},
    {"<propSet><name>host</name><val type=\"HostSystem\" xsi:type=\"ManagedObjectReference\">host-1"
     "</val></propSet>",
     "host", "ManagedObjectReference", "HostSystem", "host-1"},
    {"<propSet><name>host</name><val xsi:type=\"ManagedObjectReference\" type=\"HostSystem\">host-1"
     "</val></propSet>",
     "host", "ManagedObjectReference", "HostSystem", "host-1"},
    {"<propSet>\n <name>name</name>\n <val xsi:type='xsd:string'>web</val></propSet>", "name",
     "string", NULL, "web"},
    {"<propSet><val xsi:type=\"xsd:string\">web</val><name>name</name></propSet>", "name", "string",
     NULL, "web"},
    {"<propSet><name>name</name><val xsi:type=\"xsd:string\" id=\"1\">web</val><x/></propSet>",
     "name", "string", NULL, "web"},
    {"<propSet><name>name</name><val xsi:type=\"xsd:string\">&lt;b&gt; <![CDATA[&]]></val>"
     "</propSet>",
     "name", "string", NULL, "<b> &"},
    {"<propSet><name>name</name><val xsi:type=\"xsd:string\">Gr\303\274n</val></propSet>", "name",
     "string", NULL, "Gr\303\274n"},
    {"<propSet><name>name</name><val xsi:type=\"Deep\"><a>1</a></val></propSet>", "name", "Deep",
     NULL, "<a>1</a>"},
    {"<propSet><name>name</name><val xsi:type=\"a:b:string\">web</val></propSet>", "name", "string",
     NULL, "web"},
    {"<propSet><name>name</name><val xsi:type=\"xsd:\">web</val></propSet>", "name", NULL, NULL,
     "web"},
};

static const struct vim25__ObjectContent *read_object(struct wire *wire, const char *xml,
                                                      struct delivery delivery) {
    struct vim25__RetrievePropertiesExRequestType request = {0};
    struct _vim25__RetrievePropertiesExResponse response = {0};

    wire_open(wire, wire_envelope(xml), 200, delivery);
    if (soap_call___vim25__RetrievePropertiesEx(wire->soap, WIRE_URL, "", &request, &response))
        fail_msg("%s: %d", xml, wire->soap->error);
    assert_int_equal(response.returnval->__sizeobjects, 1);
    return response.returnval->objects;
}

static void check_text(const char *found, const char *expected) {
    if (expected)
        assert_string_equal(found, expected);
    else
        assert_null(found);
}

static void every_form_is_read(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases * DELIVERIES; i++) {
        size_t k = i / DELIVERIES;
        struct wire wire;
        char *xml = NULL;

        assert_true(asprintf(&xml, OBJECT(REFERENCE, "%s%s"), cases[k].xml, cases[0].xml) > 0);
        const struct vim25__ObjectContent *object =
            read_object(&wire, xml, deliveries[i % DELIVERIES]);
        const struct vim25__DynamicProperty *property = object->propSet;
        assert_string_equal(object->obj->type, "VirtualMachine");
        assert_string_equal(object->obj->__item, "vm-1");
        assert_int_equal(object->__sizepropSet, 2);
        assert_int_equal(object->__sizemissingSet, 0);
        assert_string_equal(property[0].name, cases[k].name);
        assert_string_equal(property[0].val.text, cases[k].text);
        check_text(property[0].val.type, cases[k].type);
        check_text(property[0].val.moref_type, cases[k].moref_type);
        assert_string_equal(property[1].val.text, "web");
        wire_close(&wire);
        free(xml);
    }
}

/* Arrays of references in the form that nearly all have, and in others: none is left out. */
static void references_are_read(void **state) {
#define ITEM(attributes, id) "<ManagedObjectReference" attributes ">" id "</ManagedObjectReference>"
#define PLAIN ITEM(" type=\"Datastore\" xsi:type=\"ManagedObjectReference\"", "datastore-2")
    static const struct {
        const char *items;
        int count;
    } arrays[] = {
        {"", 0},
        {PLAIN, 1},
        {PLAIN PLAIN PLAIN, 3},
        {ITEM(" type=\"Datastore\"", "datastore-2") "\n" PLAIN, 2},
        {PLAIN ITEM(" type='Datastore'", "data<!-- -->store-2"), 2},
        {PLAIN "<later/>" PLAIN, 2},
        {PLAIN ITEM(" type=\"Datastore\"", ""), 2},
        {PLAIN ITEM("", "datastore-2"), 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays * DELIVERIES; i++) {
        size_t k = i / DELIVERIES;
        struct wire wire;
        char *xml = NULL;

        assert_true(
            asprintf(&xml,
                     OBJECT(REFERENCE, "<propSet><name>datastore</name>"
                                       "<val xsi:type=\"ArrayOfManagedObjectReference\">%s</val>"
                                       "</propSet>%s"),
                     arrays[k].items, cases[0].xml) > 0);
        const struct vim25__ObjectContent *object =
            read_object(&wire, xml, deliveries[i % DELIVERIES]);
        assert_int_equal(object->__sizepropSet, 2);
        assert_string_equal(object->propSet[0].val.text, "");
        const struct vim25__ArrayOfManagedObjectReference *array = object->propSet[0].val.morefs;
        assert_non_null(array);
        assert_int_equal(array->__sizeManagedObjectReference, arrays[k].count);
        for (int n = 0; n < arrays[k].count; n++) {
            const struct vim25__ManagedObjectReference *item = &array->ManagedObjectReference[n];
            assert_string_equal(item->type ? item->type : "Datastore", "Datastore");
            assert_true(!item->__item || !*item->__item ||
                        strcmp(item->__item, "datastore-2") == 0);
        }
        assert_string_equal(object->propSet[1].val.text, "web");
        wire_close(&wire);
        free(xml);
    }
}

/* Objects without anything, and with all but properties. */
static void what_is_not_there_is_null(void **state) {
    static const char missing[] =
        "<missingSet><path>name</path><fault><fault xsi:type=\"NoPermission\"/>"
        "<localizedMessage>no</localizedMessage></fault></missingSet>";
    struct wire wire;
    const struct vim25__ObjectContent *object = read_object(&wire, OBJECT("", ""), whole);
    char *xml = NULL;
    (void)state;

    assert_null(object->obj);
    assert_null(object->propSet);
    wire_close(&wire);
    assert_true(
        asprintf(&xml, OBJECT("<obj type='Datastore'>d&amp;1</obj><later/>", "%s"), missing) > 0);
    object = read_object(&wire, xml, whole);
    assert_string_equal(object->obj->__item, "d&1");
    assert_int_equal(object->__sizepropSet, 0);
    assert_int_equal(object->__sizemissingSet, 1);
    assert_string_equal(object->missingSet->path, "name");
    wire_close(&wire);
    free(xml);
}

static void a_long_text_is_cut(void **state) {
    enum { LENGTH = 10000 };
    char text[LENGTH + 1];
    struct wire wire;
    char *xml = NULL;
    (void)state;

    memset(text, 'x', LENGTH);
    text[LENGTH] = '\0';
    assert_true(asprintf(&xml,
                         OBJECT(REFERENCE, "<propSet><name>name</name><val xsi:type=\"xsd:string\">"
                                           "%s</val></propSet>"),
                         text) > 0);
    const struct vim25__ObjectContent *object = read_object(&wire, xml, whole);
    assert_int_equal(strlen(object->propSet->val.text), VIM_TEXT_SIZE - 1);
    wire_close(&wire);
    free(xml);
}

/* Objects of every form, one behind the other, with a token before, between or behind them. */
static void objects_of_a_page_are_read_in_their_order(void **state) {
    static const char *const objects[] = {
        "<objects><obj type=\"VirtualMachine\">vm-1</obj><propSet><name>a</name><val>1</val>"
        "</propSet></objects>",
        "<objects xmlns:x=\"urn:x\"><obj type=\"VirtualMachine\">vm-2</obj></objects>",
        "<objects>\n<obj type='VirtualMachine'>vm-3</obj><missingSet><path>b</path></missingSet>"
        "<later/><propSet><name>a</name><val>3</val></propSet></objects>",
        "<objects><obj type=\"VirtualMachine\">vm-4</obj><propSet><name>a</name><val>4</val>"
        "</propSet><missingSet><path>b</path></missingSet></objects>",
    };
    enum { OBJECTS = sizeof objects / sizeof *objects };

    (void)state;
    for (size_t i = 0; i < (OBJECTS + 1) * DELIVERIES; i++) {
        struct vim25__RetrievePropertiesExRequestType request = {0};
        struct _vim25__RetrievePropertiesExResponse response = {0};
        const char *parts[OBJECTS + 1];
        struct wire wire;
        char *xml = NULL;

        for (size_t k = 0, at = 0; k <= OBJECTS; k++)
            parts[k] = k == i % (OBJECTS + 1) ? "<token>t</token>" : objects[at++];
        assert_true(asprintf(&xml,
                             "<RetrievePropertiesExResponse xmlns=\"urn:vim25\"><returnval>"
                             "%s%s%s<later><objects/></later>%s%s</returnval>"
                             "</RetrievePropertiesExResponse>",
                             parts[0], parts[1], parts[2], parts[3], parts[4]) > 0);
        wire_open(&wire, wire_envelope(xml), 200, deliveries[i / (OBJECTS + 1)]);
        free(xml);
        assert_int_equal(
            soap_call___vim25__RetrievePropertiesEx(wire.soap, WIRE_URL, "", &request, &response),
            SOAP_OK);
        const struct vim25__RetrieveResult *page = response.returnval;
        assert_string_equal(page->token, "t");
        assert_int_equal(page->__sizeobjects, OBJECTS);
        for (int k = 0; k < OBJECTS; k++) {
            char id[8];
            snprintf(id, sizeof id, "vm-%d", k + 1);
            assert_string_equal(page->objects[k].obj->__item, id);
            assert_int_equal(page->objects[k].__sizepropSet, k != 1);
            assert_int_equal(page->objects[k].__sizemissingSet, k > 1);
            if (k != 1)
                assert_string_equal(page->objects[k].propSet->val.text, id + 3);
        }
        wire_close(&wire);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_read),
        cmocka_unit_test(references_are_read),
        cmocka_unit_test(what_is_not_there_is_null),
        cmocka_unit_test(a_long_text_is_cut),
        cmocka_unit_test(objects_of_a_page_are_read_in_their_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
