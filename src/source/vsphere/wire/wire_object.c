/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Objects of the property collector. Nearly all of an inventory are properties that look, to the
 * byte, like
 *     <propSet><name>runtime.powerState</name><val xsi:type="...">poweredOn</val></propSet>
 * The generated reader takes 12,000 instructions for one, the one here for this form 600. All that
 * looks different is left to the generated reader.
 */
#include "source/vsphere/wire/wire_scan.h"
#include "source/vsphere/wire/wire_slab.h"
#include "source/vsphere/wire/wire_view.h"
#include "source/vsphere/wire/wire_xml.h"

#include <soapH.h>
#include <string.h>

struct attributes {
    struct piece type;       /* xsi:type */
    struct piece moref_type; /* type */
};

/* The attributes of a value, behind "<val", up to the end of the tag. */
static bool take_attributes(struct view *view, struct attributes *attributes) {
    while (!view_skip(view, ">"))
        if (!(view_skip(view, " xsi:type=\"") && view_plain(view, '"', &attributes->type)) &&
            !(view_skip(view, " type=\"") && view_plain(view, '"', &attributes->moref_type)))
            return false;
    return true;
}

/* A name without its prefix. */
static struct piece local_part(struct piece name) {
    const char *colon = name.length ? memchr(name.text, ':', name.length) : NULL;
    if (!colon)
        return name;
    return (struct piece){colon + 1, name.length - (size_t)(colon + 1 - name.text)};
}

static bool is_array(struct piece type) {
    struct piece name = local_part(type);
    return name.length > strlen("ArrayOf") && memcmp(name.text, "ArrayOf", strlen("ArrayOf")) == 0;
}

static const char *copy(struct soap *soap, struct wire_slab *slab, struct piece piece) {
    return wire_slab_text(slab, soap, piece.text, piece.length);
}

static bool fill(struct soap *soap, struct wire_slab *slab, struct vim25__DynamicProperty *property,
                 struct piece name, struct piece text, const struct attributes *attributes) {
    *property = (struct vim25__DynamicProperty){0};
    property->name = (char *)copy(soap, slab, name);
    property->val.text = copy(soap, slab, text);
    if (attributes->type.length)
        property->val.type = copy(soap, slab, local_part(attributes->type));
    if (attributes->moref_type.text)
        property->val.moref_type = copy(soap, slab, attributes->moref_type);
    return !soap->error;
}

static bool is_references(struct piece type) {
    static const char name[] = "ArrayOfManagedObjectReference";
    struct piece local = local_part(type);
    return local.length == strlen(name) && memcmp(local.text, name, local.length) == 0;
}

/* An item of such an array. */
static bool take_item(struct view *view, struct piece *type, struct piece *id) {
    struct attributes attributes = {.type = {0}};
    bool good = view_skip(view, "<ManagedObjectReference") && take_attributes(view, &attributes) &&
                view_plain(view, '<', id) && view_skip(view, "/ManagedObjectReference>");
    *type = attributes.moref_type;
    return good && type->text && id->length;
}

/* How many items come next. */
static size_t count_items(struct view view) {
    struct piece type, id;
    size_t count = 0;
    while (take_item(&view, &type, &id))
        count++;
    return count;
}

/* Takes all items that come next. False also for no memory: soap->error. */
static bool take_items(struct soap *soap, struct wire_slab *slab, struct view *view,
                       struct vim25__ArrayOfManagedObjectReference **array) {
    size_t count = count_items(*view);
    struct piece type, id;
    struct vim25__ManagedObjectReference *items = NULL;
    *array = wire_slab_take(slab, soap, sizeof **array);
    if (count)
        items = wire_slab_take(slab, soap, count * sizeof *items);
    if (!*array || (count && !items))
        return false;
    for (size_t i = 0; i < count && take_item(view, &type, &id); i++)
        items[i] = (struct vim25__ManagedObjectReference){.type = (char *)copy(soap, slab, type),
                                                          .__item = (char *)copy(soap, slab, id)};
    **array = (struct vim25__ArrayOfManagedObjectReference){(int)count, items};
    return !soap->error;
}

