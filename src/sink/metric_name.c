/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "sink/metric_name.h"

#include <fnmatch.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/value.h"

#define KIB INT64_C(1024)
#define TIB (KIB * KIB * KIB * KIB)

static const struct unit {
    const char *name;
    const char *base;
    struct metric_scale scale;
} units[] = {
    {"percent", "ratio", {1, 4}}, /* in hundredths */
    {"number", "", {1, 0}},
    {"bytes", "bytes", {1, 0}},
    {"kiloBytes", "bytes", {KIB, 0}},
    {"megaBytes", "bytes", {KIB * KIB, 0}},
    {"gigaBytes", "bytes", {KIB * KIB * KIB, 0}},
    {"teraBytes", "bytes", {TIB, 0}},
    {"kiloBytesPerSecond", "bytes_per_second", {KIB, 0}},
    {"megaBytesPerSecond", "bytes_per_second", {KIB * KIB, 0}},
    {"second", "seconds", {1, 0}},
    {"millisecond", "seconds", {1, 3}},
    {"microsecond", "seconds", {1, 6}},
    {"nanosecond", "seconds", {1, 9}},
    {"megaHertz", "hertz", {1000000, 0}},
    {"watt", "watts", {1, 0}},
    {"joule", "joules", {1, 0}},
    {"celsius", "celsius", {1, 0}},
};

/* Without their rollup, these would have the name of another counter of the same server. */
static const char *const named_with_rollup[] = {
    "cpu.corecount.provisioned.latest", "cpu.corecount.usage.latest",     "gpu.mem.used.latest",
    "gpu.temperature.latest",           "gpu.utilization.latest",         "kvm.guest*Faults.latest",
    "mem.capacity.provisioned.latest",  "mem.reservedCapacityPct.latest", "mem.zip.saved.latest",
    "net.throughput.vds.*.average",     "sys.heartbeat.latest",
};

/* Abbreviations of units within names: the unit stands at the end of them, written out. */
static const struct {
    const char *word;
    const char *instead; /* "": left out */
} words[] = {{"us", ""}, {"ms", ""}, {"gb", "rounded"}, {"sec", "second"}, {"s", "second"}};

/* What names of certain types of metrics end with, and those of others may not. */
static const char *const reserved[] = {"_total", "_count", "_sum", "_bucket", "_info", "_created"};

static const struct unit *unit_of(const struct counter *counter) {
    static const struct unit other = {"", "", {1, 0}};
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
        if (counter->unit && strcmp(units[i].name, counter->unit) == 0)
            return &units[i];
    return &other;
}

static bool has_plural(const char *text) {
    return text[0] == 's' && !g_ascii_islower(text[1]);
}

/* A capital letter begins a word, one of an acronym (VMObserved, numVMs) only at its end. */
static bool begins_word(const char *begin, const char *at) {
    if (at == begin || !g_ascii_isupper(*at))
        return false;
    if (!g_ascii_isupper(at[-1]))
        return true;
    return g_ascii_islower(at[1]) && !has_plural(at + 1);
}

/* snake_case of [a-z0-9_], with a "_" before each word. */
static void append_words(GString *name, const char *text, size_t length) {
    const char *const end = text + length;
    bool gap = true;
    for (const char *at = text; at < end; at++) {
        if (gap || begins_word(text, at))
            g_string_append_c(name, '_');
        gap = !g_ascii_isalnum(*at);
        if (gap)
            while (at + 1 < end && !g_ascii_isalnum(at[1]))
                at++;
        else
            g_string_append_c(name, g_ascii_tolower(*at));
    }
}

static void spell_out(GString *name) {
    GString *spelt = g_string_new(NULL);
    char **parts = g_strsplit(name->str, "_", -1);
    for (char **part = parts; *part; part++) {
        const char *word = *part;
        for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
            if (strcmp(words[i].word, *part) == 0)
                word = words[i].instead;
        if (*word)
            g_string_append_printf(spelt, "%s%s", spelt->len ? "_" : "", word);
    }
    g_string_assign(name, spelt->str);
    g_strfreev(parts);
    g_string_free(spelt, TRUE);
}

static bool is_reserved(const char *name) {
    for (size_t i = 0; i < G_N_ELEMENTS(reserved); i++)
        if (g_str_has_suffix(name, reserved[i]))
            return true;
    return false;
}

