/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * One connection to one libvirt daemon or driver, and what was learnt about it. Used by one thread
 * at a time; nothing in it is shared with another connection. Only files of this folder see it.
 */
#ifndef VPERF_SOURCE_LIBVIRT_CONNECTION_H
#define VPERF_SOURCE_LIBVIRT_CONNECTION_H

#include <libvirt/libvirt.h>
#include <stdatomic.h>

#include "core/credentials.h"
#include "core/error.h"
#include "source/libvirt/helper/facts.h"

struct host_facts {
    char *name;
    char *uuid; /* NULL when not known */
    char *cpu_model;
    int cpus; /* physical cores */
    int mhz;  /* of one CPU, 0 when not known */
    int64_t memory_kib;
    int64_t page_bytes; /* 0 when not known */
    bool kvm;           /* it can run guests of type kvm */
};

/* What is needed to connect, once more if need be. */
struct endpoint {
    char *uri; /* password included */
    char *password_file;
    bool read_write;
    struct credentials credentials; /* once they were asked for; then not again */
    bool host_known;                /* nor is the host, which can take the daemon seconds */
    struct host_facts host;
};

struct connection {
    virConnectPtr handle;
    char *driver; /* libvirt's name of it in lower case: qemu, test, xen, lxc */
    bool is_qemu;
    bool is_local;
    bool no_bulk;         /* it has no statistics for all guests at once */
    bool no_nowait;       /* it does not know the flag NOWAIT */
    bool careful;         /* a guest hangs and NOWAIT cannot protect: look before each call */
    unsigned unsupported; /* bits of calls that the driver does not have */
    int cpu_fields;       /* numbers that libvirt has of one CPU of the host, 0 when not known */
    struct host_facts host;
    struct guest_facts **facts; /* of guests, sorted by UUID */
    size_t facts_count;
    size_t facts_capacity;
    atomic_uint *beats; /* calls that came back, for who waits; NULL in between */
};

/* host_facts_copy: a copy with all strings, to be ended with host_facts_done. */
struct host_facts host_facts_copy(const struct host_facts *facts);

/* host_facts_done: frees the strings. */
void host_facts_done(struct host_facts *facts);

/* endpoint_copy: a copy with all strings, to be ended with endpoint_done. */
struct endpoint endpoint_copy(const struct endpoint *endpoint);

/* endpoint_done: wipes and frees. */
void endpoint_done(struct endpoint *endpoint);

/* Who finds user name and password when libvirt asks; stores them in the endpoint. */
struct asker {
    bool (*ask)(void *context, struct endpoint *endpoint, struct error *error);
    void *context;
};

/*
 * connection_new: connects, and learns about the host unless the endpoint knows it; blocks as long
 * as libvirt does. NULL with the error.
 */
struct connection *connection_new(struct endpoint *endpoint, const struct asker *asker,
                                  struct error *error);

/* connection_close: closes; blocks as long as libvirt does. */
void connection_close(struct connection *connection);

/* connection_free: closes if that is still to be done, and frees. Takes NULL. */
void connection_free(struct connection *connection);

/* connection_alive: the daemon is still there, as far as the last call showed. */
bool connection_alive(const struct connection *connection);

/* connection_beat: tells who waits that a call came back. */
void connection_beat(const struct connection *connection);

/* connection_facts: the facts of a guest, read from its XML when needed; NULL with libvirt's error.
 */
struct guest_facts *connection_facts(struct connection *connection, virDomainPtr domain,
                                     const struct guest_sample *sample);

/* connection_reread_facts: the same, read anew; for drivers whose statistics name no devices. */
struct guest_facts *connection_reread_facts(struct connection *connection, virDomainPtr domain);

#endif
