// SPDX-License-Identifier: Apache-2.0
// BED: three to twelve columns (the BED v1.0 specification of GA4GH), or columns of one's own behind the first three.
#include "bio/bytes.h"
#include "bio/check_kinds.h"
#include "bio/columns.h"

enum { COLUMNS_MAX = 12 };

struct bed {
    struct check_file *file;
    int64_t line;
    Str columns[COLUMNS_MAX];
    size_t count, first_count;
    int64_t features, bases, start, end, last_start;
    struct contigs seen;                // names, to tell whether it is sorted
    ptrdiff_t contig;
    bool unsorted, is_detail;           // is_detail: the last two columns are an id and a text (UCSC's bedDetail)
};

static void bad(struct bed *b, size_t column, const char *code, const char *expected)
{
    const char *at = column < b->count ? b->columns[column].data : b->columns[0].data;
    fault_add(&b->file->faults, b->line, at - b->columns[0].data + 1, code, "column %zu: expected %s", column + 1, expected);
}

static bool take_place(struct bed *b)
{
    bool ok = column_count(b->columns[1], &b->start);
    if (!ok)
        bad(b, 1, "bed-start", "the start, an integer that is not negative");
    if (!column_count(b->columns[2], &b->end)) {
        bad(b, 2, "bed-end", "the end, an integer that is not negative");
        ok = false;
    }
    if (ok && b->start > b->end) {
        fault_add(&b->file->faults, b->line, 0, "bed-interval", "the start (%lld) lies behind the end (%lld)", (long long)b->start,
                  (long long)b->end);
        return false;
    }
    return ok;
}

static bool is_name(Str s) { return s.len <= 255 && column_is_words(s, "._|:*+-#=;,~@/()[]{}<>!?&%$'^`\""); }

static void take_reference(struct bed *b)
{
    struct check_file *f = b->file;
    if (f->reference == NULL)
        return;
    const struct contigs *c = reference_contigs(f->reference);
    ptrdiff_t n = contigs_find(c, b->columns[0]);
    if (n < 0) {
        fault_add(&f->faults, b->line, 1, "reference-name", "the sequence in column 1 is not in the reference");
        contigs_hint(c, b->columns[0], &f->faults);
    } else if (b->end > c->at[n].length) {
        fault_add(&f->faults, b->line, b->columns[2].data - b->columns[0].data + 1, "reference-end",
                  "the end (%lld) lies behind the end of the reference's sequence (%lld)", (long long)b->end, (long long)c->at[n].length);
        fault_hint(&f->faults, "is it the reference that these places were counted on?");
    }
}

static void take_order(struct bed *b)
{
    ptrdiff_t n = contigs_find(&b->seen, b->columns[0]);
    if (n < 0) {
        contigs_add(b->file->arena, &b->seen, (struct contig){ .name = b->columns[0] });
        n = (ptrdiff_t)b->seen.len - 1;
    } else if (n != b->contig || b->start < b->last_start) {
        b->unsorted = true;
    }
    b->contig = n;
    b->last_start = b->start;
}

static bool is_color(Str s)
{
    Str parts[3];
    int64_t n;
    if (str_is(s, "0") || str_is(s, "."))
        return true;
    size_t count = columns_split(s, ',', parts, 3);
    for (size_t i = 0; count == 3 && i < 3; i++)
        if (!column_count(parts[i], &n) || n > 255)
            return false;
    return count == 3;
}

// Columns 11 and 12: sizes and starts of blocks that follow each other from the start to the end.
static void take_blocks(struct bed *b)
{
    int64_t blocks, size = 0, start = 0, last_end = 0, seen = 0;
    Str sizes = b->columns[10], starts = b->columns[11];
    if (!column_count(b->columns[9], &blocks) || blocks == 0) {
        bad(b, 9, "bed-blocks", "the number of blocks, over 0");
        return;
    }
    while (sizes.len && starts.len && seen < blocks) {
        if (!column_count(str_cut(&sizes, ','), &size) || !column_count(str_cut(&starts, ','), &start))
            break;
        if ((seen == 0 && start != 0) || start < last_end)
            break;
        last_end = start + size;
        seen++;
    }
    if (seen != blocks || sizes.len || starts.len)
        bad(b, 10, "bed-blocks", "as many sizes and starts of blocks as column 10 says, the first at 0, none over another");
    else if (last_end != b->end - b->start)
        bad(b, 11, "bed-blocks", "blocks whose last one ends where the feature ends");
}

static bool is_inside(const struct bed *b, Str s)
{
    int64_t n;
    return column_count(s, &n) && n >= b->start && n <= b->end;
}

// Columns 7 to 9 where these are all: mostly BED's own, but they may be somebody's.
static void doubt_thick(struct bed *b)
{
    int64_t from, to;
    Str none[3];
    if (b->count == 9 && columns_split(b->columns[8], ',', none, 3) == 3 && !is_color(b->columns[8]))
        fault_warn(&b->file->faults, b->line, b->columns[8].data - b->columns[0].data + 1, "bed-color",
                   "column 9 is no color: programs expect 'R,G,B' with numbers from 0 to 255");
    if (!column_count(b->columns[6], &from) || !column_count(b->columns[7], &to) || (from == 0 && to == 0))
        return;
    if (from > to || !is_inside(b, b->columns[6]) || !is_inside(b, b->columns[7]))
        fault_warn(&b->file->faults, b->line, b->columns[6].data - b->columns[0].data + 1, "bed-thick",
                   "columns 7 and 8 are no places from the feature's start to its end: programs take them for its thick part");
}

