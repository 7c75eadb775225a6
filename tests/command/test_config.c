/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Configurations, and what becomes of them together with a command line. */
#include "command/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

static char path[] = "/tmp/test_config.XXXXXX/vperf.conf";
static size_t folder_length;

static void write_config(const char *text, mode_t mode) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

/* Parses "--config FILE" and the words between single spaces; stderr goes to messages. */
static enum options_result parse(struct options *options, const char *line, char *messages,
                                 size_t size) {
    static char words[512];
    char *argv[MAX_WORDS + 1] = {(char *)"collect", (char *)"--config", path};
    int argc = 3;
    snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
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

static const struct {
    const char *text;
    const char *line;
    const char *reason; /* behind the name of the file */
    mode_t mode;
} refused[] = {
    {"[defaults]\nusernam = x\n", "h.x",
     ":2: unknown key 'usernam' in [defaults]; nearest: username", 0644},
    {"[target a]\nuri=h.x\n\n# c\npasword-file = x\n", "a",
     ":5: unknown key 'pasword-file' in [target a]; nearest: password-file", 0644},
    {"[target a]\nfoo = x\n", "a", ":2: unknown key 'foo' in [target a] (see", 0644},
    {"[target a]\n=x\n", "a", ":2: a key comes before the '='", 0644},
    {"[target a]\n = x\n", "a", ":2: a key comes before the '='", 0644},
    {"[target a]\nname[de] = x\n", "a", ":2: unknown key 'name[de]'", 0644},
    {"[default]\n", "h.x", ":1: unknown section [default]", 0644},
    {"[target]\n", "h.x", ":1: unknown section [target]", 0644},
    {"[target ]\n", "h.x", ":1: unknown section [target ]", 0644},
    {"[targets a]\n", "h.x", ":1: unknown section [targets a]", 0644},
    {"[defaults] # x\n", "h.x", ":1: a section is [NAME]", 0644},
    {"[defaults\n", "h.x", ":1: a section is [NAME]", 0644},
    {"jobs = 2\n", "h.x", ":1: a section, such as [defaults], comes first", 0644},
    {"[defaults]\njobs\n", "h.x", ":2: expected [SECTION] or KEY = VALUE", 0644},
    {"[defaults]\n; old\n", "h.x", ":2: expected [SECTION] or KEY = VALUE", 0644},
    {"[defaults]\njobs = 2\njobs = 3\n", "h.x", ":3: jobs in [defaults] again: it stands at line 2",
     0644},
    {"[target a]\n[target a]\n", "a", ":2: [target a] again: it stands at line 1", 0644},
    {"[target a]\n[target  a]\n", "a", ":2: [target  a] again: it stands at line 1", 0644},
    {"[defaults]\nuri = h.x\n", "h.x", ":2: uri belongs to a [target NAME]", 0644},
    {"[defaults]\ntype =\n", "h.x", ":2: type is empty: leave the key out", 0644},
    {"[defaults]\ntype = planet\n", "h.x", ":2: no type 'planet'", 0644},
    {"[defaults]\ncounter = a,,b\n", "h.x", ":2: --counter 'a,,b' holds an empty pattern", 0644},
    {"[defaults]\nname = a,\n", "h.x", ":2: --name 'a,' holds an empty pattern", 0644},
    {"[defaults]\ntimeout = 0\n", "h.x", ":2: --timeout '0': expected a whole number", 0644},
    {"[defaults]\njobs = many\n", "h.x", ":2: --jobs 'many': expected a whole number", 0644},
    {"[defaults]\ninterval = soon\n", "h.x", ":2: --interval 'soon': expected seconds", 0644},
    {"[defaults]\ninstance = x\n", "h.x", ":2: --instance 'x': expected all or aggregate", 0644},
    {"[defaults]\nballoon-period = x\n", "h.x", ":2: --balloon-period 'x'", 0644},
    {"[defaults]\ninsecure = maybe\n", "h.x", ":2: insecure 'maybe': expected yes or no", 0644},
    {"[defaults]\nguest-agent = 2\n", "h.x", ":2: guest-agent '2': expected yes or no", 0644},
    {"[target a]\ninsecure = yes\nthumbprint = AA\n", "a",
     ":1: --insecure and --thumbprint exclude", 0644},
    {"[target a]\nuri = two words\n", "a", ":2: 'two words' is no target", 0644},
    {"[target two words]\n", "h.x", ":1: 'two words' is no target", 0644},
    {"[target a]\nuri = test:///default\nthumbprint = AA\n", "a",
     ":3: --thumbprint is for ESXi, vCenter, Proxmox VE and XenServer", 0644},
    {"[target a]\nuri = ./x.db\njobs = 2\n", "a", ":3: --jobs is for ESXi and vCenter", 0644},
    {"[target a]\nguest-agent = yes\n", "a", ":2: --guest-agent is for libvirt", 0644},
    {"[target a]\npassword = geheim\n", "a",
     ":2: a password in a file that others may read (mode 0644)", 0644},
    {"[target a]\npassword = xxx\n", "a",
     ":2: a password in a file that others may read (mode 0640)", 0640},
    {"[target a]\n\nuri = https://u:geheim@h\n", "a",
     ":3: a password in a file that others may read", 0604},
    {"[target a]\npassword = x\npassword-file = y\n", "a", ":3: password and password-file exclude",
     0600},
    {"[defaults]\nlabels = site\n", "h.x", ":2: --label 'site': expected KEY=VALUE", 0644},
    {"[defaults]\nlabel = a=1\nlabels = b=1\n", "h.x", ":3: labels is there already", 0644},
    {"[defaults]\ntype = \xff\n", "h.x", ":2: this is not UTF-8", 0644},
    {"[target esx01]\n[target kvm01]\n", "esx1", "nearest: esx01", 0644},
    {"[target esx01]\n", "kvm*", "'kvm*' is no target of ", 0644},
    {"[target a]\nuri = h\n[target b]\nuri = https://h:443/sdk\n", "",
     "'a' and 'b' are the same TARGET", 0644},
    {"[target a]\nuri = h.x\n", "a h.x", "'a' and 'h.x' are the same TARGET", 0644},
    {"[target a]\nuri = h.x\nthumbprint = AA\n", "--thumbprint BB --insecure",
     "--insecure and --thumbprint", 0644},
    {"", "", "has no [target NAME]", 0644},
    {"[defaults]\n", "", "has no [target NAME]", 0644},
};

static void test_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct options options;
        char messages[1024];
        write_config(refused[i].text, refused[i].mode);
        enum options_result result = parse(&options, refused[i].line, messages, sizeof messages);
        if (result != OPTIONS_WRONG || !strstr(messages, refused[i].reason))
            fail_msg("%s: %d %s", refused[i].text, (int)result, messages);
        if (*refused[i].reason == ':' && !strstr(messages, path))
            fail_msg("%s: no path: %s", refused[i].text, messages);
        assert_null(strstr(messages, "geheim"));
        assert_ptr_equal(strchr(messages, '\n') + 1, messages + strlen(messages)); /* one line */
        options_done(&options);
    }
}

