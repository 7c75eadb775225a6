/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Rounds that were lost: what /cluster/metrics/export still knows of their sample times. */
#include <math.h>
#include <stdlib.h>

#include "source/pve/round.h"

/* What is not measured yet is 0. */
static void guest_values(const struct pve_look *round, const struct pve_guest *machine,
                         const struct pve_place *place, double cpu, int64_t age,
                         const struct pve_output *output) {
    struct pve_guests one = {0};
    struct pve_guest *guest = pve_guests_add(&one);
    guest->container = machine->container;
    guest->running = true;
    guest->cpus = machine->cpus;
    guest->cpu = cpu == 0 && age < PVE_YOUNG_SECONDS ? NAN : cpu;
    pve_derive(guest, &(struct pve_view){round->interval, place->node.mhz, 0});
    guest->values[PVE_CPUS] = ABSENT;
    pve_guest_values(NULL, guest, output);
    pve_guests_done(&one);
}

static void node_values(const struct pve_look *round, const struct pve_place *place,
                        const struct pve_track *track, int64_t until,
                        const struct pve_output *output) {
    int64_t values[PVE_NODE_FIELDS];
    const struct pve_load_of load = {
        .cpu = pve_track_past_mean(track, PVE_METER_CPU, until, round->interval),
        .wait = round->pve->has_wait
                    ? pve_track_past_mean(track, PVE_METER_WAIT, until, round->interval)
                    : NAN,
        .rx = pve_track_past_rate(track, PVE_METER_IN, until, round->interval),
        .tx = pve_track_past_rate(track, PVE_METER_OUT, until, round->interval),
    };
    for (int i = 0; i < PVE_NODE_FIELDS; i++)
        values[i] = ABSENT;
    pve_node_busy(place, &load, round->interval, values);
    pve_plain_values(PVE_OF_NODE, values, output);
}

/* The present sample time belongs to the gap only in the first round. */
static int64_t first_time(const struct pve_look *round) {
    int64_t last = MAX(round->gap, round->stamp - PVE_REMEMBERED_SECONDS);
    int64_t count = (round->stamp - last) / round->interval;
    return round->stamp - MAX(count - 1, 0) * round->interval;
}

bool pve_emit_past(const struct pve_look *round, struct pve_track *track,
                   const struct pve_guest *machine, const struct pve_place *place,
                   struct error *error) {
    struct pve *pve = round->pve;
    struct pve_receiver receiver = {round, track, true};
    const struct pve_output output = pve_output_for(&receiver);
    int64_t offset = pve->api.has_clock ? pve->api.clock_offset : 0;
    int64_t until = round->first ? round->stamp : round->stamp - round->interval;
    bool good = true;
    if (!round->gap || !track->past || round->stamp - round->gap < round->interval)
        return true;
    for (int64_t time = first_time(round); good && time <= until; time += round->interval) {
        const struct measured_head head = {.entity = track->entity,
                                           .catalog = pve->catalog,
                                           .known = &track->known,
                                           .time = time,
                                           .interval = round->interval,
                                           .partial = true};
        if (machine)
            guest_values(round, machine, place,
                         pve_track_past_mean(track, PVE_METER_CPU, time + offset, round->interval),
                         machine->values[PVE_UPTIME] - (round->stamp - time), &output);
        else
            node_values(round, place, track, time + offset, &output);
        good = measured_emit(&pve->measured, &head, round->events, error);
        measured_clear(&pve->measured);
    }
    return good;
}
