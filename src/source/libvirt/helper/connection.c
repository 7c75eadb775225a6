/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Connects to libvirt and learns about the host. */
#include "source/libvirt/helper/connection.h"

#include <libvirt/virterror.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/memory.h"
#include "source/libvirt/helper/failure.h"
#include "source/libvirt/helper/xml.h"

/* More than a daemon serves of one client at a time: the others wait there, and not on their way.
 */
enum { HANDS = 16 };

static const int64_t facts_age_ns = 60000000000;

/* A login that libvirt asks for while it connects. */
struct question {
    const struct opening *opening;
    struct credentials credentials;
    struct error error;
};

/* libvirt asks, and frees the answers. */
static int answer(virConnectCredentialPtr wanted, unsigned int count, void *context) {
    struct question *question = context;
    const struct opening *opening = question->opening;
    struct credentials *credentials = &question->credentials;

    if (!credentials->username &&
        !opening->login(opening->login_context, credentials, &question->error))
        return -1;
    for (unsigned int i = 0; i < count; i++) {
        bool name = wanted[i].type == VIR_CRED_AUTHNAME;
        wanted[i].result = memory_strdup(name ? credentials->username : credentials->password);
        wanted[i].resultlen = (unsigned int)strlen(wanted[i].result);
    }
    return 0;
}

static virConnectPtr connect_to(const struct opening *opening, const struct target *target,
                                struct error *error) {
    /* Never ECHOPROMPT: that is how libvirt asks whether an unknown host key is good. */
    int kinds[] = {VIR_CRED_AUTHNAME, VIR_CRED_PASSPHRASE, VIR_CRED_NOECHOPROMPT};
    struct question question = {.opening = opening};
    virConnectAuth auth = {kinds, sizeof kinds / sizeof kinds[0], answer, &question};

    virConnectPtr handle =
        virConnectOpenAuth(opening->uri, &auth, opening->read_write ? 0 : VIR_CONNECT_RO);
    if (!handle && question.error.kind != ERROR_NONE)
        *error = question.error;
    else if (!handle)
        failure_to_open(error, target, question.credentials.password);
    credentials_done(&question.credentials);
    return handle;
}

static char *lower_case(const char *text) {
    char *copy = memory_strdup(text ? text : "libvirt");
    for (char *letter = copy; *letter; letter++) {
        if (*letter >= 'A' && *letter <= 'Z')
            *letter = (char)(*letter - 'A' + 'a');
    }
    return copy;
}

static void read_capabilities(struct host_facts *host, const char *capabilities) {
    struct xml *xml = capabilities ? xml_new(capabilities) : NULL;
    if (!xml)
        return;
    int64_t tsc = xml_number(xml, "/capabilities/host/cpu/counter[@name='tsc']/@frequency");
    if (tsc > 0)
        host->mhz = (int)(tsc / 1000000);
    host->uuid = xml_text(xml, "/capabilities/host/uuid");
    host->cpu_model = xml_text(xml, "/capabilities/host/cpu/model");
    host->kvm = xml_count(xml, "/capabilities/guest/arch/domain[@type='kvm']") > 0;
    /* The first size is the ordinary one; KSM counts in it. */
    host->page_bytes = xml_number(xml, "/capabilities/host/cpu/pages[@unit='KiB'][1]/@size") * 1024;
    xml_free(xml);
}

static void read_memory(struct host_facts *host, virConnectPtr handle) {
    int count = 0;
    if (virNodeGetMemoryStats(handle, VIR_NODE_MEMORY_STATS_ALL_CELLS, NULL, &count, 0) < 0 ||
        count <= 0)
        return;
    virNodeMemoryStatsPtr stats = memory_array((size_t)count, sizeof *stats);
    if (virNodeGetMemoryStats(handle, VIR_NODE_MEMORY_STATS_ALL_CELLS, stats, &count, 0) < 0)
        count = 0;
    for (int i = 0; i < count; i++) {
        if (strcmp(stats[i].field, VIR_NODE_MEMORY_STATS_TOTAL) == 0)
            host->memory_kib = (int64_t)stats[i].value;
    }
    free(stats);
}