/* The plan with this name, of a command line that is right. */
static struct options options;

static void read_well(const char *text, mode_t mode, const char *line) {
    char messages[1024];
    write_config(text, mode);
    if (parse(&options, line, messages, sizeof messages) != OPTIONS_RUN)
        fail_msg("%s", messages);
    assert_string_equal(messages, "");
}

static void test_each_key(void **state) {
    (void)state;
    read_well("\357\273\277# all of them\r\n[target esx]\r\nuri = esx01.example.com:8443 \r\n"
              "username = monitor@vsphere.local\nthumbprint=AA:BB\nca-file = ca.pem\n"
              "password-file = /run/secret\ntimeout = 7\njobs = 3\ntype = vm,pool\n"
              "name = web-*,!web-1\ncounter = cpu.*\ninstance = aggregate\ninterval = week\n"
              "[target kvm]\nuri = test:///default\nballoon-period = 5\nguest-agent = yes\n"
              "interval = 5\n",
              0644, "");
    assert_int_equal(options.target_count, 2);
    const struct target_plan *esx = &options.plans[0], *kvm = &options.plans[1];
    assert_string_equal(esx->name, "esx");
    assert_string_equal(esx->target.host, "esx01.example.com");
    assert_int_equal(esx->target.port, 8443);
    assert_string_equal(esx->target.username, "monitor@vsphere.local");
    assert_string_equal(esx->target.text, "monitor@vsphere.local@esx01.example.com:8443");
    assert_string_equal(esx->source.thumbprint, "AA:BB");
    assert_string_equal(esx->source.password_file, "/run/secret");
    assert_memory_equal(esx->source.ca_file, path, folder_length);
    assert_string_equal(esx->source.ca_file + folder_length, "ca.pem");
    assert_int_equal(esx->source.timeout_seconds, 7);
    assert_int_equal(esx->source.jobs, 3);
    assert_false(esx->source.any_interval);
    const struct selection selection = options_selection(&options, 0);
    assert_true(selection.types[ENTITY_VM] && selection.types[ENTITY_POOL]);
    assert_false(selection.types[ENTITY_HOST]);
    assert_true(globs_match(&selection.names, "web-2"));
    assert_false(globs_match(&selection.names, "web-1"));
    assert_false(globs_match(&selection.counters, "mem.usage.average"));
    assert_true(selection.aggregate_only);
    assert_int_equal(options_timing(&options, 0).interval, 1800);
    assert_string_equal(options_timing(&options, 0).archive, "week");

    const struct selection other = options_selection(&options, 1);
    assert_int_equal(kvm->source.balloon_period_seconds, 5);
    assert_true(kvm->source.guest_agent);
    assert_int_equal(kvm->source.timeout_seconds, 60);
    assert_int_equal(kvm->owns, 0);
    assert_true(other.types[ENTITY_HOST] && !other.aggregate_only);
    assert_int_equal(options_timing(&options, 1).interval, 5);
    assert_null(options_timing(&options, 1).archive);
    options_done(&options);
}

