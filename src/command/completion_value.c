/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "command/completion_value.h"

#include <glib.h>
#include <string.h>

#include "command/option_table.h"
#include "command/options.h"
#include "core/entity_field.h"
#include "core/memory.h"
#include "report/page.h"
#include "report/sizing.h"
#include "sink/sink.h"

/* The name with this number of a table; NULL behind the last one. */
typedef const char *(*name_at)(size_t number);

static const char *format_at(size_t number) {
    return sink_table[number] ? sink_table[number]->name : NULL;
}

static const char *field_at(size_t number) {
    return number < ENTITY_FIELDS ? entity_fields[number].name : NULL;
}

static const char *rule_at(size_t number) {
    return number < SIZING_RULES ? sizing_rule_table[number].name : NULL;
}

/* By group of the command: the first row that fits. */
static const struct {
    int option;
    unsigned groups; /* of enum option_groups; 0 for all */
    enum completion_kind kind;
    const char *words;
    name_at names; /* in place of words */
} choices[] = {
    {OPTION_TYPE, OPTIONS_COMPARISON, COMPLETION_LIST, "vm host", NULL},
    {OPTION_TYPE, OPTIONS_REPORT, COMPLETION_LIST, "vm host datastore", NULL},
    {OPTION_TYPE, 0, COMPLETION_LIST, "vm host pool cluster datastore datacenter", NULL},
    {OPTION_INSTANCE, 0, COMPLETION_WORD, "all aggregate", NULL},
    {OPTION_INTERVAL, OPTIONS_SAMPLES | OPTIONS_REPORT, COMPLETION_WORD,
     "realtime day week month year", NULL},
    {OPTION_FORMAT, OPTIONS_SAMPLES, COMPLETION_WORD, NULL, format_at},
    {OPTION_FORMAT, OPTIONS_REPORT, COMPLETION_WORD, NULL, page_name},
    {OPTION_FORMAT, 0, COMPLETION_WORD, "csv table", NULL},
    {OPTION_WITH, 0, COMPLETION_LIST, NULL, field_at},
    {OPTION_GROUP_BY, 0, COMPLETION_LIST, "cluster host folder tag", NULL},
    {OPTION_RULE, 0, COMPLETION_RULES, NULL, rule_at},
    {OPTION_COUNTER, 0, COMPLETION_COUNTERS, NULL, NULL},
    {OPTION_SORT, 0, COMPLETION_COUNTER, NULL, NULL},
};

static char *join(name_at names) {
    GString *joined = g_string_new(NULL);
    for (size_t i = 0; names(i); i++)
        g_string_append_printf(joined, "%s%s", i ? " " : "", names(i));
    return g_string_free(joined, FALSE);
}

struct completion_value completion_value(const struct command *command,
                                         const struct poptOption *option) {
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        unsigned groups = choices[i].groups;
        if (choices[i].option == option->val && (!groups || (groups & command->spec->groups)))
            return (struct completion_value){
                .kind = choices[i].kind,
                .words =
                    choices[i].names ? join(choices[i].names) : memory_strdup(choices[i].words),
            };
    }
    bool file = strcmp(option->argDescrip, "FILE") == 0;
    return (struct completion_value){.kind = file ? COMPLETION_FILE : COMPLETION_TEXT};
}
