/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/wire/wire_slab.h"

#include "source/vsphere/wire/wire_xml.h"

#include <soapH.h>
#include <string.h>

enum { SLAB_SIZE = 4096, ALIGNMENT = 8 };

static bool refill(struct wire_slab *slab, struct soap *soap, size_t size) {
    size_t usual = slab->size ? slab->size : SLAB_SIZE;
    size_t fresh = size > usual ? size : usual;
    slab->left = 0;
    if (!wire_spend(soap, fresh))
        return false;
    slab->next = soap_malloc(soap, fresh);
    slab->left = slab->next ? fresh : 0;
    if (!slab->next)
        soap->error = SOAP_EOM;
    return slab->next;
}

void *wire_slab_take(struct wire_slab *slab, struct soap *soap, size_t size) {
    size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (size > slab->left && !refill(slab, soap, size))
        return NULL;
    void *piece = slab->next;
    slab->next += size;
    slab->left -= size;
    return piece;
}

const char *wire_slab_text(struct wire_slab *slab, struct soap *soap, const char *text,
                           size_t length) {
    if (!length)
        return "";
    char *copy = wire_slab_take(slab, soap, length + 1);
    if (!copy)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}
