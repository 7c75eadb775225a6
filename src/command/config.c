/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Sections and keys, each with the check that the option of the same name has. */
#include "command/config.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "command/config_file.h"
#include "core/memory.h"
#include "core/nearest.h"
#include "core/secret.h"
#include "source/source.h"

enum kind { KEY_TEXT, KEY_PATH, KEY_FLAG, KEY_URI, KEY_PASSWORD };

static const struct key {
    const char *name;
    enum kind kind;
    int option;
} known_keys[] = {
    {"uri", KEY_URI, 0},
    {"username", KEY_TEXT, OPTION_USERNAME},
    {"password-file", KEY_PATH, OPTION_PASSWORD_FILE},
    {"password", KEY_PASSWORD, 0},
    {"thumbprint", KEY_TEXT, OPTION_THUMBPRINT},
    {"ca-file", KEY_PATH, OPTION_CA_FILE},
    {"insecure", KEY_FLAG, OPTION_INSECURE},
    {"timeout", KEY_TEXT, OPTION_TIMEOUT},
    {"jobs", KEY_TEXT, OPTION_JOBS},
    {"type", KEY_TEXT, OPTION_TYPE},
    {"name", KEY_TEXT, OPTION_NAME},
    {"counter", KEY_TEXT, OPTION_COUNTER},
    {"instance", KEY_TEXT, OPTION_INSTANCE},
    {"interval", KEY_TEXT, OPTION_INTERVAL},
    {"balloon-period", KEY_TEXT, OPTION_BALLOON_PERIOD},
    {"guest-agent", KEY_FLAG, OPTION_GUEST_AGENT},
    {"runstates", KEY_FLAG, OPTION_RUNSTATES},
    {"label", KEY_TEXT, OPTION_LABEL},
    {"labels", KEY_TEXT, OPTION_LABEL}, /* the same */
};

/* A file that is read into a configuration. */
struct reader {
    struct config_file file;
    struct config *config;
    struct error *error;
};

/* Where the reader is. */
struct position {
    struct config_section *section;
    const char *group; /* as it stands in brackets */
    const char *key;
    int line;
};

static bool refuse(const struct reader *reader, int line, const char *reason, const char *what) {
    return error_set(reader->error, ERROR_USAGE, "%s:%d: %s%s", reader->config->path, line, what,
                     reason);
}

/* Puts the place before an error that a check of options has found. */
static bool place_error(const struct reader *reader, int line) {
    error_prefix(reader->error, "%s:%d", reader->config->path, line);
    return false;
}

static const struct key *find_key(const char *name) {
    for (size_t i = 0; i < G_N_ELEMENTS(known_keys); i++)
        if (strcmp(known_keys[i].name, name) == 0)
            return &known_keys[i];
    return NULL;
}

static bool unknown_key(const struct reader *reader, const struct position *at) {
    struct nearest names[G_N_ELEMENTS(known_keys)];
    for (size_t i = 0; i < G_N_ELEMENTS(known_keys); i++)
        names[i] = (struct nearest){.name = known_keys[i].name, .usual = true};
    nearest_sort(names, G_N_ELEMENTS(known_keys), at->key);
    bool near = nearest_is_near(&names[0], at->key);
    return error_set(reader->error, ERROR_USAGE, "%s:%d: unknown key '%s' in [%s]%s%s",
                     reader->config->path, at->line, at->key, at->group, near ? "; nearest: " : "",
                     near ? names[0].name : "");
}

/* A path as it is to be opened, owned by the caller. */
static char *path_from(const struct config *config, const char *path) {
    const char *slash = strrchr(config->path, '/');
    if (*path == '/' || !slash)
        return memory_strdup(path);
    return memory_printf("%.*s%s", (int)(slash - config->path + 1), config->path, path);
}

