/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Command lines, and what becomes of them. */
#include "command/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct options_spec spec = {
    .command = "collect",
    .arguments = "TARGET...",
    .summary = "",
    .notes = "",
    .groups =
        OPTIONS_ENTITIES | OPTIONS_COUNTERS | OPTIONS_SAMPLES | OPTIONS_OUTPUT | OPTIONS_TARGETS,
};

enum { MAX_WORDS = 16 };

/* Parses a line of words between single spaces; stderr goes to messages. */
static enum options_result parse(struct options *options, const char *line, char *messages,
                                 size_t size) {
    static char words[512];
    char *argv[MAX_WORDS + 1] = {(char *)"collect"};
    int argc = 1;
    snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
        argv[argc++] = strcmp(word, "''") == 0 ? (char *)"" : word;
    fflush(stderr);
    int saved = dup(STDERR_FILENO);
    FILE *file = tmpfile();
    dup2(fileno(file), STDERR_FILENO);
    enum options_result result = options_parse(options, &spec, argc, argv);
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(file);
    messages[fread(messages, 1, size - 1, file)] = '\0';
    fclose(file);
    return result;
}

static int clear_environment(void **state) {
    (void)state;
    unsetenv("GOVC_URL");
    unsetenv("LIBVIRT_DEFAULT_URI");
    return unsetenv("GOVC_INSECURE");
}

