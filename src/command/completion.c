/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "command/completion.h"

#include <stdio.h>
#include <string.h>

#include "command/option_table.h"
#include "command/options.h"

/* The words that an option takes, by group of the command; else it takes a file, or what is the
 * user's own.
 */
static const struct {
    int option;
    unsigned groups; /* of enum option_groups; 0 for all */
    const char *words;
} choices[] = {
    {OPTION_TYPE, OPTIONS_COMPARISON | OPTIONS_REPORT, "vm host"},
    {OPTION_TYPE, 0, "vm host pool cluster datastore datacenter"},
    {OPTION_INSTANCE, 0, "all aggregate"},
    {OPTION_INTERVAL, OPTIONS_SAMPLES | OPTIONS_REPORT, "realtime day week month year"},
    {OPTION_FORMAT, OPTIONS_SAMPLES, "csv wide jsonl influx openmetrics prometheus table"},
    {OPTION_FORMAT, OPTIONS_REPORT, "csv html table"},
    {OPTION_FORMAT, 0, "csv table"},
    {OPTION_WITH, 0,
     "host cluster datacenter folder path pool datastores uuid title state target labels"},
};

static const char *words_of(const struct command *command, const struct poptOption *option) {
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
        if (choices[i].option == option->val &&
            (!choices[i].groups || (choices[i].groups & command->spec->groups)))
            return choices[i].words;
    return NULL;
}

static bool takes_file(const struct poptOption *option) {
    return option->argDescrip && strcmp(option->argDescrip, "FILE") == 0;
}

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

/* What stands in single quotes, without the characters that zsh reads in a description. */
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

static void put_bash_case(const struct command *command, const struct poptOption *option) {
    const char *words = words_of(command, option);
    if (!option->argDescrip)
        return;
    printf("    %s:--%s", command->name, option->longName);
    if (option->shortName)
        printf(" | %s:-%c", command->name, option->shortName);
    if (takes_file(option))
        puts(")\n        compopt -o filenames\n        COMPREPLY=($(compgen -f -- \"$current\"))");
    else
        printf(")\n        COMPREPLY=($(compgen -W '%s' -- \"$current\"))\n", words ? words : "");
    puts("        return ;;");
}

static void put_bash_options(const struct command *command) {
    size_t group = 0;
    printf("    %s) words='", command->name);
    for (const struct poptOption *option = NULL;
         (option = next_option(command->spec, &group, option));)
        printf(" --%s", option->longName);
    puts("' ;;");
}

/* Names of targets, when a configuration is given and no option is begun. */
static void put_bash_targets(void) {
    puts("    local i config=\n"
         "    for ((i = 2; i < COMP_CWORD; i++)); do\n"
         "        [ \"${COMP_WORDS[i]}\" = --config ] && config=${COMP_WORDS[i+1]}\n"
         "        [ \"$config\" = = ] && config=${COMP_WORDS[i+2]}\n"
         "    done\n"
         "    if [ -r \"$config\" ] && [ \"${current#-}\" = \"$current\" ]; then\n"
         "        words=$(sed -n 's/^\\[target  *\\(.*\\)\\].*/\\1/p' \"$config\")\n"
         "    fi");
}

/* bash makes a word of "=": what it belongs to stands before it. */
static void put_bash(const struct command *commands, size_t count) {
    puts("_vperf() {\n"
         "    local current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD-1]} words=\n"
         "    if [ \"$current\" = = ]; then\n"
         "        current=\n"
         "    elif [ \"$option\" = = ]; then\n"
         "        option=${COMP_WORDS[COMP_CWORD-2]}\n"
         "    fi\n"
         "    COMPREPLY=()\n"
         "    case ${COMP_WORDS[1]}:$option in");
    for (size_t i = 0; i < count; i++) {
        size_t group = 0;
        for (const struct poptOption *option = NULL;
             (option = next_option(commands[i].spec, &group, option));)
            put_bash_case(&commands[i], option);
    }
    puts("    esac\n"
         "    case ${COMP_WORDS[1]} in");
    for (size_t i = 0; i < count; i++)
        put_bash_options(&commands[i]);
    puts("    esac");
    put_bash_targets();
    fputs("    [ \"$COMP_CWORD\" -eq 1 ] && words='--help --version", stdout);
    for (size_t i = 0; i < count; i++)
        printf(" %s", commands[i].name);
    puts("'\n"
         "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "}\n"
         "complete -F _vperf vperf");
}

static void put_zsh_option(const struct command *command, const struct poptOption *option) {
    const char *words = words_of(command, option), *equals = option->argDescrip ? "=" : "";
    if (option->shortName)
        printf("        '(-%c --%s)'{-%c,--%s%s}'[", option->shortName, option->longName,
               option->shortName, option->longName, equals);
    else
        printf("        '--%s%s[", option->longName, equals);
    put_quoted(option->descrip, "[]:\\");
    putchar(']');
    if (option->argDescrip)
        printf(":%s:", option->argDescrip);
    if (words)
        printf("(%s)", words);
    else if (takes_file(option))
        fputs("_files", stdout);
    puts("' \\");
}

static void put_zsh(const struct command *commands, size_t count) {
    puts("#compdef vperf\n"
         "local -a commands\n"
         "commands=(");
    for (size_t i = 0; i < count; i++)
        printf("    '%s:%s'\n", commands[i].name, commands[i].help);
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
        puts("        '*:target:'\n    ;;");
    }
    puts("esac");
}

static void put_fish_option(const struct command *command, const struct poptOption *option) {
    const char *words = words_of(command, option);
    printf("complete -c vperf -n '__fish_seen_subcommand_from %s' -l %s", command->name,
           option->longName);
    if (option->shortName)
        printf(" -s %c", option->shortName);
    if (words)
        printf(" -x -a '%s'", words);
    else if (option->argDescrip)
        fputs(takes_file(option) ? " -r -F" : " -x", stdout);
    fputs(" -d '", stdout);
    for (const char *text = option->descrip; *text; text++)
        printf("%s%c", strchr("'\\", *text) ? "\\" : "", *text);
    puts("'");
}

static void put_fish(const struct command *commands, size_t count) {
    puts("complete -c vperf -f");
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

bool completion_write(const char *shell, const struct command *commands, size_t count) {
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        if (strcmp(shells[i].name, shell) != 0)
            continue;
        shells[i].put(commands, count);
        return true;
    }
    fprintf(stderr, "vperf: no completion for '%s'\n", shell);
    return false;
}
