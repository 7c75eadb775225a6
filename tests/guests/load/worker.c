/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The load threads of a test guest and the operations that they repeat. */
#include "load.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define CPU_PERIOD_NS UINT64_C(40000000)

uint64_t now_ns(clockid_t clock) {
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

void worker_init(struct worker *w) {
    pthread_condattr_t attributes;

    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&w->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

void worker_lock(struct worker *w) {
    w->claims++;
    pthread_mutex_lock(&w->lock);
    w->claims--;
}

void worker_unlock(struct worker *w) {
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

/* worker_wait sleeps until the time or a change of the load; UINT64_MAX is for ever. */
static void worker_wait(struct worker *w, uint64_t until_ns) {
    struct timespec t = {(time_t)(until_ns / SECOND_NS), (long)(until_ns % SECOND_NS)};

    if (until_ns == UINT64_MAX)
        pthread_cond_wait(&w->changed, &w->lock);
    else
        pthread_cond_timedwait(&w->changed, &w->lock, &t);
}

/* worker_rest sleeps until the next operation, or lets others have the lock first. */
static void worker_rest(struct worker *w, uint64_t next_ns) {
    uint64_t now = now_ns(CLOCK_MONOTONIC);

    if (w->claims)
        worker_wait(w, now + SECOND_NS / 1000);
    else if (next_ns > now)
        worker_wait(w, next_ns);
}

static bool worker_start(struct worker *w, void *(*run)(void *), void *load) {
    pthread_t thread;

    if (!w->started)
        w->started = pthread_create(&thread, NULL, run, load) == 0;
    return w->started;
}

void stream_set(struct stream *s, size_t size, uint64_t operations, uint64_t period_ns) {
    s->size = size;
    s->interval_ns = operations ? period_ns / operations : 0;
    s->next_ns = now_ns(CLOCK_MONOTONIC);
}

static uint64_t stream_next(const struct stream *s) {
    return s->interval_ns ? s->next_ns : UINT64_MAX;
}

/* stream_due tells whether an operation is due, and plans the next; a backlog over a second is
 * dropped. */
static bool stream_due(struct stream *s) {
    uint64_t now = now_ns(CLOCK_MONOTONIC);

    if (stream_next(s) > now)
        return false;
    s->next_ns += s->interval_ns;
    if (s->next_ns + SECOND_NS < now)
        s->next_ns = now;
    return true;
}

static void stream_count(struct stream *s, size_t size, bool done) {
    if (done) {
        s->position += size;
        s->operations++;
        s->bytes += size;
    } else {
        s->interval_ns = 0;
    }
}

static uint64_t spin(uint64_t duration_ns) {
    uint64_t begin = now_ns(CLOCK_MONOTONIC);
    uint64_t spent = 0;

    while (spent < duration_ns) {
        for (volatile unsigned i = 0; i < 2000; i++)
            ;
        spent = now_ns(CLOCK_MONOTONIC) - begin;
    }
    return spent;
}

static void *cpu_run(void *load) {
    struct cpu_load *c = load;
    uint64_t period_ns = now_ns(CLOCK_MONOTONIC);
    uint64_t spent_ns;
    unsigned share;

    pthread_mutex_lock(&c->worker.lock);
    for (;;) {
        while (c->share == 0) {
            worker_wait(&c->worker, UINT64_MAX);
            period_ns = now_ns(CLOCK_MONOTONIC);
        }
        share = c->share;
        pthread_mutex_unlock(&c->worker.lock);
        spent_ns = spin(CPU_PERIOD_NS * share / 100);
        pthread_mutex_lock(&c->worker.lock);
        c->busy_ns += spent_ns;
        period_ns += CPU_PERIOD_NS;
        if (period_ns + CPU_PERIOD_NS < now_ns(CLOCK_MONOTONIC))
            period_ns = now_ns(CLOCK_MONOTONIC);
        while (share == c->share && now_ns(CLOCK_MONOTONIC) < period_ns)
            worker_wait(&c->worker, period_ns);
    }
    return NULL;
}

bool cpu_start(struct cpu_load *c) {
    cpu_set_t all;
    cpu_set_t one;
    bool ok;

    CPU_ZERO(&one);
    CPU_SET((size_t)c->cpu, &one);
    if (sched_getaffinity(0, sizeof all, &all) != 0 || sched_setaffinity(0, sizeof one, &one) != 0)
        return false;
    ok = worker_start(&c->worker, cpu_run, c); /* inherits this thread's one CPU */
    sched_setaffinity(0, sizeof all, &all);
    return ok;
}

bool disk_operation(struct disk_load *d, struct stream *s, size_t size) {
    ssize_t done;

    if (s->position + size > d->size)
        s->position = 0;
    if (s == &d->read) {
        done = pread(d->fd, d->buffer, size, (off_t)s->position);
    } else {
        memcpy(d->buffer, &s->operations, sizeof s->operations);
        done = pwrite(d->fd, d->buffer, size, (off_t)s->position);
    }
    stream_count(s, size, done == (ssize_t)size);
    return done == (ssize_t)size;
}

static void *disk_run(void *load) {
    struct disk_load *d = load;
    uint64_t read_ns;
    uint64_t write_ns;

    pthread_mutex_lock(&d->worker.lock);
    for (;;) {
        if (stream_due(&d->read))
            disk_operation(d, &d->read, d->read.size);
        if (stream_due(&d->write))
            disk_operation(d, &d->write, d->write.size);
        read_ns = stream_next(&d->read);
        write_ns = stream_next(&d->write);
        worker_rest(&d->worker, read_ns < write_ns ? read_ns : write_ns);
    }
    return NULL;
}

bool disk_open(struct disk_load *d, const char *name) {
    char path[32];

    snprintf(path, sizeof path, "/dev/%.15s", name);
    d->fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
    if (d->fd < 0)
        return false;
    d->buffer = aligned_alloc(4096, REQUEST_MAX);
    if (!d->buffer || ioctl(d->fd, BLKGETSIZE64, &d->size) != 0 || d->size < REQUEST_MAX ||
        !worker_start(&d->worker, disk_run, d)) {
        free(d->buffer);
        close(d->fd);
        return false;
    }
    memset(d->buffer, 0x5a, REQUEST_MAX);
    snprintf(d->name, sizeof d->name, "%s", name);
    return true;
}

bool net_operation(struct net_load *n, size_t size) {
    bool done = send(n->fd, n->frame, size, 0) == (ssize_t)size;

    stream_count(&n->send, size, done);
    return done;
}

static void *net_run(void *load) {
    struct net_load *n = load;

    pthread_mutex_lock(&n->worker.lock);
    for (;;) {
        if (stream_due(&n->send))
            net_operation(n, n->send.size);
        worker_rest(&n->worker, stream_next(&n->send));
    }
    return NULL;
}

bool net_open(struct net_load *n, const char *name) {
    struct sockaddr_ll address = {.sll_family = AF_PACKET};
    struct ether_header *header = (struct ether_header *)n->frame;

    address.sll_ifindex = (int)if_nametoindex(name);
    if (address.sll_ifindex == 0)
        return false;
    n->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0); /* protocol 0: receives nothing */
    if (n->fd < 0)
        return false;
    if (bind(n->fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        !worker_start(&n->worker, net_run, n)) {
        close(n->fd);
        return false;
    }
    /* An ARP frame for somebody else: the host neither answers it nor counts it as dropped. */
    memcpy(header->ether_dhost, "\x02vperf", ETH_ALEN);
    memcpy(header->ether_shost, "\x02guest", ETH_ALEN);
    header->ether_type = htons(ETHERTYPE_ARP);
    snprintf(n->name, sizeof n->name, "%s", name);
    return true;
}
