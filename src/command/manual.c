/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "command/manual.h"

#include <ctype.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/option_table.h"
#include "command/options.h"
#include "core/memory.h"

/* Characters that man(7) would take for its own, or for typography. */
static const struct {
    char plain;
    const char *escaped;
} escapes[] = {
    {'\\', "\\e"}, {'-', "\\-"}, {'\'', "\\(aq"}, {'`', "\\(ga"}, {'~', "\\(ti"}, {'^', "\\(ha"},
};

static void put_character(char plain) {
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++) {
        if (escapes[i].plain == plain) {
            fputs(escapes[i].escaped, stdout);
            return;
        }
    }
    putchar(plain);
}

/* A line without its end; a dot that begins it is no request. */
static void put_text(const char *text, size_t length) {
    if (length && *text == '.')
        fputs("\\&", stdout);
    for (size_t i = 0; i < length; i++)
        put_character(text[i]);
}

static void put_string(const char *text) {
    put_text(text, strlen(text));
}

static bool is_table(const char *line, size_t length) {
    return memmem(line, length, "  ", 2) != NULL || *line == ' ';
}

/* Text of the help: paragraphs are filled, lines with columns or a margin stay as they are. */
static void put_notes(const char *text, size_t length) {
    bool table = false, begun = false;
    for (const char *line = text, *end; line < text + length; line = end + 1) {
        end = memchr(line, '\n', (size_t)(text + length - line));
        end = end ? end : text + length;
        if (line == end) {
            begun = true;
            continue;
        }
        bool wanted = is_table(line, (size_t)(end - line));
        if (table && (begun || !wanted))
            puts(".fi");
        if (begun)
            puts(".PP");
        if (wanted && (begun || !table))
            puts(".nf");
        table = wanted;
        begun = false;
        put_text(line, (size_t)(end - line));
        putchar('\n');
    }
    if (table)
        puts(".fi");
}

static void put_upper(const char *text) {
    for (; *text; text++)
        putchar(toupper((unsigned char)*text));
}

static void put_head(const struct command *command) {
    fputs(".TH VPERF\\-", stdout);
    put_upper(command->name);
    puts(" 1 \"@MANUAL_DATE@\" \"vperf @PROJECT_VERSION@\" \"User Commands\"");
    printf(".SH NAME\nvperf\\-%s \\- ", command->name);
    put_string(command->help);
    printf("\n.SH SYNOPSIS\n.B vperf %s\n.RI [ OPTION ...]\n.I ", command->name);
    put_string(command->spec->arguments);
    puts("\n.SH DESCRIPTION");
    put_string(command->spec->summary);
    putchar('\n');
}

/* The part of "@OPTION COMMAND..." that a line of options.roff names. */
static bool names_option(char **words, const char *option, const char *command) {
    if (!words[0] || strcmp(words[0] + 1, option) != 0)
        return false;
    return command ? g_strv_contains((const char *const *)words + 1, command) : !words[1];
}

/* What stands below "@OPTION" for the command, or with NULL for all commands; NULL if nothing. */
static char *find_details(char **lines, const char *option, const char *command) {
    GString *found = NULL;
    for (bool within = false; *lines; lines++) {
        if (**lines == '@') {
            char **words = g_strsplit(*lines, " ", 0);
            within = names_option(words, option, command);
            g_strfreev(words);
            if (within && !found)
                found = g_string_new(NULL);
        } else if (within && **lines) {
            g_string_append_printf(found, "%s\n", *lines);
        }
    }
    return found ? g_string_free(found, FALSE) : NULL;
}

static void put_option(const struct poptOption *option, const char *command, char **details) {
    puts(".TP");
    if (option->shortName)
        printf("\\fB\\-%c\\fR, ", option->shortName);
    fputs("\\fB\\-\\-", stdout);
    put_string(option->longName);
    if (option->argDescrip)
        fputs("=\\fI", stdout);
    put_string(option->argDescrip ? option->argDescrip : "");
    puts("\\fR");
    put_string(option->descrip);
    puts(".");
    char *more = find_details(details, option->longName, command);
    more = more ? more : find_details(details, option->longName, NULL);
    fputs(more ? more : "", stdout);
    g_free(more);
}

static void put_options(const struct command *command, char **details) {
    puts(".SH OPTIONS");
    for (size_t i = 0; i < OPTION_GROUPS; i++) {
        const struct option_group *group = &option_groups[i];
        if (group->bit && !(command->spec->groups & group->bit))
            continue;
        printf(".SS \"%.*s\"\n", (int)strcspn(group->title, ":"), group->title);
        for (const struct poptOption *option = group->options; option->longName; option++)
            put_option(option, command->name, details);
    }
}

static void put_tail(const char *examples) {
    puts(
        ".SH EXIT STATUS\n"
        "0: everything was written; 1: nothing; 2: the command line is wrong; 3: part failed, and\n"
        "stderr names it; 130: interrupted. See\n"
        ".BR vperf (1).");
    if (examples) {
        puts(".SH EXAMPLES");
        put_notes(examples, strlen(examples));
    }
    puts(".SH SEE ALSO\n"
         ".BR vperf (1)\n"
         "for targets, the environment and exit status,\n"
         ".BR vperf.conf (5)");
}

/* From *text on up to its first section; *text goes there. */
static void put_description(const char **text) {
    const char *section = g_str_has_prefix(*text, ".SH ") ? *text : strstr(*text, "\n.SH ");
    section = section ? section + (*section == '\n') : *text + strlen(*text);
    if (section != *text)
        printf(".PP\n%.*s", (int)(section - *text), *text);
    *text = section;
}

static void put_page(const struct command *command, const char *text, char **details) {
    static const char examples[] = "Examples:\n";
    const char *notes = command->spec->notes, *found = strstr(notes, examples);
    put_head(command);
    put_description(&text);
    puts(".PP");
    put_notes(notes, found ? (size_t)(found - notes) : strlen(notes));
    put_options(command, details);
    fputs(text, stdout);
    put_tail(found ? found + strlen(examples) : NULL);
}

/* The file without its first line, the licence; owned by the caller. */
static char *read_text(const char *folder, const char *name, struct error *error) {
    char *path = memory_printf("%s/%s.roff", folder, name), *text = NULL;
    GError *trouble = NULL;
    if (!g_file_get_contents(path, &text, NULL, &trouble)) {
        error_set(error, ERROR_USAGE, "%s", trouble->message);
        g_error_free(trouble);
    }
    free(path);
    const char *end = text ? strchr(text, '\n') : NULL;
    char *rest = memory_strdup(end ? end + 1 : text);
    g_free(text);
    return rest;
}

bool manual_write(const struct command *command, const char *folder, struct error *error) {
    char *text = read_text(folder, command->name, error);
    char *options = text ? read_text(folder, "options", error) : NULL;
    bool good = options != NULL;
    if (good) {
        char **details = g_strsplit(options, "\n", 0);
        put_page(command, text, details);
        g_strfreev(details);
    }
    free(text);
    free(options);
    return good;
}
