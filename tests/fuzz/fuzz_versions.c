/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* vimServiceVersions.xml, in pieces of any size. */
#include "fuzz.h"
#include "source/vsphere/wire/test_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct vim_versions versions;
    static struct wire wire;
    size_t length = 0;
    if (!size)
        return 0;
    wire_reopen(&wire, strndup((const char *)data + 1, size - 1), 200,
                deliveries[*data % DELIVERIES]);
    if (soap_GET(wire.soap, WIRE_URL, NULL) == SOAP_OK &&
        wire_versions_read(wire.soap, &versions) == SOAP_OK)
        for (size_t i = 0; i < versions.count; i++) {
            const struct vim_namespace *space = &versions.namespaces[i];
            length += strlen(space->name) + strlen(space->version);
            for (size_t k = 0; k < space->prior_count; k++)
                length += strlen(space->prior[k]);
        }
    CHECK(length <= size);
    return 0;
}