static void take_more_columns(struct bed *b)
{
    double score;
    size_t count = MIN(b->count - (b->is_detail ? 2 : 0), (size_t)COLUMNS_MAX);
    bool has_score = count >= 5 && !str_is(b->columns[4], "."), is_number = has_score && str_to_double(b->columns[4], &score);
    if (has_score && !is_number)
        fault_warn(&b->file->faults, b->line, b->columns[4].data - b->columns[0].data + 1, "bed-score",
                   "column 5 is no number: programs expect a score from 0 to 1000");
    else if (has_score && count >= 6 && (score < 0 || score > 1000))
        fault_warn(&b->file->faults, b->line, b->columns[4].data - b->columns[0].data + 1, "bed-score",
                   "column 5 is not from 0 to 1000, as a score is");
    if (count >= 6 && !column_is_one_of(b->columns[5], "+ - ."))
        bad(b, 5, "bed-strand", "the strand: '+', '-' or '.'");
    if (b->count == 8 || b->count == 9)
        doubt_thick(b);
    if (count != 12 || b->count > 14)
        return;                         // columns 7 to 9 alone are often somebody's own
    bool has_no_thick = str_is(b->columns[6], "0") && str_is(b->columns[7], "0") && b->start > 0;
    if (has_no_thick)                   // "nothing of it", as many programs write it
        fault_convention(&b->file->faults, b->line, b->columns[6].data - b->columns[0].data + 1, "bed-thick",
                         "columns 7 and 8: expected the feature's start twice where no part of it is thick");
    for (size_t i = 6; i < 8 && !has_no_thick; i++)
        if (!is_inside(b, b->columns[i]))
            bad(b, i, "bed-thick", "a place from the feature's start to its end");
    if (!is_color(b->columns[8]))
        bad(b, 8, "bed-color", "a color as 'R,G,B' with numbers from 0 to 255, or 0");
    take_blocks(b);
}

// Without tabs, any number of blanks stands between two columns.
static size_t split_at_blanks(Str line, Str *out)
{
    size_t count = 0;
    for (Str rest = str_trim(line); rest.len; rest = str_trim(rest)) {
        Str word = str_cut(&rest, ' ');
        if (count < COLUMNS_MAX)
            out[count] = word;
        count++;
    }
    return count;
}

// A track begins: its lines may have other columns than those before.
static void take_track(struct bed *b, Str line)
{
    b->first_count = 0;
    b->is_detail = str_find(line, STR("type=bedDetail")) >= 0 || str_find(line, STR("type=\"bedDetail\"")) >= 0;
}

// A control character in what may be any text; the columns that have a form are looked at by it.
static bool has_control(const struct bed *b)
{
    uint8_t least, greatest;
    for (size_t i = 3; i < MIN(b->count, (size_t)COLUMNS_MAX); i++) {
        if (b->columns[i].len == 0 || i == 4 || i == 5)
            continue;
        bytes_range(b->columns[i], &least, &greatest);
        if (least < ' ' || greatest == 127)
            return true;
    }
    return false;
}

static void take_line(struct bed *b, Str line)
{
    b->count = str_has(line, '\t') ? columns_split(line, '\t', b->columns, COLUMNS_MAX) : split_at_blanks(line, b->columns);
    if (b->count < 3) {
        fault_add(&b->file->faults, b->line, 0, "bed-columns", "found %zu column%s: expected at least 3 (sequence, start, end) with tabs between",
                  b->count, b->count == 1 ? "" : "s");
        return;
    }
    if (b->first_count == 0)
        b->first_count = b->count;
    if (b->count != b->first_count)
        fault_add(&b->file->faults, b->line, 0, "bed-columns", "found %zu columns, on the first line %zu: expected as many", b->count,
                  b->first_count);
    if (!is_name(b->columns[0]))
        bad(b, 0, "bed-name", "the name of a sequence, without blanks");
    if (!take_place(b))
        return;
    b->features++;
    b->bases += b->end - b->start;
    take_reference(b);
    take_order(b);
    take_more_columns(b);
    if (has_control(b))
        fault_add(&b->file->faults, b->line, 0, "bed-name", "a control character stands in the line: expected text and tabs");
}

static bool is_word(Str line, Str word)
{
    return str_starts(line, word) && (line.len == word.len || line.data[word.len] == ' ' || line.data[word.len] == '\t');
}

void check_bed(struct check_file *f)
{
    struct bed b = { .file = f, .contig = -1 };
    Str line;
    while (window_next_line(&f->window, &line)) {
        b.line = f->window.line;
        bool is_track = is_word(line, STR("track")), is_header = str_starts(line, STR("#")) || is_track || is_word(line, STR("browser"));
        if (is_track)
            take_track(&b, line);
        if (!is_header && str_trim(line).len)
            take_line(&b, line);
    }
    if (b.features == 0 && f->faults.errors == 0 && !f->window.broken)
        fault_add(&f->faults, 0, 0, "bed-empty", "the file holds no features");
    check_refuse_dos(f);
    check_fact(f, "features", b.features);
    check_fact(f, "bases", b.bases);
    check_fact(f, "columns", (int64_t)b.first_count);
    check_fact(f, "sorted", !b.unsorted);
    f->what = str_printf(f->arena, "%lld features%s", (long long)b.features, b.unsorted ? ", not sorted" : "");
}
