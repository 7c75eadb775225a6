/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* JSON as each of the answers of Proxmox VE, and what becomes of it as values. */
#include <string.h>

#include "fuzz.h"
#include "source/pve/cluster.h"
#include "source/pve/counters.h"
#include "source/pve/read.h"
#include "source/rest/helper/json.h"

static void check_value(void *context, size_t counter, const char *instance, int64_t value) {
    (void)context;
    CHECK(counter < pve_counter_count() && strlen(instance) < 16 && value >= 0);
}

static void check_offer(void *context, size_t counter) {
    (void)context;
    CHECK(counter < pve_counter_count());
}

static void check_metric(void *context, const struct pve_metric *metric) {
    (void)context;
    CHECK(metric->id && metric->metric);
}

static void check_row(void *context, const struct pve_row *row) {
    int64_t *last = context;
    CHECK(row->time > *last);
    *last = row->time;
}

static void check_guests(const json_t *data) {
    static bool wanted[256];
    const struct pve_output output = {.wanted = wanted, .value = check_value, .offer = check_offer};
    const struct pve_view view = {20, 2500, 1750000000};
    struct pve_guests guests = {0};
    CHECK(pve_counter_count() <= sizeof wanted / sizeof wanted[0]);
    memset(wanted, 1, sizeof wanted);
    pve_read_qemu(data, &guests);
    pve_read_lxc(data, &guests);
    pve_read_netstat(data, &guests);
    for (size_t i = 0; i < guests.count; i++) {
        struct pve_guest *guest = &guests.items[i];
        guest->disks_known = true;
        guest->cpu = 0.5;
        guest->time_ns = (int64_t)i * 1000000000;
        pve_derive(guest, &view);
        pve_guest_offers(guest, &output);
        pve_guest_values(i ? &guests.items[i - 1] : NULL, guest, &output);
    }
    pve_guests_done(&guests);
}

static void check_cluster(const json_t *data) {
    struct pve_cluster cluster;
    pve_cluster_init(&cluster);
    pve_cluster_name(&cluster, data);
    struct inventory *inventory = pve_inventory(&cluster, data);
    for (size_t i = 0; i < inventory->count; i++)
        CHECK(inventory->entities[i]->name && strchr(inventory->entities[i]->id, '/'));
    g_free(pve_signature(data));
    inventory_free(inventory);
    pve_cluster_done(&cluster);
}

static bool keep_all(const json_t *row) {
    return row;
}

/* Row by row as a whole. */
static void check_rows(const uint8_t *data, size_t size, const json_t *root) {
    struct error error = {0};
    json_t *rows = rest_json_parse_rows((const char *)data, size, "fuzz", keep_all, &error);
    CHECK(!root || json_equal(root, rows));
    json_decref(rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct error error = {0};
    json_t *root = rest_json_parse((const char *)data, size, "fuzz", &error);
    const json_t *answer = json_object_get(root, "data");
    struct pve_node node;
    int64_t last = 0;
    CHECK(root || error.kind == ERROR_PROTOCOL);
    pve_node_init(&node);
    pve_read_node(answer, &node);
    pve_node_done(&node);
    pve_config_free(pve_read_config(answer));
    pve_read_export(answer, check_metric, NULL);
    pve_read_rrd(answer, check_row, &last);
    check_guests(answer);
    check_cluster(answer);
    check_rows(data, size, root);
    json_decref(root);
    return 0;
}
