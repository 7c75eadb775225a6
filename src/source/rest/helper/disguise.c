/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/rest/helper/disguise.h"

#include <arpa/inet.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

static const char reference[] = "OpaqueRef:";
static const char no_reference[] = "OpaqueRef:NULL";

enum { UUID_LENGTH = 36, UUID_GROUP = 8, MAC_LENGTH = 17, LONGEST_NUMBER = 64 };

struct disguise {
    GHashTable *known;  /* stand-ins by texts */
    GHashTable *groups; /* the same of the first groups of UUIDs, by which XAPI names storage */
    unsigned count;
};

static void wipe(void *text) {
    memory_wipe_free(text);
}

struct disguise *disguise_new(void) {
    struct disguise *disguise = memory_alloc(sizeof *disguise);
    disguise->known = g_hash_table_new_full(g_str_hash, g_str_equal, wipe, free);
    disguise->groups = g_hash_table_new_full(g_str_hash, g_str_equal, wipe, free);
    return disguise;
}

void disguise_free(struct disguise *disguise) {
    if (!disguise)
        return;
    g_hash_table_destroy(disguise->known);
    g_hash_table_destroy(disguise->groups);
    free(disguise);
}

static bool is_pattern(const char *text, const char *pattern) {
    for (; *text && *pattern; text++, pattern++)
        if (*pattern == 'x' ? !g_ascii_isxdigit(*text) : *text != *pattern)
            return false;
    return !*text && !*pattern;
}

