// SPDX-License-Identifier: Apache-2.0
// The structure of FASTQ. What bases and qualities may be is not looked at here.
#include "bio/fastq.h"

enum { BROKEN_MAX = 1000 };

PRINTF(4, 5)
static bool broken(struct fastq *f, int64_t line, const char *code, const char *fmt, ...)
{
    f->broken++;
    if (f->faults) {
        struct strbuf text = { 0 };
        va_list args;
        va_start(args, fmt);
        strbuf_addv(&text, fmt, args);
        va_end(args);
        fault_add(f->faults, line, 0, code, STR_FMT, STR_ARG(strbuf_str(&text)));
        strbuf_release(&text);
    }
    return false;
}

struct part {                           // a line, as a distance from the mark
    size_t start, len;
};

// Lines of quality behind the first one, until there are as many as bases (or more). Joined in f->quality.
static void join_quality(struct fastq *f, struct part first, size_t bases)
{
    struct window *w = f->window;
    struct part line;
    strbuf_clear(&f->quality);
    strbuf_add(&f->quality, window_str(w, first.start, first.len));
    while (f->quality.len < bases && window_line(w, &line.start, &line.len))
        strbuf_add(&f->quality, window_str(w, line.start, line.len));
}

// Lines of bases behind the first, up to the one that begins with '+', which becomes *plus. Joined in f->bases.
static bool join_bases(struct fastq *f, struct part first, struct part second, struct part *plus, int64_t line)
{
    struct window *w = f->window;
    strbuf_clear(&f->bases);
    strbuf_add(&f->bases, window_str(w, first.start, first.len));
    for (;;) {
        Str text = window_str(w, second.start, second.len);
        if (text.len && text.data[0] == '+') {
            *plus = second;
            return true;
        }
        if (text.len && text.data[0] == '@')
            return broken(f, line, "fastq-plus", "the record has no line that begins with '+' in front of the next record");
        strbuf_add(&f->bases, text);
        if (!window_line(w, &second.start, &second.len))
            return broken(f, line, "fastq-truncated", "the file ends within a record: there is no line that begins with '+'");
    }
}

// The line behind `r`, if it is there, begins the next record (or is empty, at the end of the file).
static bool begins_record(struct fastq *f)
{
    struct window *w = f->window;
    return w->at < w->len || window_more(w) ? w->data[w->at] == '@' || w->data[w->at] == '\n' || w->data[w->at] == '\r' : true;
}

// `first_line`: how many qualities stand on their first line.
static bool wrong_length(struct fastq *f, const struct fastq_record *r, size_t first_line)
{
    bool is_end = f->window->ended && f->window->at == f->window->len;
    if (f->bases.len == 0 || r->bases.data != f->bases.data)            // bases on one line: so are their qualities
        return broken(f, r->line, is_end && first_line < r->bases.len ? "fastq-truncated" : "fastq-length",
                      "the record has %zu bases and %zu qualities: expected as many of both", r->bases.len, first_line);
    if (is_end && r->quality.len < r->bases.len)
        return broken(f, r->line, "fastq-truncated", "the file ends within a record: %zu bases have %zu qualities", r->bases.len,
                      r->quality.len);
    return broken(f, r->line, "fastq-length", "the record has %zu bases and %zu qualities: expected as many of both", r->bases.len,
                  r->quality.len);
}

// The title's line was taken; the rest of the record.
static bool take_rest(struct fastq *f, struct part title, struct fastq_record *r)
{
    struct window *w = f->window;
    struct part bases, plus, quality = { 0 };
    if (!window_line(w, &bases.start, &bases.len) ||
        (w->data[w->mark + bases.start] != '+' && !window_line(w, &plus.start, &plus.len)))
        return broken(f, r->line, "fastq-truncated", "the file ends within a record: there is no line that begins with '+'");
    if (bases.len && w->data[w->mark + bases.start] == '+') {           // no bases, and no line for them
        plus = bases;
        bases.len = 0;
    } else if (plus.len == 0 || w->data[w->mark + plus.start] != '+') {
        r->is_wrapped = true;
        if (!join_bases(f, bases, plus, &plus, r->line))
            return false;
    }
    size_t count = r->is_wrapped ? f->bases.len : bases.len;
    bool has_quality = true;
    if (count > 0 || (w->at < w->len || window_more(w) ? w->data[w->at] != '@' : false))
        has_quality = window_line(w, &quality.start, &quality.len);
    if (!has_quality && count > 0)
        return broken(f, r->line, "fastq-truncated", "the file ends within a record: there are no qualities");
    bool is_split = quality.len < count;
    if (is_split)
        join_quality(f, quality, count);
    r->title = window_str(w, title.start + 1, title.len - 1);
    r->plus = window_str(w, plus.start + 1, plus.len - 1);
    r->bases = r->is_wrapped ? strbuf_str(&f->bases) : window_str(w, bases.start, bases.len);
    r->quality = is_split ? strbuf_str(&f->quality) : window_str(w, quality.start, quality.len);
    r->is_wrapped |= is_split;
    r->text = (Str){ w->data + w->mark, w->at - w->mark };
    if (r->quality.len != r->bases.len)
        return wrong_length(f, r, quality.len);
    if (!begins_record(f))
        return broken(f, w->line + 1, "fastq-start", "expected a record, which begins with '@', behind the qualities of the one before");
    // begins_record() may have moved the window
    r->title = window_str(w, title.start + 1, title.len - 1);
    r->plus = window_str(w, plus.start + 1, plus.len - 1);
    r->bases = r->is_wrapped && r->bases.data == f->bases.data ? r->bases : window_str(w, bases.start, bases.len);
    r->quality = is_split ? r->quality : window_str(w, quality.start, quality.len);
    r->text = (Str){ w->data + w->mark, w->at - w->mark };
    return true;
}

