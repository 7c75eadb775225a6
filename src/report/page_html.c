/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * One file that needs nothing else: no network, no scripts, which its policy forbids as well.
 * Colours are those of Okabe and Ito that have contrast enough; none says anything alone.
 */
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "report/explain.h"
#include "report/html.h"
#include "report/page.h"
#include "report/sections.h"
#include "report/words.h"
#include "version.h"

/* Of a list, however many are asked for: more would not stay below 5 MB. */
enum { ROWS = 500 };

static const char style[] =
    ":root{color-scheme:light dark;--back:#fff;--text:#1a1a1a;--faint:#5a5a5a;--line:#d0d0d0;"
    "--head:#f1f3f5;--average:#0072b2;--peak:#d55e00;--bad:#d55e00;--spare:#0072b2;"
    "--good:#009e73}\n"
    "@media (prefers-color-scheme:dark){:root{--back:#14171a;--text:#e8e8e8;--faint:#a8a8a8;"
    "--line:#3a4046;--head:#20252a;--average:#56b4e9;--peak:#e69f00;--bad:#e69f00;"
    "--spare:#56b4e9;--good:#009e73}}\n"
    "body{margin:0 auto;max-width:110rem;padding:1rem;background:var(--back);color:var(--text);"
    "font:15px/1.45 system-ui,sans-serif}\n"
    "h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.15rem;margin:2rem 0 .5rem}\n"
    "ol,ul{padding-left:1.4rem;max-width:60rem}li{margin:.25rem 0}\n"
    "p,dl{color:var(--faint);max-width:60rem}dt{color:var(--text);font-weight:600}"
    "dd{margin:0 0 .5rem}\n"
    /* Shadows at the sides on which more is to be scrolled to. */
    ".list{overflow-x:auto;background:linear-gradient(to right,var(--back) 1rem,transparent) left,"
    "linear-gradient(to left,var(--back) 1rem,transparent) right,"
    "linear-gradient(to right,#0004,transparent) left,linear-gradient(to left,#0004,transparent) "
    "right;background-size:2rem 100%,2rem 100%,.6rem 100%,.6rem 100%;background-repeat:no-repeat;"
    "background-attachment:local,local,scroll,scroll}\n"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:13px}\n"
    "th,td{padding:.25rem .5rem;border-bottom:1px solid var(--line);text-align:left;"
    "vertical-align:top}\n"
    "thead th{background:var(--head);font-weight:600;vertical-align:bottom}\n"
    "tbody th{font-weight:400;min-width:6rem;max-width:16rem;overflow-wrap:anywhere;"
    "background:var(--back)}\n"
    "thead th:first-child,tbody th{position:sticky;left:0;z-index:1}\n"
    "th.n,td.n{text-align:right}td.n,tbody th.n{white-space:nowrap}td.t{white-space:nowrap}\n"
    ".ruled th,.ruled td{border-bottom:0}\n"
    ".note td{color:var(--faint);padding-top:0}.note p{position:sticky;left:1.5rem;margin:0 0 0 "
    "1rem;max-width:min(60rem,calc(100vw - 4rem))}\n"
    "td.c{border-left:.3rem solid var(--line)}td.undersized{border-left-color:var(--bad)}"
    "td.oversized,td.idle{border-left-color:var(--spare)}td.right{border-left-color:var(--good)}\n"
    "svg{display:block;width:9rem;height:2rem}path{fill:none;stroke-width:12;"
    "stroke-linecap:round}\n"
    ".average{stroke:var(--average)}.peak{stroke:var(--peak);stroke-dasharray:20 20}\n"
    "svg.hours{width:38rem;height:auto;margin:.25rem 0 1rem}.hours text{font-size:8px;"
    "text-anchor:middle;fill:var(--text)}.hours .field{fill:var(--average);stroke:var(--line);"
    "stroke-width:.5}.hours .none{stroke:var(--faint);stroke-width:.5}\n"
    "@media (max-width:40rem){body{padding:.5rem}svg{width:7rem}th,td{padding:.25rem .3rem}"
    "tbody th{max-width:7rem}}\n"
    "@page{size:A4 landscape;margin:10mm}\n"
    "@media print{body{padding:0;font-size:9pt;max-width:none}.list{overflow:visible}"
    "table{font-size:6.5pt}th,td{padding:1pt 2pt}tbody th{min-width:22mm}"
    "thead th:first-child,tbody th,.note p{position:static}.list{background:none}"
    "dl{columns:2;max-width:none}dt{break-after:avoid}"
    "thead{display:table-header-group}tr{break-inside:avoid}.ruled{break-after:avoid}"
    "h2,.map p{break-after:avoid}.map{break-inside:avoid}svg{width:26mm;height:6mm}"
    "*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}\n";