/* The buffer of gSOAP, when it has read nothing of what comes next. */
static bool view_of(const struct soap *soap, struct view *view) {
    *view = (struct view){soap->buf + soap->bufidx, soap->buf + soap->buflen};
    return !soap->peeked && !soap->ahead && soap->bufidx < soap->buflen &&
           !(soap->mode & SOAP_ENC_LATIN);
}

/* Takes an array of references behind its name, as take_property does. */
static bool take_references(struct soap *soap, struct wire_slab *slab, struct soap_blist *list,
                            struct view *view, struct piece name,
                            const struct attributes *attributes) {
    struct vim25__ArrayOfManagedObjectReference *array = NULL;
    struct view ahead = *view;
    struct piece type, id;
    while (take_item(&ahead, &type, &id))
        continue;
    if (!view_skip(&ahead, "</val></propSet>") || !take_items(soap, slab, view, &array))
        return false;
    struct vim25__DynamicProperty *property = soap_push_block_max(soap, list, sizeof *property);
    if (!property || !fill(soap, slab, property, name, (struct piece){"", 0}, attributes))
        return false;
    property->val.morefs = array;
    soap->bufidx = (size_t)(ahead.at - soap->buf);
    return true;
}

/* Takes a property when one of the usual form comes next. False also for no memory: soap->error. */
static bool take_property(struct soap *soap, struct wire_slab *slab, struct soap_blist *list) {
    struct view view;
    struct piece name, text;
    struct attributes attributes = {.type = {0}};
    if (!view_of(soap, &view) || !view_skip(&view, "<propSet><name>") ||
        !view_plain(&view, '<', &name) || !view_skip(&view, "/name><val") ||
        !take_attributes(&view, &attributes))
        return false;
    if (is_references(attributes.type))
        return take_references(soap, slab, list, &view, name, &attributes);
    if (!view_plain(&view, '<', &text) || !view_skip(&view, "/val></propSet>") ||
        text.length >= VIM_TEXT_SIZE || is_array(attributes.type))
        return false;
    struct vim25__DynamicProperty *property = soap_push_block_max(soap, list, sizeof *property);
    if (!property || !fill(soap, slab, property, name, text, &attributes))
        return false;
    soap->bufidx = (size_t)(view.at - soap->buf);
    return true;
}

/* Takes the reference to the object, as take_property does. */
static bool take_reference(struct soap *soap, struct wire_slab *slab,
                           struct vim25__ObjectContent *object) {
    struct view view;
    struct piece type, id;
    if (!view_of(soap, &view) || !view_skip(&view, "<obj type=\"") ||
        !view_plain(&view, '"', &type) || !view_skip(&view, ">") || !view_plain(&view, '<', &id) ||
        !view_skip(&view, "/obj>"))
        return false;
    object->obj = wire_slab_take(slab, soap, sizeof *object->obj);
    if (!object->obj)
        return false;
    *object->obj = (struct vim25__ManagedObjectReference){.type = (char *)copy(soap, slab, type),
                                                          .__item = (char *)copy(soap, slab, id)};
    soap->bufidx = (size_t)(view.at - soap->buf);
    return !soap->error;
}

/* Of a page of a thousand objects, each has slabs of its own: as large as a guest needs. */
enum { OBJECT_SLAB = 1024 };

/* The lists of an object while they grow. */
struct lists {
    struct wire_slab slab;
    struct soap_blist *properties;
    struct soap_blist *missing;
    bool has_reference;
};

static bool is_next(struct soap *soap, const char *tag) {
    if (soap->error != SOAP_TAG_MISMATCH || soap_element_begin_in(soap, tag, 1, NULL))
        return false;
    soap_revert(soap);
    return true;
}

static bool read_reference(struct soap *soap, struct lists *lists,
                           struct vim25__ObjectContent *object) {
    if (lists->has_reference)
        return false;
    lists->has_reference = soap_in_PointerTovim25__ManagedObjectReference(
        soap, "vim25:obj", &object->obj, "vim25:ManagedObjectReference");
    return lists->has_reference;
}