static bool parse_flag(const char *text, bool *flag) {
    static const struct {
        const char *text;
        bool flag;
    } words[] = {
        {"yes", true}, {"true", true},   {"on", true},   {"1", true},
        {"no", false}, {"false", false}, {"off", false}, {"0", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strcasecmp(words[i].text, text) != 0)
            continue;
        *flag = words[i].flag;
        return true;
    }
    return false;
}

static bool set_flag(const struct reader *reader, const struct position *at, int option,
                     const char *text) {
    bool on = false;
    if (!parse_flag(text, &on))
        return error_set(reader->error, ERROR_USAGE, "%s:%d: %s '%s': expected yes or no",
                         reader->config->path, at->line, at->key, text);
    at->section->text.value[option] = on ? memory_strdup("") : NULL;
    return true;
}

/* One value, alone: what is wrong is wrong on its line. */
static bool set_option(const struct reader *reader, const struct position *at,
                       const struct key *key, const char *text) {
    struct options_text alone = {.outputs = NULL};
    char **value = &at->section->text.value[key->option];
    if (at->section->lines[key->option])
        return refuse(reader, at->line, " is there already, by another name", key->name);
    at->section->lines[key->option] = at->line;
    if (key->kind == KEY_FLAG)
        return set_flag(reader, at, key->option, text);
    *value = key->kind == KEY_PATH ? path_from(reader->config, text) : memory_strdup(text);
    alone.value[key->option] = *value;
    return options_check_text(&alone, reader->error) || place_error(reader, at->line);
}

/* A history is found from where the configuration is. */
static bool set_target(const struct reader *reader, struct target *target, int line,
                       const char *text) {
    struct error ignored = {0};
    if (target_init(target, text, reader->error) && strcmp(target->scheme, TARGET_HISTORY) == 0) {
        char *path = path_from(reader->config, target->uri);
        char *whole = strchr(path, '/') ? memory_strdup(path) : memory_printf("./%s", path);
        struct target found;
        if (target_init(&found, whole, &ignored)) {
            target_done(target);
            *target = found;
        }
        free(whole);
        free(path);
    }
    return reader->error->kind == ERROR_NONE || place_error(reader, line);
}

static bool set_uri(const struct reader *reader, const struct position *at, const char *text) {
    const char *secret = config_file_secret(&reader->file, at->group, at->key);
    if (!at->section->name)
        return refuse(reader, at->line, "uri belongs to a [target NAME]", "");
    return set_target(reader, &at->section->target, at->line, secret ? secret : text);
}

static bool set_key(const struct reader *reader, const struct position *at, const char *text) {
    const struct key *key = find_key(at->key);
    if (!key)
        return unknown_key(reader, at);
    if (!*text)
        return refuse(reader, at->line, " is empty: leave the key out", key->name);
    if (key->kind == KEY_URI)
        return set_uri(reader, at, text);
    if (key->kind != KEY_PASSWORD)
        return set_option(reader, at, key, text);
    at->section->password = secret_copy(config_file_secret(&reader->file, at->group, at->key));
    return true;
}

static bool read_keys(const struct reader *reader, struct position *at) {
    bool good = true;
    char **keys = g_key_file_get_keys(reader->file.keys, at->group, NULL, NULL);
    for (size_t i = 0; good && keys && keys[i]; i++) {
        char *text = config_file_value(&reader->file, at->group, keys[i]);
        at->key = keys[i];
        at->line = config_file_line(&reader->file, at->group, keys[i]);
        good = set_key(reader, at, text);
        free(text);
    }
    g_strfreev(keys);
    return good;
}

/* What belongs together, and what the target's source does not take. */
static bool check_section(const struct reader *reader, struct config_section *section) {
    struct error *error = reader->error;
    if (section->password && section->lines[OPTION_PASSWORD_FILE])
        return refuse(reader, section->lines[OPTION_PASSWORD_FILE],
                      "password and password-file exclude each other: give one of them", "");
    if (!options_check_text(&section->text, error))
        return place_error(reader, section->line);
    if (!section->name)
        return true;
    if (!section->target.text &&
        !set_target(reader, &section->target, section->line, section->name))
        return false;
    const struct source_ops *ops = source_ops_for(&section->target, error);
    if (!ops)
        return place_error(reader, section->line);
    int option = options_find_special(&section->text, ops->takes, error);
    return !option || place_error(reader, section->lines[option]);
}