static void put_element(FILE *stream, const char *name, const char *text) {
    fprintf(stream, "<%s>", name);
    html_text(stream, text);
    fprintf(stream, "</%s>\n", name);
}

static void put_sentences(FILE *stream, const char *list, const GPtrArray *sentences) {
    fprintf(stream, "<%s>\n", list);
    for (guint i = 0; i < sentences->len; i++)
        put_element(stream, "li", g_ptr_array_index(sentences, i));
    fprintf(stream, "</%s>\n", list);
}

/* The charts of a list have the same axes; false when it has none. */
static bool find_axes(const struct grid *grid, const struct findings *findings,
                      struct html_axes *axes) {
    bool found = false;
    *axes = (struct html_axes){.begin = findings->first_time - findings->longest,
                               .end = findings->last_time,
                               .highest = 100};
    for (size_t row = 0; row < grid->rows->len; row++) {
        const struct timeline *timeline = grid_row(grid, row)->timeline;
        found |= timeline != NULL;
        for (size_t i = 0; timeline && i < timeline->count; i++)
            axes->highest = MAX(axes->highest, timeline->steps[i].peak);
    }
    return found;
}

static void put_headings(FILE *stream, const struct grid *grid, bool charts) {
    fputs("<thead><tr>", stream);
    for (size_t i = 0; i < grid->column_count; i++) {
        const struct grid_column *column = &grid->columns[i];
        if (!grid_shows(grid, i))
            continue;
        fputs(column->number ? "<th scope=\"col\" class=\"n\"" : "<th scope=\"col\"", stream);
        if (column->meaning) {
            fputs(" title=\"", stream);
            html_text(stream, column->meaning);
            fputs("\"", stream);
        }
        fputs(">", stream);
        html_text(stream, column->name);
        fputs("</th>", stream);
        if (charts && i == 0)
            fputs("<th scope=\"col\">CPU</th>", stream);
    }
    fputs("</tr></thead>\n", stream);
}

/* Names may turn the direction of text: their own only. */
static void put_name(FILE *stream, const char *text) {
    fputs("<th scope=\"row\"><bdi>", stream);
    html_text(stream, text);
    fputs("</bdi></th>", stream);
}

static void put_cell(FILE *stream, const struct grid_column *column, const char *text) {
    if (strcmp(column->name, "class") == 0)
        fprintf(stream, "<td class=\"c %s\">%s</td>", text, text); /* one of our own words */
    else {
        fprintf(stream, "<td class=\"%c\">", column->number ? 'n' : 't');
        html_text(stream, text);
        fputs("</td>", stream);
    }
}

static void put_row(FILE *stream, const struct grid *grid, size_t row,
                    const struct html_axes *axes) {
    const struct grid_row *beside = grid_row(grid, row);
    fputs(beside->note ? "<tr class=\"ruled\">" : "<tr>", stream);
    put_name(stream, grid_text_of(grid, row, 0));
    if (axes) {
        fputs("<td>", stream);
        if (beside->timeline)
            html_chart(stream, beside->timeline, axes);
        fputs("</td>", stream);
    }
    size_t shown = axes ? 2 : 1;
    for (size_t i = 1; i < grid->column_count; i++) {
        if (!grid_shows(grid, i))
            continue;
        put_cell(stream, &grid->columns[i], grid_text_of(grid, row, i));
        shown++;
    }
    fputs("</tr>\n", stream);
    if (!beside->note)
        return;
    fprintf(stream, "<tr class=\"note\"><td colspan=\"%zu\"><p>", shown);
    html_text(stream, beside->note);
    fputs("</p></td></tr>\n", stream);
}