/* Whatever is not available stays unknown. */
static void learn_host(struct connection *connection) {
    struct host_facts *host = &connection->host;
    virConnectPtr handle = connection->handle;
    virNodeInfo info;
    char *capabilities = virConnectGetCapabilities(handle);

    connection_beat(connection);
    if (virNodeGetInfo(handle, &info) == 0) {
        host->mhz = (int)info.mhz;
        host->memory_kib = (int64_t)info.memory;
        host->cpus = (int)(info.nodes * info.sockets * info.cores);
        host->threads = host->cpus * (int)info.threads;
    }
    read_capabilities(host, capabilities);
    /* virNodeInfo does not notice memory that was hot-plugged. */
    read_memory(host, handle);
    host->name = virConnectGetHostname(handle);
    free(capabilities);
}

struct connection *connection_new(const struct opening *opening, struct host_facts *host,
                                  struct error *error) {
    struct target target;
    xml_silence();
    if (!target_init(&target, opening->uri, error))
        return NULL;

    virConnectPtr handle = connect_to(opening, &target, error);
    bool is_local = !*target.host;
    bool has_transport = opening->uri[strcspn(opening->uri, "+:")] == '+';
    target_done(&target);
    if (!handle)
        return NULL;
    struct connection *connection = memory_alloc(sizeof *connection);
    connection->handle = handle;
    connection->is_local = is_local;
    pthread_mutex_init(&connection->lock, NULL);
    connection->pulse = opening->pulse;
    connection->host = *host;
    *host = (struct host_facts){0};
    free(connection->host.driver);
    connection->host.driver = lower_case(virConnectGetType(handle));
    connection->is_qemu = strcmp(connection->host.driver, "qemu") == 0;
    connection->is_xen = strcmp(connection->host.driver, "xen") == 0;
    /* QEMU's guests come with one call. */
    connection->hands = !connection->is_qemu && (has_transport || !is_local) ? HANDS : 1;
    connection_beat(connection);
    if (!opening->host_known)
        learn_host(connection);
    return connection;
}

void connection_free(struct connection *connection) {
    if (!connection)
        return;
    for (size_t i = 0; i < connection->facts_count; i++)
        facts_free(connection->facts[i]);
    free(connection->facts);
    for (size_t i = 0; i < connection->listed_count; i++)
        free(connection->listed[i].name);
    free(connection->listed);
    host_facts_done(&connection->host);
    pthread_mutex_destroy(&connection->lock);
    virConnectClose(connection->handle);
    free(connection);
}

bool connection_is_host(const struct connection *connection, virDomainPtr domain) {
    return connection->is_xen && virDomainGetID(domain) == 0;
}

/* The entry of this place, or NULL when there is none yet. */
static struct listed *listed_at(const struct connection *connection, size_t place) {
    return place < connection->listed_count ? &connection->listed[place] : NULL;
}

static struct listed *add_listed(struct connection *connection) {
    connection->listed = memory_grow(connection->listed, connection->listed_count,
                                     &connection->listed_capacity, sizeof *connection->listed);
    struct listed *listed = &connection->listed[connection->listed_count++];
    *listed = (struct listed){.id = -1};
    return listed;
}

void connection_identify(struct connection *connection, virDomainPtr domain, size_t place,
                         struct guest_sample *sample) {
    struct listed *listed = listed_at(connection, place);
    const char *name = virDomainGetName(domain);
    sample->id = (int)virDomainGetID(domain);
    sample->name = memory_strdup(name);
    bool same = listed && sample->id >= 0 && listed->id == sample->id && name && listed->name &&
                strcmp(listed->name, name) == 0;
    if (same) {
        memcpy(sample->uuid, listed->uuid, sizeof sample->uuid);
        return;
    }
    if (virDomainGetUUID(domain, sample->uuid) < 0 || place > connection->listed_count)
        return;
    listed = listed ? listed : add_listed(connection);
    free(listed->name);
    listed->id = sample->id;
    listed->name = memory_strdup(name);
    memcpy(listed->uuid, sample->uuid, sizeof listed->uuid);
}

