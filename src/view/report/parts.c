// SPDX-License-Identifier: Apache-2.0
// Badges, cells and tables that the parts of a report share.
#include "view/report/parts.h"

#include <math.h>

#include "view/report/html.h"

const char *task_state_glyph(enum task_state s)
{
    static const char *const glyphs[] = {
        [TASK_DONE] = "\xe2\x9c\x93", [TASK_CACHED] = "\xe2\x86\xba", [TASK_RUNNING] = "\xe2\x96\xb6", [TASK_FAILED] = "\xe2\x9c\x97",
        [TASK_CANCELLED] = "\xe2\x8a\x98", [TASK_LOST] = "?",
    };
    return glyphs[s];
}

void add_state(struct strbuf *out, enum task_state s, bool with_word)
{
    strbuf_addf(out, "<span class=\"st %s\"><span aria-hidden=\"true\">%s</span>", task_state_name(s), task_state_glyph(s));
    strbuf_addf(out, with_word ? " %s</span>" : "<span class=\"sr\">%s</span></span>", task_state_name(s));
}

void add_verdict_badge(struct strbuf *out, enum verdict v)
{
    static const struct { const char *class, *glyph, *word; } badges[] = {
        [VERDICT_PASSED] = { "done", "\xe2\x9c\x93", "pass" }, [VERDICT_WARN] = { "warn", "!", "warning" },
        [VERDICT_FAILED] = { "failed", "\xe2\x9c\x97", "fail" },
    };
    if (v != VERDICT_NONE)
        strbuf_addf(out, "<span class=\"st %s\"><span aria-hidden=\"true\">%s</span> %s</span>", badges[v].class, badges[v].glyph, badges[v].word);
}

void add_number_cell(struct strbuf *out, double v, Str text)
{
    if (isfinite(v))
        strbuf_addf(out, "<td class=\"n\" data-v=\"%.10g\">", v);
    else
        strbuf_addz(out, "<td class=\"n\">");
    strbuf_add(out, text);
    strbuf_addz(out, "</td>");
}

void add_duration_cell(struct strbuf *out, Time t)
{
    struct strbuf text = { 0 };
    html_add_duration(&text, t);
    add_number_cell(out, t >= 0 ? (double)t / 1e9 : NAN, strbuf_str(&text));
    strbuf_release(&text);
}

void add_bytes_cell(struct strbuf *out, int64_t bytes)
{
    struct strbuf text = { 0 };
    html_add_bytes(&text, bytes);
    add_number_cell(out, bytes >= 0 ? (double)bytes : NAN, strbuf_str(&text));
    strbuf_release(&text);
}

void add_text_cell(struct strbuf *out, Str text)
{
    strbuf_addz(out, "<td>");
    html_add_cut(out, text, 300);
    strbuf_addz(out, "</td>");
}

void add_step_name(struct strbuf *out, Str name)
{
    name = str_first(name, 200);
    while (name.len) {
        Str part = str_first(name, (size_t)(str_find_char(name, '/') + 1));
        if (part.len == 0)
            part = name;
        html_add(out, part);
        name = str_from(name, part.len);
        strbuf_addz(out, name.len ? "<wbr>" : "");
    }
}

void add_head_cell(struct strbuf *out, Str text)
{
    strbuf_addz(out, "<th scope=\"row\">");
    add_step_name(out, text);
    strbuf_addz(out, "</th>");
}

void table_box(struct strbuf *out, size_t rows)
{
    enum { FILTER_ROWS = 30, PAPER_ROWS = 100 };        // the latter as in report.css
    strbuf_addf(out, "<div class=\"wide%s%s\" tabindex=\"0\">", rows > FILTER_ROWS ? " filter" : "", rows > PAPER_ROWS ? " long" : "");
}

void table_open(struct strbuf *out, Str caption, const char *const *titles, size_t count, size_t rows)
{
    table_box(out, rows);
    strbuf_addz(out, "<table class=\"sort\"><caption>");
    html_add(out, caption);
    strbuf_addz(out, "</caption><thead><tr>");
    for (size_t i = 0; i < count; i++) {
        bool is_number = titles[i][0] == '>';
        strbuf_addf(out, "<th scope=\"col\"%s>%s</th>", is_number ? " class=\"n\"" : "", titles[i] + is_number);
    }
    strbuf_addz(out, "</tr></thead><tbody>\n");
}

void table_foot(struct strbuf *out) { strbuf_addz(out, "</tbody><tfoot>"); }
void table_close_foot(struct strbuf *out) { strbuf_addz(out, "</tfoot></table></div>\n"); }
void table_close(struct strbuf *out) { strbuf_addz(out, "</tbody></table></div>\n"); }
