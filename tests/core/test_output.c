/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Output is published whole or not at all, and every failed write is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/interrupt.h"
#include "core/output.h"

static char folder[] = "/tmp/vperf-output-XXXXXX";

static int make_folder(void **state) {
    (void)state;
    interrupt_ignore_failed_writes();
    return mkdtemp(folder) && chmod(folder, 0755) == 0 && chdir(folder) == 0 ? 0 : -1;
}

static int remove_folder(void **state) {
    (void)state;
    return chdir("/") == 0 ? rmdir(folder) : -1;
}

static void put(const char *path, const char *content) {
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    fputs(content, stream);
    fclose(stream);
}

static void check_content(const char *path, const char *expected) {
    char content[256];
    FILE *stream = fopen(path, "r");
    assert_non_null(stream);
    content[fread(content, 1, sizeof content - 1, stream)] = '\0';
    fclose(stream);
    assert_string_equal(content, expected);
}

static size_t count_files(void) {
    DIR *directory = opendir(".");
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(directory));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(directory);
    return count;
}

static mode_t mode_of(const char *path) {
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return status.st_mode & 07777;
}

static void write_file(const char *path, const char *content) {
    struct output output;
    struct error error = {0};
    if (!output_open(&output, path, &error))
        fail_msg("%s", error.message);
    fputs(content, output.stream);
    if (!output_commit(&output, &error))
        fail_msg("%s", error.message);
    output_abort(&output);
}

static void test_new_file(void **state) {
    (void)state;
    write_file("new.csv", "content\n");
    check_content("new.csv", "content\n");
    assert_int_equal(count_files(), 1);
    unlink("new.csv");
}

static void test_absolute_path_and_long_name(void **state) {
    char path[512];
    (void)state;

    snprintf(path, sizeof path, "%s/%0250d", folder, 1);
    write_file(path, "content\n");
    check_content(path, "content\n");
    assert_int_equal(count_files(), 1);
    unlink(path);
}

static void test_nobody_sees_half_a_file(void **state) {
    struct output output;
    struct error error = {0};
    (void)state;

    put("out.csv", "old\n");
    assert_true(output_open(&output, "out.csv", &error));
    for (int i = 0; i < 1000000; i++)
        fputs("new\n", output.stream);
    check_content("out.csv", "old\n");
    assert_true(output_check(&output, &error));
    output_abort(&output);
    check_content("out.csv", "old\n");
    assert_int_equal(count_files(), 1);
    unlink("out.csv");

    assert_true(output_open(&output, "out.csv", &error));
    assert_int_equal(access("out.csv", F_OK), -1);
    assert_int_equal(count_files(), 1);
    output_abort(&output);
    output_abort(&output);
    assert_int_equal(count_files(), 0);
}

static void test_mode_of_a_new_file(void **state) {
    static const mode_t masks[] = {022, 077, 027, 0, 002};
    (void)state;

    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        mode_t before = umask(masks[i]);
        write_file("out.csv", "x\n");
        umask(before);
        assert_int_equal(mode_of("out.csv"), 0666 & ~masks[i]);
        unlink("out.csv");
    }
}

static void test_mode_of_a_replaced_file(void **state) {
    static const mode_t modes[] = {0600, 0640, 0666, 0755};
    (void)state;

    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        put("out.csv", "old\n");
        chmod("out.csv", modes[i]);
        write_file("out.csv", "new\n");
        assert_int_equal(mode_of("out.csv"), modes[i]);
        check_content("out.csv", "new\n");
        unlink("out.csv");
    }
}

static void check_owner(const char *path, uid_t user, gid_t group, mode_t mode) {
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_uid, user);
    assert_int_equal(status.st_gid, group);
    assert_int_equal(status.st_mode & 07777, mode);
}

/* The rest of the test is root's: others may not give files away. */
static void test_owner_of_a_replaced_file(void **state) {
    (void)state;
    put("out.csv", "old\n");
    write_file("out.csv", "new\n");
    check_owner("out.csv", geteuid(), getegid(), mode_of("out.csv"));
    if (geteuid() == 0) {
        assert_int_equal(chown("out.csv", 12345, 23456), 0);
        chmod("out.csv", 02664);
        write_file("out.csv", "new\n");
        check_owner("out.csv", 12345, 23456, 02664);

        /* Of a file that we may write, without its group. */
        assert_int_equal(chown("out.csv", 12345, 23456), 0);
        chmod("out.csv", 0662);
        chmod(".", 0777);
        assert_int_equal(seteuid(65534), 0);
        write_file("out.csv", "new\n");
        assert_int_equal(seteuid(0), 0);
        check_owner("out.csv", 65534, getegid(), 0622);
    }
    unlink("out.csv");
}

static void test_hard_link_keeps_the_old_content(void **state) {
    (void)state;
    put("out.csv", "old\n");
    assert_int_equal(link("out.csv", "other.csv"), 0);
    write_file("out.csv", "new\n");
    check_content("out.csv", "new\n");
    check_content("other.csv", "old\n");
    unlink("out.csv");
    unlink("other.csv");
}

