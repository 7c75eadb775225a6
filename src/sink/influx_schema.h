/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The names of telegraf's vSphere input (inputs.vsphere), as texts of InfluxDB's line protocol:
 * measurements, tags and fields. Dashboards that were made for it find all they look for.
 */
#ifndef VPERF_SINK_INFLUX_SCHEMA_H
#define VPERF_SINK_INFLUX_SCHEMA_H

#include <glib.h>
#include <stdbool.h>

#include "core/counter.h"
#include "core/entity.h"
#include "sink/sink.h"

/* influx_append_measurement: vsphere_KIND_GROUP, such as vsphere_vm_cpu; KIND is of the type. */
void influx_append_measurement(GString *text, enum entity_type type, const struct counter *counter);

/* influx_append_field: NAME_ROLLUP, such as usage_average, and "=". */
void influx_append_field(GString *text, const struct counter *counter);

/*
 * influx_append_tags: the tags of the entity, each with a comma before it; what is not known is
 * left out. The fields of --with follow those of telegraf.
 */
void influx_append_tags(GString *text, const struct entity *entity,
                        const struct sink_options *options);

/*
 * influx_append_instance: the tags of the instance, by the counter's group: cpu, disk, interface …;
 * "instance-total" for the aggregate of groups with instances. volume is the name of the datastore
 * that a volume is of, or NULL.
 */
void influx_append_instance(GString *text, enum entity_type type, const struct counter *counter,
                            const char *instance, const char *volume);

/* influx_append_memory: of a guest, the field memorySizeMB, which is a text, with a comma. */
void influx_append_memory(GString *text, const struct entity *entity);

/* influx_has_volumes: the instances of the counter's group are the volumes of datastores. */
bool influx_has_volumes(const struct counter *counter);

#endif
