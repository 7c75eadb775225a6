/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The loads of a test guest: one thread each for a CPU, a disk and a network interface, at a fixed
 * rate, and exact counts of what was done.
 */
#ifndef GUEST_LOAD_H
#define GUEST_LOAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define SECOND_NS UINT64_C(1000000000)
/* A request this large stays one block request, however scattered its pages are. */
#define REQUEST_MAX ((size_t)256 * 1024)

#define FRAME_MAX 1514
#define FRAME_MIN 60

struct stream {           /* operations of one kind at a fixed rate */
    uint64_t interval_ns; /* 0: off */
    uint64_t next_ns;
    size_t size; /* bytes an operation */
    uint64_t position;
    uint64_t operations;
    uint64_t bytes;
};

struct worker { /* what every load thread has; the lock guards the rest of its load, too */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    atomic_int claims; /* others that want the lock: a mutex is not fair */
    bool started;
};

struct cpu_load {
    struct worker worker;
    int cpu;
    unsigned share; /* percent of one CPU */
    uint64_t busy_ns;
};

struct disk_load {
    struct worker worker;
    char name[16];
    int fd;
    uint64_t size;
    unsigned char *buffer;
    struct stream read;
    struct stream write;
};

struct net_load {
    struct worker worker;
    char name[16];
    int fd;
    unsigned char frame[FRAME_MAX];
    struct stream send;
};

/* now_ns reads a clock in nanoseconds. */
uint64_t now_ns(clockid_t clock);

/* worker_init prepares a worker without a thread. */
void worker_init(struct worker *w);

/* worker_lock takes the lock before the worker's next operation; worker_unlock wakes the worker. */
void worker_lock(struct worker *w);
void worker_unlock(struct worker *w);

/* stream_set plans operations of the size: so many each period, 0 for none. The worker is locked.
 */
void stream_set(struct stream *s, size_t size, uint64_t operations, uint64_t period_ns);

/* cpu_start starts the thread of a CPU load, bound to its CPU. False: the CPU is offline or does
 * not exist. */
bool cpu_start(struct cpu_load *c);

/* disk_open opens a block device by name and starts its thread. False with errno: nothing was
 * opened. */
bool disk_open(struct disk_load *d, const char *name);

/* disk_operation reads, or writes, size bytes in one request. The worker is locked. */
bool disk_operation(struct disk_load *d, struct stream *s, size_t size);

/* net_open opens an interface by name and starts its thread. False with errno: nothing was opened.
 */
bool net_open(struct net_load *n, const char *name);

/* net_operation sends one frame of size bytes. The worker is locked. */
bool net_operation(struct net_load *n, size_t size);

#endif
