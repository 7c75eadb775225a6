/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * What a history costs: writes rounds of guests whose series have the values of a file of recorded
 * ones (type, id, values), and reads one series of the first guest.
 * EVERY rounds are one transaction. "noise" in place of VALUES.tsv: whole numbers below 65536 by
 * chance; "percent": from 0 to 100.00 %, in hundredths as vSphere has them. INTERVAL: seconds
 * between rounds, 20 unless it is given. Usage: history FILE.db VALUES.tsv GUESTS SERIES ROUNDS
 * EVERY [INTERVAL]; prints NAME VALUE lines.
 */
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "history/reader.h"
#include "history/writer.h"
#include "values.h"

enum { DAY = 86400, NOISE_END = 65536, PERCENT_END = 10001, MIB = 1024 * 1024 };

static int interval = 20;

static const int64_t begin = 1763751600;

/* What is resident now: the second number. */
static double memory_mib(void) {
    char line[128] = "";
    FILE *file = fopen("/proc/self/statm", "r");
    const char *space = file && fgets(line, sizeof line, file) ? strchr(line, ' ') : NULL;
    long pages = space ? strtol(space, NULL, 10) : 0;
    if (file)
        fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / MIB;
}

static double cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void write_guest(struct writer *writer, const struct values *values, int guest, int count,
                        int64_t round) {
    char name[32], id[32];
    snprintf(name, sizeof name, "guest-%d", guest);
    snprintf(id, sizeof id, "vm-%d", guest);
    const struct entity entity = {.type = ENTITY_VM,
                                  .state = STATE_ON,
                                  .source = "vc01",
                                  .hypervisor = "esxi",
                                  .name = name,
                                  .id = id};
    for (int i = 0; i < count; i++) {
        char text[32];
        snprintf(text, sizeof text, "group.counter%d.average", i);
        const struct counter counter = {
            .name = text, .unit = "number", .rollup = "average", .stats = "rate"};
        const struct sample sample = {begin + interval * (round + 1),
                                      values_at(values, guest, i, round)};
        const struct series series = {.entity = &entity,
                                      .counter = &counter,
                                      .instance = "",
                                      .interval = interval,
                                      .count = 1,
                                      .samples = &sample};
        writer_add(writer, 0, &series);
    }
}

static bool write_all(const char *path, const struct values *values, int guests, int series,
                      int64_t rounds, int64_t every) {
    static const struct retention retention = {35 * DAY, 1095 * (int64_t)DAY};
    static const struct log log = {.level = LOG_QUIET};
    struct error error = {0};
    double before = cpu_seconds(), most = 0, day = 0;
    struct writer *writer = writer_open(path, &retention, &log, &error);
    for (int64_t round = 0; writer && round < rounds; round++) {
        double start = cpu_seconds();
        for (int guest = 0; guest < guests; guest++)
            write_guest(writer, values, guest, series, round);
        if ((round + 1) % every == 0 && !writer_commit(writer, 0, &error))
            return false;
        most = MAX(most, cpu_seconds() - start);
        if ((round + 1) * interval == DAY)
            day = memory_mib();
    }
    double last = memory_mib();
    writer_close(writer);
    struct rusage usage;
    struct stat file;
    getrusage(RUSAGE_SELF, &usage);
    printf("cpu_per_round_s %.4f\n", (cpu_seconds() - before) / (double)rounds);
    printf("cpu_most_s %.4f\n", most);
    if (day > 0)
        printf("memory_after_a_day_mb %.1f\nmemory_at_the_end_mb %.1f\n", day, last);
    printf("memory_mb %.1f\n", (double)usage.ru_maxrss / 1024);
    printf("written_mb_per_round %.3f\n", (double)usage.ru_oublock / 2048 / (double)rounds);
    if (stat(path, &file) == 0)
        printf("bytes_per_sample %.3f\n",
               (double)file.st_size / ((double)guests * series * (double)rounds));
    return writer != NULL;
}

static bool read_one(const char *path) {
    struct error error = {0};
    int64_t start = clock_now_ns();
    struct reader *reader = reader_open(path, &error);
    bool good =
        reader && reader_begin(reader, &error) && reader_load(reader, reader->entities[0], &error);
    size_t count = 0;
    if (good) {
        struct collected collected;
        collected_init(&collected, &reader->entities[0]->series[0].id, 1);
        good = reader_read(reader, reader->entities[0], &collected, &error);
        count = collected.series[0].count;
        collected_done(&collected);
        reader_end(reader);
    }
    reader_close(reader);
    printf("read_one_series_ms %.1f\n", (double)(clock_now_ns() - start) / 1e6);
    printf("read_samples %zu\n", count);
    return good;
}

int main(int argc, char **argv) {
    struct values values = {.count = 0};
    bool noise = argc > 2 && strcmp(argv[2], "noise") == 0;
    bool percent = argc > 2 && strcmp(argv[2], "percent") == 0;
    if (argc == 8)
        interval = (int)strtol(argv[7], NULL, 10);
    if (noise || percent)
        values_noise(&values, percent ? PERCENT_END : NOISE_END);
    if (argc < 7 || argc > 8 || interval <= 0 ||
        (!noise && !percent && !values_read(&values, argv[2]))) {
        fprintf(stderr, "usage: history FILE.db VALUES.tsv GUESTS SERIES ROUNDS EVERY "
                        "[INTERVAL]\n");
        return 2;
    }
    int guests = (int)strtol(argv[3], NULL, 10), series = (int)strtol(argv[4], NULL, 10);
    int64_t rounds = strtol(argv[5], NULL, 10), every = strtol(argv[6], NULL, 10);
    bool good = (!rounds || write_all(argv[1], &values, guests, series, rounds, every)) &&
                read_one(argv[1]);
    values_done(&values);
    return good ? 0 : 1;
}