static void test_temporary_file_is_no_more_readable_than_the_replaced_one(void **state) {
    struct output output;
    struct error error = {0};
    (void)state;

    put("out.csv", "old\n");
    chmod("out.csv", 0600);
    assert_true(output_open(&output, "out.csv", &error));
    assert_int_equal(mode_of(output.temporary), 0600);
    output_abort(&output);
    unlink("out.csv");
}

static void test_link_stays_a_link(void **state) {
    struct stat status;
    (void)state;

    mkdir("real", 0755);
    put("real/data.csv", "old\n");
    assert_int_equal(symlink("real/data.csv", "link.csv"), 0);
    write_file("link.csv", "new\n");
    assert_int_equal(lstat("link.csv", &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    check_content("real/data.csv", "new\n");
    unlink("link.csv");
    unlink("real/data.csv");
    rmdir("real");
}

static void test_cannot_open(void **state) {
    static const struct {
        const char *path;
        int reason;
    } cases[] = {
        {"", ENOENT},
        {"missing/out.csv", ENOENT},
        {"folder", EISDIR},
        {"folder/", EISDIR},
        {"nothing/", ENOENT},
        {"dangling", ENOENT},
        {"file/out.csv", ENOTDIR},
        {"loop", ELOOP},
    };
    (void)state;

    mkdir("folder", 0755);
    put("file", "");
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_int_equal(symlink("loop", "loop"), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct output output;
        struct error error = {0};
        char expected[256];
        snprintf(expected, sizeof expected, "cannot write %s: %s", cases[i].path,
                 strerror(cases[i].reason));
        assert_false(output_open(&output, cases[i].path, &error));
        assert_int_equal(error.kind, ERROR_OUTPUT);
        assert_string_equal(error.message, expected);
        output_abort(&output);
    }
    assert_int_equal(count_files(), 4);
    rmdir("folder");
    unlink("file");
    unlink("dangling");
    unlink("loop");
}

static void test_write_protected(void **state) {
    struct output output;
    struct error error = {0};
    uid_t user = geteuid();
    (void)state;

    put("out.csv", "old\n");
    chmod("out.csv", 0444);
    chmod(".", 0777);
    if (user == 0)
        assert_int_equal(seteuid(65534), 0);
    bool opened = output_open(&output, "out.csv", &error);
    if (user == 0)
        assert_int_equal(seteuid(0), 0);
    assert_false(opened);
    assert_string_equal(error.message, "cannot write out.csv: Permission denied");
    check_content("out.csv", "old\n");
    unlink("out.csv");
}

/* Small output fails when it is committed, large output before. */
static void test_full_disk(void **state) {
    (void)state;
    for (int lines = 1; lines <= 1000000; lines *= 1000) {
        struct output output;
        struct error error = {0};
        assert_true(output_open(&output, "/dev/full", &error));
        for (int i = 0; i < lines; i++)
            fputs("line\n", output.stream);
        assert_int_equal(output_check(&output, &error), lines < 100000);
        assert_false(output_commit(&output, &error));
        assert_int_equal(error.kind, ERROR_OUTPUT);
        assert_string_equal(error.message, "cannot write /dev/full: No space left on device");
    }
}

static void limited(void) {
    static const char expected[] = "cannot write out.csv: File too large";
    struct output output;
    struct error error = {0};

    if (!output_open(&output, "out.csv", &error))
        _exit(2);
    for (int i = 0; i < 100000; i++)
        fputs("new\n", output.stream);
    bool good = output_commit(&output, &error);
    _exit(!good && error.kind == ERROR_OUTPUT && strcmp(error.message, expected) == 0 ? 0 : 1);
}

static void test_failed_write_keeps_the_old_file(void **state) {
    int status;
    (void)state;

    put("out.csv", "old\n");
    pid_t child = fork();
    if (child == 0) {
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){100000, 100000});
        limited();
    }
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    check_content("out.csv", "old\n");
    assert_int_equal(count_files(), 1);
    unlink("out.csv");
}

/* Runs the body with stdout on fd. */
static void with_stdout(int fd, void (*body)(void)) {
    fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    dup2(fd, STDOUT_FILENO);
    body();
    dup2(saved, STDOUT_FILENO);
    close(saved);
}

static void write_to_stdout(void) {
    write_file(NULL, "one\n");
    write_file("-", "two\n");
}

static void test_stdout(void **state) {
    (void)state;
    int fd = open("stdout.txt", O_WRONLY | O_CREAT, 0600);
    with_stdout(fd, write_to_stdout);
    close(fd);
    check_content("stdout.txt", "one\ntwo\n");
    assert_int_equal(count_files(), 1);
    unlink("stdout.txt");
}

