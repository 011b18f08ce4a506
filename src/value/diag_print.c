// SPDX-License-Identifier: Apache-2.0
// Showing diagnostics as compilers do: the place, the text, the line with a caret. Whatever a document holds, what
// is printed is valid UTF-8 without control characters, in lines of bounded length. No colours, no terminal.
#include "base/arena.h"
#include "value/diag.h"
#include "value/utf8.h"

enum { LINE_SHOWN_MAX = 100, LINE_BEFORE_CARET = 60, TEXT_SHOWN_MAX = 4000 };

// Adds `s` with everything that could disturb a terminal as '?'. A tab stays if keep_tabs.
static void add_clean(struct strbuf *out, Str s, bool keep_tabs)
{
    size_t len;
    for (; s.len; s = str_from(s, len)) {
        int32_t character = utf8_decode(s, &len);
        if (utf8_is_shown(character) || (keep_tabs && character == '\t'))
            strbuf_add(out, str_first(s, len));
        else
            strbuf_addc(out, '?');
    }
}

// A walk through the lines of a source. Diagnostics are shown in order, so a large file is walked once for all.
struct lines {
    const struct source *source;
    uint32_t line;                      // the next that `rest` begins with
    Str rest;
};

// The text of line `line` without its end. Empty if there is no such line.
static Str line_of(struct lines *lines, struct span span)
{
    if (lines->source != span.source || lines->line > span.line)
        *lines = (struct lines){ span.source, 1, utf8_skip_bom(span.source->text) };
    for (; lines->line < span.line && lines->rest.len; lines->line++)
        str_cut(&lines->rest, '\n');
    Str rest = lines->rest, text = str_cut(&rest, '\n');
    if (text.len && text.data[text.len - 1] == '\r')
        text.len--;
    return text;
}

static bool is_continuation(Str s, size_t at) { return at < s.len && (s.data[at] & 0xc0) == 0x80; }

// The part of a line that is shown: all of it, or about a hundred bytes around the caret, cut between characters.
static void window(Str line, size_t caret, size_t *start, size_t *end)
{
    *start = 0, *end = line.len;
    if (line.len <= LINE_SHOWN_MAX)
        return;
    if (caret > LINE_BEFORE_CARET)
        *start = MIN(caret - LINE_BEFORE_CARET, line.len - LINE_SHOWN_MAX);
    *end = *start + LINE_SHOWN_MAX;
    for (int i = 0; i < 3 && is_continuation(line, *start); i++)
        (*start)++;
    for (int i = 0; i < 3 && is_continuation(line, *end); i++)
        (*end)++;
}

static void add_caret(struct strbuf *out, Str before)
{
    size_t len;
    for (; before.len; before = str_from(before, len))
        strbuf_addc(out, utf8_decode(before, &len) == '\t' ? '\t' : ' ');
    strbuf_addz(out, "^\n");
}

static void add_source_line(struct strbuf *out, struct lines *lines, struct span span)
{
    Str line = line_of(lines, span);
    if (str_trim(line).len == 0)
        return;
    size_t caret = MIN(span.column ? span.column - 1 : 0, line.len), start, end;
    window(line, caret, &start, &end);
    strbuf_addf(out, "%5u | %s", span.line, start > 0 ? "…" : "");
    add_clean(out, str_slice(line, start, end), true);
    strbuf_addf(out, "%s\n      | %s", end < line.len ? "…" : "", start > 0 ? " " : "");
    add_caret(out, str_slice(line, start, caret));
}

static void add_block(struct strbuf *out, struct lines *lines, const struct diag *diag)
{
    if (diag->span.source) {
        add_clean(out, diag->span.source->name, false);
        if (diag->span.line)
            strbuf_addf(out, ":%u:%u", diag->span.line, diag->span.column);
        strbuf_addz(out, ": ");
    }
    strbuf_addz(out, diag->level == DIAG_ERROR ? "error: " : "warning: ");
    add_clean(out, str_first(diag->text, TEXT_SHOWN_MAX), false);
    strbuf_addc(out, '\n');
    if (diag->span.source && diag->span.line)
        add_source_line(out, lines, diag->span);
    if (diag->hint.len) {
        strbuf_addz(out, "  hint: ");
        add_clean(out, str_first(diag->hint, TEXT_SHOWN_MAX), false);
        strbuf_addc(out, '\n');
    }
}

static int compare_place(const struct diag *x, const struct diag *y)
{
    Str x_name = x->span.source ? x->span.source->name : (Str){ 0 };
    Str y_name = y->span.source ? y->span.source->name : (Str){ 0 };
    int order = str_compare(x_name, y_name);
    if (order == 0)
        order = (x->span.line > y->span.line) - (x->span.line < y->span.line);
    if (order == 0)
        order = (x->span.column > y->span.column) - (x->span.column < y->span.column);
    return order;
}

static int compare(const void *left, const void *right)
{
    const struct diag *x = *(const struct diag *const *)left, *y = *(const struct diag *const *)right;
    int order = compare_place(x, y);
    return order ? order : (x > y) - (x < y);           // of one list: as they were added
}

static bool is_repeated(const struct diag *const *sorted, size_t i)
{
    for (size_t j = i; j > 0 && compare_place(sorted[j - 1], sorted[i]) == 0; j--)
        if (sorted[j - 1]->level == sorted[i]->level && str_eq(sorted[j - 1]->text, sorted[i]->text))
            return true;
    return false;
}

size_t diags_in_order(const struct diags *d, const struct diag *shown[DIAG_MAX])
{
    const struct diag *sorted[DIAG_MAX];
    size_t count = 0;
    CHECK(d->len <= DIAG_MAX);
    for (size_t i = 0; i < d->len; i++)
        sorted[i] = &d->at[i];
    qsort(sorted, d->len, sizeof sorted[0], compare);
    for (size_t i = 0; i < d->len; i++)
        if (!is_repeated(sorted, i))
            shown[count++] = sorted[i];
    return count;
}

void diag_print(const struct diags *d, struct strbuf *out)
{
    const struct diag *shown[DIAG_MAX];
    struct lines lines = { 0 };
    size_t count = diags_in_order(d, shown);
    for (size_t i = 0; i < count; i++)
        add_block(out, &lines, shown[i]);
    if (d->dropped)
        strbuf_addf(out, "%zu more errors and warnings are not shown\n", d->dropped);
}