bool connection_alive(const struct connection *connection) {
    return virConnectIsAlive(connection->handle) == 1;
}

static void append_version(GString *text, const char *name, unsigned long version) {
    enum { MAJOR = 1000000, MINOR = 1000 };
    g_string_append_printf(text, "%s%s %lu.%lu.%lu", text->len ? ", " : "", name, version / MAJOR,
                           version / MINOR % MINOR, version % MINOR);
}

char *connection_versions(const struct connection *connection) {
    GString *text = g_string_new(NULL);
    const char *type = virConnectGetType(connection->handle);
    unsigned long version = 0;
    if (type && virConnectGetVersion(connection->handle, &version) == 0)
        append_version(text, type, version);
    if (virConnectGetLibVersion(connection->handle, &version) == 0)
        append_version(text, "libvirt", version);
    char *copy = memory_strdup(text->str);
    g_string_free(text, TRUE);
    return copy;
}

void connection_beat(struct connection *connection) {
    pthread_mutex_lock(&connection->lock);
    connection->pulse->beat(connection->pulse->context);
    pthread_mutex_unlock(&connection->lock);
}

bool connection_may_call(const struct connection *connection, enum call call) {
    return !(atomic_load(&connection->unsupported) & (1U << call));
}

void connection_spare(struct connection *connection, enum call call) {
    atomic_fetch_or(&connection->unsupported, 1U << call);
}

void connection_note(struct connection *connection, enum call call, bool good) {
    if (!good && failure_code() == VIR_ERR_NO_SUPPORT)
        connection_spare(connection, call);
    connection_beat(connection);
}

void connection_visit(struct connection *connection) {
    connection->visit++;
}

void connection_forget(struct connection *connection, bool all) {
    size_t kept = 0;
    for (size_t i = 0; i < connection->facts_count; i++) {
        struct guest_facts *facts = connection->facts[i];
        if (facts->visit == connection->visit || (facts->id < 0 && !all))
            connection->facts[kept++] = facts;
        else
            facts_free(facts);
    }
    connection->facts_count = kept;
}

