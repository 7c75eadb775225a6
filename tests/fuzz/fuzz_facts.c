/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* XML of guests and of their snapshots, and typed parameters by the names in it: "NAME=NUMBER" a
 * line behind a NUL. */
#include <glib.h>
#include <string.h>

#include "fuzz.h"
#include "source/libvirt/helper/facts.h"
#include "source/libvirt/helper/guest_snapshots.h"
#include "source/libvirt/helper/params.h"
#include "source/libvirt/helper/xml.h"

enum { MAX_PARAMS = 64 };

static int read_params(char *text, virTypedParameter *params) {
    int count = 0;
    for (char *line = NULL; count < MAX_PARAMS && (line = strsep(&text, "\n"));) {
        char *number = line;
        strsep(&number, "=");
        if (!number)
            continue;
        virTypedParameter *param = &params[count++];
        g_strlcpy(param->field, line, sizeof param->field);
        param->type = 1 + (int)(strlen(number) % VIR_TYPED_PARAM_STRING);
        if (param->type == VIR_TYPED_PARAM_STRING)
            param->value.s = number;
        else
            param->value.l = g_ascii_strtoll(number, NULL, 10);
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bool silent;
    virTypedParameter params[MAX_PARAMS] = {0};
    struct guest_sample sample;
    char *text = g_strndup((const char *)data, size);
    const char *nul = memchr(data, '\0', size);
    char *behind =
        nul ? g_strndup(nul + 1, size - (size_t)(nul + 1 - (const char *)data)) : g_strdup("");
    if (!silent)
        xml_silence();
    silent = true;
    struct snapshot_descriptions descriptions;
    snapshot_descriptions_init(&descriptions);
    for (int i = 0; i < 2; i++)
        (void)snapshot_descriptions_add(&descriptions, text);
    snapshot_descriptions_done(&descriptions);
    struct guest_facts *facts = facts_parse(text);
    sample_init(&sample);
    params_read(&sample, params, read_params(behind, params));
    sample_tidy(&sample);
    if (facts) {
        (void)facts_cover(facts, &sample);
        facts_learn_paths(facts, &sample);
        facts_learn_layers(facts, &sample);
        facts_apply(facts, &sample);
    }
    sample_done(&sample);
    facts_free(facts);
    g_free(behind);
    g_free(text);
    return 0;
}
