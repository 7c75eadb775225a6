/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/session/present.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "source/vsphere/session/session.h"
#include "source/vsphere/wire/wire.h"

static const int64_t second_ns = 1000000000;

bool present_parse(const char *text, struct server_reading *reading) {
    const char *fraction = strchr(text, '.');
    int64_t seconds = 0, unit_ns = second_ns, fraction_ns = 0;
    if (!wire_time_parse(text, &seconds) || seconds < 0 || seconds >= INT64_MAX / second_ns)
        return false;
    for (; fraction && isdigit((unsigned char)fraction[1]) && unit_ns > 1; fraction++) {
        unit_ns /= 10;
        fraction_ns += (fraction[1] - '0') * unit_ns;
    }
    reading->server_ns = seconds * second_ns + fraction_ns;
    reading->resolution_ns = unit_ns;
    return true;
}

int64_t present_seconds(const struct server_reading *reading) {
    return reading->server_ns / second_ns;
}

bool present_read(struct channel *channel, struct server_reading *reading, struct error *error) {
    const struct session *session = channel->session;
    struct vim25__ManagedObjectReference self = session_reference(&session_service_instance);
    struct vim25__CurrentTimeRequestType request = {._USCOREthis = &self};
    struct _vim25__CurrentTimeResponse response = {0};
    reading->before_ns = clock_boot_ns();
    if (!CALL(channel, CurrentTime, &request, &response, error))
        return false;
    reading->after_ns = clock_boot_ns();
    if (!response.returnval || !present_parse(response.returnval, reading))
        return error_set(error, ERROR_PROTOCOL, "%s: the server's time cannot be read",
                         session->label);
    report(session->reporter, REPORT_DETAIL, "%s: the server's clock is %+lld s off ours",
           session->label, (long long)(present_seconds(reading) - (int64_t)time(NULL)));
    return true;
}