// To the next line that begins with '@' whose next but one begins with '+'.
static void find_record(struct fastq *f)
{
    struct window *w = f->window;
    struct part line, second, third;
    window_mark(w);
    while (window_line(w, &line.start, &line.len)) {
        size_t behind = w->at - w->mark;
        int64_t number = w->line, dos = w->dos_lines;
        bool is_title = line.len && w->data[w->mark + line.start] == '@';
        if (is_title && window_line(w, &second.start, &second.len) && window_line(w, &third.start, &third.len) && third.len &&
            w->data[w->mark + third.start] == '+') {
            w->at = w->mark + line.start;
            w->line = number - 1, w->dos_lines = dos;
            return;
        }
        w->at = w->mark + behind;
        w->line = number, w->dos_lines = dos;
        window_mark(w);
    }
}

// Back to the line behind the title: the next record may begin there.
static void recover(struct fastq *f, size_t ahead, int64_t line)
{
    struct window *w = f->window;
    w->at = w->mark + ahead;
    w->line = line;
    f->gave_up = f->broken >= BROKEN_MAX;
    find_record(f);
}

// Empty lines are allowed at the end of the file alone. False: there is no further line.
static bool take_title(struct fastq *f, struct part *title)
{
    struct window *w = f->window;
    int64_t empty_at = 0;
    do {
        window_mark(w);
        if (!window_line(w, &title->start, &title->len))
            return false;
        if (title->len == 0 && empty_at == 0)
            empty_at = w->line;
    } while (title->len == 0);
    if (empty_at)
        broken(f, empty_at, "fastq-blank", "an empty line stands between two records");
    return true;
}

bool fastq_next(struct fastq *f, struct fastq_record *r)
{
    struct window *w = f->window;
    struct part title;
    while (!f->gave_up && take_title(f, &title)) {
        size_t ahead = w->at - w->mark;
        *r = (struct fastq_record){ .line = w->line };
        bool ok;
        if (w->data[w->mark + title.start] != '@')
            ok = broken(f, r->line, "fastq-start", "expected a record, which begins with '@'");
        else
            ok = take_rest(f, title, r);
        if (ok) {
            f->records++;
            f->wrapped += r->is_wrapped;
            return true;
        }
        recover(f, ahead, r->line);
    }
    return false;
}

void fastq_release(struct fastq *f)
{
    strbuf_release(&f->bases);
    strbuf_release(&f->quality);
}

Str fastq_name(Str title)
{
    size_t len = 0;
    while (len < title.len && title.data[len] != ' ' && title.data[len] != '\t')
        len++;
    return str_first(title, len);
}

static bool has_mate_suffix(Str name)
{
    return name.len > 2 && (name.data[name.len - 1] == '1' || name.data[name.len - 1] == '2') && name.data[name.len - 2] == '/';
}

int fastq_mate(Str title)
{
    Str name = fastq_name(title), rest = str_trim(str_from(title, name.len));
    if (has_mate_suffix(name))
        return name.data[name.len - 1] - '0';
    if (rest.len >= 4 && (rest.data[0] == '1' || rest.data[0] == '2') && rest.data[1] == ':' && (rest.data[2] == 'N' || rest.data[2] == 'Y') &&
        rest.data[3] == ':')
        return rest.data[0] - '0';
    return 0;
}

bool fastq_titles_match(Str first, Str second)
{
    Str x = fastq_name(first), y = fastq_name(second);
    if (x.len != y.len || x.len == 0)
        return false;
    if (memcmp(x.data, y.data, x.len) == 0)
        return true;
    return x.len > 2 && memcmp(x.data, y.data, x.len - 1) == 0 && x.data[x.len - 1] == '1' && y.data[x.len - 1] == '2' &&
           str_has(STR("/._:"), x.data[x.len - 2]);
}

Str fastq_template(Str title)
{
    Str name = fastq_name(title);
    return has_mate_suffix(name) ? str_first(name, name.len - 2) : name;
}
