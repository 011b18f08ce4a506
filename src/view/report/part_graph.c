// SPDX-License-Identifier: Apache-2.0
// The steps as a graph: what took whose outputs.
#include "view/report/graph.h"
#include "view/report/html.h"
#include "view/report/parts.h"
#include "view/report/plot.h"

enum { NODE_WIDTH = 176, NODE_HEIGHT = 42, GAP_X = 20, GAP_Y = 40, STEPS_DRAWN = 120 };

static double x_of(const struct graph *g, size_t place) { return g->x[place] * (NODE_WIDTH + GAP_X); }
static double y_of(const struct graph *g, size_t place) { return 4 + (double)g->layer[place] * (NODE_HEIGHT + GAP_Y); }

static enum task_state worst_state(const struct fact_step *s)
{
    static const enum task_state order[] = { TASK_FAILED, TASK_LOST, TASK_CANCELLED, TASK_RUNNING, TASK_DONE };
    for (size_t i = 0; i < LEN(order); i++)
        if (s->counts[order[i]])
            return order[i];
    return TASK_CACHED;
}

static void add_node(struct strbuf *out, const struct graph *g, size_t node, const struct fact_step *s)
{
    enum task_state state = worst_state(s);
    size_t good = s->counts[TASK_DONE] + s->counts[TASK_CACHED], all = s->tasks.len + (size_t)s->waiting;
    double x = x_of(g, node), y = y_of(g, node);
    struct strbuf counts = { 0 };
    strbuf_addf(out, "<g class=\"node %s\"><title>", task_state_name(state));
    html_add(out, s->step->name);
    strbuf_addf(out, "</title><rect x=\"%.1f\" y=\"%.1f\" width=\"%d\" height=\"%d\" rx=\"6\"/>", x - NODE_WIDTH / 2.0, y, NODE_WIDTH, NODE_HEIGHT);
    svg_add_text(out, x, y + 17, "middle", s->step->name, 25);
    strbuf_addf(&counts, "%s ", task_state_glyph(state));
    if (all == 1)
        strbuf_addz(&counts, task_state_name(state));
    else
        html_add_part(&counts, good, all);
    svg_add_text(out, x, y + 33, "middle", strbuf_str(&counts), 40);
    strbuf_addz(out, "</g>\n");
    strbuf_release(&counts);
}

static void add_curve(struct strbuf *out, double x1, double y1, double x2, double y2)
{
    double middle = (y1 + y2) / 2;
    strbuf_addf(out, "C%.1f %.1f %.1f %.1f %.1f %.1f", x1, middle, x2, middle, x2, y2);
}

static void add_edge(struct strbuf *out, const struct graph *g, const struct graph_edge *e)
{
    double x = x_of(g, e->from), y = y_of(g, e->from) + NODE_HEIGHT;
    strbuf_addf(out, "<path class=\"edge\" d=\"M%.1f %.1f", x, y);
    for (size_t i = 0; i < e->through.len; i++) {
        double to = x_of(g, e->through.at[i]), top = y_of(g, e->through.at[i]);
        add_curve(out, x, y, to, top);
        strbuf_addf(out, "V%.1f", top + NODE_HEIGHT);
        x = to, y = top + NODE_HEIGHT;
    }
    add_curve(out, x, y, x_of(g, e->to), y_of(g, e->to) - 4);
    strbuf_addf(out, "\"/><path class=\"head\" d=\"M%.1f %.1fl-4 -7h8z\"/>\n", x_of(g, e->to), y_of(g, e->to));
}

static void draw(struct strbuf *out, const struct facts *f, const struct graph *g, const size_t *nodes)
{
    double width = g->width * (NODE_WIDTH + GAP_X), height = (double)g->layer_count * (NODE_HEIGHT + GAP_Y) - GAP_Y + 8;
    strbuf_addz(out, "<div class=\"wide\" tabindex=\"0\"><svg class=\"graph\" role=\"img\" ");
    strbuf_addf(out, "width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\">", width, height, width, height);
    strbuf_addf(out, "<title>Graph of steps</title><desc>%zu steps and %zu connections; the list below names them.</desc>\n", g->node_count,
                g->edges.len);
    for (size_t i = 0; i < g->edges.len; i++)
        add_edge(out, g, &g->edges.at[i]);
    for (size_t i = 0; i < g->node_count; i++)
        add_node(out, g, i, &f->steps.at[nodes[i]]);
    strbuf_addz(out, "</svg></div>\n");
}

static void add_list(struct strbuf *out, const struct facts *f)
{
    strbuf_addz(out, "<details><summary>As a list</summary><ul>");
    for (size_t i = 0; i < f->steps.len; i++) {
        const struct fact_step *s = &f->steps.at[i];
        if (s->tasks.len == 0)
            continue;
        strbuf_addz(out, "<li><strong>");
        html_add_cut(out, s->step->name, 200);
        strbuf_addz(out, "</strong>");
        for (size_t k = 0; k < s->after.len; k++) {
            strbuf_addz(out, k ? ", " : " takes from ");
            html_add_cut(out, f->steps.at[s->after.at[k]].step->name, 200);
        }
        strbuf_addz(out, "</li>");
    }
    strbuf_addz(out, "</ul></details>\n");
}

void part_graph(struct strbuf *out, const struct facts *f)
{
    size_t *nodes = NEW_ARRAY(f->arena, size_t, f->steps.len + 1), *places = NEW_ARRAY(f->arena, size_t, f->steps.len + 1), count = 0, all = 0;
    for (size_t i = 0; i < f->steps.len; i++) {
        if (f->steps.at[i].tasks.len == 0)
            continue;
        all++;
        if (count == STEPS_DRAWN)
            continue;
        nodes[count++] = i;
        places[i] = count;
    }
    struct graph *g = graph_new(f->arena, count);
    for (size_t i = 0; i < count; i++) {
        const struct fact_step *s = &f->steps.at[nodes[i]];
        for (size_t k = 0; k < s->after.len; k++)
            if (places[s->after.at[k]])
                graph_add(g, places[s->after.at[k]] - 1, i);
    }
    graph_lay_out(g);
    strbuf_addf(out, "<p>A line leads from a step to those that %s; one beside a longer way is left out, the list has them all.</p>\n",
                f->report->link_count ? "need something of it to begin, a file or a value" : "took its files");
    draw(out, f, g, nodes);
    if (all > count) {
        strbuf_addz(out, "<p class=\"sub\">");
        html_add_part(out, count, all);
        strbuf_addz(out, " steps are drawn.</p>\n");
    }
    add_list(out, f);
}