/* What is nearer to the target goes before; the command line before all. */
static void test_precedence(void **state) {
    static const char text[] =
        "[defaults]\nusername = all\ntimeout = 5\ntype = vm\ninsecure = yes\n"
        "jobs = 2\n"
        "[target a]\nuri = a.x\nusername = mine\ntimeout = 6\ntype = host\n"
        "thumbprint = AA\n"
        "[target b]\nuri = root@b.x\n"
        "[target c]\nuri = c.x\ninsecure = no\n";
    (void)state;
    read_well(text, 0644, "");
    assert_string_equal(options.plans[0].target.username, "mine");
    assert_string_equal(options.plans[1].target.username, "root");
    assert_string_equal(options.plans[2].target.username, "all");
    assert_int_equal(options.plans[0].source.timeout_seconds, 6);
    assert_int_equal(options.plans[1].source.timeout_seconds, 5);
    assert_int_equal(options.plans[0].source.jobs, 2);
    assert_true(options_selection(&options, 0).types[ENTITY_HOST]);
    assert_false(options_selection(&options, 1).types[ENTITY_HOST]);
    assert_false(options.plans[0].source.insecure);
    assert_true(options.plans[1].source.insecure);
    assert_false(options.plans[2].source.insecure);
    options_done(&options);

    read_well(text, 0644, "--timeout 9 --type pool --username me --ca-file f b a other.x");
    assert_int_equal(options.target_count, 3);
    assert_string_equal(options.plans[0].name, "b");
    assert_string_equal(options.plans[1].name, "a");
    assert_null(options.plans[2].name);
    assert_string_equal(options.plans[0].target.username, "root");
    assert_string_equal(options.plans[1].target.username, "me");
    assert_string_equal(options.plans[2].target.username, "me");
    for (size_t i = 0; i < 3; i++) {
        const struct selection selection = options_selection(&options, i);
        assert_true(selection.types[ENTITY_POOL]);
        assert_false(selection.types[ENTITY_HOST]);
        assert_int_equal(options.plans[i].source.timeout_seconds, 9);
        assert_string_equal(options.plans[i].source.ca_file, "f");
        assert_null(options.plans[i].source.thumbprint);
        assert_false(options.plans[i].source.insecure);
    }
    options_done(&options);
}

