/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "command/option_table.h"

#include "command/options.h"

#define ROW_VALUE(name, letter, option, help, argument)                                            \
    { name, letter, POPT_ARG_STRING, NULL, option, help, argument }
#define ROW_FLAG(name, letter, option, help)                                                       \
    { name, letter, POPT_ARG_NONE, NULL, option, help, NULL }

#define ROW_TYPE(help) ROW_VALUE("type", '\0', OPTION_TYPE, help, "LIST")
#define ROW_NAME                                                                                   \
    ROW_VALUE("name", '\0', OPTION_NAME,                                                           \
              "entities by name, path (DC0/vm/*), title, id or UUID; !GLOB excludes; repeatable",  \
              "GLOB,...")

#define ROW_ATTRIBUTES                                                                             \
    ROW_FLAG("attributes", '\0', OPTION_ATTRIBUTES, "custom attributes and tags as well (vCenter)")
#define ROW_AGENT                                                                                  \
    ROW_FLAG("guest-agent", '\0', OPTION_GUEST_AGENT,                                              \
             "ask the agents (qemu-ga) of libvirt guests; needs root or the group libvirt")

static const struct poptOption entity_options[] = {
    ROW_TYPE("kinds of entities: vm, host (default: both; record: and datastore, its space); "
             "with an archived interval also pool (often in real time too), cluster, datacenter"),
    ROW_NAME,
    ROW_VALUE("shard", '\0', OPTION_SHARD,
              "part NUMBER of COUNT of the entities, for several vperf that share the targets",
              "NUMBER/COUNT"),
    POPT_TABLEEND,
};

static const struct poptOption guest_type_options[] = {
    ROW_TYPE("kinds of entities: vm, host (default: vm)"),
    ROW_NAME,
    POPT_TABLEEND,
};

static const struct poptOption listed_type_options[] = {
    ROW_TYPE("kinds of entities: vm, host (default: both), pool, cluster, datastore, datacenter"),
    ROW_NAME,
    ROW_ATTRIBUTES,
    ROW_AGENT,
    POPT_TABLEEND,
};

static const struct poptOption counter_options[] = {
    ROW_VALUE("counter", '\0', OPTION_COUNTER,
              "counters by name (group.name.rollup); !GLOB excludes; repeatable", "GLOB,..."),
    POPT_TABLEEND,
};

static const struct poptOption offer_options[] = {
    ROW_FLAG("offered", '\0', OPTION_OFFERED,
             "only those that a guest or host offers now, and how many do"),
    POPT_TABLEEND,
};

static const struct poptOption sample_options[] = {
    ROW_VALUE("instance", '\0', OPTION_INSTANCE,
              "'all' for the aggregate and each device (default), or 'aggregate'", "WHICH"),
    ROW_VALUE("samples", '\0', OPTION_SAMPLES,
              "the newest N samples (default 1, or all of the time range)", "N"),
    ROW_VALUE("interval", '\0', OPTION_INTERVAL,
              "seconds between samples, or realtime (20, the default), day (300), week (1800), "
              "month (7200), year (86400)",
              "SECONDS"),
    ROW_VALUE("last", '\0', OPTION_LAST, "samples of this time until now: 1h, 90m, 7d", "DURATION"),
    ROW_VALUE("start", '\0', OPTION_START,
              "samples after this time: 2026-11-21T19:00:00Z, 2026-11-21 (midnight UTC), or -2h",
              "TIME"),
    ROW_VALUE("end", '\0', OPTION_END, "samples until this time, itself included (default now)",
              "TIME"),
    ROW_FLAG(
        "follow", '\0', OPTION_FOLLOW,
        "write each further sample as soon as it is there, until interrupted; --output appends"),
    ROW_FLAG("raw", '\0', OPTION_RAW, "percent as the server counts it, in hundredths"),
    ROW_VALUE(
        "with", '\0', OPTION_WITH,
        "add to each row what is known of its entity: host, cluster, datacenter, folder, uuid, "
        "…; repeatable",
        "FIELD,..."),
    ROW_FLAG("units", '\0', OPTION_UNITS, "wide: units in the header: cpu.usage.average [percent]"),
    ROW_FLAG("no-timestamps", '\0', OPTION_NO_TIMESTAMPS,
             "openmetrics and prometheus: the newest value of each series, without its time"),
    ROW_VALUE("coverage", '\0', OPTION_COVERAGE,
              "account for each counter and type in FILE (CSV): collected, offered, or not",
              "FILE"),
    POPT_TABLEEND,
};

