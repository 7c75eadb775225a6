/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Formulas and fidelities by driver: where values come from other calls, they mean other things. */
#include "source/libvirt/counters/texts.h"

#include <string.h>

struct text {
    const char *driver;
    const char *counter;
    const char *fidelity; /* NULL: as in the table */
    const char *formula;
};

/* Xen: CPU time and memory are those of virDomainGetInfo, for there are no bulk statistics. */
static const struct text texts[] = {
    {"xen", "cpu.usage.average", "exact",
     "guest: D(CPU time of the domain) / (dt * vCPUs), its vCPUs alone; host: D(CPU time of all "
     "domains, Domain-0 included) / (dt * CPUs)"},
    {"xen", "cpu.usagemhz.average", NULL,
     "guest: D(CPU time of the domain) * MHz / dt, vCPU: D(its CPU time) * MHz / dt; host: D(CPU "
     "time of all domains, Domain-0 included) * MHz / dt; MHz is the nominal one"},
    {"xen", "cpu.utilization.average", "close",
     "host: D(CPU time of all domains, Domain-0 included) / (dt * CPUs)"},
    {"xen", "cpu.run.summation", "exact", "guest: D(CPU time of the vCPU)"},
    {"xen", "cpu.used.summation", "close",
     "guest: D(CPU time of the domain), vCPU: D(its CPU time); host: D(CPU time of all domains, "
     "Domain-0 included)"},
    {"xen", "cpu.idle.summation", "close",
     "host: dt * CPUs - D(CPU time of all domains, Domain-0 included)"},
    {"xen", "cpu.corecount.provisioned.average", NULL, "guest: vCPUs that are online"},
    {"xen", "cpu.corecount.usage.average", NULL,
     "host: sum of vCPUs over running guests, Domain-0 left out"},
    {"xen", "mem.usage.average", "close",
     "host: (memory of the machine - free memory of the hypervisor) / memory of the machine"},
    {"xen", "mem.consumed.average", "exact",
     "guest: current memory of the domain, which the hypervisor has given it; host: memory of the "
     "machine - free memory of the hypervisor"},
    {"xen", "mem.granted.average", "exact", "guest: current memory of the domain"},
    {"xen", "mem.vmmemctl.average", NULL,
     "guest: max(0, maximum - current memory), set by an administrator, not by pressure; host: sum "
     "over running guests, Domain-0 left out"},
    {"xen", "mem.capacity.provisioned.average", NULL, "host: memory of virNodeGetInfo"},
    {"xen", "mem.consumed.vms.average", "exact",
     "host: sum of mem.consumed over running guests, Domain-0 left out"},
    {"xen", "kvm.memCurrent.average", NULL, "guest: memory of virDomainGetInfo"},
    {"xen", "kvm.memMaximum.average", NULL, "guest: maxMem of virDomainGetInfo"},
    {"xen", "kvm.cpuTime.latest", NULL, "guest: cpuTime of virDomainGetInfo"},
    {"xen", "kvm.state.latest", NULL, "guest: state of virDomainGetInfo"},
};

void texts_apply(struct counter *counter, const char *driver) {
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(texts[i].driver, driver) != 0 || strcmp(texts[i].counter, counter->name) != 0)
            continue;
        counter->formula = texts[i].formula;
        counter->fidelity = texts[i].fidelity ? texts[i].fidelity : counter->fidelity;
    }
}
