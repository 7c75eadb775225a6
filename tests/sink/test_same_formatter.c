/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The same formatter: series of equal values, once as vSphere gives them and once as libvirt does,
 * become the same bytes in every format, but for what identifies source and entity.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sink/sink.h"
#include "source/libvirt/counters/mapping.h"

/* Pairs of one length, so that formats with aligned columns can be compared as well. */
static const struct identity {
    const char *vsphere;
    const char *libvirt;
} identities[] = {
    {"esx01.example.com", "kvm01.example.com"},
    {"esxi", "qemu"},
    {"web-on-esx", "web-on-kvm"},
    {"vm-9-------------------------------9", "6695eb01-f6a4-8304-79aa-97f2502e193f"},
};

static const struct sample samples[] = {
    {1795288640, 0},    {1795288660, 1},          {1795288680, 459},
    {1795288700, 9999}, {1795288720, 1234567890}, {1795288740, INT64_MAX},
};

static struct entity entity(enum entity_type type, bool libvirt) {
    const char *text[4];
    for (int i = 0; i < 4; i++)
        text[i] = libvirt ? identities[i].libvirt : identities[i].vsphere;
    return (struct entity){
        .type = type, .source = text[0], .hypervisor = text[1], .name = text[2], .id = text[3]};
}

/* What vSphere's catalogue says of the same counter: a number and levels, and no formula. */
static struct counter vsphere_counter(size_t index) {
    struct counter counter = *mapping_counter(index);
    counter.id = (int32_t)index + 1;
    counter.level = 1;
    counter.device_level = 3;
    counter.label = "another label";
    counter.summary = "another summary";
    counter.formula = NULL;
    counter.fidelity = NULL;
    return counter;
}

/* All counters of libvirt, as an aggregate and for a device, of a guest and of a host. */
static char *written(const struct sink_ops *format, struct sink_options options, bool libvirt) {
    static const char *const instances[] = {"", "0", "scsi0:0", "=\"a, b\""};
    char *text;
    size_t size;
    struct sink sink = {.ops = format, .options = options};

    sink.stream = open_memstream(&text, &size);
    for (int type = ENTITY_VM; type <= ENTITY_HOST; type++) {
        const struct entity one = entity((enum entity_type)type, libvirt);
        for (size_t i = 0; i < mapping_count(); i++) {
            struct counter counter = libvirt ? *mapping_counter(i) : vsphere_counter(i);
            for (size_t k = 0; k < sizeof instances / sizeof instances[0]; k++) {
                struct series series = {.entity = &one,
                                        .counter = &counter,
                                        .instance = instances[k],
                                        .interval = 20,
                                        .count = sizeof samples / sizeof samples[0],
                                        .samples = samples};
                sink_write(&sink, &series);
            }
        }
    }
    sink_end(&sink);
    sink_done(&sink);
    fclose(sink.stream);
    return text;
}

/*
 * The text line by line, for a search costs the length of what is left: vSphere's identity is
 * libvirt's in it. telegraf's schema has no hypervisor: its tag is of others than esxi. What a
 * counter is in words, each source says itself. Counts the identities that were replaced.
 */
static char *adapt(char *text, size_t *found) {
    GString *adapted = g_string_new(NULL), *one = g_string_new(NULL);
    char *rest = text;
    for (const char *line = NULL; (line = strsep(&rest, "\n"));) {
        if (g_str_has_prefix(line, "# HELP "))
            continue;
        g_string_assign(one, line);
        for (size_t i = 0; i < sizeof identities / sizeof identities[0]; i++)
            *found += g_string_replace(one, identities[i].vsphere, identities[i].libvirt, 0);
        g_string_replace(one, ",hypervisor=qemu", "", 0);
        g_string_append_len(adapted, one->str, (gssize)one->len);
        g_string_append_c(adapted, '\n');
    }
    g_string_free(one, TRUE);
    free(text);
    return g_string_free(adapted, FALSE);
}

static void check(const struct sink_ops *format, struct sink_options options) {
    char *vsphere = written(format, options, false);
    char *libvirt = written(format, options, true);

    assert_true(strlen(vsphere) > mapping_count());
    assert_string_not_equal(vsphere, libvirt);
    size_t in_vsphere = 0, in_libvirt = 0;
    vsphere = adapt(vsphere, &in_vsphere);
    libvirt = adapt(libvirt, &in_libvirt);
    assert_true(in_vsphere > 0);
    assert_true(in_libvirt == 0);
    assert_string_equal(vsphere, libvirt);
    g_free(vsphere);
    g_free(libvirt);
}

static void test_every_format(void **state) {
    (void)state;
    assert_non_null(sink_table[0]);
    for (const struct sink_ops *const *format = sink_table; *format; format++) {
        for (int options = 0; options < 4; options++)
            check(*format, (struct sink_options){.raw = (options & 1) != 0,
                                                 .spreadsheet_safe = (options & 2) != 0});
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
