/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The helper as a process: one that is missing, strange or of another version; secrets; its end. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/memory.h"
#include "core/secret.h"
#include "source/libvirt/fake.h"
#include "source/libvirt/sample/sample_record.h"
#include "version.h"

/* Connects through this executable; the message of the error is the caller's, NULL without. */
static char *connect_through(const char *path) {
    struct poller poller = fake_poller();
    struct error error = {0};
    SCRIPT(0, ACT_FULL);
    free(poller.endpoint.path);
    poller.endpoint.path = memory_strdup(path);
    bool good = poller_connect(&poller, &error);
    assert_int_equal(good, error.kind == ERROR_NONE);
    poller_done(&poller);
    return good ? NULL : memory_strdup(error.message);
}

static void test_missing(void **state) {
    (void)state;
    char *message = connect_through("/nonexistent/vperf-libvirt");
    assert_string_equal(message, "cannot start the libvirt helper /nonexistent/vperf-libvirt: "
                                 "No such file or directory; install it beside vperf, or in "
                                 "../libexec/vperf");
    free(message);
}

static void test_no_helper(void **state) {
    (void)state;
    char *message = connect_through("/bin/true");
    assert_string_equal(message, "the libvirt helper /bin/true ended without an answer");
    free(message);
}

/* A program that sends these bytes and waits; the path is the caller's. */
static char *strange_helper(const unsigned char *bytes, size_t size, const char *then) {
    char *path = memory_strdup("/tmp/vperf-strange-XXXXXX");
    int file = mkstemp(path);
    FILE *stream = fdopen(file, "w");
    fputs("#!/bin/sh\nprintf '", stream);
    for (size_t i = 0; i < size; i++)
        fprintf(stream, "\\%03o", bytes[i]);
    fprintf(stream, "' >&3\n%s\n", then);
    fchmod(file, 0700);
    fclose(stream);
    return path;
}

static char *connect_to_strange(const unsigned char *bytes, size_t size, const char *then) {
    char *path = strange_helper(bytes, size, then);
    char *message = connect_through(path);
    assert_non_null(message);
    assert_non_null(strstr(message, path));
    unlink(path);
    free(path);
    return message;
}

static void test_other_version(void **state) {
    GByteArray *hello = message_new(MESSAGE_HELLO);
    (void)state;
    record_add_text(hello, "0.0.1");
    message_end(hello);
    char *message = connect_to_strange(hello->data, hello->len, "cat <&3");
    assert_non_null(strstr(message, "is of version 0.0.1, not " VPERF_VERSION));
    free(message);
    message_free(hello);
}

static void test_nonsense(void **state) {
    static const unsigned char endless[] = {0xff, 0xff, 0xff, 0xff, 'x'};
    GByteArray *beat = message_new(MESSAGE_BEAT);
    (void)state;
    char *message = connect_to_strange(endless, sizeof endless, "cat <&3");
    assert_non_null(strstr(message, "ended without an answer"));
    free(message);

    message_end(beat);
    message = connect_to_strange(beat->data, beat->len, "cat <&3");
    assert_non_null(strstr(message, "ended without an answer"));
    free(message);
    message_free(beat);

    message = connect_to_strange(NULL, 0, "exit 127");
    assert_non_null(strstr(message, "cannot run: check that libvirt's library is installed"));
    free(message);
}

/* An answer that is cut off at any place is an error, and no crash. */
static void test_damaged_snapshot(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    GByteArray *bytes = g_byte_array_new();
    (void)state;

    SCRIPT(0, ACT_NO_BULK);
    struct snapshot *snapshot = fake_round(&poller, &error);
    assert_non_null(snapshot);
    error_set(&error, ERROR_FAULT, "broken");
    snapshot_add_failure(snapshot, snapshot->guests[0].uuid, &error);
    snapshot_write(bytes, snapshot);
    for (size_t size = 0; size <= bytes->len; size++) {
        unsigned char *part = g_memdup2(bytes->data, size);
        struct record record = {.next = part, .left = size};
        struct snapshot *copy = snapshot_read(&record);
        assert_int_equal(record_done(&record), size == bytes->len);
        if (size == bytes->len) {
            GByteArray *again = g_byte_array_new();
            snapshot_write(again, copy);
            assert_int_equal(again->len, bytes->len);
            assert_memory_equal(again->data, bytes->data, bytes->len);
            g_byte_array_free(again, TRUE);
        }
        snapshot_free(copy);
        g_free(part);
    }
    g_byte_array_free(bytes, TRUE);
    snapshot_free(snapshot);
    poller_done(&poller);
}