static bool read_property(struct soap *soap, struct lists *lists,
                          struct vim25__ObjectContent *object) {
    if (!is_next(soap, "vim25:propSet"))
        return false;
    struct vim25__DynamicProperty *property =
        soap_push_block_max(soap, lists->properties, sizeof *property);
    if (!property)
        return false;
    soap_default_vim25__DynamicProperty(soap, property);
    object->__sizepropSet++;
    return soap_in_vim25__DynamicProperty(soap, "vim25:propSet", property, "vim25:DynamicProperty");
}

static bool read_missing(struct soap *soap, struct lists *lists,
                         struct vim25__ObjectContent *object) {
    if (!is_next(soap, "vim25:missingSet"))
        return false;
    struct vim25__MissingProperty *missing =
        soap_push_block_max(soap, lists->missing, sizeof *missing);
    if (!missing)
        return false;
    soap_default_vim25__MissingProperty(soap, missing);
    object->__sizemissingSet++;
    return soap_in_vim25__MissingProperty(soap, "vim25:missingSet", missing,
                                          "vim25:MissingProperty");
}

/* As the generated readers do: what is unknown is skipped, and SOAP_NO_TAG is the end. */
static bool read_children(struct soap *soap, struct lists *lists,
                          struct vim25__ObjectContent *object) {
    for (;;) {
        soap->error = SOAP_OK;
        if (!lists->has_reference)
            lists->has_reference = take_reference(soap, &lists->slab, object);
        while (!soap->error && take_property(soap, &lists->slab, lists->properties))
            object->__sizepropSet++;
        if (soap->error)
            return false;
        soap->error = SOAP_TAG_MISMATCH;
        if (read_reference(soap, lists, object) || read_property(soap, lists, object) ||
            read_missing(soap, lists, object))
            continue;
        if (soap->error == SOAP_TAG_MISMATCH)
            soap->error = soap_ignore_element(soap);
        if (soap->error)
            return soap->error == SOAP_NO_TAG;
    }
}

static void *save(struct soap *soap, struct soap_blist *list, int count) {
    if (count)
        return soap_save_block(soap, list, NULL, 1);
    soap_end_block(soap, list);
    return NULL;
}

static bool read_content(struct soap *soap, struct vim25__ObjectContent *object) {
    struct lists lists = {.slab = {.size = OBJECT_SLAB},
                          .properties = soap_alloc_block(soap),
                          .missing = soap_alloc_block(soap)};
    if (!lists.properties || !lists.missing || !read_children(soap, &lists, object))
        return false;
    /* In the order in which gSOAP stacks them. */
    object->missingSet = save(soap, lists.missing, object->__sizemissingSet);
    object->propSet = save(soap, lists.properties, object->__sizepropSet);
    return (object->missingSet || !object->__sizemissingSet) &&
           (object->propSet || !object->__sizepropSet);
}

void soap_default_vim_object(struct soap *soap, struct vim25__ObjectContent *object) {
    (void)soap;
    *object = (struct vim25__ObjectContent){0};
}

void soap_serialize_vim_object(struct soap *soap, const struct vim25__ObjectContent *object) {
    (void)soap;
    (void)object;
}

/* Objects only ever arrive. */
int soap_out_vim_object(struct soap *soap, const char *tag, int id,
                        const struct vim25__ObjectContent *object, const char *type) {
    (void)tag;
    (void)id;
    (void)object;
    (void)type;
    return soap->error = SOAP_PROHIBITED;
}

struct vim25__ObjectContent *soap_in_vim_object(struct soap *soap, const char *tag,
                                                struct vim25__ObjectContent *object,
                                                const char *type) {
    (void)type;
    if (soap_element_begin_in(soap, tag, 0, NULL))
        return NULL;
    if (!object)
        object = soap_malloc(soap, sizeof *object);
    if (!object || !wire_spend(soap, sizeof *object))
        return NULL;
    soap_default_vim_object(soap, object);
    if (soap->body && (!read_content(soap, object) || soap_element_end_in(soap, tag)))
        return NULL;
    return object;
}
