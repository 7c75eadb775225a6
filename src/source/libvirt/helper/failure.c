/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* libvirt's errors made into ours. */
#include "source/libvirt/helper/failure.h"

#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/text.h"

struct meaning {
    int code;
    enum error_kind kind;
};

static const struct meaning meanings[] = {
    {VIR_ERR_AUTH_FAILED, ERROR_AUTH},          {VIR_ERR_AUTH_CANCELLED, ERROR_AUTH},
    {VIR_ERR_AUTH_UNAVAILABLE, ERROR_AUTH},     {VIR_ERR_ACCESS_DENIED, ERROR_AUTH},
    {VIR_ERR_OPERATION_DENIED, ERROR_AUTH},     {VIR_ERR_GNUTLS_ERROR, ERROR_TLS},
    {VIR_ERR_OPERATION_TIMEOUT, ERROR_TIMEOUT}, {VIR_ERR_RPC, ERROR_CONNECT},
    {VIR_ERR_NO_CONNECT, ERROR_CONNECT},        {VIR_ERR_INVALID_CONN, ERROR_CONNECT},
};

/* What libvirt says while it connects, and what to do about it. The first that fits counts. */
struct hint {
    int code; /* 0 for any */
    enum error_kind kind;
    const char *piece;
    const char *advice;
};

static const struct hint hints[] = {
    {VIR_ERR_INVALID_ARG, ERROR_USAGE, "", "correct the target"},
    {VIR_ERR_INTERNAL_ERROR, ERROR_USAGE, "parse URI", "correct the target"},
    {VIR_ERR_CONFIG_UNSUPPORTED, ERROR_CONNECT, "built without",
     "this libvirt has no driver for it"},
    {VIR_ERR_NO_CONNECT, ERROR_CONNECT, "", "this libvirt has no driver for it"},
    {0, ERROR_AUTH, "Permission denied (", "check the user and the keys of ssh"},
    {0, ERROR_AUTH, "Host key verification failed", "connect once with ssh to accept its key"},
    {0, ERROR_AUTH, "Permission denied", "add the user to the group libvirt, or run as root"},
    {VIR_ERR_AUTH_UNAVAILABLE, ERROR_AUTH, "", "check the daemon's settings for this user"},
    {VIR_ERR_AUTH_FAILED, ERROR_AUTH, "", "check user name and password"},
    {VIR_ERR_AUTH_CANCELLED, ERROR_AUTH, "", "check user name and password"},
    {0, ERROR_TLS, "ertificate", "set up the certificates that libvirt names"},
    {0, ERROR_TLS, "TLS", "set up TLS on both sides, or use qemu+ssh://"},
    {0, ERROR_CONNECT, "Connection refused", "check that the daemon runs and listens there"},
    {0, ERROR_CONNECT, "No such file or directory", "check that libvirtd or virtqemud runs"},
    {0, ERROR_CONNECT, "resolve", "check the host name"},
};

/* The daemon of a session is its user's own, and libvirt starts it. */
static const struct hint session_hints[] = {
    {0, ERROR_CONNECT, "user runtime directory",
     "check that this user may write to XDG_RUNTIME_DIR, or else to HOME"},
    {0, ERROR_CONNECT, "No such file or directory",
     "check that libvirtd or virtqemud is installed, which libvirt starts for the user of a "
     "session; the machine's own guests are those of /system"},
};

static const char *const schemes[] = {
    "qemu",      "xen",       "lxc",    "test",         "ch",       "bhyve",        "vz",
    "virtuozzo", "vbox",      "openvz", "vmwareplayer", "vmwarews", "vmwarefusion", "hyperv",
    "xenapi",    "parallels", "esx",    "vpx",          "gsx",      "nbd",          "remote",
};

static void ignore(void *context, virErrorPtr error) {
    (void)context;
    (void)error;
}

void failure_silence(void) {
    virSetErrorFunc(NULL, ignore);
}

int failure_code(void) {
    return virGetLastErrorCode();
}

static bool is_known(const char *scheme) {
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (strcmp(schemes[i], scheme) == 0)
            return true;
    }
    return false;
}

static const struct hint *find_in(const struct hint *list, size_t count, int code,
                                  const char *message) {
    for (size_t i = 0; i < count; i++) {
        if ((!list[i].code || list[i].code == code) && strstr(message, list[i].piece))
            return &list[i];
    }
    return NULL;
}

static const struct hint *find_hint(const struct target *target, int code, const char *message) {
    const struct hint *hint = NULL;
    if (strcmp(target->path, "/session") == 0)
        hint =
            find_in(session_hints, sizeof session_hints / sizeof session_hints[0], code, message);
    return hint ? hint : find_in(hints, sizeof hints / sizeof hints[0], code, message);
}

static enum error_kind kind_of(int code, enum error_kind otherwise) {
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (meanings[i].code == code)
            return meanings[i].kind;
    }
    return otherwise;
}

/* libvirt's message on one line, owned by the caller; without the secret should it quote that. */
static char *last_message(const char *secret) {
    const char *message = virGetLastErrorMessage();
    bool quoted = secret && *secret && strstr(message, secret);
    char *text = memory_strdup(quoted ? "libvirt refuses it" : message);
    text_one_line(text);
    return text;
}

bool failure_to_open(struct error *error, const struct target *target, const char *secret) {
    int code = failure_code();
    if (!is_known(target->scheme))
        return error_set(error, ERROR_USAGE,
                         "neither vperf nor libvirt knows the scheme '%s'; use https://, pve://, "
                         "xapi://, qemu://, qemu+ssh://, xen://, lxc:// or test://",
                         target->scheme);

    char *message = last_message(secret);
    const struct hint *hint = find_hint(target, code, message);
    if (hint)
        error_set(error, hint->kind, "cannot connect: %s; %s", message, hint->advice);
    else
        error_set(error, kind_of(code, ERROR_CONNECT), "cannot connect: %s", message);
    free(message);
    return false;
}

bool failure_of(struct error *error, const char *what) {
    char *message = last_message(NULL);
    error_set(error, kind_of(failure_code(), ERROR_FAULT), "%s: %s", what, message);
    free(message);
    return false;
}
