/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/html.h"

#include <glib.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "core/memory.h"
#include "core/text.h"

enum { CHART_WIDTH = 1920, CHART_HEIGHT = 320, CHART_EDGE = 10 };

/* Embeddings, overrides and isolates: bdi elements do what is needed. */
static bool turns_direction(gunichar character) {
    return character == 0x200e || character == 0x200f || character == 0x061c ||
           (character >= 0x202a && character <= 0x202e) ||
           (character >= 0x2066 && character <= 0x2069);
}

static const char *entity_of(gunichar character) {
    switch (character) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void html_text(FILE *stream, const char *text) {
    char *line = memory_strdup(text);
    text_one_line(line);
    for (const char *at = line; *at; at = g_utf8_next_char(at)) {
        gunichar character = g_utf8_get_char(at);
        const char *entity = entity_of(character);
        if (entity)
            fputs(entity, stream);
        else if (turns_direction(character))
            fputc('?', stream);
        else
            fwrite(at, 1, (size_t)(g_utf8_next_char(at) - at), stream);
    }
    free(line);
}

static double average_of(const struct timeline_step *step) {
    return step->sum / step->weight;
}

static double peak_of(const struct timeline_step *step) {
    return step->peak;
}

/* Whole numbers, relative to the point before: charts are most of a page. */
static void put_path(FILE *stream, const char *class, const struct timeline *timeline,
                     const struct html_axes *axes,
                     double (*value)(const struct timeline_step *step)) {
    double seconds = (double)MAX(axes->end - axes->begin, 1);
    bool begins = true;
    int last_x = 0, last_y = 0;
    fprintf(stream, "<path class=\"%s\" d=\"", class);
    for (size_t i = 0; i < timeline->count; i++) {
        const struct timeline_step *step = &timeline->steps[i];
        if (step->weight == 0) {
            begins = true;
            continue;
        }
        int64_t begin = (timeline->first + (int64_t)i) * timeline->width;
        double middle = (double)(begin - axes->begin) + (double)timeline->width / 2;
        double high = CLAMP(value(step) / axes->highest, 0, 1) * (CHART_HEIGHT - 2 * CHART_EDGE);
        int x = (int)lround(CLAMP(middle / seconds, 0, 1) * CHART_WIDTH);
        int y = (int)lround(CHART_HEIGHT - CHART_EDGE - high);
        if (begins) /* one step alone is a dot */
            fprintf(stream, "M%d %dh0", x, y);
        else
            fprintf(stream, "l%d %d", x - last_x, y - last_y);
        begins = false;
        last_x = x;
        last_y = y;
    }
    fputs("\"/>", stream);
}

void html_chart(FILE *stream, const struct timeline *timeline, const struct html_axes *axes) {
    fprintf(stream, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"course\">", CHART_WIDTH,
            CHART_HEIGHT);
    put_path(stream, "peak", timeline, axes, peak_of);
    put_path(stream, "average", timeline, axes, average_of);
    fputs("</svg>", stream);
}

enum { FIELD_WIDTH = 24, FIELD_HEIGHT = 16, LEFT = 30, TOP = 12, DAY_HOURS = 24, WEEK_DAYS = 7 };

/* The number says it; the colour, never darker than text can stand on, only helps. */
static void put_field(FILE *stream, const struct weighted_mean *mean, int x, int y) {
    static const double darkest = 0.6;
    if (!weighted_mean_known(mean)) {
        fprintf(stream, "<path class=\"none\" d=\"M%d %dh%dv%dh%dzl%d %d\"/>", x, y, FIELD_WIDTH,
                FIELD_HEIGHT, -FIELD_WIDTH, FIELD_WIDTH, FIELD_HEIGHT);
        return;
    }
    double value = weighted_mean_value(mean);
    fprintf(stream,
            "<rect class=\"field\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
            "fill-opacity=\"%.2f\"/><text x=\"%d\" y=\"%d\">%.0f</text>",
            x, y, FIELD_WIDTH, FIELD_HEIGHT, CLAMP(value / 100, 0, 1) * darkest,
            x + FIELD_WIDTH / 2, y + FIELD_HEIGHT - 5, value);
}

void html_hours(FILE *stream, const struct hours *hours) {
    fprintf(stream,
            "<svg class=\"hours\" viewBox=\"0 0 %d %d\" role=\"img\" "
            "aria-label=\"hours of the week\">",
            LEFT + DAY_HOURS * FIELD_WIDTH, TOP + WEEK_DAYS * FIELD_HEIGHT);
    for (int hour = 0; hour < DAY_HOURS; hour++)
        fprintf(stream, "<text x=\"%d\" y=\"9\">%02d</text>",
                LEFT + hour * FIELD_WIDTH + FIELD_WIDTH / 2, hour);
    for (int i = 0; i < HOURS_OF_WEEK; i++) {
        int day = i / DAY_HOURS, y = TOP + day * FIELD_HEIGHT;
        char name[HOURS_NAME_SIZE];
        hours_name(name, (size_t)i);
        if (i % DAY_HOURS == 0)
            fprintf(stream, "<text x=\"%d\" y=\"%d\">%.3s</text>", LEFT / 2, y + FIELD_HEIGHT - 5,
                    name);
        put_field(stream, &hours->means[i], LEFT + i % DAY_HOURS * FIELD_WIDTH, y);
    }
    fputs("</svg>", stream);
}
