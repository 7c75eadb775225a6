/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The init process of a test guest: takes commands from the kernel command line
 * (load=cpu,0,50;mem,32) and from the second serial line ("TOKEN cpu 0 50"), and answers there
 * ("TOKEN|output", then "TOKEN ok" or "TOKEN error why"). ../README.md lists the commands.
 */
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define CHANNEL "/dev/ttyS1"
#define RATE_MAX (UINT64_C(1) << 24)

struct guest {
    FILE *channel;
    const char *token; /* marks the answer to the command at work */
    struct cpu_load cpus[8];
    struct disk_load disks[4];
    struct net_load nets[4];
    size_t *memory;
    size_t memory_bytes;
};

struct command {
    const char *name;
    bool (*run)(struct guest *, char **arguments);
};

static bool fail(const struct guest *g, const char *format, ...) {
    va_list arguments;

    fprintf(g->channel, "%s error ", g->token);
    va_start(arguments, format);
    vfprintf(g->channel, format, arguments);
    va_end(arguments);
    fputc('\n', g->channel);
    return false;
}

/* numbers reads all the arguments, one for each limit. */
static bool numbers(const struct guest *g, char **arguments, const uint64_t *limits,
                    uint64_t *values, size_t count) {
    char *end;

    for (size_t i = 0; i < count; i++) {
        if (!arguments[i])
            return fail(g, "%zu numbers are missing", count - i);
        errno = 0;
        values[i] = strtoull(arguments[i], &end, 10);
        if (errno || *end || end == arguments[i] || values[i] > limits[i])
            return fail(g, "'%s' is not a number of at most %llu", arguments[i],
                        (unsigned long long)limits[i]);
    }
    return true;
}

/* cpu CPU SHARE: keeps one CPU busy for the percentage of the time. */
static bool command_cpu(struct guest *g, char **arguments) {
    const uint64_t limits[] = {COUNT(g->cpus) - 1, 100};
    struct cpu_load *c;
    uint64_t values[2] = {0};

    if (!numbers(g, arguments, limits, values, 2))
        return false;
    c = &g->cpus[values[0]];
    worker_lock(&c->worker);
    c->cpu = (int)values[0];
    c->share = (unsigned)values[1];
    worker_unlock(&c->worker);
    return cpu_start(c) || fail(g, "CPU %d: %s", c->cpu, strerror(errno));
}

/* disk_arguments takes NAME, two numbers and the size of a request; NULL was reported. */
static struct disk_load *disk_arguments(struct guest *g, char **arguments, uint64_t *values) {
    const uint64_t limits[] = {RATE_MAX, RATE_MAX, REQUEST_MAX};
    struct disk_load *d = g->disks;

    if (!arguments[0] || !numbers(g, arguments + 1, limits, values, 3))
        return NULL;
    if (values[2] == 0 || values[2] % 512 != 0) {
        fail(g, "a request is a multiple of 512 bytes");
        return NULL;
    }
    while (d < g->disks + COUNT(g->disks) - 1 && d->name[0] && strcmp(d->name, arguments[0]) != 0)
        d++;
    if (strcmp(d->name, arguments[0]) == 0 || (!d->name[0] && disk_open(d, arguments[0])))
        return d;
    fail(g, "disk %s: %s", arguments[0], strerror(errno));
    return NULL;
}

/* disk NAME READ WRITE SIZE: reads and writes so many KiB a second, in requests of SIZE bytes. */
static bool command_disk(struct guest *g, char **arguments) {
    uint64_t values[3] = {0};
    struct disk_load *d = disk_arguments(g, arguments, values);

    if (!d)
        return false;
    worker_lock(&d->worker);
    stream_set(&d->read, (size_t)values[2], values[0] * 1024, SECOND_NS * values[2]);
    stream_set(&d->write, (size_t)values[2], values[1] * 1024, SECOND_NS * values[2]);
    worker_unlock(&d->worker);
    return true;
}

/* io NAME READS WRITES SIZE: does so many requests of SIZE bytes, then answers. */
static bool command_io(struct guest *g, char **arguments) {
    uint64_t values[3] = {0};
    struct disk_load *d = disk_arguments(g, arguments, values);
    bool ok = true;

    if (!d)
        return false;
    worker_lock(&d->worker);
    for (uint64_t i = 0; ok && i < values[0]; i++)
        ok = disk_operation(d, &d->read, (size_t)values[2]);
    for (uint64_t i = 0; ok && i < values[1]; i++)
        ok = disk_operation(d, &d->write, (size_t)values[2]);
    worker_unlock(&d->worker);
    return ok || fail(g, "disk %s: %s", d->name, strerror(errno));
}

