// SPDX-License-Identifier: Apache-2.0
// Renders the live table. No cursor movement and no clock: progress.c brings the text onto the screen.
#include "view/progress_table.h"

#include "view/text.h"

enum { BAR_MIN = 8, BAR_MAX = 40, NAME_MAX_COLUMNS = 32 };
enum state { DONE, CACHED, FAILED, RUNNING, WAITING, STATES };

// Every state differs in its glyph as well as in its colour: not everybody sees the same colours.
static const struct glyph {
    const char *unicode, *ascii, *color;
} glyphs[STATES] = {
    [DONE] = { "█", "#", "\x1b[32m" },    [CACHED] = { "▓", "=", "\x1b[36m" },   [FAILED] = { "✗", "!", "\x1b[31m" },
    [RUNNING] = { "▒", ">", "\x1b[33m" }, [WAITING] = { "░", ".", "\x1b[2m" },
};

static void count_states(const struct progress_step *s, int64_t counts[STATES])
{
    counts[DONE] = s->done;
    counts[CACHED] = s->cached;
    counts[FAILED] = s->failed;
    counts[RUNNING] = s->running;
    counts[WAITING] = progress_step_waiting(s);
}

// Shares `width` cells out by counts; what is there at all gets at least one cell.
static void share_cells(const int64_t counts[STATES], size_t width, size_t cells[STATES])
{
    int64_t total = 0;
    size_t used = 0, largest = 0;
    for (size_t i = 0; i < STATES; i++)
        total += counts[i];
    for (size_t i = 0; i < STATES; i++) {
        cells[i] = total ? (size_t)((double)counts[i] * (double)width / (double)total) : 0;
        cells[i] = counts[i] > 0 ? MAX(cells[i], 1u) : 0;
        used += cells[i];
        largest = cells[i] > cells[largest] ? i : largest;
    }
    if (total == 0)
        cells[WAITING] = width;
    else
        cells[largest] = cells[largest] + width - used;     // wraps round to the right number when used > width
}

static void add_bar(const struct progress_step *s, const struct progress_look *look, size_t width, struct strbuf *out)
{
    int64_t counts[STATES];
    size_t cells[STATES];
    count_states(s, counts);
    share_cells(counts, width, cells);
    for (size_t i = 0; i < STATES; i++) {
        if (cells[i] && look->use_color)
            strbuf_addz(out, glyphs[i].color);
        for (size_t k = 0; k < cells[i]; k++)
            strbuf_addz(out, look->use_unicode ? glyphs[i].unicode : glyphs[i].ascii);
        if (cells[i] && look->use_color)
            strbuf_addz(out, "\x1b[0m");
    }
}

void progress_step_counts(const struct progress_step *s, bool use_unicode, struct strbuf *out)
{
    const char *dot = use_unicode ? " · " : ", ";
    const struct { int64_t count; const char *name; } parts[] = {
        { s->failed, "failed" }, { s->running, "running" }, { s->cached, "cached" }, { s->skipped, "skipped" }, { s->retried, "retried" },
    };
    strbuf_addf(out, "%lld/", (long long)progress_step_finished(s));
    if (s->expected < 0)
        strbuf_addz(out, "?");
    else
        strbuf_addf(out, "%lld", (long long)progress_step_total(s));
    for (size_t i = 0; i < LEN(parts); i++)
        if (parts[i].count)
            strbuf_addf(out, "%s%lld %s", dot, (long long)parts[i].count, parts[i].name);
}

static void add_header(const struct progress_model *m, Str run, const struct progress_look *look, Time now, struct strbuf *out)
{
    const char *dot = look->use_unicode ? " · " : ", ";
    char text[TIME_TEXT];
    Time left;
    bool is_whole;
    struct strbuf line = { 0 };
    time_duration_text(now - m->started, text);
    strbuf_addf(&line, STR_FMT "%s%s", STR_ARG(run), dot, text);
    if (progress_time_left(m, now, &left, &is_whole) && left >= SECOND) {
        time_duration_text(left / SECOND * SECOND, text);
        strbuf_addf(&line, "%s%s %s left", dot, is_whole ? "about" : "at least", text);
    }
    if (m->running.len) {
        size_text(m->memory_used, text);
        strbuf_addf(&line, "%s%.1f of %.3g cores%s%s", dot, m->cores_used, m->cores, dot, text);
    }
    text_add_cut(out, strbuf_str(&line), look->width - 1);
    strbuf_addc(out, '\n');
    strbuf_release(&line);
}

static void add_step(const struct progress_step *s, const struct progress_look *look, size_t name_width, size_t bar_width, struct strbuf *out)
{
    struct strbuf counts = { 0 };
    size_t used = name_width + 1;
    text_add_padded(out, s->name, name_width);
    strbuf_addc(out, ' ');
    if (bar_width) {
        add_bar(s, look, bar_width, out);
        strbuf_addz(out, "  ");
        used += bar_width + 2;
    }
    progress_step_counts(s, look->use_unicode, &counts);
    text_add_cut(out, strbuf_str(&counts), look->width - 1 > used ? look->width - 1 - used : 0);
    strbuf_addc(out, '\n');
    strbuf_release(&counts);
}

// What matters most when not all steps fit: failures and running work, then what waits, then what is over.
static int rank(const struct progress_step *s)
{
    if (s->failed || s->running)
        return 0;
    return progress_step_waiting(s) > 0 || s->expected < 0 ? 1 : 2;
}

static size_t choose_steps(const struct progress_model *m, size_t rows, const struct progress_step **shown)
{
    size_t count = 0;
    bool all = m->steps.len <= rows;
    for (int wanted = 0; wanted <= (all ? 0 : 2); wanted++)
        for (size_t i = 0; i < m->steps.len && count < rows; i++)
            if (all || rank(m->steps.entries[i].value) == wanted)
                shown[count++] = m->steps.entries[i].value;
    return count;
}

static size_t bar_width_for(const struct progress_look *look, size_t name_width)
{
    enum { COUNTS = 36 };                               // room for "1200/4000 · 32 running · 500 cached"
    if (look->width < name_width + COUNTS + BAR_MIN + 4)
        return 0;
    return MIN(look->width - name_width - COUNTS - 4, (size_t)BAR_MAX);
}

void progress_table_render(const struct progress_model *m, Str run, const struct progress_look *look, Time now, struct strbuf *out)
{
    struct arena scratch = { 0 };
    struct progress_look sane = *look;
    sane.width = MAX(look->width, 20u);
    sane.height = MAX(look->height, 4u);
    size_t rows = sane.height - 2, name_width = 4;      // the header and the line the cursor stands on
    rows -= m->steps.len > rows;                        // "… more steps"
    const struct progress_step **shown = NEW_ARRAY(&scratch, const struct progress_step *, rows);
    size_t count = choose_steps(m, rows, shown);
    for (size_t i = 0; i < count; i++)
        name_width = MAX(name_width, text_width(shown[i]->name));
    name_width = MIN(name_width, MIN((size_t)NAME_MAX_COLUMNS, sane.width / 3));
    add_header(m, run, &sane, now, out);
    for (size_t i = 0; i < count; i++)
        add_step(shown[i], &sane, name_width, bar_width_for(&sane, name_width), out);
    if (count < m->steps.len)
        strbuf_addf(out, "%s %zu more steps\n", sane.use_unicode ? "…" : "...", m->steps.len - count);
    arena_release(&scratch);
}