/* Names, patterns, each once, in the order of the command line. */
static void test_words(void **state) {
    (void)state;
    read_well("[target esx1]\n[target esx2]\n[target kvm]\nuri = test:///default\n", 0644,
              "kvm esx* esx1");
    assert_int_equal(options.target_count, 3);
    assert_string_equal(options.plans[0].name, "kvm");
    assert_string_equal(options.plans[1].name, "esx1");
    assert_string_equal(options.plans[1].target.host, "esx1");
    assert_string_equal(options.plans[2].name, "esx2");
    options_done(&options);
}

static void test_passwords(void **state) {
    (void)state;
    read_well("[defaults]\npassword = of all\n"
              "[target a]\nuri = u@a.x\npassword = geheim=&\n"
              "[target b]\nuri = u:wort@b.x\n"
              "[target c]\nuri = u@c.x\n"
              "[target d]\nuri = u@d.x\npassword-file = f\n"
              "[target e]\nuri = qemu+tcp://e.x/system\nusername = u\npassword = p@w\n",
              0600, "");
    assert_string_equal(options.plans[0].target.password, "geheim=&");
    assert_string_equal(options.plans[1].target.password, "wort");
    assert_string_equal(options.plans[2].target.password, "of all");
    assert_null(options.plans[3].target.password);
    assert_string_equal(options.plans[3].source.password_file + folder_length, "f");
    assert_string_equal(options.plans[4].target.uri, "qemu+tcp://u:p%40w@e.x/system");
    assert_string_equal(options.plans[4].target.text, "qemu+tcp://u@e.x/system");
    options_done(&options);

    read_well("[target a]\nuri = u@a.x\npassword = geheim\n", 0600, "--password-file other");
    assert_string_equal(options.plans[0].source.password_file, "other");
    options_done(&options);
    read_well("[defaults]\npassword-file = f\n[target a]\nuri = u@a.x\npassword = geheim\n", 0600,
              "");
    assert_null(options.plans[0].source.password_file);
    options_done(&options);
}

/* A file of the target's name in systemd's folder, or one for all. */
static void test_credentials_of_systemd(void **state) {
    char folder[sizeof path], mine[sizeof path + 8], common[sizeof path + 16];
    (void)state;
    snprintf(folder, sizeof folder, "%.*s", (int)folder_length - 1, path);
    snprintf(mine, sizeof mine, "%s/a", folder);
    snprintf(common, sizeof common, "%s/password", folder);
    fclose(fopen(mine, "w"));
    fclose(fopen(common, "w"));
    setenv("CREDENTIALS_DIRECTORY", folder, 1);
    read_well("[target a]\nuri = u@a.x\n[target b]\nuri = u@b.x\n"
              "[target c]\nuri = u@c.x\npassword-file = f\n",
              0644, "");
    assert_string_equal(options.plans[0].source.password_file, mine);
    assert_string_equal(options.plans[1].source.password_file, common);
    assert_string_equal(options.plans[2].source.password_file + folder_length, "f");
    options_done(&options);
    unsetenv("CREDENTIALS_DIRECTORY");
    unlink(mine);
    unlink(common);
}