static const struct poptOption comparison_options[] = {
    ROW_VALUE("sort", '\0', OPTION_SORT,
              "highest value of this counter first (default cpu.usage.average)", "COUNTER"),
    ROW_VALUE("top", '\0', OPTION_TOP, "the first N guests only", "N"),
    ROW_VALUE("totals", '\0', OPTION_TOTALS, "write the totals per hypervisor to FILE (CSV)",
              "FILE"),
    ROW_FLAG("units", '\0', OPTION_UNITS,
             "units in the header of CSV: cpu.usage.average [percent]"),
    ROW_VALUE("interval", '\0', OPTION_INTERVAL,
              "seconds that the values cover (default 20, as a vSphere target needs it)",
              "SECONDS"),
    ROW_FLAG("raw", '\0', OPTION_RAW, "percent as the server counts it, in hundredths"),
    POPT_TABLEEND,
};

static const struct poptOption report_type_options[] = {
    ROW_TYPE("kinds of entities: vm, host, datastore (default: all that there are)"),
    ROW_NAME,
    POPT_TABLEEND,
};

static const struct poptOption report_options[] = {
    ROW_VALUE("last", '\0', OPTION_LAST,
              "the window, until now: 30d (default of a history), 7d, 1h (of a vSphere target)",
              "DURATION"),
    ROW_VALUE("start", '\0', OPTION_START,
              "its beginning: 2026-11-21 (midnight UTC), 2026-11-21T19:00:00Z, or -2h", "TIME"),
    ROW_VALUE("end", '\0', OPTION_END, "its end (default now)", "TIME"),
    ROW_VALUE("samples", '\0', OPTION_SAMPLES,
              "the newest N samples instead; libvirt is polled N+1 times (default 15)", "N"),
    ROW_VALUE("interval", '\0', OPTION_INTERVAL,
              "seconds between samples, or realtime (20), day (300), week (1800), month (7200), "
              "year (86400); by default the finest that vCenters keep of the window",
              "SECONDS"),
    ROW_VALUE("spare", '\0', OPTION_SPARE,
              "so many of the largest hosts of each cluster fail (default 1; 0: none)", "N"),
    ROW_VALUE("rule", '\0', OPTION_RULE,
              "rules of right-sizing that differ from those below; repeatable", "NAME=NUMBER,..."),
    ROW_VALUE("group-by", '\0', OPTION_GROUP_BY,
              "guests also together, by cluster, host, folder or tag; repeatable", "LIST"),
    ROW_VALUE("top", '\0', OPTION_TOP,
              "rows of each list (default: in a table 20; in html 500, the most)", "N"),
    ROW_FLAG("explain", '\0', OPTION_EXPLAIN,
             "list the figures with formula, counter and source, and the rules; needs no TARGET"),
    POPT_TABLEEND,
};

static const struct poptOption record_options[] = {
    ROW_ATTRIBUTES,
    ROW_VALUE("instance", '\0', OPTION_INSTANCE,
              "'all' for the aggregate and each device (default), or 'aggregate'", "WHICH"),
    ROW_VALUE("interval", '\0', OPTION_INTERVAL,
              "seconds between samples (default 20, the real time of ESXi)", "SECONDS"),
    ROW_VALUE("last", '\0', OPTION_LAST,
              "begin with the samples of this time, as far as a target keeps them: 1h", "DURATION"),
    ROW_VALUE("keep", '\0', OPTION_KEEP, "how long each sample is kept (default 35d)", "DURATION"),
    ROW_VALUE("keep-hours", '\0', OPTION_KEEP_HOURS,
              "how long average, minimum, maximum and p95 of each hour are kept (default 3y)",
              "DURATION"),
    ROW_VALUE("output", 'o', OPTION_OUTPUT,
              "the history file: its name ends in .db, or begins with / or ./ (default vperf.db)",
              "FILE"),
    POPT_TABLEEND,
};