static bool is_uuid(const char *text) {
    return is_pattern(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
}

static bool is_mac(const char *text) {
    return is_pattern(text, "xx:xx:xx:xx:xx:xx");
}

static bool is_group(const char *text) {
    return is_pattern(text, "xxxxxxxx");
}

bool disguise_is_number(const char *text) {
    char *end = NULL;
    g_ascii_strtod(text, &end);
    return end != text && !*end && !strchr(text, '(') && strlen(text) <= LONGEST_NUMBER;
}

static const char *group_stand_in(struct disguise *disguise, const char *group) {
    const char *known = g_hash_table_lookup(disguise->groups, group);
    if (!known) {
        char *made = memory_printf("%08x", g_hash_table_size(disguise->groups) + 1);
        g_hash_table_insert(disguise->groups, memory_strdup(group), made);
        known = made;
    }
    return known;
}

static char *uuid_stand_in(struct disguise *disguise, const char *uuid, unsigned number) {
    char group[UUID_GROUP + 1];
    g_strlcpy(group, uuid, sizeof group);
    return memory_printf("%s-0000-4000-8000-%012x", group_stand_in(disguise, group), number);
}

/* The network of RFC 2544, for tests; it has 131072 addresses. */
static char *address_stand_in(unsigned number) {
    return memory_printf("198.%u.%u.%u", 18 + (number >> 16 & 1), number >> 8 & 255, number & 255);
}

static bool is_address(int family, const char *text) {
    unsigned char bytes[sizeof(struct in6_addr)];
    return inet_pton(family, text, bytes) == 1;
}

static char *make(struct disguise *disguise, const char *text) {
    unsigned number = ++disguise->count;
    if (is_uuid(text))
        return uuid_stand_in(disguise, text, number);
    if (is_mac(text))
        return memory_printf("02:00:%02x:%02x:%02x:%02x", number >> 24 & 255, number >> 16 & 255,
                             number >> 8 & 255, number & 255);
    if (is_address(AF_INET, text))
        return address_stand_in(number);
    if (is_address(AF_INET6, text))
        return memory_printf("2001:db8::%x:%x", number >> 16, number & 65535);
    if (disguise_is_number(text))
        return memory_printf("%u", 900000 + number);
    if (strchr(text, '@'))
        return memory_printf("user%u@example.com", number);
    return memory_printf(strpbrk(text, " \t\r\n") ? "text %u" : "name%u", number);
}

static const char *look_up(struct disguise *disguise, const char *text) {
    const char *known = g_hash_table_lookup(disguise->known, text);
    if (!known) {
        char *made = make(disguise, text);
        g_hash_table_insert(disguise->known, memory_strdup(text), made);
        known = made;
    }
    return known;
}

/* A reference of XAPI is one wherever it stands. */
static const char *reference_stand_in(struct disguise *disguise, const char *text) {
    const char *known = g_hash_table_lookup(disguise->known, text);
    if (strcmp(text, no_reference) == 0)
        return no_reference;
    if (known)
        return known;
    unsigned number = ++disguise->count;
    char *made = memory_printf("%s%08x-0000-4000-8000-%012x", reference, number, number);
    g_hash_table_insert(disguise->known, memory_strdup(text), made);
    return made;
}

const char *disguise_text(struct disguise *disguise, const char *text) {
    if (!*text)
        return "";
    if (g_str_has_prefix(text, reference))
        return reference_stand_in(disguise, text);
    if (!is_uuid(text) && !is_mac(text))
        return look_up(disguise, text);
    char *lower = g_ascii_strdown(text, -1);
    const char *stand_in = look_up(disguise, lower);
    wipe(lower);
    return stand_in;
}

/* A prefix that APIs give to devices, and digits or letters of a disk. */
static const struct {
    const char *prefix;
    const char *letters;
    size_t longest;
} devices[] = {
    {"", "0123456789", 4},
    {"scsi", "0123456789", 3},
    {"virtio", "0123456789", 3},
    {"sata", "0123456789", 3},
    {"ide", "0123456789", 3},
    {"efidisk", "0123456789", 3},
    {"pflash", "0123456789", 3},
    {"net", "0123456789", 3},
    {"tpmstate", "0123456789", 3},
    {"eth", "0123456789", 3},
    {"bond", "0123456789", 3},
    {"cpu", "0123456789", 4},
    {"xvd", G_CSET_a_2_z, 3},
    {"hd", G_CSET_a_2_z, 1},
    {"sd", G_CSET_a_2_z, 3},
    {"nvme", "0123456789np", 6},
    {"tap", "0123456789i", 16},
    {"veth", "0123456789i", 16},
    {"xenbr", "0123456789", 3},
    {"xapi", "0123456789", 3},
    {"unused", "0123456789", 3},
    {"rootfs", "", 0},
    {"mp", "0123456789", 3},
    {"lo", "", 0},
    {"aggr", "", 0},
};

static bool is_device(const char *name) {
    for (size_t i = 0; i < G_N_ELEMENTS(devices); i++) {
        size_t length = strlen(devices[i].prefix);
        if (strncmp(name, devices[i].prefix, length) != 0)
            continue;
        size_t rest = strspn(name + length, devices[i].letters);
        if (!name[length + rest] && rest <= devices[i].longest && (rest || !devices[i].longest))
            return true;
    }
    return false;
}

char *disguise_device(struct disguise *disguise, const char *name) {
    return memory_strdup(is_device(name) ? name : disguise_text(disguise, name));
}

/* Of names of XAPI's data sources. */
static const char *const source_words[] = {
    "cpu",
    "memory",
    "target",
    "internal",
    "free",
    "total",
    "kib",
    "vif",
    "vbd",
    "pif",
    "rx",
    "tx",
    "errors",
    "read",
    "write",
    "latency",
    "iops",
    "io",
    "throughput",
    "iowait",
    "inflight",
    "avgqu",
    "sz",
    "usage",
    "avg",
    "running",
    "vcpus",
    "loadavg",
    "runstate",
    "fullrun",
    "full",
    "run",
    "partial",
    "blocked",
    "contention",
    "hazard",
    "runnable",
    "any",
    "hostload",
    "concurrency",
    "DCMI-power-reading",
    NULL,
};

static void add_source_word(struct disguise *disguise, GString *text, const char *word) {
    if (!*word || g_strv_contains(source_words, word) || is_device(word)) {
        g_string_append(text, word);
    } else if (is_group(word)) {
        char *lower = g_ascii_strdown(word, -1);
        g_string_append(text, group_stand_in(disguise, lower));
        wipe(lower);
    } else {
        g_string_append(text, disguise_text(disguise, word));
    }
}

static void add_source(struct disguise *disguise, GString *text, const char *name) {
    char **words = g_strsplit(name, "_", -1);
    for (size_t i = 0; words[i]; i++) {
        if (i)
            g_string_append_c(text, '_');
        add_source_word(disguise, text, words[i]);
    }
    g_strfreev(words);
}

char *disguise_legend(struct disguise *disguise, const char *entry) {
    static const char *const kept[] = {"AVERAGE", "MIN", "MAX", "LAST", "vm", "host", "sr", NULL};
    GString *text = g_string_new(NULL);
    char **parts = g_strsplit(entry, ":", 4);
    for (size_t i = 0; parts[i]; i++) {
        if (i)
            g_string_append_c(text, ':');
        if (i == 3)
            add_source(disguise, text, parts[i]);
        else
            g_string_append(text, i < 2 && g_strv_contains(kept, parts[i])
                                      ? parts[i]
                                      : disguise_text(disguise, parts[i]));
    }
    g_strfreev(parts);
    return g_string_free(text, FALSE);
}
