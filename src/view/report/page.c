// SPDX-License-Identifier: Apache-2.0
// The page around the parts: head, table of contents, headings. The content security policy lets nothing in from anywhere and no
// script run but the page's own.
#include "view/report/report.h"

#include "view/report/assets.h"
#include "view/report/html.h"
#include "view/report/parts.h"

struct part {
    const char *id;                     // also of the link to it
    Str title;
    void (*add)(struct strbuf *out, const struct facts *f);     // NULL: a section
    const struct section *section;
};
struct part_list {
    VEC(struct part) at;
};

static void add_section_body(struct strbuf *out, const struct facts *f) { part_section_faults(out, f->report->sections); }

static void add_part(struct arena *a, struct part_list *l, const char *id, Str title, void (*add)(struct strbuf *out, const struct facts *f))
{
    vec_push(a, &l->at, (struct part){ .id = id, .title = title, .add = add });
}

// What the run has something to say about.
static struct part_list choose_parts(const struct facts *f)
{
    struct arena *a = f->arena;
    const struct sections *s = f->report->sections;
    struct part_list l = { 0 };
    add_part(a, &l, "summary", STR("Summary"), part_summary);
    if (f->counts[TASK_FAILED])
        add_part(a, &l, "failures", STR("Failures"), part_failures);
    for (size_t i = 0; i < s->at.len; i++) {
        struct part p = { .id = str_z(a, str_printf(a, "section-%zu", i + 1)), .title = s->at.at[i]->title, .section = s->at.at[i] };
        vec_push(a, &l.at, p);
    }
    if (s->faults.len)
        add_part(a, &l, "section-faults", STR("Sections with mistakes"), add_section_body);
    if (f->rows.len)
        add_part(a, &l, "samples", f->has_samples ? STR("Samples") : STR("Scattered items"), part_samples);
    if (f->tasks.len) {
        add_part(a, &l, "timeline", STR("Timeline"), part_timeline);
        add_part(a, &l, "resources", STR("Resources"), part_resources);
        add_part(a, &l, "cost", STR("Cost"), part_cost);
        add_part(a, &l, "graph", STR("Graph of steps"), part_graph);
        add_part(a, &l, "tasks", STR("Tasks"), part_tasks);
    }
    add_part(a, &l, "provenance", STR("Provenance"), part_provenance);
    return l;
}

static Str workflow_name(const struct facts *f)
{
    Str path = f->start->workflow;
    Str file = str_cut(&path, '#');
    Str name = str_basename(file);
    return name.len ? name : STR("A run");
}

static void add_head(struct strbuf *out, const struct facts *f)
{
    strbuf_addz(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" "
                     "content=\"default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; ");
    strbuf_addf(out, "style-src 'sha256-" STR_FMT "'; script-src 'sha256-" STR_FMT "'\">\n", STR_ARG(asset_report_css_sha256),
                STR_ARG(asset_report_js_sha256));
    strbuf_addz(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"
                     "<meta name=\"robots\" content=\"noindex\">\n<meta name=\"generator\" content=\"Petri " PETRI_VERSION "\">\n"
                     "<link rel=\"icon\" href=\"data:,\">\n<title>");
    html_add_cut(out, workflow_name(f), 100);
    strbuf_addf(out, " \xe2\x80\x93 %s \xe2\x80\x93 ", run_status_name(f->record->status));
    html_add(out, f->record->run);
    strbuf_addz(out, "</title>\n<style>");
    strbuf_add(out, asset_report_css);
    strbuf_addz(out, "</style>\n</head>\n");
}

static void add_top(struct strbuf *out, const struct facts *f, const struct part_list *parts)
{
    strbuf_addz(out, "<body>\n<a class=\"skip\" href=\"#main\">Skip to the report</a>\n<header>\n"
                     "<p class=\"brand\">Petri \xc2\xb7 report of a run</p>\n<h1>");
    html_add_cut(out, workflow_name(f), 200);
    strbuf_addz(out, "</h1>\n<p class=\"sub\">");
    html_add(out, f->record->run);
    strbuf_addz(out, " \xc2\xb7 ");
    html_add_time(out, f->record->starts.at[0].started);
    if (f->record->status == RUN_RUNNING) {
        strbuf_addz(out, " \xc2\xb7 as of ");
        html_add_time(out, f->report->now);
    }
    strbuf_addz(out, "</p>\n</header>\n<nav aria-label=\"Parts of the report\"><ul>\n");
    for (size_t i = 0; i < parts->at.len; i++) {
        strbuf_addf(out, "<li><a href=\"#%s\">", parts->at.at[i].id);
        html_add_cut(out, parts->at.at[i].title, 60);
        strbuf_addz(out, "</a></li>\n");
    }
    strbuf_addz(out, "</ul></nav>\n<main id=\"main\" tabindex=\"-1\">\n");
}

static void add_body(struct strbuf *out, const struct facts *f, const struct part *p)
{
    strbuf_addf(out, "<section id=\"%s\" aria-labelledby=\"%s-title\">\n<h2 id=\"%s-title\">", p->id, p->id, p->id);
    html_add_cut(out, p->title, 200);
    strbuf_addz(out, "</h2>\n");
    if (p->section)
        part_section(out, p->section, f);
    else
        p->add(out, f);
    strbuf_addz(out, "</section>\n");
}

void report_write(const struct report *r, struct strbuf *out)
{
    struct arena a = { 0 };
    struct facts *f = facts_new(&a, r);
    struct part_list parts = choose_parts(f);
    add_head(out, f);
    add_top(out, f, &parts);
    for (size_t i = 0; i < parts.at.len; i++)
        add_body(out, f, &parts.at.at[i]);
    strbuf_addz(out, "</main>\n<footer><p>Made by Petri " PETRI_VERSION " from the run's journal, at ");
    html_add_time(out, r->now);
    strbuf_addz(out, ". This page needs no other file and asks no other host.</p></footer>\n<script>");
    strbuf_add(out, asset_report_js);
    strbuf_addz(out, "</script>\n</body>\n</html>\n");
    arena_release(&a);
}
