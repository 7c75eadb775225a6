/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Faults, statuses of HTTP, and the many ways in which a connection can end. */
#include "source/vsphere/session/failure.h"

#include <glib.h>
#include <string.h>

#include "source/tls/proxy.h"
#include "source/vsphere/session/session.h"
#include "source/vsphere/wire/wire.h"

enum { FIRST_HTTP_ERROR = 201, LAST_HTTP_ERROR = 599, WAY_SIZE = 300 };

static const struct {
    int status;
    const char *reason;
} http_reasons[] = {
    {401, "the server asks for a login of its own: is there a proxy before it?"},
    {403, "the server forbids access: check the path, and proxies before it"},
    {404, "there is no vSphere API at this address: check host, port and path"},
    {407, "a proxy asks for a login"},
    {503, "the service is not available: wait until the host or vCenter has started"},
};

/* ManagedObjectNotFound has "obj", NoPermission has "object". */
static void keep_object(struct channel *channel, const struct vim_fault *fault) {
    const char *object = wire_xml_text(channel->soap, fault->xml, "obj");
    if (!object)
        object = wire_xml_text(channel->soap, fault->xml, "object");
    snprintf(channel->fault_object, sizeof channel->fault_object, "%s", object ? object : "");
}

static bool describe_fault(struct channel *channel, const char *operation, struct error *error) {
    const struct session *session = channel->session;
    struct vim_fault fault = {"", "", ""};
    if (!wire_fault_read(channel->soap, &fault))
        return error_set(error, ERROR_PROTOCOL, "%s: %s: a fault that cannot be read",
                         session->label, operation);
    snprintf(channel->fault_type, sizeof channel->fault_type, "%s", fault.type);
    keep_object(channel, &fault);
    if (strcmp(fault.type, "InvalidLogin") == 0)
        return error_set(error, ERROR_AUTH,
                         "%s: login as '%s' refused: wrong user name or password", session->label,
                         session->credentials.username);
    if (strcmp(fault.type, "NotAuthenticated") == 0)
        return error_set(error, ERROR_AUTH, "%s: %s: the session has ended%s", session->label,
                         operation,
                         atomic_load(&session->refused) ? ", and a new login is refused" : "");
    const char *property = wire_xml_text(channel->soap, fault.xml, "invalidProperty");
    if (property && strstr(fault.message, property))
        property = NULL;
    const char *separator = *fault.type && *fault.message ? ": " : "";
    return error_set(error, ERROR_FAULT, "%s: %s failed: %s%s%s%s%s", session->label, operation,
                     fault.type, separator, fault.message, property ? ": " : "",
                     property ? property : "");
}

static bool describe_status(const struct session *session, int status, struct error *error) {
    const char *reason = "no answer of the vSphere API: check host, port and path";
    for (size_t i = 0; i < sizeof http_reasons / sizeof *http_reasons; i++)
        if (http_reasons[i].status == status)
            reason = http_reasons[i].reason;
    return error_set(error, ERROR_PROTOCOL, "%s: HTTP status %d: %s", session->label, status,
                     reason);
}

/* Who else answers like this; what it says on all of its pages. */
static const struct {
    const char *mark;
    const char *name;
} others[] = {
    {"pve-api-daemon", "Proxmox VE, which has no vSphere API and no libvirt API: name it "
                       "pve://USER@REALM!TOKEN@HOST"},
    {"Xapi Server", "XenServer or XCP-ng, which has no vSphere API and no libvirt API: name it "
                    "xapi://[USER@]HOST"},
};

static const char *other_product(const struct channel *channel) {
    size_t size = MIN(channel->received, sizeof channel->start);
    for (size_t i = 0; !session_established(channel->session) && i < G_N_ELEMENTS(others); i++)
        if (memmem(channel->start, size, others[i].mark, strlen(others[i].mark)))
            return others[i].name;
    return NULL;
}

static const char *reason_text(struct soap *soap) {
    const char *const *reason = soap->fault ? soap_faultstring(soap) : NULL;
    return reason && *reason ? *reason : "no reason given";
}

/* What stands between us and the server may be to blame. */
static const char *way_of(const struct session *session, char *text, size_t size) {
    const struct proxy *proxy = session->proxy;
    snprintf(text, size, proxy ? " through the proxy %s" : "%s", proxy ? proxy->name : "");
    return text;
}

