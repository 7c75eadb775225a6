/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Objects of the property collector. Nearly all of an inventory are properties that look, to the
 * byte, like
 *     <propSet><name>runtime.powerState</name><val xsi:type="...">poweredOn</val></propSet>
 * The generated reader takes 12,000 instructions for one, the one here for this form 600. All that
 * looks different is left to the generated reader.
 */
#include "source/vsphere/wire/wire_object.h"

#include "source/vsphere/wire/wire_scan.h"
#include "source/vsphere/wire/wire_slab.h"
#include "source/vsphere/wire/wire_view.h"
#include "source/vsphere/wire/wire_xml.h"

#include <soapH.h>
#include <stdlib.h>
#include <string.h>

enum {
    LONGEST_TYPE = 255, /* gSOAP cuts what is much longer */
    FIRST_CAPACITY = 16,
    OBJECT_SLAB = 1024, /* as large as a guest needs, which is read alone */
};

struct attributes {
    struct piece type;       /* xsi:type */
    struct piece moref_type; /* type */
};

/* The value of an attribute that comes once. */
static bool take_value(struct view *view, const char *before, struct piece *value) {
    return !value->text && view_skip(view, before) && view_plain(view, '"', value) &&
           value->length <= LONGEST_TYPE;
}

/* The attributes of a value, behind "<val", up to the end of the tag. */
static bool take_attributes(struct view *view, struct attributes *attributes) {
    while (!view_skip(view, ">"))
        if (!take_value(view, " xsi:type=\"", &attributes->type) &&
            !take_value(view, " type=\"", &attributes->moref_type))
            return false;
    return true;
}

/* A name without its prefix. */
static struct piece local_part(struct piece name) {
    const char *colon = name.length ? memrchr(name.text, ':', name.length) : NULL;
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
    struct piece type = local_part(attributes->type);
    if (type.length)
        property->val.type = copy(soap, slab, type);
    if (attributes->moref_type.text)
        property->val.moref_type = copy(soap, slab, attributes->moref_type);
    return !soap->error;
}

static bool is_type(struct piece type, const char *name) {
    struct piece local = local_part(type);
    return local.length == strlen(name) && memcmp(local.text, name, local.length) == 0;
}