/* Labels add up; of one key, the nearest value counts. */
static void test_labels(void **state) {
    static const char text[] = "[defaults]\nlabels = env=prod,site=none\n"
                               "[target a]\nuri = a.x\nlabels = site=fra,rack=1\n"
                               "[target b]\nuri = b.x\n";
    (void)state;
    read_well(text, 0644, "--label rack=9 a b c.x");
    assert_string_equal(options.plans[0].source.labels, "rack=9,site=fra,env=prod");
    assert_string_equal(options.plans[1].source.labels, "rack=9,env=prod,site=none");
    assert_string_equal(options.plans[2].source.labels, "rack=9,env=prod,site=none");
    assert_string_equal(options.plans[0].source.target, "a");
    assert_null(options.plans[2].source.target);
    assert_int_equal(options.sink.field_count, 3);
    assert_string_equal(options.sink.fields[1]->name, "site");
    options_done(&options);
}

/* Histories are found from the folder of the file. */
static void test_history(void **state) {
    (void)state;
    read_well("[target old]\nuri = old.db\n", 0644, "old");
    assert_string_equal(options.plans[0].target.scheme, "history");
    assert_memory_equal(options.plans[0].target.uri, path, folder_length);
    assert_string_equal(options.plans[0].target.uri + folder_length, "old.db");
    options_done(&options);
}

static void test_reload(void **state) {
    struct options fresh;
    struct error error = {0};
    (void)state;
    read_well("[target a]\nuri = a.x\n[target b]\nuri = b.x\ntimeout = 5\n"
              "[target c]\nuri = c.x\ntype = vm\n",
              0644, "--jobs 2 * u:geheim@d.x");
    write_config("[target a]\nuri = a.x\n[target b]\nuri = b.x\ntimeout = 6\n"
                 "[target c]\nuri = c.x\ntype = host\n[target e]\nuri = e.x\n",
                 0644);
    assert_true(options_reload(&fresh, &options, &error));
    assert_int_equal(fresh.target_count, 5);
    assert_true(options_same_plan(&options, 0, &fresh, 0));
    assert_false(options_same_plan(&options, 1, &fresh, 1));
    assert_false(options_same_plan(&options, 2, &fresh, 2));
    assert_string_equal(fresh.plans[3].name, "e");
    assert_int_equal(fresh.plans[3].source.jobs, 2);
    assert_true(options_same_plan(&options, 3, &fresh, 4));
    assert_string_equal(fresh.plans[4].target.password, "geheim");
    options_done(&options);
    options_done(&fresh);

    read_well("[target a]\nuri = a.x\n", 0644, "");
    write_config("[target a]\nurl = a.x\n", 0644);
    assert_false(options_reload(&fresh, &options, &error));
    assert_non_null(strstr(error.message, ":2: unknown key 'url'"));
    options_done(&fresh);
    options_done(&options);
}

static int prepare(void **state) {
    (void)state;
    static const char *const variables[] = {"GOVC_URL", "LIBVIRT_DEFAULT_URI", "GOVC_INSECURE",
                                            "GOVC_TLS_CA_CERTS", "CREDENTIALS_DIRECTORY"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        unsetenv(variables[i]);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    bool made = mkdtemp(path);
    *slash = '/';
    folder_length = (size_t)(slash - path) + 1;
    return made ? 0 : -1;
}

static int clean(void **state) {
    (void)state;
    unlink(path);
    path[folder_length - 1] = '\0';
    return rmdir(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),    cmocka_unit_test(test_each_key),
        cmocka_unit_test(test_precedence), cmocka_unit_test(test_words),
        cmocka_unit_test(test_passwords),  cmocka_unit_test(test_credentials_of_systemd),
        cmocka_unit_test(test_labels),     cmocka_unit_test(test_history),
        cmocka_unit_test(test_reload),
    };
    return cmocka_run_group_tests(tests, prepare, clean);
}
