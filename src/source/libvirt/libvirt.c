/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The hypervisors that libvirt knows as a source. */
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/memory.h"
#include "source/libvirt/collection.h"
#include "source/libvirt/counters/mapping.h"
#include "source/source.h"

enum { TIMEOUT_SECONDS = 30 };

static const int64_t second_ns = 1000000000;

struct libvirt {
    struct source base;
    struct source_options options;
    struct poller poller;
    char *name;       /* of the target, for messages */
    char *source;     /* the column of this name */
    unsigned context; /* of enum selection_context */
    struct catalog *catalog;
    struct inventory *inventory;
    struct collection *collection; /* NULL before the first round */
};

extern const struct source_ops libvirt_source;

static struct libvirt *from_base(struct source *source) {
    return (struct libvirt *)source;
}

/* "test:///" is not named where libvirt advises "test:///default". */
static bool is_named(const char *message, const char *name) {
    const char *place = strstr(message, name);
    const char end = place ? place[strlen(name)] : '/';
    return end != '/' && !g_ascii_isalnum(end);
}

/* An error of the output is none of the target's. */
static void name_target(const char *name, struct error *error) {
    if (error->kind != ERROR_OUTPUT && !is_named(error->message, name))
        error_prefix(error, "%s", name);
}

static bool is_default_port(const struct target *target) {
    static const struct {
        const char *transport;
        int port;
    } defaults[] = {{"+tcp://", 16509}, {"+ssh://", 22}, {"+libssh", 22}, {"://", 16514}};

    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
        if (strstr(target->uri, defaults[i].transport))
            return target->port == 0 || target->port == defaults[i].port;
    }
    return true;
}

/* host[:port when not the default], and for a local connection the host's own name. */
static char *source_name(const struct target *target, const struct host_facts *host) {
    bool is_address = strchr(target->host, ':') != NULL;

    if (!*target->host)
        return memory_strdup(host->name ? host->name : target->text);
    if (is_default_port(target))
        return memory_strdup(target->host);
    return memory_printf(is_address ? "[%s]:%d" : "%s:%d", target->host, target->port);
}

static void libvirt_close(struct source *source) {
    if (!source)
        return;
    struct libvirt *libvirt = from_base(source);
    collection_free(libvirt->collection);
    poller_done(&libvirt->poller);
    free(libvirt->name);
    free(libvirt->source);
    catalog_free(libvirt->catalog);
    inventory_free(libvirt->inventory);
    free(libvirt);
}

static struct source *libvirt_open(const struct target *target,
                                   const struct source_options *options, struct error *error) {
    struct libvirt *libvirt = memory_alloc(sizeof *libvirt);
    int timeout = options->timeout_seconds > 0 ? options->timeout_seconds : TIMEOUT_SECONDS;

    libvirt->base.ops = &libvirt_source;
    libvirt->options = *options;
    libvirt->name = memory_strdup(target->text);
    poller_init(&libvirt->poller, target->uri, options->password_file);
    libvirt->poller.endpoint.kept = options->kept;
    libvirt->poller.read_write = options->balloon_period_seconds > 0 || options->guest_agent;
    libvirt->poller.timeout_ns = timeout * second_ns;
    libvirt->poller.cancel = options->cancel;
    if (!poller_connect(&libvirt->poller, error)) {
        name_target(libvirt->name, error);
        libvirt_close(&libvirt->base);
        return NULL;
    }
    libvirt->source = source_name(target, &libvirt->poller.host);
    return &libvirt->base;
}

static struct catalog *libvirt_catalog(struct source *source, struct error *error) {
    struct libvirt *libvirt = from_base(source);
    (void)error;
    if (!libvirt->catalog)
        libvirt->catalog = mapping_catalog(libvirt->poller.host.driver);
    return libvirt->catalog;
}

/* NULL with the error. */
static struct inventory *list_guests(struct poller *poller, unsigned context, struct error *error) {
    static const char what[] = "cannot list the guests";
    struct record answer;
    GByteArray *request = message_new(MESSAGE_INVENTORY);
    record_add_number(request, context);
    if (!poller_call(poller, request, what, &answer, error))
        return NULL;
    struct inventory *inventory = inventory_read(&answer);
    if (record_done(&answer))
        return inventory;
    error_set(error, ERROR_PROTOCOL, "%s: the libvirt helper's answer cannot be read", what);
    inventory_free(inventory);
    return NULL;
}

