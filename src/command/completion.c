/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "command/completion.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/completion_value.h"
#include "command/option_table.h"
#include "command/options.h"
#include "core/memory.h"
#include "source/libvirt/counters/counters.h"

/* The options of a command one by one: NULL at first; NULL after the last one. */
static const struct poptOption *next_option(const struct options_spec *spec, size_t *group,
                                            const struct poptOption *last) {
    if (last && last[1].longName)
        return last + 1;
    for (*group += last != NULL; *group < OPTION_GROUPS; ++*group)
        if (!option_groups[*group].bit || (spec->groups & option_groups[*group].bit))
            return option_groups[*group].options;
    return NULL;
}

/* What stands in single quotes: escaped are characters that get a backslash. */
static void put_quoted(const char *text, const char *escaped) {
    for (; *text; text++) {
        if (*text == '\'') {
            fputs("'\\''", stdout);
            continue;
        }
        if (strchr(escaped, *text))
            putchar('\\');
        putchar(*text);
    }
}

static void put_counters(const char *separator) {
    for (size_t i = 0; i < libvirt_counter_count; i++)
        printf("%s%s", i ? separator : "", libvirt_counters[i].counter.name);
}

static void put_bash_value(const struct command *command, const struct poptOption *option) {
    static const char *const kinds[] = {"text",  "file",    "word",    "list",
                                        "rules", "counter", "counters"};
    if (!option->argDescrip)
        return;
    struct completion_value value = completion_value(command, option);
    printf("    %s:--%s", command->name, option->longName);
    if (option->shortName)
        printf(" | %s:-%c", command->name, option->shortName);
    printf(") kind=%s choices='%s' ;;\n", kinds[value.kind], value.words ? value.words : "");
    free(value.words);
}

static void put_bash_options(const struct command *command) {
    size_t group = 0;
    printf("    %s) printf '%%s\\n'", command->name);
    for (const struct poptOption *option = NULL;
         (option = next_option(command->spec, &group, option));)
        printf(" --%s", option->longName);
    puts(" ;;");
}

static void put_bash(const struct command *commands, size_t count) {
    fputs("_vperf_commands='", stdout);
    for (size_t i = 0; i < count; i++)
        printf("%s%s", i ? " " : "", commands[i].name);
    fputs("'\n_vperf_counters() {\n    printf '%s\\n' ", stdout);
    put_counters(" ");
    puts("\n}\n_vperf_options() {\n    case $1 in");
    for (size_t i = 0; i < count; i++)
        put_bash_options(&commands[i]);
    puts("    esac\n}\n_vperf_value() {\n    case $1 in");
    for (size_t i = 0; i < count; i++) {
        size_t group = 0;
        for (const struct poptOption *option = NULL;
             (option = next_option(commands[i].spec, &group, option));)
            put_bash_value(&commands[i], option);
    }
    puts("    *) return 1 ;;\n    esac\n}");
}

/* The function that offers what the option takes, "" for what is the user's own. */
static void put_call(const char *const functions[], const struct command *command,
                     const struct poptOption *option) {
    struct completion_value value = completion_value(command, option);
    printf(functions[value.kind], value.words ? value.words : "");
    free(value.words);
}

static void put_zsh_option(const struct command *command, const struct poptOption *option) {
    static const char *const functions[] = {
        "",
        "_files",
        "(%s)",
        "_vperf_list %s",
        "_vperf_rules %s",
        "_vperf_counter",
        "_vperf_counter_list",
    };
    const char *equals = option->argDescrip ? "=" : "";
    bool repeatable = strstr(option->descrip, "repeatable") != NULL;
    if (!option->shortName)
        printf("        '%s--%s%s[", repeatable ? "*" : "", option->longName, equals);
    else if (repeatable)
        printf("        '*'{-%c,--%s%s}'[", option->shortName, option->longName, equals);
    else
        printf("        '(-%c --%s)'{-%c,--%s%s}'[", option->shortName, option->longName,
               option->shortName, option->longName, equals);
    put_quoted(option->descrip, "[]:\\");
    putchar(']');
    if (option->argDescrip) {
        printf(":%s:", option->argDescrip);
        put_call(functions, command, option);
    }
    puts("' \\");
}

