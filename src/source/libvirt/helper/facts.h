/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a guest's XML says and its statistics do not. Read once for each run of a guest. */
#ifndef VPERF_SOURCE_LIBVIRT_FACTS_H
#define VPERF_SOURCE_LIBVIRT_FACTS_H

#include "source/libvirt/sample/sample.h"

struct disk_facts {
    char *target;        /* vda */
    char *path;          /* as the statistics named it when the XML was read, or NULL */
    bool is_disk;        /* no CD-ROM or floppy */
    bool shareable;      /* other guests write to it too */
    bool has_chain;      /* there are backing layers below it */
    int64_t lower_bytes; /* what these occupy; ABSENT until known */
    bool silent;         /* it gave no statistics when it was asked for them by name */
};

struct nic_facts {
    char *name;  /* on the host */
    bool silent; /* as of a disk */
};

/* The guest's snapshots as libvirt told of them last. */
struct snapshot_facts {
    bool known;
    int64_t due_ns; /* CLOCK_BOOTTIME from which they are to be read again */
    int64_t count;
    int64_t oldest; /* Unix seconds at which the oldest was taken; ABSENT for none */
    int64_t bytes;  /* that files occupy for them alone; ABSENT when libvirt does not say */
};

struct guest_facts {
    unsigned char uuid[SAMPLE_UUID_SIZE];
    int id;          /* the run of the guest that these facts belong to */
    int64_t read_ns; /* CLOCK_BOOTTIME */
    unsigned visit;  /* the last look at all guests in which it was seen */
    char *type;      /* kvm, qemu, test, xen, ... */
    char *guest_os;
    char *title; /* for people: of the domain, or of the cloud that it belongs to */
    int32_t cpus;
    int64_t memory_kib;
    bool hugepages;
    bool layers_asked; /* the sizes of backing layers were asked for, once */
    bool has_balloon;
    bool has_agent;                  /* a channel for the guest agent */
    bool agent_limited;              /* how long its answers may take is set */
    int64_t agent_due_ns;            /* CLOCK_BOOTTIME from which it may be asked */
    struct guest_sample *agent_said; /* its file systems; NULL for none */
    int64_t balloon_period;          /* seconds, 0 for none */
    int64_t start_ns; /* CLOCK_BOOTTIME at which its process started; 0 when not known */
    struct disk_facts *disks;
    size_t disk_count;
    struct nic_facts *nics;
    size_t nic_count;
    struct snapshot_facts snapshots;
};

/* facts_parse: the facts in the text of a domain's XML, owned by the caller; NULL when it is no
 * XML. */
struct guest_facts *facts_parse(const char *text);

/* facts_forget_agent: what the guest agent said is no longer known. */
void facts_forget_agent(struct guest_facts *facts);

/* facts_free: frees the facts. Takes NULL. */
void facts_free(struct guest_facts *facts);

/* facts_cover: each disk that the sample names is known, with the path it has now. */
bool facts_cover(const struct guest_facts *facts, const struct guest_sample *sample);

/* facts_learn_paths: takes over the disks' paths from the sample that made the XML be read. */
void facts_learn_paths(struct guest_facts *facts, const struct guest_sample *sample);

/* facts_learn_layers: takes over the sizes of backing layers from a sample with all of them. */
void facts_learn_layers(struct guest_facts *facts, const struct guest_sample *layers);

/* facts_apply: completes a tidied sample: removes what is no disk, adds what only XML says. */
void facts_apply(const struct guest_facts *facts, struct guest_sample *sample);

#endif
