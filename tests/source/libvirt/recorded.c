/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Recorded and hand-made samples for the tests of the mapping. */
#include "source/libvirt/recorded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/memory.h"
#include "source/libvirt/helper/params.h"

const char recorded_xml[] =
    "<domain type='qemu' id='1'><name>recorded</name><memory unit='KiB'>262144</memory>"
    "<vcpu placement='static' current='2'>3</vcpu><devices>"
    "<disk type='file' device='disk'><source file='/var/lib/libvirt/images/top.qcow2'/>"
    "<target dev='vda' bus='virtio'/></disk>"
    "<disk type='file' device='disk'><source file='/var/lib/libvirt/images/raw.img'/>"
    "<target dev='vdb' bus='virtio'/></disk>"
    "<disk type='file'><source file='/var/lib/libvirt/images/swap.img'/>"
    "<target dev='vdc' bus='virtio'/></disk>"
    "<disk type='file' device='cdrom'><target dev='sda' bus='sata'/></disk>"
    "<interface type='ethernet'><target dev='rstap0'/></interface>"
    "<memballoon model='virtio'><stats period='2'/></memballoon></devices></domain>";

struct parameters {
    virTypedParameterPtr list;
    int count;
    int room;
};

static void add_line(struct parameters *parameters, char *line) {
    char *value = strchr(line, ' ');
    assert_non_null(value);
    assert_int_equal(virInitialize(), 0);
    *value++ = '\0';
    int failed;
    if (*value == '"') {
        value[strlen(value) - 1] = '\0';
        failed = virTypedParamsAddString(&parameters->list, &parameters->count, &parameters->room,
                                         line, value + 1);
    } else {
        failed = virTypedParamsAddULLong(&parameters->list, &parameters->count, &parameters->room,
                                         line, strtoull(value, NULL, 10));
    }
    assert_int_equal(failed, 0);
}

static void add_lines(struct parameters *parameters, FILE *stream) {
    char line[512];
    while (fgets(line, sizeof line, stream) && *line != '\n') {
        line[strcspn(line, "\n")] = '\0';
        add_line(parameters, line);
    }
}

static void use(struct parameters *parameters, struct guest_sample *sample) {
    params_read(sample, parameters->list, parameters->count);
    virTypedParamsFree(parameters->list, parameters->count);
}

/* What follows the name in "record NAME ID BEGIN_NS END_NS WALL_SECONDS". */
static void read_head(const char *numbers, struct guest_sample *sample) {
    char *rest;
    sample->id = (int)strtol(numbers, &rest, 10);
    int64_t begin_ns = strtoll(rest, &rest, 10);
    int64_t end_ns = strtoll(rest, &rest, 10);
    sample->wall_seconds = strtoll(rest, &rest, 10);
    assert_int_equal(*rest, '\n');
    sample->time_ns = begin_ns + (end_ns - begin_ns) / 2;
    sample->duration_ns = end_ns - begin_ns;
}

static FILE *find_record(const char *name, struct guest_sample *sample) {
    FILE *stream = fopen(VPERF_TEST_DATA "/libvirt/domstats.txt", "re");
    char *head = memory_printf("record %s ", name);
    char line[512];
    bool found = false;

    assert_non_null(stream);
    while (!found && fgets(line, sizeof line, stream))
        found = strncmp(line, head, strlen(head)) == 0;
    if (!found)
        fail_msg("no record %s", name);
    read_head(line + strlen(head), sample);
    free(head);
    return stream;
}

void recorded_raw(struct guest_sample *sample, const char *name) {
    struct parameters parameters = {0};
    sample_init(sample);
    FILE *stream = find_record(name, sample);
    add_lines(&parameters, stream);
    fclose(stream);
    use(&parameters, sample);
    sample->one_call = true;
    sample->report_clock = REPORT_LOCAL;
}

void recorded_load(struct guest_sample *sample, const char *name) {
    struct guest_facts *facts = facts_parse(recorded_xml);
    recorded_raw(sample, name);
    sample_tidy(sample);
    facts_apply(facts, sample);
    facts_free(facts);
}

void made_sample(struct guest_sample *sample, int64_t time_ns, const char *lines) {
    struct parameters parameters = {0};
    char *copy = memory_strdup(lines);

    sample_init(sample);
    sample->id = 1;
    sample->time_ns = time_ns;
    sample->wall_seconds = 1795290000 + time_ns / 1000000000;
    sample->one_call = true;
    char *rest = copy;
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        if (*line)
            add_line(&parameters, line);
    }
    use(&parameters, sample);
    sample_tidy(sample);
    free(copy);
}

static void receive(void *context, size_t counter, const char *instance, int64_t value) {
    struct values *values = context;
    assert_true(values->count < sizeof values->items / sizeof values->items[0]);
    assert_true(value >= 0);
    struct value *item = &values->items[values->count++];
    item->counter = counter;
    item->value = value;
    snprintf(item->instance, sizeof item->instance, "%s", instance);
}

void values_of(struct values *values, const struct guest_sample *before,
               const struct guest_sample *now, int64_t interval_seconds) {
    const struct mapping_output output = {.context = values, .value = receive};
    struct guest_pair pair;

    values->count = 0;
    rates_guest(&pair, before, now, interval_seconds);
    pair.mhz = RECORDED_MHZ;
    mapping_guest(&pair, &output);
    rates_guest_done(&pair);
}

void values_of_host(struct values *values, const struct host_pair *pair) {
    const struct mapping_output output = {.context = values, .value = receive};
    values->count = 0;
    mapping_host(pair, &output);
}

int64_t values_get(const struct values *values, const char *counter, const char *instance) {
    int64_t found = ABSENT;
    for (size_t i = 0; i < values->count; i++) {
        const struct value *item = &values->items[i];
        if (strcmp(mapping_counter(item->counter)->name, counter) != 0 ||
            strcmp(item->instance, instance) != 0)
            continue;
        if (found != ABSENT)
            fail_msg("%s[%s] twice", counter, instance);
        found = item->value;
    }
    return found;
}

size_t values_count(const struct values *values, const char *counter) {
    size_t count = 0;
    for (size_t i = 0; i < values->count; i++)
        count += strcmp(mapping_counter(values->items[i].counter)->name, counter) == 0;
    return count;
}

/* Counters that need two samples, and one of the absolute ones for each group. */
static const char *const rates[] = {
    "cpu.usage.average",
    "cpu.usagemhz.average",
    "cpu.ready.summation",
    "cpu.readiness.average",
    "cpu.run.summation",
    "cpu.used.summation",
    "cpu.system.summation",
    "cpu.wait.summation",
    "net.received.average",
    "net.packetsTx.summation",
    "virtualDisk.read.average",
    "virtualDisk.readLatencyUS.latest",
    "virtualDisk.totalWriteLatency.average",
    "virtualDisk.writeOIO.latest",
    "disk.usage.average",
    "disk.maxTotalLatency.latest",
    "kvm.cpuUser.summation",
    "kvm.guestMinorFaults.summation",
    "kvm.flushAveraged.average",
};

static const char *const absolutes[] = {
    "cpu.corecount.provisioned.average",
    "mem.consumed.average",
    "disk.provisioned.latest",
    "kvm.cpuTime.latest",
    "kvm.netRxBytes.latest",
};

void values_no_rates(const struct values *values) {
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        if (values_count(values, rates[i]))
            fail_msg("%s has a value", rates[i]);
    }
    for (size_t i = 0; i < sizeof absolutes / sizeof absolutes[0]; i++) {
        if (!values_count(values, absolutes[i]))
            fail_msg("%s has no value", absolutes[i]);
    }
}