/* net_arguments takes NAME, a number and the size of a frame; NULL was reported. */
static struct net_load *net_arguments(struct guest *g, char **arguments, uint64_t *values) {
    const uint64_t limits[] = {RATE_MAX, FRAME_MAX};
    struct net_load *n = g->nets;

    if (!arguments[0] || !numbers(g, arguments + 1, limits, values, 2))
        return NULL;
    if (values[1] < FRAME_MIN) {
        fail(g, "a frame has at least %d bytes", FRAME_MIN);
        return NULL;
    }
    while (n < g->nets + COUNT(g->nets) - 1 && n->name[0] && strcmp(n->name, arguments[0]) != 0)
        n++;
    if (strcmp(n->name, arguments[0]) == 0 || (!n->name[0] && net_open(n, arguments[0])))
        return n;
    fail(g, "interface %s: %s", arguments[0], strerror(errno));
    return NULL;
}

/* net NAME PACKETS SIZE: sends so many frames of SIZE bytes a second. */
static bool command_net(struct guest *g, char **arguments) {
    uint64_t values[2] = {0};
    struct net_load *n = net_arguments(g, arguments, values);

    if (!n)
        return false;
    worker_lock(&n->worker);
    stream_set(&n->send, (size_t)values[1], values[0], SECOND_NS);
    worker_unlock(&n->worker);
    return true;
}

/* send NAME PACKETS SIZE: sends so many frames of SIZE bytes, then answers. */
static bool command_send(struct guest *g, char **arguments) {
    uint64_t values[2] = {0};
    struct net_load *n = net_arguments(g, arguments, values);
    bool ok = true;

    if (!n)
        return false;
    worker_lock(&n->worker);
    for (uint64_t i = 0; ok && i < values[0]; i++)
        ok = net_operation(n, (size_t)values[1]);
    worker_unlock(&n->worker);
    return ok || fail(g, "interface %s: %s", n->name, strerror(errno));
}

