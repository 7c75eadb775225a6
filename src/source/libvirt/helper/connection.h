/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One connection to one libvirt daemon or driver, and what was learnt about it. */
#ifndef VPERF_SOURCE_LIBVIRT_CONNECTION_H
#define VPERF_SOURCE_LIBVIRT_CONNECTION_H

#include <libvirt/libvirt.h>
#include <pthread.h>
#include <stdatomic.h>

#include "core/credentials.h"
#include "core/error.h"
#include "source/libvirt/helper/facts.h"
#include "source/libvirt/host.h"

/* Calls that not every driver has. */
enum call {
    CALL_INFO,
    CALL_VCPUS,
    CALL_MEMORY,
    CALL_INTERFACE,
    CALL_BLOCK_FLAGS,
    CALL_BLOCK,
    CALL_BLOCK_INFO,
    CALL_NODE_CPU,
    CALL_NODE_MEMORY,
    CALL_NODE_PARAMETERS,
    CALL_NODE_FREE_MEMORY,
    CALL_CONTROL,
    CALL_ADDRESSES,
    CALL_SNAPSHOTS,
};

/* Who is to know that libvirt's calls come back. */
struct pulse {
    void (*beat)(void *context);
    void *context;
};

/* How to connect. */
struct opening {
    const char *uri; /* without password */
    bool read_write;
    bool host_known; /* it is not asked for, which can take the daemon seconds */
    const struct pulse *pulse;
    /* login: finds user name and password when libvirt wants them; false with the error. */
    bool (*login)(void *context, struct credentials *credentials, struct error *error);
    void *login_context;
};

/* No two runs of guests have the same id and name while a connection lasts. */
struct listed {
    int id;
    char *name;
    unsigned char uuid[SAMPLE_UUID_SIZE];
};

struct connection {
    virConnectPtr handle;
    bool is_qemu;
    bool is_xen;
    bool is_local;
    int hands;               /* calls for several guests that are made at a time */
    bool no_bulk;            /* it has no statistics for all guests at once */
    bool no_nowait;          /* it does not know the flag NOWAIT */
    bool careful;            /* a guest hangs and NOWAIT cannot protect: look before each call */
    atomic_uint unsupported; /* bits of enum call: those that the driver does not have */
    atomic_llong agent_ns;   /* that guest agents have taken of the poll under way */
    unsigned groups;         /* of enum sample_group: what is to be read of guests */
    int cpu_fields;          /* numbers that libvirt has of one CPU of the host, 0 when not known */
    int memory_fields;       /* and of its memory */
    struct host_facts host;
    struct guest_facts **facts; /* of guests, sorted by UUID */
    size_t facts_count;
    size_t facts_capacity;
    unsigned visit; /* number of the last look at all guests */
    const struct pulse *pulse;
    pthread_mutex_t lock;      /* of facts and pulse, while calls are made side by side */
    atomic_llong snapshots_ns; /* that reading snapshots again has taken of the poll under way */
    struct listed *listed;     /* guests in the order of the last poll */
    size_t listed_count;
    size_t listed_capacity;
};

/* connection_may_call: the driver has this call, as far as is known. */
bool connection_may_call(const struct connection *connection, enum call call);

/* connection_note: a call came back; one that the driver does not have is not made again. */
void connection_note(struct connection *connection, enum call call, bool good);

/* connection_spare: the call is not made again, for it does nothing of use. */
void connection_spare(struct connection *connection, enum call call);

/* connection_called: the same; returns good. Inline, so that analyzers see it. */
static inline bool connection_called(struct connection *connection, enum call call, bool good) {
    connection_note(connection, call, good);
    return good;
}

/*
 * connection_new: connects, and learns about the host unless that is known already; blocks as long
 * as libvirt does. Takes over the host's facts if it succeeds. NULL with the error.
 */
struct connection *connection_new(const struct opening *opening, struct host_facts *host,
                                  struct error *error);

/* connection_free: closes, which blocks as long as libvirt does, and frees. Takes NULL. */
void connection_free(struct connection *connection);

/* connection_is_host: it is the domain that the host itself runs in, Xen's Domain-0. */
bool connection_is_host(const struct connection *connection, virDomainPtr domain);

/* connection_alive: the daemon is still there, as far as the last call showed. */
bool connection_alive(const struct connection *connection);

/* connection_versions: those of hypervisor and library, for people; the caller's. */
char *connection_versions(const struct connection *connection);

/* connection_beat: tells who waits that a call came back. */
void connection_beat(struct connection *connection);

/* connection_visit: a look at all guests begins. */
void connection_visit(struct connection *connection);

/*
 * connection_forget: drops the facts of guests that were not seen since connection_visit: only of
 * running ones, or of all.
 */
void connection_forget(struct connection *connection, bool all);

/*
 * connection_identify: stores name, id and UUID of a running guest, which has this place in the
 * poll. A run of a guest that had it in the last one is not asked for its UUID: libvirt formats
 * that for its log, which it does not write, and it takes a fourteenth of a poll.
 */
void connection_identify(struct connection *connection, virDomainPtr domain, size_t place,
                         struct guest_sample *sample);

/*
 * connection_facts: the facts of a guest, read from its XML when needed: for another run of it, for
 * devices that the sample names and they do not, and once a minute where no statistics name any.
 * The sample may be NULL, and otherwise says which guest and which run of it this is. NULL with
 * libvirt's error.
 */
struct guest_facts *connection_facts(struct connection *connection, virDomainPtr domain,
                                     const struct guest_sample *sample);

#endif