static bool is_named_with_rollup(const char *counter) {
    for (size_t i = 0; i < G_N_ELEMENTS(named_with_rollup); i++)
        if (fnmatch(named_with_rollup[i], counter, 0) == 0)
            return true;
    return false;
}

/* Whether the rollup, with its dot, belongs into the name, which has no unit yet. */
static bool needs_rollup(const struct metric *metric, const struct counter *counter,
                         const char *rollup, const char *name) {
    bool usual = strcmp(rollup, ".average") == 0 || strcmp(rollup, ".latest") == 0;
    if (metric->total)
        return false;
    return !usual || is_named_with_rollup(counter->name) || (!*metric->unit && is_reserved(name));
}

/* A sum over an interval adds up; one that is not of an interval is what the server makes of it. */
bool metric_adds_up(const struct counter *counter) {
    bool delta = !counter->stats || !*counter->stats || strcmp(counter->stats, "delta") == 0;
    return delta && g_str_has_suffix(counter->name, ".summation");
}

static void append_unit(GString *name, const char *unit) {
    size_t length = strlen(unit);
    bool there = name->len > length && name->str[name->len - length - 1] == '_' &&
                 strcmp(name->str + name->len - length, unit) == 0;
    if (length && !there)
        g_string_append_printf(name, "_%s", unit);
}

/* "#ID", a counter that the server's catalogue lacks, is vperf_unknown_ID. */
static void append_name(GString *name, const char *counter, size_t length) {
    if (*counter == '#')
        g_string_append(name, "_unknown");
    append_words(name, counter + (*counter == '#'), length - (*counter == '#'));
    spell_out(name);
}

void metric_init(struct metric *metric, const struct counter *counter, bool with_rollup) {
    const struct unit *unit = unit_of(counter);
    const char *dot = strrchr(counter->name, '.'), *rollup = dot ? dot : "";
    size_t length = strlen(counter->name) - strlen(rollup);
    *metric = (struct metric){.unit = unit->base, .scale = unit->scale};
    metric->total = metric_adds_up(counter);
    GString *name = g_string_new("vperf");
    append_name(name, counter->name, length);
    if (metric->total && g_str_has_suffix(name->str, "_total"))
        g_string_truncate(name, name->len - strlen("_total"));
    if (*rollup && (with_rollup || needs_rollup(metric, counter, rollup, name->str)))
        append_words(name, rollup + 1, strlen(rollup + 1));
    append_unit(name, metric->unit);
    metric->name = memory_strdup(name->str);
    g_string_free(name, TRUE);
    const char *text = counter->summary && *counter->summary ? counter->summary : counter->label;
    bool told = text && *text;
    metric->help = memory_printf("%s%s%s", counter->name, told ? ": " : "", told ? text : "");
}

void metric_done(struct metric *metric) {
    free(metric->name);
    free(metric->help);
    *metric = (struct metric){0};
}

static struct metric_scale scale_of(struct metric_scale scale, int64_t value) {
    bool bytes = scale.multiplier == TIB && value > VALUE_MOST_TERABYTES;
    return bytes ? (struct metric_scale){1, 0} : scale;
}

static size_t fraction_text(char text[METRIC_TEXT_SIZE], unsigned decimals, int64_t value) {
    uint64_t power = 1, magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
    for (unsigned i = 0; i < decimals; i++)
        power *= 10;
    size_t length = 0;
    if (value < 0)
        text[length++] = '-';
    /* The whole part is below 2^63 / 10. */
    length += value_digits(text + length, (int64_t)(magnitude / power), false);
    uint64_t rest = magnitude % power;
    if (rest)
        text[length++] = '.';
    for (power /= 10; rest; rest %= power, power /= 10) {
        text[length++] = (char)('0' + rest / power);
        if (power == 1)
            break;
    }
    return length;
}

size_t metric_text(char text[METRIC_TEXT_SIZE], struct metric_scale scale, int64_t value) {
    int64_t product = 0;
    scale = scale_of(scale, value);
    if (scale.decimals)
        return fraction_text(text, scale.decimals, value);
    if (!__builtin_mul_overflow(value, scale.multiplier, &product))
        return value_digits(text, product, false);
    g_ascii_dtostr(text, METRIC_TEXT_SIZE, metric_number(scale, value));
    return strlen(text);
}

double metric_number(struct metric_scale scale, int64_t value) {
    double power = 1;
    scale = scale_of(scale, value);
    for (unsigned i = 0; i < scale.decimals; i++)
        power *= 10;
    return (double)value * (double)scale.multiplier / power;
}
