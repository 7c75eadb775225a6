/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * A long history in short time, for reports: the first round is written as record does, the hours
 * after it as it packs them. Guests have what a report reads, two virtual CPUs and disks, spread
 * among other series; each host has ten guests. Values are recorded ones.
 * Usage: month FILE.db VALUES.tsv GUESTS SERIES HOURS; ends at the last whole hour.
 */
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "history/fold.h"
#include "history/writer.h"
#include "values.h"

enum { INTERVAL = 20, HOUR = 3600, DAY = 86400, SAMPLES = HOUR / INTERVAL };
enum { GUESTS_PER_HOST = 10 };

/* Instances are after a colon. */
static const char *const guest_series[] = {
    "cpu.usage.average percent",
    "cpu.usagemhz.average megaHertz",
    "cpu.usagemhz.average megaHertz:0",
    "cpu.usagemhz.average megaHertz:1",
    "cpu.ready.summation millisecond",
    "cpu.ready.summation millisecond:0",
    "cpu.ready.summation millisecond:1",
    "cpu.costop.summation millisecond",
    "mem.consumed.average kiloBytes",
    "mem.active.average kiloBytes",
    "mem.vmmemctl.average kiloBytes",
    "mem.swapped.average kiloBytes",
    "disk.usage.average kiloBytesPerSecond",
    "net.usage.average kiloBytesPerSecond",
    "net.droppedRx.summation number",
    "virtualDisk.totalReadLatency.average millisecond:scsi0:0",
    "virtualDisk.numberReadAveraged.average number:scsi0:0",
    "virtualDisk.totalWriteLatency.average millisecond:scsi0:0",
    "virtualDisk.numberWriteAveraged.average number:scsi0:0",
    "virtualDisk.totalReadLatency.average millisecond:scsi0:1",
    "virtualDisk.numberReadAveraged.average number:scsi0:1",
    "virtualDisk.totalWriteLatency.average millisecond:scsi0:1",
    "virtualDisk.numberWriteAveraged.average number:scsi0:1",
};
enum { GUEST_SERIES = G_N_ELEMENTS(guest_series) };

struct world {
    struct values values;
    int guests;
    int series;
    int64_t begin;
    int *numbers; /* of the series, as they are described, in the order of their ids */
};

static void describe(const struct world *world, int index, struct entity *entity, char *name,
                     char *host) {
    bool guest = index < world->guests;
    int number = guest ? index / GUESTS_PER_HOST : index - world->guests;
    sprintf(name, guest ? "guest-%d" : "esx%02d", guest ? index : number);
    sprintf(host, "esx%02d", number);
    *entity = (struct entity){
        .type = guest ? ENTITY_VM : ENTITY_HOST,
        .state = STATE_ON,
        .source = "vc01",
        .hypervisor = "esxi",
        .name = name,
        .id = name,
        .host = guest ? host : NULL,
        .cluster = "cluster",
        .cpus = guest ? 2 : 16,
        .threads = guest ? 0 : 32,
        .cpu_mhz = guest ? 0 : 2600,
        .memory_kib = guest ? 8 << 20 : 256 << 20,
    };
}

/* What is read lies among what is not. */
static void name_series(const struct world *world, int index, char *name, char **unit,
                        const char **instance) {
    int step = MAX(world->series / GUEST_SERIES, 1), place = index / step;
    bool known = index % step == 0 && place < GUEST_SERIES;
    sprintf(name, "group.counter%d.average number", index);
    if (known)
        strcpy(name, guest_series[place]);
    *unit = strchr(name, ' ');
    *(*unit)++ = '\0';
    char *colon = strchr(*unit, ':');
    *instance = colon ? colon + 1 : "";
    if (colon)
        *colon = '\0';
}

static void write_first(struct writer *writer, const struct world *world, int index) {
    char name[64], host[64], text[128], *unit = NULL;
    struct entity entity;
    describe(world, index, &entity, name, host);
    for (int i = 0; i < world->series; i++) {
        const struct sample sample = {world->begin + INTERVAL, 1};
        struct series series = {.entity = &entity, .interval = INTERVAL, .count = 1};
        name_series(world, i, text, &unit, &series.instance);
        const struct counter counter = {
            .name = text, .unit = unit, .rollup = strrchr(text, '.') + 1, .stats = "rate"};
        series.samples = &sample;
        series.counter = &counter;
        writer_add(writer, 0, &series);
    }
}