static struct config_section *add_section(struct config *config, const char *name) {
    struct config_section **sections = memory_array(config->count + 1, sizeof *sections);
    for (size_t i = 0; i < config->count; i++)
        sections[i] = config->sections[i];
    free(config->sections);
    config->sections = sections;
    struct config_section *section = memory_alloc(sizeof *section);
    section->name = memory_strdup(name);
    sections[config->count++] = section;
    return section;
}

/* What stands behind "target " in the brackets; NULL when they hold something else. */
static const char *name_in(const char *group) {
    static const char word[] = "target";
    const char *rest = group + strlen(word);
    if (strncmp(group, word, strlen(word)) != 0 || !g_ascii_isspace(*rest))
        return NULL;
    while (g_ascii_isspace(*rest))
        rest++;
    return *rest ? rest : NULL;
}

static bool read_section(const struct reader *reader, const char *group) {
    struct position at = {.group = group};
    int line = config_file_line(&reader->file, group, NULL);
    const char *name = name_in(group);
    if (name && config_find(reader->config, name))
        return error_set(reader->error, ERROR_USAGE, "%s:%d: [%s] again: it stands at line %d too",
                         reader->config->path, line, group,
                         config_find(reader->config, name)->line);
    if (name)
        at.section = add_section(reader->config, name);
    else if (strcmp(group, "defaults") == 0)
        at.section = &reader->config->defaults;
    else
        return error_set(reader->error, ERROR_USAGE,
                         "%s:%d: unknown section [%s]: expected [defaults] or [target NAME]",
                         reader->config->path, line, group);
    at.section->line = line;
    return read_keys(reader, &at) && check_section(reader, at.section);
}

static bool read_sections(const struct reader *reader) {
    bool good = true;
    char **groups = g_key_file_get_groups(reader->file.keys, NULL);
    for (size_t i = 0; good && groups[i]; i++)
        good = read_section(reader, groups[i]);
    g_strfreev(groups);
    return good;
}

struct config *config_read(const char *path, struct error *error) {
    struct config *config = memory_alloc(sizeof *config);
    struct reader reader = {.config = config, .error = error};
    config->path = memory_strdup(path);
    bool good = config_file_read(&reader.file, config->path, error) && read_sections(&reader);
    config_file_done(&reader.file);
    if (good)
        return config;
    config_free(config);
    return NULL;
}

const struct config_section *config_find(const struct config *config, const char *name) {
    for (size_t i = 0; i < config->count; i++)
        if (strcmp(config->sections[i]->name, name) == 0)
            return config->sections[i];
    return NULL;
}

const char *config_nearest(const struct config *config, const char *name) {
    struct nearest *names = memory_array(config->count + 1, sizeof *names);
    for (size_t i = 0; i < config->count; i++)
        names[i] = (struct nearest){.name = config->sections[i]->name, .usual = true};
    const char *nearest = nearest_keep(names, config->count, name) ? names[0].name : NULL;
    free(names);
    return nearest;
}

static void section_done(struct config_section *section) {
    free(section->name);
    target_done(&section->target);
    secret_free(section->password);
    for (size_t i = 0; i < OPTION_COUNT; i++)
        free(section->text.value[i]);
}

void config_free(struct config *config) {
    if (!config)
        return;
    section_done(&config->defaults);
    for (size_t i = 0; i < config->count; i++) {
        section_done(config->sections[i]);
        free(config->sections[i]);
    }
    free(config->sections);
    free(config->path);
    free(config);
}