static void expect_closed_pipe(void) {
    struct output output;
    struct error error = {0};
    assert_true(output_open(&output, NULL, &error));
    fputs("line\n", output.stream);
    assert_false(output_commit(&output, &error));
    assert_int_equal(error.kind, ERROR_READER_GONE);
}

static void test_closed_pipe(void **state) {
    int ends[2];
    (void)state;

    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    with_stdout(ends[1], expect_closed_pipe);
    close(ends[1]);
}

static void expect_no_stdout(void) {
    struct output output;
    struct error error = {0};

    close(STDOUT_FILENO);
    assert_false(output_open(&output, NULL, &error));
    assert_string_equal(error.message, "cannot write standard output: it is closed");
}

static void test_stdout_that_is_closed(void **state) {
    (void)state;
    with_stdout(STDERR_FILENO, expect_no_stdout);
}

static void test_named_pipe_is_written_directly(void **state) {
    char text[16] = "";
    (void)state;

    assert_int_equal(mkfifo("fifo", 0600), 0);
    int reader = open("fifo", O_RDONLY | O_NONBLOCK);
    write_file("fifo", "through\n");
    assert_int_equal(read(reader, text, sizeof text - 1), 8);
    assert_string_equal(text, "through\n");
    close(reader);
    assert_int_equal(count_files(), 1);
    unlink("fifo");
}

static void test_abort_drops_what_is_buffered(void **state) {
    struct output output;
    struct error error = {0};
    char text[16];
    (void)state;

    assert_int_equal(mkfifo("fifo", 0600), 0);
    int reader = open("fifo", O_RDONLY | O_NONBLOCK);
    assert_true(output_open(&output, "fifo", &error));
    fputs("half a row", output.stream);
    output_abort(&output);
    assert_int_equal(read(reader, text, sizeof text), 0);
    close(reader);
    unlink("fifo");
}

static void interrupted(void) {
    struct output output;
    struct error error = {0};
    int ends[2];

    interrupt_install();
    if (pipe(ends) != 0)
        _exit(2);
    dup2(ends[1], STDOUT_FILENO);
    if (!output_open(&output, NULL, &error))
        _exit(3);
    /* The pipe is full after 64 KiB and nobody reads. */
    for (int i = 0; i < 100000; i++)
        fputs("line\n", output.stream);
    bool good = output_commit(&output, &error);
    _exit(!good && error.kind == ERROR_INTERRUPTED ? 0 : 1);
}

static void test_interrupt_ends_a_blocked_write(void **state) {
    int status;
    (void)state;

    pid_t child = fork();
    if (child == 0)
        interrupted();
    usleep(300000);
    kill(child, SIGINT);
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ESC, carriage return, DEL, C1's CSI, whole, over two writes and as one byte, RLO. */
static void test_terminal_is_not_steered(void **state) {
    struct output output;
    struct error error = {0};
    char shown[64];
    (void)state;

    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    assert_true(output_open(&output, ptsname(terminal), &error));
    fputs("a\033[31m,b\tc\r\177\302\2331m,\303\233,\302", output.stream);
    fflush(output.stream);
    fputs("\2332J\2333J\342\200", output.stream);
    fflush(output.stream);
    fputs("\256gpj\303\274\n", output.stream);
    fflush(output.stream);
    size_t length = 0;
    while (!length || shown[length - 1] != '\n') {
        ssize_t got = read(terminal, shown + length, sizeof shown - 1 - length);
        assert_true(got > 0);
        length += (size_t)got;
    }
    shown[length] = '\0';
    assert_string_equal(shown, "a?[31m,b\tc???1m,\303\233,?2J?3J?gpj\303\274\r\n");
    assert_true(output_commit(&output, &error));
    close(terminal);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_file),
        cmocka_unit_test(test_absolute_path_and_long_name),
        cmocka_unit_test(test_nobody_sees_half_a_file),
        cmocka_unit_test(test_mode_of_a_new_file),
        cmocka_unit_test(test_mode_of_a_replaced_file),
        cmocka_unit_test(test_owner_of_a_replaced_file),
        cmocka_unit_test(test_hard_link_keeps_the_old_content),
        cmocka_unit_test(test_temporary_file_is_no_more_readable_than_the_replaced_one),
        cmocka_unit_test(test_link_stays_a_link),
        cmocka_unit_test(test_cannot_open),
        cmocka_unit_test(test_write_protected),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_failed_write_keeps_the_old_file),
        cmocka_unit_test(test_stdout),
        cmocka_unit_test(test_closed_pipe),
        cmocka_unit_test(test_stdout_that_is_closed),
        cmocka_unit_test(test_named_pipe_is_written_directly),
        cmocka_unit_test(test_abort_drops_what_is_buffered),
        cmocka_unit_test(test_terminal_is_not_steered),
        cmocka_unit_test(test_interrupt_ends_a_blocked_write),
    };
    return cmocka_run_group_tests_name("output", tests, make_folder, remove_folder);
}