/* An item of such an array; one of another form is not taken. */
static bool take_item(struct view *view, struct piece *type, struct piece *id) {
    struct attributes attributes = {.type = {0}};
    struct view ahead = *view;
    bool good = view_skip(&ahead, "<ManagedObjectReference") &&
                take_attributes(&ahead, &attributes) && view_plain(&ahead, '<', id) &&
                view_skip(&ahead, "/ManagedObjectReference>");
    *type = attributes.moref_type;
    if (!good || !type->text || !id->length ||
        (attributes.type.text && !is_type(attributes.type, "ManagedObjectReference")))
        return false;
    *view = ahead;
    return true;
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

/* Room for one more property of the object. */
static struct vim25__DynamicProperty *add_property(struct soap *soap, struct wire_objects *room) {
    if (room->count == room->capacity) {
        size_t capacity = room->capacity ? 2 * room->capacity : FIRST_CAPACITY;
        struct vim25__DynamicProperty *grown =
            reallocarray(room->properties, capacity, sizeof *grown);
        if (!grown) {
            soap->error = SOAP_EOM;
            return NULL;
        }
        room->properties = grown;
        room->capacity = capacity;
    }
    return &room->properties[room->count++];
}

/* Takes an array of references behind its name, as take_property does. */
static bool take_references(struct soap *soap, struct wire_objects *room, struct view *view,
                            struct piece name, const struct attributes *attributes) {
    struct vim25__ArrayOfManagedObjectReference *array = NULL;
    struct view ahead = *view;
    struct piece type, id;
    while (take_item(&ahead, &type, &id))
        continue;
    if (!view_skip(&ahead, "</val></propSet>") || !take_items(soap, &room->slab, view, &array))
        return false;
    struct vim25__DynamicProperty *property = add_property(soap, room);
    if (!property || !fill(soap, &room->slab, property, name, (struct piece){"", 0}, attributes))
        return false;
    property->val.morefs = array;
    soap->bufidx = (size_t)(ahead.at - soap->buf);
    return true;
}

/* Takes a property when one of the usual form comes next. False also for no memory: soap->error. */
static bool take_property(struct soap *soap, struct wire_objects *room) {
    struct view view;
    struct piece name, text;
    struct attributes attributes = {.type = {0}};
    if (!view_of(soap, &view) || !view_skip(&view, "<propSet><name>") ||
        !view_plain(&view, '<', &name) || !view_skip(&view, "/name><val") ||
        !take_attributes(&view, &attributes))
        return false;
    if (is_type(attributes.type, "ArrayOfManagedObjectReference"))
        return take_references(soap, room, &view, name, &attributes);
    if (!view_plain(&view, '<', &text) || !view_skip(&view, "/val></propSet>") ||
        text.length >= VIM_TEXT_SIZE || is_array(attributes.type))
        return false;
    struct vim25__DynamicProperty *property = add_property(soap, room);
    if (!property || !fill(soap, &room->slab, property, name, text, &attributes))
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

/* What an object gathers while it is read. */
struct gathering {
    struct wire_objects *room;
    struct soap_blist *missing; /* NULL: none yet */
    bool has_reference;
    bool taken; /* its start tag was: gSOAP keeps nothing that its end tag has to undo */
};

static bool is_next(struct soap *soap, const char *tag) {
    if (soap->error != SOAP_TAG_MISMATCH || soap_element_begin_in(soap, tag, 1, NULL))
        return false;
    soap_revert(soap);
    return true;
}

static bool read_reference(struct soap *soap, struct gathering *gathering,
                           struct vim25__ObjectContent *object) {
    if (gathering->has_reference)
        return false;
    gathering->has_reference = soap_in_PointerTovim25__ManagedObjectReference(
        soap, "vim25:obj", &object->obj, "vim25:ManagedObjectReference");
    return gathering->has_reference;
}

static bool read_property(struct soap *soap, struct gathering *gathering) {
    if (!is_next(soap, "vim25:propSet"))
        return false;
    struct vim25__DynamicProperty *property = add_property(soap, gathering->room);
    if (!property)
        return false;
    soap_default_vim25__DynamicProperty(soap, property);
    return soap_in_vim25__DynamicProperty(soap, "vim25:propSet", property, "vim25:DynamicProperty");
}

static bool read_missing(struct soap *soap, struct gathering *gathering,
                         struct vim25__ObjectContent *object) {
    if (!is_next(soap, "vim25:missingSet"))
        return false;
    if (!gathering->missing)
        gathering->missing = soap_alloc_block(soap);
    struct vim25__MissingProperty *missing =
        gathering->missing ? soap_push_block_max(soap, gathering->missing, sizeof *missing) : NULL;
    if (!missing)
        return false;
    soap_default_vim25__MissingProperty(soap, missing);
    object->__sizemissingSet++;
    return soap_in_vim25__MissingProperty(soap, "vim25:missingSet", missing,
                                          "vim25:MissingProperty");
}

/* Takes what comes in the usual form. False for no memory: soap->error. */
static bool take_children(struct soap *soap, struct gathering *gathering,
                          struct vim25__ObjectContent *object) {
    soap->error = SOAP_OK;
    if (!gathering->has_reference)
        gathering->has_reference = take_reference(soap, &gathering->room->slab, object);
    while (!soap->error && take_property(soap, gathering->room))
        continue;
    return !soap->error;
}

/* Takes the end tag when it comes next. */
static bool take_end(struct soap *soap) {
    struct view view;
    if (!view_of(soap, &view) || !view_skip(&view, "</objects>"))
        return false;
    soap->bufidx = (size_t)(view.at - soap->buf);
    soap->level--;
    return true;
}

/* As the generated readers do: what is unknown is skipped, and SOAP_NO_TAG is the end. */
static bool read_children(struct soap *soap, const char *tag, struct gathering *gathering,
                          struct vim25__ObjectContent *object) {
    while (take_children(soap, gathering, object)) {
        if (gathering->taken && take_end(soap))
            return true;
        soap->error = SOAP_TAG_MISMATCH;
        if (read_reference(soap, gathering, object) || read_property(soap, gathering) ||
            read_missing(soap, gathering, object))
            continue;
        if (soap->error == SOAP_TAG_MISMATCH)
            soap->error = soap_ignore_element(soap);
        if (soap->error)
            return soap->error == SOAP_NO_TAG && !soap_element_end_in(soap, tag);
    }
    return false;
}

/* Moves the properties to memory of the context. */
static bool save_properties(struct soap *soap, struct wire_objects *room,
                            struct vim25__ObjectContent *object) {
    object->__sizepropSet = (int)room->count;
    if (!room->count)
        return true;
    object->propSet = wire_slab_take(&room->slab, soap, room->count * sizeof *object->propSet);
    if (object->propSet)
        memcpy(object->propSet, room->properties, room->count * sizeof *object->propSet);
    return object->propSet;
}

/* Reads an object behind its start tag, end tag included. */
static bool read_content(struct soap *soap, const char *tag, struct gathering *gathering,
                         struct vim25__ObjectContent *object) {
    struct wire_objects *room = gathering->room;
    room->count = 0;
    if (!read_children(soap, tag, gathering, object))
        return false;
    if (gathering->missing)
        object->missingSet = soap_save_block(soap, gathering->missing, NULL, 1);
    return (object->missingSet || !object->__sizemissingSet) && save_properties(soap, room, object);
}

enum wire_taken wire_object_take(struct soap *soap, struct wire_objects *room,
                                 struct vim25__ObjectContent *object) {
    struct gathering gathering = {.room = room, .taken = true};
    struct view view;
    if (!view_of(soap, &view) || !view_skip(&view, "<objects>"))
        return WIRE_NOTHING;
    soap->bufidx = (size_t)(view.at - soap->buf);
    soap->level++;
    soap_default_vim_object(soap, object);
    return wire_spend(soap, sizeof *object) &&
                   read_content(soap, "vim25:objects", &gathering, object)
               ? WIRE_TAKEN
               : WIRE_FAILED;
}

void wire_objects_done(struct wire_objects *room) {
    free(room->properties);
    *room = (struct wire_objects){0};
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
    struct wire_objects room = {.slab = {.size = OBJECT_SLAB}};
    struct gathering gathering = {.room = &room};
    bool good = !soap->body || read_content(soap, tag, &gathering, object);
    wire_objects_done(&room);
    return good ? object : NULL;
}