static void put_legend(FILE *stream, const struct html_axes *axes) {
    char *begin = words_time(axes->begin), *end = words_time(axes->end);
    fprintf(stream,
            "<p>Charts: %s to %s, 0 to %.0f %%; solid: average of each step, dashed: its "
            "highest sample; a gap: no sample.</p>\n",
            begin, end, axes->highest);
    free(begin);
    free(end);
}

/* Of the first rows. */
static void put_hours(FILE *stream, const struct grid *grid) {
    enum { MOST = 40 };
    size_t shown = 0, all = 0;
    for (size_t row = 0; row < grid->rows->len; row++) {
        const struct hours *hours = grid_row(grid, row)->hours;
        all += hours != NULL;
        if (!hours || shown == MOST)
            continue;
        shown++;
        fputs("<div class=\"map\">\n<p><bdi>", stream);
        html_text(stream, grid_text_of(grid, row, 0));
        fputs("</bdi></p>\n<div class=\"list\" tabindex=\"0\">", stream);
        html_hours(stream, hours);
        fputs("</div>\n</div>\n", stream);
    }
    if (shown)
        fprintf(stream,
                "<p>Fields: average percent of an hour (UTC) of all weeks; crossed out: no sample. "
                "%zu of %zu are shown.</p>\n",
                shown, all + grid->all - grid->rows->len);
}

static void put_unfilled(FILE *stream, const struct grid *grid) {
    char *names = grid_unfilled(grid);
    if (names) {
        fputs("<p>No value of any: ", stream);
        html_text(stream, names);
        fputs(".</p>\n", stream);
    }
    free(names);
}

static void put_grid(FILE *stream, const struct grid *grid, const struct findings *findings) {
    struct html_axes axes;
    bool charts = find_axes(grid, findings, &axes) && findings->last_time;
    put_element(stream, "h2", grid->title);
    if (!grid->rows->len) {
        put_element(stream, "p", "None.");
        return;
    }
    fputs("<div class=\"list\" tabindex=\"0\">\n<table>\n", stream);
    put_headings(stream, grid, charts);
    fputs("<tbody>\n", stream);
    for (size_t row = 0; row < grid->rows->len; row++)
        put_row(stream, grid, row, charts ? &axes : NULL);
    fputs("</tbody>\n</table>\n</div>\n", stream);
    put_unfilled(stream, grid);
    if (charts)
        put_legend(stream, &axes);
    put_hours(stream, grid);
    if (grid->rows->len < grid->all)
        fprintf(stream, "<p>%u of %zu are shown: %s--format csv for all.</p>\n", grid->rows->len,
                grid->all, grid->rows->len < ROWS ? "--top N, or " : "");
}

static void put_formulas(FILE *stream) {
    fputs("<h2>Formulas</h2>\n<dl>\n", stream);
    for (const struct explain_figure *one = explain_figures; one->name; one++) {
        put_element(stream, "dt", one->name);
        put_element(stream, "dd", one->formula);
        char *text = memory_printf("Counters: %s%s%s", one->counter,
                                   one->source ? ". Source: " : "", one->source ? one->source : "");
        put_element(stream, "dd", text);
        free(text);
    }
    fputs("</dl>\n", stream);
}

bool page_html(FILE *stream, struct findings *findings, const struct page_options *options,
               struct error *error) {
    (void)error;
    (void)options;
    size_t top = findings->order.top;
    GPtrArray *sections = sections_list(findings, top ? MIN(top, ROWS) : ROWS);
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
          "style-src 'unsafe-inline'\">\n",
          stream);
    put_element(stream, "title", findings->title);
    fputs("<style>\n", stream);
    fputs(style, stream);
    fputs("</style>\n</head>\n<body>\n", stream);
    put_element(stream, "h1", findings->title);
    put_sentences(stream, "ol", findings->summary);
    for (guint i = 0; i < sections->len; i++)
        put_grid(stream, g_ptr_array_index(sections, i), findings);
    fputs("<h2>Data quality</h2>\n", stream);
    put_sentences(stream, "ul", findings->quality);
    put_formulas(stream);
    fputs("<p>vperf " VPERF_VERSION "</p>\n</body>\n</html>\n", stream);
    g_ptr_array_free(sections, TRUE);
    return true;
}