static void test_refused(void **state) {
    static const struct {
        const char *line;
        const char *reason;
    } rows[] = {
        {"", "no TARGET"},
        {"--samples 0 h", "--samples '0': expected a whole number"},
        {"--samples 2x h", "--samples '2x'"},
        {"--interval 0 h", "--interval '0'"},
        {"--interval fortnight h", "expected seconds, or realtime"},
        {"--last 1h --start -2h h", "--last excludes"},
        {"--end now h", "--end alone"},
        {"--last 1q h", "expected a duration"},
        {"--follow --samples 3 h", "--follow has no end: leave out --samples"},
        {"--follow --start -1h --end now h", "--follow has no end: leave out --end"},
        {"--follow --last 1h --end now h", "--follow has no end"},
        {"--name '' h", "holds an empty pattern"},
        {"--counter a,,b h", "holds an empty pattern"},
        {"--type planet h", "no type 'planet'"},
        {"--instance some h", "expected all or aggregate"},
        {"--insecure --thumbprint AA h", "exclude each other"},
        {"--insecure --ca-file f h", "exclude each other"},
        {"--quiet --verbose h", "exclude each other"},
        {"h https://h:443/sdk", "the same TARGET"},
        {"--jobs 2 test:///default", "--jobs is for ESXi and vCenter"},
        {"--balloon-period 5 h", "--balloon-period is for libvirt"},
        {"--nonsense h", "--nonsense"},
        {"h:1:2", "is no target"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct options options;
        char messages[1024];
        enum options_result result = parse(&options, rows[i].line, messages, sizeof messages);
        if (result != OPTIONS_WRONG || !strstr(messages, rows[i].reason))
            fail_msg("%s: %d %s", rows[i].line, (int)result, messages);
        assert_ptr_equal(strchr(messages, '\n') + 1, messages + strlen(messages)); /* one line */
        options_done(&options);
    }
}

static void test_timing(void **state) {
    static const struct {
        const char *line;
        struct timing timing; /* without its range */
        bool start;
        bool end;
    } rows[] = {
        {"h", {.samples = 1, .interval = 20}, false, false},
        {"--samples 15 h", {.samples = 15, .interval = 20}, false, false},
        {"--interval day h", {.samples = 1, .interval = 300, .archive = "day"}, false, false},
        {"--interval realtime h", {.samples = 1, .interval = 20}, false, false},
        {"--interval 300 h", {.samples = 1, .interval = 300}, false, false},
        {"--last 1h h", {.samples = 0, .interval = 20}, true, true},
        {"--last 1h --samples 3 h", {.samples = 3, .interval = 20}, true, true},
        {"--start -2h h", {.samples = 0, .interval = 20}, true, false},
        {"--follow h", {.samples = 1, .interval = 20, .follow = true}, false, false},
        {"--follow --start -1h h", {.samples = 0, .interval = 20, .follow = true}, true, false},
        {"--samples 3 --samples 4 h", {.samples = 4, .interval = 20}, false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct options options;
        char messages[1024];
        assert_int_equal(parse(&options, rows[i].line, messages, sizeof messages), OPTIONS_RUN);
        const struct timing *timing = &options.timing, *expected = &rows[i].timing;
        assert_int_equal(timing->samples, expected->samples);
        assert_int_equal(timing->interval, expected->interval);
        assert_int_equal(timing->follow, expected->follow);
        assert_int_equal(timing->range.start.given, rows[i].start);
        assert_int_equal(timing->range.end.given, rows[i].end);
        assert_int_equal(timing->archive != NULL, expected->archive != NULL);
        assert_string_equal(messages, "");
        options_done(&options);
    }
}

static void test_lists_grow(void **state) {
    struct options options;
    char messages[1024];
    (void)state;
    assert_int_equal(parse(&options,
                           "--name a* --name !ab --counter cpu.* --counter mem.* h --type vm",
                           messages, sizeof messages),
                     OPTIONS_RUN);
    assert_true(globs_match(&options.selection.names, "aa"));
    assert_false(globs_match(&options.selection.names, "ab"));
    assert_true(globs_match(&options.selection.counters, "cpu.usage.average"));
    assert_true(globs_match(&options.selection.counters, "mem.usage.average"));
    assert_false(options.selection.types[ENTITY_HOST]);
    assert_int_equal(options.target_count, 1);
    options_done(&options);
}

/* A password on the command line is overwritten there, and still known. */
static void test_password_is_hidden(void **state) {
    char target[] = "https://root:secret@esx01/sdk";
    char *argv[] = {(char *)"collect", target, NULL};
    struct options options;
    (void)state;
    assert_int_equal(options_parse(&options, &spec, 2, argv), OPTIONS_RUN);
    assert_null(strstr(target, "secret"));
    assert_string_equal(options.plans[0].target.password, "secret");
    assert_null(strstr(options.plans[0].target.text, "secret"));
    options_done(&options);
}

/* Without a TARGET, variables name one; the first is vSphere's. */
static void test_target_of_the_environment(void **state) {
    static const struct {
        const char *govc_url;
        const char *libvirt_uri;
        const char *expected;
        bool yields;
    } cases[] = {
        {"https://root:secret@esx01/sdk", "test:///default", "https://root@esx01/sdk", true},
        {NULL, "test:///default", "test:///default", false},
        {"", "test:///default", "test:///default", false},
        {NULL, NULL, NULL, false},
        {NULL, "", NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *argv[] = {(char *)"collect", NULL};
        struct options options;
        clear_environment(NULL);
        if (cases[i].govc_url)
            setenv("GOVC_URL", cases[i].govc_url, 1);
        if (cases[i].libvirt_uri)
            setenv("LIBVIRT_DEFAULT_URI", cases[i].libvirt_uri, 1);
        enum options_result result = options_parse(&options, &spec, 1, argv);
        assert_int_equal(result, cases[i].expected ? OPTIONS_RUN : OPTIONS_WRONG);
        if (cases[i].expected) {
            assert_string_equal(options.plans[0].target.text, cases[i].expected);
            assert_int_equal(options.plans[0].target.yields, cases[i].yields);
        }
        options_done(&options);
        assert_true(!cases[i].govc_url || !strstr(getenv("GOVC_URL"), "secret"));
    }
    clear_environment(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_timing),
        cmocka_unit_test(test_lists_grow),
        cmocka_unit_test(test_password_is_hidden),
        cmocka_unit_test(test_target_of_the_environment),
    };
    return cmocka_run_group_tests(tests, clear_environment, NULL);
}