static bool describe_tls(const struct channel *channel, struct error *error) {
    const struct session *session = channel->session;
    const char *refusal = tls_refusal(session->tls);
    char way[WAY_SIZE];
    if (refusal)
        return error_set(
            error, ERROR_TLS, "%s%s: %s%s", session->label, way_of(session, way, sizeof way),
            refusal,
            g_str_has_suffix(session->label, ":8006")
                ? " (8006 is the port of Proxmox VE, which has no vSphere API: name it pve://HOST)"
                : "");
    return error_set(error, ERROR_TLS, "%s: TLS handshake failed%s (%s): %s", session->label,
                     way_of(session, way, sizeof way), reason_text(channel->soap),
                     channel->tls_advice ? channel->tls_advice
                                         : "check that this port speaks https");
}

static bool describe_silence(const struct session *session, const char *operation, int result,
                             struct error *error) {
    char way[WAY_SIZE];
    if (result == SOAP_TCP_ERROR)
        return error_set(
            error, ERROR_TIMEOUT, "%s: no connection%s within %d s: check host, port and firewall",
            session->label, way_of(session, way, sizeof way), session->timeout_seconds);
    return error_set(
        error, ERROR_TIMEOUT,
        "%s: no answer to %s within %d s: check the server, or give a longer --timeout",
        session->label, operation, session->timeout_seconds);
}

static bool describe_connection(const struct channel *channel, struct error *error) {
    char way[WAY_SIZE];
    return error_set(error, ERROR_CONNECT, "%s: cannot connect%s: %s: check %s",
                     channel->session->label, way_of(channel->session, way, sizeof way),
                     reason_text(channel->soap),
                     channel->session->proxy ? "HTTPS_PROXY and NO_PROXY" : "host name and port");
}

/* What came is no answer. */
static bool describe_answer(const struct channel *channel, const char *operation, int result,
                            struct error *error) {
    const struct session *session = channel->session;
    if (channel->damaged)
        return error_set(error, ERROR_PROTOCOL,
                         "%s: the compressed answer to %s is damaged: check the server, and "
                         "proxies before it",
                         session->label, operation);
    if (channel->too_long)
        return error_set(error, ERROR_PROTOCOL,
                         "%s: the answer to %s is larger than %d MiB: check host, port and path",
                         session->label, operation, CHANNEL_MAX_ANSWER_MIB);
    if (channel->cut)
        return error_set(error, ERROR_PROTOCOL,
                         "%s: the answer to %s ends in the middle, though all of it came: check "
                         "the server, and proxies before it",
                         session->label, operation);
    if (result == SOAP_EOF)
        return error_set(error, ERROR_PROTOCOL,
                         "%s: the server closed the connection in the middle of %s: try again, "
                         "and check its log",
                         session->label, operation);
    return error_set(error, ERROR_PROTOCOL,
                     "%s: the answer to %s is not vSphere's: check host, port and path",
                     session->label, operation);
}

bool failure_describe(struct channel *channel, const char *operation, int result,
                      struct error *error) {
    const struct session *session = channel->session;
    if (channel->interrupted)
        return error_set(error, ERROR_INTERRUPTED, "%s: interrupted", session->label);
    if (channel->timed_out)
        return describe_silence(session, operation, result, error);
    const char *product = other_product(channel);
    if (product)
        return error_set(error, ERROR_PROTOCOL, "%s: this is %s", session->label, product);
    if (result == SOAP_FAULT)
        return describe_fault(channel, operation, error);
    if (result == SOAP_SSL_ERROR)
        return describe_tls(channel, error);
    if (result == SOAP_TCP_ERROR)
        return describe_connection(channel, error);
    if (result >= FIRST_HTTP_ERROR && result <= LAST_HTTP_ERROR)
        return describe_status(session, result, error);
    if (result == SOAP_EOM)
        return error_set(error, ERROR_PROTOCOL, "%s: out of memory at the answer to %s",
                         session->label, operation);
    return describe_answer(channel, operation, result, error);
}

bool failure_is_lost_session(const struct channel *channel) {
    struct vim_fault fault = {"", "", ""};
    return wire_fault_read(channel->soap, &fault) && strcmp(fault.type, "NotAuthenticated") == 0;
}

const char *failure_reason(const struct channel *channel, const struct error *error) {
    const char *label = channel->session->label;
    size_t length = strlen(label);
    bool labelled = strncmp(error->message, label, length) == 0 &&
                    strncmp(error->message + length, ": ", 2) == 0;
    return error->message + (labelled ? length + 2 : 0);
}