/* The inventory before goes away; it stays when there is no new one. */
static bool renew_inventory(void *context, struct error *error) {
    struct libvirt *libvirt = context;
    struct inventory *inventory = list_guests(&libvirt->poller, libvirt->context, error);
    if (!inventory)
        return false;
    for (size_t i = 0; i < inventory->count; i++)
        inventory_set(inventory, &inventory->entities[i]->source, libvirt->source);
    inventory_stamp(inventory, libvirt->options.target, libvirt->options.labels);
    inventory_sort(inventory);
    if (libvirt->collection)
        collection_follow(libvirt->collection, inventory);
    inventory_free(libvirt->inventory);
    libvirt->inventory = inventory;
    return true;
}

/* Its load is the host's: only who names it wants to see it apart. */
static bool names_host_domain(const struct selection *selection) {
    static const struct entity domain = {
        .type = ENTITY_VM,
        .name = "Domain-0",
        .id = "00000000-0000-0000-0000-000000000000",
        .uuid = "00000000-0000-0000-0000-000000000000",
    };
    return selection->names.includes > 0 && selection_has_entity(selection, &domain);
}

static struct inventory *libvirt_inventory(struct source *source, const struct selection *selection,
                                           struct error *error) {
    struct libvirt *libvirt = from_base(source);
    libvirt->context = selection_context(selection);
    if (names_host_domain(selection))
        libvirt->context |= CONTEXT_HOST_DOMAIN;
    if (libvirt->options.guest_agent && libvirt->context & CONTEXT_DETAILS)
        libvirt->context |= CONTEXT_AGENT;
    if (renew_inventory(libvirt, error))
        return libvirt->inventory;
    name_target(libvirt->name, error);
    return NULL;
}

static bool check_selection(const struct selection *selection, struct error *error) {
    for (int type = 0; type < ENTITY_TYPES; type++) {
        if (selection->types[type] && !selection->types_by_default && type != ENTITY_VM &&
            type != ENTITY_HOST)
            return error_set(error, ERROR_USAGE,
                             "--type %s: libvirt has samples of vm and host only",
                             entity_type_name((enum entity_type)type));
    }
    return true;
}

static bool libvirt_now(struct source *source, int64_t *seconds, struct error *error) {
    (void)source;
    (void)error;
    *seconds = (int64_t)time(NULL);
    return true;
}

static bool libvirt_about(struct source *source, struct source_about *about, struct error *error) {
    struct libvirt *libvirt = from_base(source);
    struct record answer;
    GByteArray *request = message_new(MESSAGE_ABOUT);
    if (!poller_call(&libvirt->poller, request, "cannot ask for its version", &answer, error)) {
        name_target(libvirt->name, error);
        return false;
    }
    about->version = memory_strdup(record_text(&answer));
    return record_done(&answer) ||
           error_set(error, ERROR_PROTOCOL, "%s: the libvirt helper's answer cannot be read",
                     libvirt->name);
}

static struct due libvirt_due(struct source *source, int32_t interval) {
    const struct libvirt *libvirt = from_base(source);
    if (libvirt->collection)
        return collection_due(libvirt->collection);
    return (struct due){clock_boot_ns(), interval * second_ns};
}

static bool libvirt_round(struct source *source, const struct selection *selection,
                          const struct window *window, const struct source_events *events,
                          struct error *error) {
    struct libvirt *libvirt = from_base(source);
    if (!check_selection(selection, error) || !libvirt_catalog(source, error) ||
        (!libvirt->inventory && !libvirt_inventory(source, selection, error)))
        return false;
    if (!libvirt->collection) {
        libvirt->collection = collection_new(&(struct collection_input){
            .poller = &libvirt->poller,
            .name = libvirt->name,
            .catalog = libvirt->catalog,
            .selection = selection,
            .options = &libvirt->options,
            .interval = window->interval,
            .renew = renew_inventory,
            .context = libvirt,
        });
        collection_follow(libvirt->collection, libvirt->inventory);
    }
    if (collection_round(libvirt->collection, events, error))
        return true;
    name_target(libvirt->name, error);
    return false;
}

const struct source_ops libvirt_source = {
    .name = "libvirt",
    .help = "KVM, Xen, LXC: qemu:///system, qemu+ssh://root@kvm01/system",
    .takes = SOURCE_TAKES_BALLOON_PERIOD,
    .schemes = NULL,
    .open = libvirt_open,
    .catalog = libvirt_catalog,
    .inventory = libvirt_inventory,
    .about = libvirt_about,
    .now = libvirt_now,
    .due = libvirt_due,
    .round = libvirt_round,
    .close = libvirt_close,
};