static bool begin_file(const char *path, const struct world *world, struct error *error) {
    static const struct retention retention = {35 * DAY, 1095 * (int64_t)DAY};
    static const struct log log = {.level = LOG_QUIET};
    struct writer *writer = writer_open(path, &retention, &log, error);
    int count = world->guests + (world->guests + GUESTS_PER_HOST - 1) / GUESTS_PER_HOST;
    for (int i = 0; writer && i < count; i++)
        write_first(writer, world, i);
    bool good = writer && writer_commit(writer, 0, error);
    writer_close(writer);
    return good;
}

/* An hour of some series of an entity, from the one with the lowest id and first ones more on. */
static bool write_block(struct database *database, const struct world *world, int64_t entity,
                        int64_t id, int first, int64_t hour, struct error *error) {
    static struct sample samples[FOLD_SERIES][SAMPLES];
    struct block_series series[FOLD_SERIES];
    int count = MIN(FOLD_SERIES, world->series - first);
    for (int i = 0; i < count; i++) {
        series[i] = (struct block_series){id + first + i, SAMPLES, samples[i]};
        for (int k = 0; k < SAMPLES; k++)
            samples[i][k] =
                (struct sample){hour * HOUR + (int64_t)INTERVAL * (k + 1),
                                values_at(&world->values, (int)entity, world->numbers[first + i],
                                          hour * SAMPLES + k)};
    }
    const struct fold_place place = {entity, hour, INTERVAL};
    return fold_write(database, &place, series, (size_t)count, error);
}

static bool write_hour(struct database *database, const struct world *world, int64_t hour,
                       struct error *error) {
    int64_t entities = 0, id = 0;
    bool good = database_script(database, "BEGIN IMMEDIATE", error) &&
                database_number(database, "SELECT count(*) FROM entity", &entities, 0, error);
    for (int64_t entity = 1; good && entity <= entities; entity++) {
        char sql[96];
        snprintf(sql, sizeof sql, "SELECT min(id) FROM series WHERE entity = %" PRId64, entity);
        good = database_number(database, sql, &id, 0, error);
        for (int first = 0; good && first < world->series; first += FOLD_SERIES)
            good = write_block(database, world, entity, id, first, hour, error);
    }
    return good && database_script(database, "COMMIT", error);
}

/* The writer numbers those of each entity in the same order. */
static bool read_numbers(struct database *database, const struct world *world,
                         struct error *error) {
    sqlite3_stmt *row = database_query(database, error,
                                       "SELECT place FROM series WHERE entity = 1 ORDER BY id", "");
    for (int i = 0; i < world->series && database_next(database, row, error); i++)
        world->numbers[i] = (int)sqlite3_column_int64(row, 0) - 1;
    sqlite3_reset(row);
    return error->kind == ERROR_NONE;
}

static bool write_hours(const char *path, const struct world *world, int64_t hours,
                        struct error *error) {
    struct database *database = database_create(path, error);
    bool good = database && database_script(database, "PRAGMA synchronous=OFF", error) &&
                read_numbers(database, world, error);
    for (int64_t i = 0; good && i < hours; i++)
        good = write_hour(database, world, world->begin / HOUR + i, error);
    good = good && database_script(database, "DELETE FROM round", error) &&
           database_run(database, error,
                        "UPDATE mark SET newest = ?1, sum = row_sum(entity, interval, ?1, seen)",
                        "i", (world->begin + hours * HOUR) / INTERVAL);
    database_close(database);
    return good;
}

int main(int argc, char **argv) {
    struct world world = {.guests = 0};
    struct error error = {0};
    if (argc != 6 || !values_read(&world.values, argv[2])) {
        fprintf(stderr, "usage: month FILE.db VALUES.tsv GUESTS SERIES HOURS\n");
        return 2;
    }
    world.guests = atoi(argv[3]);
    world.series = atoi(argv[4]);
    int64_t hours = atoi(argv[5]), now = g_get_real_time() / G_USEC_PER_SEC;
    world.numbers = g_new0(int, world.series);
    world.begin = (now / HOUR - hours) * HOUR;
    bool good = begin_file(argv[1], &world, &error) && write_hours(argv[1], &world, hours, &error);
    if (!good)
        fprintf(stderr, "month: %s\n", error.message);
    values_done(&world.values);
    g_free(world.numbers);
    return good ? 0 : 1;
}