static void put_zsh(const struct command *commands, size_t count) {
    puts("local curcontext=\"$curcontext\"\ntypeset -A opt_args");
    fputs("local -a commands _vperf_counters\n_vperf_counters=(", stdout);
    put_counters(" ");
    puts(")\ncommands=(");
    for (size_t i = 0; i < count; i++) {
        printf("    '%s:", commands[i].name);
        put_quoted(commands[i].help, ":\\");
        puts("'");
    }
    puts(")\n"
         "if (( CURRENT == 2 )); then\n"
         "    _describe command commands\n"
         "    return\n"
         "fi\n"
         "shift words\n"
         "(( CURRENT-- ))\n"
         "case $words[1] in");
    for (size_t i = 0; i < count; i++) {
        size_t group = 0;
        printf("%s)\n    _arguments \\\n", commands[i].name);
        for (const struct poptOption *option = NULL;
             (option = next_option(commands[i].spec, &group, option));)
            put_zsh_option(&commands[i], option);
        puts("        '*:target:_vperf_target'\n    ;;");
    }
    puts("esac");
}

static void put_fish_option(const struct command *command, const struct poptOption *option) {
    static const char *const functions[] = {
        " -x",
        " -r -F",
        " -x -a '%s'",
        " -x -a '(__vperf_list %s)'",
        " -x -a '(__vperf_list %s | string replace -r \\$ =)'",
        " -x -a '(__vperf_counter)'",
        " -x -a '(__vperf_counter_list)'",
    };
    printf("complete -c vperf -n '__fish_seen_subcommand_from %s' -l %s", command->name,
           option->longName);
    if (option->shortName)
        printf(" -s %c", option->shortName);
    if (option->argDescrip)
        put_call(functions, command, option);
    fputs(" -d '", stdout);
    for (const char *text = option->descrip; *text; text++)
        printf("%s%c", strchr("'\\", *text) ? "\\" : "", *text);
    puts("'");
}

static void put_fish(const struct command *commands, size_t count) {
    fputs("function __vperf_counters\n    printf '%s\\n' ", stdout);
    put_counters(" ");
    puts("\nend");
    for (size_t i = 0; i < count; i++) {
        size_t group = 0;
        printf("complete -c vperf -n __fish_use_subcommand -a %s -d '%s'\n", commands[i].name,
               commands[i].help);
        for (const struct poptOption *option = NULL;
             (option = next_option(commands[i].spec, &group, option));)
            put_fish_option(&commands[i], option);
    }
}

static const struct {
    const char *name;
    void (*put)(const struct command *commands, size_t count);
} shells[] = {{"bash", put_bash}, {"zsh", put_zsh}, {"fish", put_fish}};

/* The functions that are the same for all commands. */
static bool put_head(const char *shell, const char *folder, struct error *error) {
    char *path = memory_printf("%s/vperf.%s", folder, shell), *text = NULL;
    GError *trouble = NULL;
    if (g_file_get_contents(path, &text, NULL, &trouble)) {
        fputs(text, stdout);
    } else {
        error_set(error, ERROR_USAGE, "%s", trouble->message);
        g_error_free(trouble);
    }
    free(path);
    g_free(text);
    return !error->kind;
}

bool completion_write(const char *shell, const char *folder, const struct command *commands,
                      size_t count, struct error *error) {
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        if (strcmp(shells[i].name, shell) != 0)
            continue;
        if (!put_head(shell, folder, error))
            return false;
        shells[i].put(commands, count);
        return true;
    }
    return error_set(error, ERROR_USAGE, "no completion for '%s'", shell);
}
