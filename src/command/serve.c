/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* vperf serve: becomes vperf-serve, which links an HTTP server. */
#include "command/options.h"
#include "core/process.h"

const struct options_spec serve_spec = {
    .command = "serve",
    .arguments = "TARGET...",
    .summary = "Answer Prometheus over HTTP from what the targets gave last, until interrupted.",
    .notes =
        "/metrics         all of it, as OpenMetrics or in Prometheus' text format; of one target\n"
        "                 with ?target=NAME, of some counters with ?counter=GLOB\n"
        "/health          status 200 while a target is up, else 503\n"
        "/                what is measured\n"
        "\n"
        "No request waits for a target: each is visited once per interval. Summations are "
        "counters\n"
        "that grow from the start on. A target that is down has vperf_up 0, and after two\n"
        "intervals no values. Without --counter, about 40 counters per guest and 60 per host are\n"
        "served; --counter '*' serves all.\n"
        "\n"
        "Examples:\n"
        "  vperf serve root@esx01.example.com qemu:///system\n"
        "  vperf serve --listen :9272 --auth-file users --tls-cert c.pem --tls-key k.pem esx01\n"
        "  vperf serve vperf.db\n",
    .groups = OPTIONS_ENTITIES | OPTIONS_COUNTERS | OPTIONS_SERVE | OPTIONS_TARGETS,
};

int serve_run(int argc, char **argv) {
    const struct log log = {.stream = stderr};
    struct error error = {0};
    process_become("vperf-serve", argv + (argc > 0), &error);
    log_error(&log, "%s", error.message);
    return STATUS_NOTHING;
}