/* mem MIB: takes so much memory in all; every page has contents of its own. */
static bool command_mem(struct guest *g, char **arguments) {
    const uint64_t limit = 1 << 20;
    uint64_t mib = 0;
    void *memory;

    if (!numbers(g, arguments, &limit, &mib, 1))
        return false;
    if (g->memory_bytes)
        munmap(g->memory, g->memory_bytes);
    g->memory_bytes = 0;
    if (mib == 0)
        return true;
    memory =
        mmap(NULL, (size_t)mib << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return fail(g, "no memory: %s", strerror(errno));
    g->memory = memory;
    g->memory_bytes = (size_t)mib << 20;
    for (size_t i = 0; i < g->memory_bytes / sizeof *g->memory; i += 4096 / sizeof *g->memory)
        g->memory[i] = i + 1;
    return true;
}

static void report_stream(const struct guest *g, const char *name, const char *kind,
                          const struct stream *s) {
    fprintf(g->channel, "%s|%s.%s.operations=%llu\n", g->token, name, kind,
            (unsigned long long)s->operations);
    fprintf(g->channel, "%s|%s.%s.bytes=%llu\n", g->token, name, kind,
            (unsigned long long)s->bytes);
}

/* report: what was done since the start; an operation is counted when it is complete. */
static bool command_report(struct guest *g, char **arguments) {
    (void)arguments;
    fprintf(g->channel, "%s|uptime_ns=%llu\n", g->token,
            (unsigned long long)now_ns(CLOCK_BOOTTIME));
    fprintf(g->channel, "%s|mem.bytes=%zu\n", g->token, g->memory_bytes);
    for (struct cpu_load *c = g->cpus; c < g->cpus + COUNT(g->cpus); c++) {
        worker_lock(&c->worker);
        if (c->worker.started)
            fprintf(g->channel, "%s|cpu%d.busy_ns=%llu\n", g->token, c->cpu,
                    (unsigned long long)c->busy_ns);
        worker_unlock(&c->worker);
    }
    for (struct disk_load *d = g->disks; d < g->disks + COUNT(g->disks) && d->name[0]; d++) {
        worker_lock(&d->worker);
        report_stream(g, d->name, "read", &d->read);
        report_stream(g, d->name, "write", &d->write);
        worker_unlock(&d->worker);
    }
    for (struct net_load *n = g->nets; n < g->nets + COUNT(g->nets) && n->name[0]; n++) {
        worker_lock(&n->worker);
        report_stream(g, n->name, "send", &n->send);
        worker_unlock(&n->worker);
    }
    return true;
}

/* sh COMMAND: runs it with busybox's shell and passes its output on. */
static bool command_sh(struct guest *g, char **arguments) {
    char line[1024];
    FILE *output = popen(arguments[0] ? arguments[0] : "", "r");
    int status;

    if (!output)
        return fail(g, "sh: %s", strerror(errno));
    while (fgets(line, sizeof line, output)) {
        line[strcspn(line, "\n")] = 0;
        fprintf(g->channel, "%s|%s\n", g->token, line);
    }
    status = pclose(output);
    return status == 0 || fail(g, "sh: wait status %d", status);
}

static const struct command commands[] = {
    {"cpu", command_cpu},       {"disk", command_disk}, {"io", command_io},
    {"net", command_net},       {"send", command_send}, {"mem", command_mem},
    {"report", command_report}, {"sh", command_sh},
};

/* run_line runs "NAME ARGUMENTS" and ends its answer; sh takes the rest of the line as it is. */
static void run_line(struct guest *g, char *line) {
    char *arguments[8] = {NULL};
    char *name = strsep(&line, " ");
    const struct command *c = commands;
    size_t count = 0;

    while (c < commands + COUNT(commands) && strcmp(c->name, name) != 0)
        c++;
    if (c == commands + COUNT(commands)) {
        fail(g, "unknown command '%s'", name);
    } else {
        if (c->run == command_sh)
            arguments[0] = line;
        else
            while (line && count < COUNT(arguments) - 1)
                arguments[count++] = strsep(&line, " ");
        if (c->run(g, arguments))
            fprintf(g->channel, "%s ok\n", g->token);
    }
    fflush(g->channel);
}

/* run_boot runs the commands of the kernel command line; their answers go to the console. */
static void run_boot(struct guest *g) {
    char text[4096] = "";
    FILE *file = fopen("/proc/cmdline", "r");
    char *word = text;
    char *line;

    if (!file || !fgets(text, sizeof text, file))
        return;
    fclose(file);
    text[strcspn(text, "\n")] = 0;
    while (word && strncmp(word, "load=", 5) != 0)
        if ((word = strchr(word, ' ')))
            word++;
    if (!word)
        return;
    word += 5;
    word[strcspn(word, " ")] = 0;
    for (char *c = word; *c; c++)
        if (*c == ',')
            *c = ' ';
    while ((line = strsep(&word, ";")))
        run_line(g, line);
}

static FILE *open_channel(const char *mode, int flags) {
    struct termios settings;
    int fd = open(CHANNEL, flags | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0 || tcgetattr(fd, &settings) != 0)
        return NULL;
    cfmakeraw(&settings);
    settings.c_cflag |= CLOCAL | CREAD;
    cfsetspeed(&settings, B115200);
    if (tcsetattr(fd, TCSANOW, &settings) != 0 || fcntl(fd, F_SETFL, 0) != 0)
        return NULL;
    return fdopen(fd, mode);
}

static void guest_init(struct guest *g) {
    for (size_t i = 0; i < COUNT(g->cpus); i++)
        worker_init(&g->cpus[i].worker);
    for (size_t i = 0; i < COUNT(g->disks); i++)
        worker_init(&g->disks[i].worker);
    for (size_t i = 0; i < COUNT(g->nets); i++)
        worker_init(&g->nets[i].worker);
    g->channel = stdout;
    g->token = "boot";
}

int main(void) {
    static struct guest g;
    static char text[1024];
    char *line;
    FILE *lines;

    guest_init(&g);
    run_boot(&g);
    lines = open_channel("r", O_RDONLY);
    g.channel = open_channel("w", O_WRONLY);
    if (!lines || !g.channel) {
        printf("guest: %s: %s\n", CHANNEL, strerror(errno));
        return 1;
    }
    printf("guest: ready\n");
    fflush(stdout);
    while (fgets(text, sizeof text, lines)) {
        text[strcspn(text, "\r\n")] = 0;
        line = text;
        g.token = strsep(&line, " ");
        if (line)
            run_line(&g, line);
    }
    printf("guest: %s ended: %s\n", CHANNEL, strerror(errno));
    return 1;
}