static const struct poptOption history_options[] = {
    ROW_FLAG("gaps", '\0', OPTION_GAPS, "one row per gap, with its reason"),
    ROW_FLAG("events", '\0', OPTION_EVENTS,
             "one row per event: recorders that start and stop, targets that are lost and come "
             "back, guests and hosts that arrive, leave, move and are renamed"),
    ROW_FLAG("check", '\0', OPTION_CHECK, "read all of the file, and tell what is damaged"),
    POPT_TABLEEND,
};

static const struct poptOption serve_options[] = {
    ROW_VALUE("listen", '\0', OPTION_LISTEN,
              "where requests come in (default 127.0.0.1:9272); without HOST at all addresses",
              "HOST:PORT"),
    ROW_VALUE("auth-file", '\0', OPTION_AUTH_FILE,
              "who may read: a line USER:HASH for each, as 'htpasswd -nB USER' makes it", "FILE"),
    ROW_VALUE("tls-cert", '\0', OPTION_TLS_CERT,
              "answer over TLS with this certificate, and those that vouch for it (PEM)", "FILE"),
    ROW_VALUE("tls-key", '\0', OPTION_TLS_KEY, "its private key (PEM)", "FILE"),
    ROW_FLAG("no-timestamps", '\0', OPTION_NO_TIMESTAMPS,
             "values without their own time: they count as of the scrape"),
    ROW_VALUE("instance", '\0', OPTION_INSTANCE,
              "'all' for the aggregate and each device (default), or 'aggregate'", "WHICH"),
    ROW_VALUE("interval", '\0', OPTION_INTERVAL,
              "seconds between samples (default 20, the real time of ESXi)", "SECONDS"),
    POPT_TABLEEND,
};

static const struct poptOption moment_options[] = {
    ROW_VALUE(
        "at", '\0', OPTION_AT,
        "of a history, what there was at this time: 2026-11-21T19:00:00Z, 2026-11-21 (midnight "
        "UTC), or -2h",
        "TIME"),
    POPT_TABLEEND,
};

static const struct poptOption answer_options[] = {
    ROW_VALUE("save-answers", '\0', OPTION_SAVE_ANSWERS,
              "write what a Proxmox VE or XenServer answers into the new directory DIR, with names "
              "and secrets replaced, for a report of what is wrong",
              "DIR"),
    POPT_TABLEEND,
};

#define ROW_SPREADSHEET_SAFE                                                                       \
    ROW_FLAG("spreadsheet-safe", '\0', OPTION_SPREADSHEET_SAFE,                                    \
             "an apostrophe before text that a spreadsheet would run as a formula")

static const struct poptOption output_options[] = {
    ROW_VALUE("format", 'f', OPTION_FORMAT, "how the output is written; see below", "FORMAT"),
    ROW_VALUE("output", 'o', OPTION_OUTPUT, "write to FILE, which appears only when complete",
              "FILE"),
    ROW_SPREADSHEET_SAFE,
    POPT_TABLEEND,
};

static const struct poptOption destination_options[] = {
    ROW_VALUE("format", 'f', OPTION_FORMAT, "how outputs are written that do not say; see below",
              "FORMAT"),
    ROW_VALUE(
        "output", 'o', OPTION_OUTPUT,
        "write to FILE, which appears only when complete, to FORMAT:FILE, - (standard output) "
        "or the URL of a database; repeatable",
        "FILE"),
    ROW_VALUE("token-file", '\0', OPTION_TOKEN_FILE,
              "the token for URLs is the first line of FILE (else VPERF_TOKEN)", "FILE"),
    ROW_VALUE("output-ca-file", '\0', OPTION_OUTPUT_CA_FILE,
              "of URLs, trust the certificate authorities in FILE (PEM), and no others", "FILE"),
    ROW_VALUE("resume", '\0', OPTION_RESUME,
              "of --follow from a history to a URL, go on where the last run with this NAME ended",
              "NAME"),
    ROW_SPREADSHEET_SAFE,
    POPT_TABLEEND,
};

