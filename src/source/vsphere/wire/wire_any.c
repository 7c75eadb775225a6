/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* xsd:anyType: text with the name of its type, and the arrays that vperf reads. */
#include "source/vsphere/wire/wire.h"
#include "source/vsphere/wire/wire_counters.h"
#include "source/vsphere/wire/wire_xml.h"

#include <soapH.h>
#include <string.h>

#define ARRAY_READER(member, array)                                                                \
    static bool read_##member(struct soap *soap, const char *tag, struct vim_any *any) {           \
        any->member = soap_in_vim25__##array(soap, tag, NULL, NULL);                               \
        return any->member != NULL;                                                                \
    }

ARRAY_READER(ints, ArrayOfInt)
ARRAY_READER(longs, ArrayOfLong)
ARRAY_READER(strings, ArrayOfString)
ARRAY_READER(morefs, ArrayOfManagedObjectReference)
ARRAY_READER(options, ArrayOfOptionValue)
ARRAY_READER(intervals, ArrayOfPerfInterval)

static bool read_counters(struct soap *soap, const char *tag, struct vim_any *any) {
    (void)any;
    return !soap_element_begin_in(soap, tag, 1, NULL) && wire_counters_read(soap, tag);
}

static const struct array {
    const char *type;
    bool (*read)(struct soap *soap, const char *tag, struct vim_any *any);
} arrays[] = {
    {"ArrayOfInt", read_ints},
    {"ArrayOfLong", read_longs},
    {"ArrayOfString", read_strings},
    {"ArrayOfManagedObjectReference", read_morefs},
    {"ArrayOfOptionValue", read_options},
    {"ArrayOfPerfCounterInfo", read_counters},
    {"ArrayOfPerfInterval", read_intervals},
};

static const struct array *find_array(const char *type) {
    for (size_t i = 0; type && i < sizeof arrays / sizeof *arrays; i++)
        if (strcmp(type, arrays[i].type) == 0)
            return &arrays[i];
    return NULL;
}

/* Keeps the name of the type of the element that comes next. */
static bool read_type(struct soap *soap, const char **type) {
    const char *name = wire_xml_local(soap->type);
    *type = NULL;
    if (*name)
        *type = wire_xml_copy(soap, name, strlen(name));
    return !*name || *type;
}

/* Cuts a text that is too long, between two characters. */
static void cut(char *text) {
    size_t length = strnlen(text, VIM_TEXT_SIZE);
    if (length < VIM_TEXT_SIZE)
        return;
    do
        length--;
    while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80);
    text[length] = '\0';
}

/* Reads the content of the element that just began, as XML when it holds elements. */
static bool read_text(struct soap *soap, const char *tag, const char **text) {
    *text = "";
    if (!soap->body)
        return true;
    char *content = soap_string_in(soap, 0, -1, -1, NULL);
    if (!content || !wire_spend(soap, strlen(content)) || soap_element_end_in(soap, tag))
        return false;
    if (!wire_xml_has_elements(content)) {
        wire_xml_decode(content);
        cut(content);
    }
    *text = content;
    return true;
}

/* The attribute of a ManagedObjectReference that tells the object's type. */
static bool read_moref_type(struct soap *soap, const char **type) {
    const char *value = soap_attr_value(soap, "type", 1, 0);
    *type = value ? wire_xml_copy(soap, value, strlen(value)) : NULL;
    return !value || *type;
}

void soap_default_xsd__anyType(struct soap *soap, struct vim_any *any) {
    (void)soap;
    memset(any, 0, sizeof *any);
    any->text = "";
}

void soap_serialize_xsd__anyType(struct soap *soap, const struct vim_any *any) {
    (void)soap;
    (void)any;
}

/* The types of XML Schema that a value of ours can have; every other type is vim25's. */
static const char *schema_prefix(const char *type) {
    static const char *const simple[] = {"string", "int",    "long",    "short",   "byte",
                                         "float",  "double", "boolean", "dateTime"};
    for (size_t i = 0; i < sizeof simple / sizeof *simple; i++)
        if (strcmp(type, simple[i]) == 0)
            return "xsd:";
    return "vim25:";
}

int soap_out_xsd__anyType(struct soap *soap, const char *tag, int id, const struct vim_any *any,
                          const char *type) {
    char name[96] = "";
    (void)type;
    if (any->type)
        snprintf(name, sizeof name, "%s%s", schema_prefix(any->type), any->type);
    if (any->moref_type && soap_set_attr(soap, "type", any->moref_type, 1))
        return soap->error;
    if (soap_element_begin_out(soap, tag, id, name) ||
        soap_string_out(soap, any->text ? any->text : "", 0))
        return soap->error;
    return soap_element_end_out(soap, tag);
}

struct vim_any *soap_in_xsd__anyType(struct soap *soap, const char *tag, struct vim_any *any,
                                     const char *type) {
    (void)type;
    if (soap_element_begin_in(soap, tag, 1, NULL))
        return NULL;
    if (!any)
        any = soap_malloc(soap, sizeof *any);
    if (!any || !wire_spend(soap, sizeof *any))
        return NULL;
    soap_default_xsd__anyType(soap, any);
    if (!read_type(soap, &any->type) || !read_moref_type(soap, &any->moref_type))
        return NULL;
    const struct array *array = find_array(any->type);
    if (array) {
        soap_revert(soap);
        return array->read(soap, tag, any) ? any : NULL;
    }
    return read_text(soap, tag, &any->text) ? any : NULL;
}

void soap_default_vim25__MethodFault(struct soap *soap, struct vim_fault *fault) {
    (void)soap;
    fault->type = "";
    fault->message = "";
    fault->xml = "";
}

void soap_serialize_vim25__MethodFault(struct soap *soap, const struct vim_fault *fault) {
    (void)soap;
    (void)fault;
}

/* Faults only ever arrive. */
int soap_out_vim25__MethodFault(struct soap *soap, const char *tag, int id,
                                const struct vim_fault *fault, const char *type) {
    (void)tag;
    (void)id;
    (void)fault;
    (void)type;
    return soap->error = SOAP_PROHIBITED;
}

struct vim_fault *soap_in_vim25__MethodFault(struct soap *soap, const char *tag,
                                             struct vim_fault *fault, const char *type) {
    (void)type;
    if (soap_element_begin_in(soap, tag, 1, NULL))
        return NULL;
    if (!fault)
        fault = soap_malloc(soap, sizeof *fault);
    if (!fault)
        return NULL;
    soap_default_vim25__MethodFault(soap, fault);
    if (!read_type(soap, &fault->type))
        return NULL;
    if (!fault->type)
        fault->type = "MethodFault";
    return read_text(soap, tag, &fault->xml) ? fault : NULL;
}