/* Where the facts of this guest are, or belong. */
static size_t facts_place(const struct connection *connection, const unsigned char *uuid) {
    size_t low = 0;
    size_t high = connection->facts_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(connection->facts[middle]->uuid, uuid, SAMPLE_UUID_SIZE) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void keep_facts(struct connection *connection, size_t place, struct guest_facts *facts) {
    connection->facts = memory_grow(connection->facts, connection->facts_count,
                                    &connection->facts_capacity, sizeof(struct guest_facts *));
    for (size_t i = connection->facts_count; i > place; i--)
        connection->facts[i] = connection->facts[i - 1];
    connection->facts[place] = facts;
    connection->facts_count++;
}

/* The beginning of a file of /proc, which has no size of its own; returns the length. */
static size_t read_start(const char *path, char *text, size_t size) {
    FILE *stream = fopen(path, "re");
    size_t length = stream ? fread(text, 1, size - 1, stream) : 0;

    if (stream)
        fclose(stream);
    text[length] = '\0';
    return length;
}

/* A pid may have been given to somebody else since, and a pid file belong to another daemon. */
static bool is_of_guest(long pid, const char *uuid) {
    char path[64];
    char arguments[8192];

    snprintf(path, sizeof path, "/proc/%ld/cmdline", pid);
    size_t length = read_start(path, arguments, sizeof arguments);
    return memmem(arguments, length, uuid, strlen(uuid)) != NULL;
}

/* CLOCK_BOOTTIME at which a process started, 0 when not known. */
static int64_t process_start_ns(long pid) {
    enum { FIELDS_BEFORE_START = 20 }; /* after the name; proc(5) counts it as field 22 */
    const long tick_ns = 1000000000 / sysconf(_SC_CLK_TCK);
    char path[64];
    char line[1024];

    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    read_start(path, line, sizeof line);
    /* The name may hold anything, so fields are counted from its closing bracket. */
    const char *field = strrchr(line, ')');
    for (int i = 0; field && i < FIELDS_BEFORE_START; i++)
        field = strchr(field + 1, ' ');
    return field ? strtoll(field, NULL, 10) * tick_ns : 0;
}

/* No API of libvirt tells when a guest was started; its local pid file does. */
static int64_t start_ns(const struct connection *connection, virDomainPtr domain) {
    char uuid[VIR_UUID_STRING_BUFLEN];
    char text[32];

    if (!connection->is_local || !connection->is_qemu || virDomainGetUUIDString(domain, uuid) < 0)
        return 0;
    char *path = memory_printf("/run/libvirt/qemu/%s.pid", virDomainGetName(domain));
    read_start(path, text, sizeof text);
    free(path);
    long pid = strtol(text, NULL, 10);
    return pid > 0 && is_of_guest(pid, uuid) ? process_start_ns(pid) : 0;
}

static struct guest_facts *read_facts(struct connection *connection, virDomainPtr domain,
                                      const unsigned char *uuid) {
    char *xml = virDomainGetXMLDesc(domain, 0);
    struct guest_facts *facts = xml ? facts_parse(xml) : NULL;

    connection_beat(connection);
    free(xml);
    if (!facts)
        return NULL;
    memcpy(facts->uuid, uuid, SAMPLE_UUID_SIZE);
    facts->id = (int)virDomainGetID(domain);
    facts->read_ns = clock_boot_ns();
    if (facts->id >= 0)
        facts->start_ns = start_ns(connection, domain);
    return facts;
}

/* The facts known of a guest, and where they are or belong. */
static struct guest_facts *known_facts(const struct connection *connection,
                                       const unsigned char *uuid, size_t *place) {
    *place = facts_place(connection, uuid);
    if (*place >= connection->facts_count)
        return NULL;
    struct guest_facts *facts = connection->facts[*place];
    return memcmp(facts->uuid, uuid, SAMPLE_UUID_SIZE) == 0 ? facts : NULL;
}

/* Keeps facts that were just read in the place of those before. */
static void replace_facts(struct connection *connection, struct guest_facts *facts) {
    size_t place;
    pthread_mutex_lock(&connection->lock);
    struct guest_facts *known = known_facts(connection, facts->uuid, &place);
    /* Of QEMU, facts are read again when disks have changed, as an external snapshot does. */
    if (known && !connection->is_qemu)
        facts->snapshots = known->snapshots;
    if (known)
        connection->facts[place] = facts;
    else
        keep_facts(connection, place, facts);
    facts->visit = connection->visit;
    pthread_mutex_unlock(&connection->lock);
    facts_free(known);
}

static struct guest_facts *find_facts(struct connection *connection, const unsigned char *uuid) {
    size_t place;
    pthread_mutex_lock(&connection->lock);
    struct guest_facts *known = known_facts(connection, uuid, &place);
    pthread_mutex_unlock(&connection->lock);
    return known;
}

/* QEMU's statistics name the devices of now, and so tell when facts are old. */
static bool are_aged(const struct connection *connection, const struct guest_facts *facts) {
    return !connection->is_qemu && clock_boot_ns() - facts->read_ns > facts_age_ns;
}

struct guest_facts *connection_facts(struct connection *connection, virDomainPtr domain,
                                     const struct guest_sample *sample) {
    unsigned char own_uuid[SAMPLE_UUID_SIZE];
    const unsigned char *uuid = sample ? sample->uuid : own_uuid;
    if (!sample && virDomainGetUUID(domain, own_uuid) < 0)
        return NULL;

    struct guest_facts *known = find_facts(connection, uuid);
    int id = sample ? sample->id : (int)virDomainGetID(domain);
    if (known && known->id == id && !are_aged(connection, known)) {
        known->visit = connection->visit;
        if (sample)
            facts_learn_paths(known, sample);
        if (!sample || facts_cover(known, sample))
            return known;
    }
    struct guest_facts *facts = read_facts(connection, domain, uuid);
    if (!facts)
        return NULL;
    replace_facts(connection, facts);
    if (sample)
        facts_learn_paths(facts, sample);
    return facts;
}