/* libssh waits for an event while it connects: it would do so for ever. */
static void test_event_loop(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(0, ACT_FULL);
    fake->wants_events = true;
    struct snapshot *snapshot = fake_round(&poller, &error);
    assert_string_equal(error.message, "");
    assert_non_null(snapshot);
    snapshot_free(snapshot);
    poller_done(&poller);
}

/* Found once, used for every connection from then on; in no environment or argument of a helper. */
static void test_login(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    char text[1 << 16];
    (void)state;

    SCRIPT(0, ACT_FULL, ACT_DEAD, ACT_FULL);
    fake->wants_login = true;
    setenv("VPERF_USERNAME", "root", 1);
    setenv("VPERF_PASSWORD", "secret", 1);
    snapshot_free(fake_round(&poller, &error));
    unsetenv("VPERF_USERNAME");
    char *path = memory_printf("/proc/%d/environ", (int)fake->pids[0]);
    FILE *stream = fopen(path, "re");
    size_t size = fread(text, 1, sizeof text, stream);
    fclose(stream);
    free(path);
    assert_non_null(memmem(text, size, "VPERF_USERNAME=root", strlen("VPERF_USERNAME=root")));
    assert_null(memmem(text, size, "secret", strlen("secret")));
    unsetenv("VPERF_PASSWORD");
    struct snapshot *snapshot = fake_round(&poller, &error);
    assert_non_null(snapshot);
    assert_int_equal(fake->opened, 2);
    snapshot_free(snapshot);
    poller_done(&poller);
}