static const struct poptOption target_options[] = {
    ROW_VALUE("config", '\0', OPTION_CONFIG,
              "targets by name, each with its own options, from FILE: see vperf.conf(5)", "FILE"),
    POPT_TABLEEND,
};

static const struct poptOption label_options[] = {
    ROW_VALUE("label", '\0', OPTION_LABEL,
              "add to all that comes of the targets: columns, tags or labels; repeatable",
              "KEY=VALUE,..."),
    POPT_TABLEEND,
};

static const struct poptOption connection_options[] = {
    ROW_VALUE("username", '\0', OPTION_USERNAME, "the user of targets that name none", "NAME"),
    ROW_VALUE("password-file", '\0', OPTION_PASSWORD_FILE, "the password is the first line of FILE",
              "FILE"),
    ROW_VALUE("ca-file", '\0', OPTION_CA_FILE,
              "trust the certificate authorities in FILE (PEM), and no others", "FILE"),
    ROW_VALUE("thumbprint", '\0', OPTION_THUMBPRINT,
              "trust the certificate with this SHA-256 (or SHA-1), and no other", "HEX"),
    ROW_FLAG("insecure", 'k', OPTION_INSECURE, "do not verify the server's certificate"),
    ROW_VALUE("timeout", '\0', OPTION_TIMEOUT,
              "longest wait for a connection or an answer (default 60)", "SECONDS"),
    ROW_VALUE("jobs", 'j', OPTION_JOBS,
              "connections to a vSphere target side by side (default 1, vCenter 4)", "N"),
    POPT_TABLEEND,
};

static const struct poptOption guest_options[] = {
    ROW_AGENT,
    ROW_VALUE("balloon-period", '\0', OPTION_BALLOON_PERIOD,
              "make libvirt guests that do not report their memory do so every SECONDS (changes "
              "the running guests)",
              "SECONDS"),
    ROW_FLAG("runstates", '\0', OPTION_RUNSTATES,
             "let XenServer record the runstates of guests, for ready time (changes the pool)"),
    POPT_TABLEEND,
};

static const struct poptOption message_options[] = {
    ROW_FLAG("quiet", 'q', OPTION_QUIET, "errors and warnings only"),
    ROW_FLAG("verbose", 'v', OPTION_VERBOSE, "show each request"),
    ROW_FLAG("help", 'h', OPTION_HELP, "show this help"),
    POPT_TABLEEND,
};

const struct option_group option_groups[OPTION_GROUPS] = {
    {OPTIONS_ENTITIES, entity_options, "Entities:"},
    {OPTIONS_COMPARISON, guest_type_options, "Entities:"},
    {OPTIONS_LISTED, listed_type_options, "Entities:"},
    {OPTIONS_COUNTERS, counter_options, "Counters:"},
    {OPTIONS_OFFERS, offer_options, "Offers:"},
    {OPTIONS_SAMPLES, sample_options, "Samples:"},
    {OPTIONS_COMPARISON, comparison_options, "Comparison:"},
    {OPTIONS_REPORT, report_type_options, "Entities:"},
    {OPTIONS_REPORT, report_options, "Report:"},
    {OPTIONS_RECORD, record_options, "History:"},
    {OPTIONS_SERVE, serve_options, "Server:"},
    {OPTIONS_SAMPLES | OPTIONS_COMPARISON | OPTIONS_REPORT | OPTIONS_RECORD | OPTIONS_SERVE,
     guest_options, "Guests:"},
    {OPTIONS_HISTORY, history_options, "History:"},
    {OPTIONS_MOMENT, moment_options, "Time:"},
    {OPTIONS_ANSWERS, answer_options, "Answers:"},
    {OPTIONS_OUTPUT, output_options, "Output:"},
    {OPTIONS_DESTINATIONS, destination_options, "Output:"},
    {0, target_options, "Targets:"},
    {OPTIONS_SAMPLES | OPTIONS_RECORD | OPTIONS_SERVE, label_options, "Labels:"},
    {OPTIONS_TARGETS, connection_options, "Connection:"},
    {0, message_options, "Messages:"},
};
