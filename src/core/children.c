/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/children.h"

#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <unistd.h>

enum { TEXT_SIZE = 1024, PATH_SIZE = 64 };

/* Appends a number to the text; snprintf is not for signal handlers. */
static void add_number(char text[PATH_SIZE], pid_t number) {
    char digits[16];
    size_t start = sizeof digits - 1;
    digits[start] = '\0';
    for (; number > 0; number /= 10)
        digits[--start] = (char)('0' + number % 10);
    g_strlcat(text, digits + start, PATH_SIZE);
}

/* Reads the list of children: numbers, each with a space behind it. */
static void read_list(pid_t pid, char text[TEXT_SIZE]) {
    char path[PATH_SIZE] = "/proc/";
    add_number(path, pid);
    g_strlcat(path, "/task/", PATH_SIZE);
    add_number(path, pid);
    g_strlcat(path, "/children", PATH_SIZE);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = file >= 0 ? read(file, text, TEXT_SIZE - 1) : 0;
    text[size > 0 ? size : 0] = '\0';
    if (file >= 0)
        close(file);
}

/* From the leaves to the root: who has no parent any more is not found. */
void children_kill(pid_t pid) {
    char text[TEXT_SIZE];
    pid_t child = 0;
    read_list(pid, text);
    for (const char *next = text; *next; next++) {
        if (*next != ' ') {
            child = child * 10 + (*next - '0');
            continue;
        }
        kill(child, SIGSTOP);
        children_kill(child);
        kill(child, SIGKILL);
        child = 0;
    }
}
