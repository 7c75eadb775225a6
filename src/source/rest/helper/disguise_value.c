/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which texts stay, by the name of the member that they are the value of. */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/rest/helper/disguise.h"

enum { LONGEST_WORD = 64, LONGEST_MODEL = 128 };

enum treatment {
    TREAT_REPLACE,
    TREAT_NUMBER,     /* itself when it is a number */
    TREAT_WORD,       /* itself when it is one word: a state, a version */
    TREAT_MODEL,      /* itself when it begins as models of CPUs do, too */
    TREAT_DEVICE,     /* itself when it is a device by the API */
    TREAT_ID,         /* qemu/100, storage/NODE/NAME */
    TREAT_PROPERTIES, /* a list of key=value */
};

static bool has_word(const char *list, const char *word) {
    size_t length = strlen(word);
    for (const char *at = list; length && (at = strstr(at, word)); at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
            return true;
    return false;
}

static const char numbers[] =
    "cpu cpus cores sockets vcpus maxcpu mem maxmem memhost freemem disk maxdisk swap maxswap "
    "netin netout diskread diskwrite uptime in out vmid pid mhz loadavg level cpulimit memory "
    "balloon total used free shared available avail value timestamp time iowait wait template "
    "kvm local online nodeid quorate nodes pressurecpusome pressurecpufull pressureiosome "
    "pressureiofull pressurememorysome pressurememoryfull "
    "VCPUs_max VCPUs_at_startup VCPUs_number memory_target memory_static_max memory_static_min "
    "memory_dynamic_max memory_dynamic_min memory_overhead memory_total memory_free domid "
    "virtual_size physical_utilisation physical_size virtual_allocation userdevice MTU VLAN "
    "cpu_count socket_count speed threads_per_core boot_time agent_start_time user_version "
    "API_version_major API_version_minor";

static const char words[] =
    "type status version release repoid ostype qmpstatus lock hastate plugintype content metric "
    "level unit cf power_state content_type product_brand product_version product_version_text "
    "xapi xen vendor pveversion running-qemu running-machine";

static bool is_numbered(const char *key, const char *prefix) {
    size_t length = strlen(prefix);
    size_t digits = strncmp(key, prefix, length) == 0 ? strspn(key + length, "0123456789") : 0;
    return digits && digits <= 3 && !key[length + digits];
}

static enum treatment treatment_of(const char *key) {
    static const char *const lists[] = {"scsi", "virtio",  "sata",     "ide",   "net",
                                        "mp",   "efidisk", "tpmstate", "unused"};
    if (has_word(numbers, key))
        return TREAT_NUMBER;
    if (has_word(words, key))
        return TREAT_WORD;
    if (has_word("model modelname", key))
        return TREAT_MODEL;
    if (has_word("dev device", key))
        return TREAT_DEVICE;
    if (strcmp(key, "id") == 0)
        return TREAT_ID;
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        if (is_numbered(key, lists[i]))
            return TREAT_PROPERTIES;
    return has_word("rootfs smbios1", key) ? TREAT_PROPERTIES : TREAT_REPLACE;
}

bool disguise_knows(const char *key) {
    return treatment_of(key) != TREAT_REPLACE;
}

static bool is_digits(const char *text) {
    return *text && !text[strspn(text, "0123456789")];
}

/* What people write has blanks, and what they are called by has an "@". */
static bool is_word(const char *text) {
    return strlen(text) <= LONGEST_WORD &&
           !text[strspn(text, G_CSET_A_2_Z G_CSET_a_2_z "0123456789._+-/,()")];
}

static bool is_model(const char *text) {
    static const char *const makers[] = {
        "Intel(R) ", "AMD ",        "Hygon ", "ARM ",
        "Ampere ",   "Common KVM ", "QEMU ",  "Common 32-bit KVM ",
    };
    bool made = false;
    for (size_t i = 0; i < G_N_ELEMENTS(makers); i++)
        made = made || g_str_has_prefix(text, makers[i]);
    return made && strlen(text) <= LONGEST_MODEL &&
           !text[strspn(text, G_CSET_A_2_Z G_CSET_a_2_z "0123456789 ._+-/,()@")];
}

static char *replaced(struct disguise *disguise, const char *text) {
    return memory_strdup(disguise_text(disguise, text));
}

/* The kind stays, and the number of a guest; what a node or storage is called does not. */
static char *id_value(struct disguise *disguise, const char *value) {
    bool guest = g_str_has_prefix(value, "qemu/") || g_str_has_prefix(value, "lxc/");
    GString *text = g_string_new(NULL);
    char **parts = g_strsplit(value, "/", -1);
    for (size_t i = 0; parts[i]; i++) {
        bool stays = i ? guest && is_digits(parts[i])
                       : has_word("qemu lxc node storage sdn pool cluster network", parts[i]);
        if (i)
            g_string_append_c(text, '/');
        g_string_append(text, stays ? parts[i] : disguise_text(disguise, parts[i]));
    }
    g_strfreev(parts);
    return g_string_free(text, FALSE);
}

/* size=32G and media=cdrom stay; uuid=... gets another one. */
static void add_property(struct disguise *disguise, GString *text, char *part) {
    static const char harmless[] =
        "size media cache discard ssd iothread format aio firewall rate queues type backup";
    static const char named[] = "uuid virtio e1000 e1000e vmxnet3 rtl8139 bridge tag name hwaddr "
                                "ip ip6 gw gw6 mp file serial";
    char *value = strchr(part, '=');
    if (!value) {
        bool stays = has_word("none cdrom", part);
        g_string_append(text, stays ? part : disguise_text(disguise, part));
        return;
    }
    *value++ = '\0';
    bool stays = has_word(harmless, part) && strlen(value) <= 16 &&
                 !value[strspn(value, G_CSET_A_2_Z G_CSET_a_2_z "0123456789._")];
    bool known = stays || has_word(harmless, part) || has_word(named, part);
    g_string_append_printf(text, "%s=%s", known ? part : disguise_text(disguise, part),
                           stays ? value : disguise_text(disguise, value));
}

static char *properties_value(struct disguise *disguise, const char *value) {
    GString *text = g_string_new(NULL);
    char **parts = g_strsplit(value, ",", -1);
    for (size_t i = 0; parts[i]; i++) {
        if (i)
            g_string_append_c(text, ',');
        add_property(disguise, text, parts[i]);
    }
    g_strfreev(parts);
    return g_string_free(text, FALSE);
}

char *disguise_value(struct disguise *disguise, const char *key, const char *value) {
    switch (treatment_of(key)) {
    case TREAT_NUMBER:
        return disguise_is_number(value) ? memory_strdup(value) : replaced(disguise, value);
    case TREAT_WORD:
        return is_word(value) ? memory_strdup(value) : replaced(disguise, value);
    case TREAT_MODEL:
        return is_word(value) || is_model(value) ? memory_strdup(value) : replaced(disguise, value);
    case TREAT_DEVICE:
        return disguise_device(disguise, value);
    case TREAT_ID:
        return id_value(disguise, value);
    case TREAT_PROPERTIES:
        return properties_value(disguise, value);
    default:
        return replaced(disguise, value);
    }
}

static char *unescaped(const char *text) {
    char *plain = g_uri_unescape_string(text, NULL);
    return plain ? plain : g_strdup(text);
}

/* After "nodes" comes a name, whatever it looks like. */
static void add_segments(struct disguise *disguise, GString *text, const char *path) {
    static const char api[] =
        "api2 json nodes cluster resources status metrics export version access qemu lxc netstat "
        "config current storage rrddata RPC2 jsonrpc rrd_updates vm_rrd host_rrd sr_rrd";
    char **parts = g_strsplit(path, "/", -1);
    for (size_t i = 0; parts[i]; i++) {
        bool named = i && strcmp(parts[i - 1], "nodes") == 0;
        bool counted = i && has_word("qemu lxc", parts[i - 1]) && is_digits(parts[i]);
        char *plain = unescaped(parts[i]);
        if (i)
            g_string_append_c(text, '/');
        g_string_append(text, counted || (!named && has_word(api, parts[i]))
                                  ? parts[i]
                                  : disguise_text(disguise, plain));
        g_free(plain);
    }
    g_strfreev(parts);
}

static void add_query(struct disguise *disguise, GString *text, const char *query) {
    char **parts = g_strsplit(query, "&", -1);
    for (size_t i = 0; parts[i]; i++) {
        char *value = strchr(parts[i], '=');
        if (value)
            *value++ = '\0';
        bool known = has_word("full history start-time local-only node-list timeframe cf type "
                              "session_id start interval host uuid json",
                              parts[i]);
        char *plain = unescaped(value ? value : "");
        bool stays = !has_word("session_id uuid node-list", parts[i]) && known &&
                     (is_digits(plain) ||
                      has_word("AVERAGE MAX MIN true false hour day week month year", plain));
        g_string_append_printf(text, "%c%s", i ? '&' : '?',
                               known ? parts[i] : disguise_text(disguise, parts[i]));
        if (value)
            g_string_append_printf(text, "=%s", stays ? plain : disguise_text(disguise, plain));
        g_free(plain);
    }
    g_strfreev(parts);
}

char *disguise_path(struct disguise *disguise, const char *path) {
    GString *text = g_string_new(NULL);
    size_t length = strcspn(path, "?");
    char *segments = memory_strndup(path, length);
    add_segments(disguise, text, segments);
    if (path[length])
        add_query(disguise, text, path + length + 1);
    memory_wipe_free(segments);
    return g_string_free(text, FALSE);
}