/* Credentials that cannot be found, and such that are refused, with the reason. */
static void test_no_login(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(0, ACT_FULL);
    fake->wants_login = true;
    unsetenv("GOVC_USERNAME");
    assert_null(fake_round(&poller, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_non_null(strstr(error.message, "no user name"));
    assert_int_equal(fake->opened, 1);

    error_clear(&error);
    poller.endpoint.credentials = (struct credentials){strdup("root"), secret_copy("wrong")};
    assert_null(fake_round(&poller, &error));
    assert_int_equal(error.kind, ERROR_AUTH);
    assert_string_equal(error.message,
                        "cannot connect: not this one; check user name and password");
    assert_int_equal(fake->opened, 2);
    poller_done(&poller);
}

/* A password file that is corrected is read again. */
static void test_password_file(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    char path[] = "/tmp/vperf-password-XXXXXX";
    int file = mkstemp(path);
    (void)state;

    SCRIPT(0, ACT_FULL);
    fake->wants_login = true;
    setenv("VPERF_USERNAME", "root", 1);
    poller.endpoint.password_file = memory_strdup(path);
    assert_int_equal(write(file, "wrong\n", 6), 6);
    assert_null(fake_round(&poller, &error));
    assert_int_equal(error.kind, ERROR_AUTH);
    error_clear(&error);
    assert_int_equal(pwrite(file, "secret\n", 7, 0), 7);
    snapshot_free(fake_round(&poller, &error));
    assert_int_equal(error.kind, ERROR_NONE);
    unsetenv("VPERF_USERNAME");
    poller_done(&poller);
    close(file);
    unlink(path);
}

/* With the program, however it ends, its helpers end, also one that hangs. */
static void test_orphan(void **state) {
    int status;
    (void)state;

    SCRIPT(0, ACT_HANG);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t program = fork();
    if (program == 0) {
        struct poller poller = fake_poller();
        struct error error = {0};
        fake_round(&poller, &error);
        _exit(1);
    }
    while (!fake->calls)
        usleep(1000);
    kill(program, SIGKILL);
    assert_int_equal(waitpid(program, &status, 0), program);
    assert_int_equal(waitpid(fake->pids[0], &status, 0), fake->pids[0]);
    assert_true(WIFEXITED(status));
    prctl(PR_SET_CHILD_SUBREAPER, 0);
}

/* Those that the fake started end by SIGKILL; they are our children once their parents are gone. */
static void assert_started_end(void) {
    for (int i = 0; i < 2; i++) {
        int status = 0;
        pid_t ended = 0;
        for (int ms = 0; ended == 0 && ms < 10000; ms++) {
            ended = waitpid(fake->started[i], &status, WNOHANG);
            usleep(1000);
        }
        if (ended == 0)
            kill(fake->started[i], SIGKILL);
        assert_int_equal(ended, fake->started[i]);
        assert_true(WIFSIGNALED(status));
    }
}

static void await_started(void) {
    while (!fake->started[0] || !fake->started[1])
        usleep(1000);
}

/* With a helper that is killed, its ssh ends, which may hang as well. */
static void test_killed_with_children(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(0, ACT_FULL);
    fake->open_starts = true;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    assert_true(poller_connect(&poller, &error));
    await_started();
    poller.helpers[0]->state = HELPER_BUSY; /* as if a call hung */
    poller_done(&poller);
    assert_started_end();
    prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static void test_orphan_with_children(void **state) {
    int status;
    (void)state;

    SCRIPT(0, ACT_HANG);
    fake->open_starts = true;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t program = fork();
    if (program == 0) {
        struct poller poller = fake_poller();
        struct error error = {0};
        fake_round(&poller, &error);
        _exit(1);
    }
    while (!fake->calls)
        usleep(1000);
    await_started();
    kill(program, SIGKILL);
    assert_int_equal(waitpid(program, &status, 0), program);
    assert_int_equal(waitpid(fake->pids[0], &status, 0), fake->pids[0]);
    assert_started_end();
    prctl(PR_SET_CHILD_SUBREAPER, 0);
}

/* The end of a thread is not that of its program. */
static void *connect_in_thread(void *context) {
    struct error error = {0};
    assert_true(poller_connect(context, &error));
    return NULL;
}

static void test_thread_ends(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    pthread_t thread;
    (void)state;

    SCRIPT(0, ACT_FULL);
    assert_int_equal(pthread_create(&thread, NULL, connect_in_thread, &poller), 0);
    pthread_join(thread, NULL);
    snapshot_free(fake_round(&poller, &error));
    assert_int_equal(fake->opened, 1);
    poller_done(&poller);
}

/* No more descriptors, no more processes: an error like others. */
static void test_limits(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    struct rlimit limit, tight;
    (void)state;

    SCRIPT(0, ACT_FULL);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    tight = limit;
    tight.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    assert_null(fake_round(&poller, &error));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_string_equal(error.message, "cannot start the libvirt helper: Too many open files");
    snapshot_free(fake_round(&poller, &error));
    assert_int_equal(fake->opened, 1);
    poller_done(&poller);
}

/* Nothing of ours but the socket is open in the helper, and it reads and prints nothing. */
static void test_descriptors(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    char target[256];
    int ours = dup(STDERR_FILENO);
    (void)state;

    SCRIPT(0, ACT_FULL);
    assert_true(poller_connect(&poller, &error));
    for (int i = 0; i <= ours + 1; i++) {
        char *path = memory_printf("/proc/%d/fd/%d", (int)fake->pids[0], i);
        ssize_t size = readlink(path, target, sizeof target - 1);
        free(path);
        target[size > 0 ? size : 0] = '\0';
        if (i < STDERR_FILENO)
            assert_string_equal(target, "/dev/null");
        else if (i == HELPER_SOCKET)
            assert_memory_equal(target, "socket:", 7);
        else if (i > HELPER_SOCKET)
            /* Those of libvirt's event loop. */
            assert_true(size < 0 || strncmp(target, "anon_inode:[event", 17) == 0);
    }
    close(ours);
    poller_done(&poller);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_no_helper),
        cmocka_unit_test(test_other_version),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_damaged_snapshot),
        cmocka_unit_test(test_event_loop),
        cmocka_unit_test(test_login),
        cmocka_unit_test(test_no_login),
        cmocka_unit_test(test_password_file),
        cmocka_unit_test(test_orphan),
        cmocka_unit_test(test_thread_ends),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_descriptors),
        cmocka_unit_test(test_killed_with_children),
        cmocka_unit_test(test_orphan_with_children),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
