// SPDX-License-Identifier: Apache-2.0
// Sample sheets: CSV (RFC 4180) or TSV with a line of titles. Sample names are patients' in some labs: a fault says row and
// column, and shows no value but that of a path that leads nowhere.
#include "base/map.h"
#include "base/vec.h"
#include "bio/check_kinds.h"
#include "bio/columns.h"
#include "sys/file.h"

enum { FIELDS_MAX = 64, ROWS_MAX = 1000000 };
enum title { SAMPLE, FASTQ_1, FASTQ_2, LANE, LIBRARY, PLATFORM, SEX, FAMILY, TITLE_COUNT };
static const char *const titles[TITLE_COUNT] = { "sample", "fastq_1", "fastq_2", "lane", "library", "platform", "sex", "family" };
// As the SAM specification has them for @RG PL.
static const char platforms[] = "capillary dnbseq element helicos illumina iontorrent ls454 ont pacbio singular solid ultima";

struct reading {
    struct check_file *file;
    struct sheet *sheet;
    char sep;
    int64_t line;
    Str fields[FIELDS_MAX];
    int64_t columns[FIELDS_MAX];        // where they begin in the line, from 1
    size_t field_count, title_count;
    int at[TITLE_COUNT];                // the field of each title, or -1
    struct map samples, paths;          // "sample\tlane\tlibrary" -> line; path -> line
};

static void bad(const struct reading *r, enum title title, const char *code, const char *expected)
{
    int field = r->at[title];
    fault_add(&r->file->faults, r->line, field >= 0 && field < (int)r->field_count ? r->columns[field] : 0, code, "%s: expected %s",
              titles[title], expected);
}

// The fields of a line; a quoted one may hold the separator and "" for '"'. False: a quote has no end, or text stands behind one.
static bool split(struct reading *r, Str line)
{
    struct arena *a = r->file->arena;
    size_t at = 0;
    r->field_count = 0;
    for (;;) {
        struct strbuf text = { 0 };
        size_t start = at;
        bool is_quoted = r->sep == ',' && at < line.len && line.data[at] == '"';
        at += is_quoted;
        for (; at < line.len && (is_quoted || line.data[at] != r->sep); at++) {
            if (is_quoted && line.data[at] == '"' && !(at + 1 < line.len && line.data[at + 1] == '"'))
                break;
            at += is_quoted && line.data[at] == '"';
            strbuf_addc(&text, line.data[at]);
        }
        bool ok = !is_quoted || (at < line.len && line.data[at] == '"');
        at += is_quoted && ok;
        if (r->field_count < FIELDS_MAX) {
            r->fields[r->field_count] = strbuf_take(&text, a);
            r->columns[r->field_count] = (int64_t)start + 1;
        }
        strbuf_release(&text);
        r->field_count++;
        if (!ok || (at < line.len && line.data[at] != r->sep))
            return false;
        if (at == line.len)
            return true;
        at++;
    }
}

// --- the titles

static Str plain(struct arena *a, Str s)
{
    Str copy = str_copy(a, str_trim(s));
    for (size_t i = 0; i < copy.len; i++)
        if (copy.data[i] >= 'A' && copy.data[i] <= 'Z')
            ((char *)copy.data)[i] += 32;
    return copy;
}

static int find_title(Str name)
{
    for (int t = 0; t < TITLE_COUNT; t++)
        if (str_is(name, titles[t]))
            return t;
    return -1;
}

static void take_title(struct reading *r, size_t field)
{
    struct faults *faults = &r->file->faults;
    Str given = r->fields[field], name = plain(r->file->arena, given), all[TITLE_COUNT];
    int title = find_title(name);
    for (int t = 0; t < TITLE_COUNT; t++)
        all[t] = str_of(titles[t]);
    if (title >= 0 && !str_eq(given, name)) {
        fault_add(faults, r->line, r->columns[field], "sheet-title", "the title is written otherwise: expected '%s'", titles[title]);
    } else if (title >= 0 && r->at[title] >= 0) {
        fault_add(faults, r->line, r->columns[field], "sheet-title", "the column '%s' is there twice", titles[title]);
    } else if (title < 0) {
        Str near = str_nearest(name, all, TITLE_COUNT);
        fault_warn(faults, r->line, r->columns[field], "sheet-column", "column %zu is none that is known, and is not read", field + 1);
        if (near.len)
            fault_hint(faults, "was '" STR_FMT "' meant?", STR_ARG(near));
    }
    if (title >= 0 && r->at[title] < 0)
        r->at[title] = (int)field;
}

static bool take_titles(struct reading *r, Str line)
{
    struct faults *faults = &r->file->faults;
    if (str_starts(line, STR("\xef\xbb\xbf"))) {
        fault_warn(faults, 1, 0, "sheet-bom", "the file begins with a byte order mark, as spreadsheets write it");
        line = str_from(line, 3);
    }
    r->sep = str_has(line, '\t') ? '\t' : ',';
    for (int t = 0; t < TITLE_COUNT; t++)
        r->at[t] = -1;
    if (str_has(line, ';') && !str_has(line, ',') && !str_has(line, '\t')) {
        fault_add(faults, r->line, 0, "sheet-separator", "the titles have ';' between them: expected ',' (CSV) or tabs (TSV)");
        return false;
    }
    if (!split(r, line))
        fault_add(faults, r->line, 0, "sheet-quote", "a quoted field has no end");
    r->title_count = r->field_count;
    if (r->field_count > FIELDS_MAX) {
        fault_add(faults, r->line, 0, "sheet-columns", "found %zu columns: expected at most %d", r->field_count, FIELDS_MAX);
        return false;
    }
    for (size_t i = 0; i < r->field_count; i++)
        take_title(r, i);
    for (int t = SAMPLE; t <= FASTQ_1; t++)
        if (r->at[t] < 0) {
            fault_add(faults, r->line, 0, "sheet-column-missing", "there is no column '%s'", titles[t]);
            fault_hint(faults, "the first line names the columns: sample,fastq_1,fastq_2, and if you like lane, library, platform, sex, family");
        }
    return r->at[SAMPLE] >= 0 && r->at[FASTQ_1] >= 0;
}

// --- the rows

static Str field(const struct reading *r, enum title title)
{
    int at = r->at[title];
    return at >= 0 && at < (int)r->field_count ? r->fields[at] : (Str){ 0 };
}

static void take_word(struct reading *r, enum title title)
{
    Str s = field(r, title);
    if (s.len && !column_is_words(s, "_.-+"))
        bad(r, title, "sheet-word", "letters, digits, '_', '.', '-' and '+' alone: it becomes part of file names and read groups");
}

static void take_path(struct reading *r, enum title title, struct sheet_row *row)
{
    struct faults *faults = &r->file->faults;
    struct arena *a = r->file->arena;
    Str path = field(r, title);
    struct stat st;
    if (path.len == 0)
        return;
    for (size_t i = 0; i < path.len; i++)
        if ((unsigned char)path.data[i] <= ' ' || path.data[i] == 127) {
            bad(r, title, "sheet-path-blank", "a path without blanks: tools of the flow take it for two");
            fault_hint(faults, "rename the file or folder, or take out the blank at the end of the field");
            return;
        }
    path = path_absolute(a, str_join_path(a, str_dirname(path_absolute(a, r->file->path)), path));
    int which = title == FASTQ_2;
    if (!file_stat(path, &st)) {
        bad(r, title, "sheet-path", "a file that is there");
        fault_hint(faults, "there is no " STR_FMT ": paths are relative to the sheet's folder", STR_ARG(path));
    } else if (!S_ISREG(st.st_mode)) {
        bad(r, title, "sheet-path", "a regular file");
    } else if (st.st_size == 0) {
        bad(r, title, "sheet-path-empty", "a file that is not empty");
    } else {
        Str key = str_printf(a, "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
        int64_t before = (int64_t)(intptr_t)map_find(&r->paths, key);
        if (before) {
            fault_add(faults, r->line, r->columns[r->at[title]], "sheet-path-twice", "%s: the same file stands in line %lld", titles[title],
                      (long long)before);
            fault_hint(faults, before == r->line ? "the two mates of a pair are two files" : "one file of reads belongs to one row");
        }
        map_set(&r->paths, key, (void *)(intptr_t)r->line);
        row->fastq[which] = path;
        row->columns[which] = r->columns[r->at[title]];
    }
}

static void take_sample(struct reading *r, struct sheet_row *row)
{
    struct faults *faults = &r->file->faults;
    *row = (struct sheet_row){ .line = r->line, .sample = field(r, SAMPLE), .lane = field(r, LANE), .library = field(r, LIBRARY) };
    if (row->sample.len == 0)
        bad(r, SAMPLE, "sheet-sample", "a name");
    else if (row->sample.data[0] == '.' || row->sample.data[0] == '-')
        bad(r, SAMPLE, "sheet-sample", "a name that begins with a letter, a digit or '_'");
    else
        take_word(r, SAMPLE);
    if (row->sample.len == 0)
        return;
    Str key = str_printf(r->file->arena, STR_FMT "\t" STR_FMT "\t" STR_FMT, STR_ARG(row->sample), STR_ARG(row->lane), STR_ARG(row->library));
    int64_t before = (int64_t)(intptr_t)map_find(&r->samples, key);
    if (before) {
        fault_add(faults, r->line, r->columns[r->at[SAMPLE]], "sheet-sample-twice", "the sample stands in line %lld too, with the same lane",
                  (long long)before);
        fault_hint(faults, "several lanes of one sample need different values in a column 'lane'; two samples need two names");
    } else {
        map_set(&r->samples, key, (void *)(intptr_t)r->line);
    }
}

static void take_row(struct reading *r, Str line)
{
    struct faults *faults = &r->file->faults;
    struct sheet_row row;
    if (!split(r, line)) {
        fault_add(faults, r->line, 0, "sheet-quote", "a quoted field has no end, or text stands behind its end");
        return;
    }
    if (r->field_count != r->title_count) {
        fault_add(faults, r->line, 0, "sheet-columns", "found %zu field%s: expected %zu, as there are titles", r->field_count,
                  r->field_count == 1 ? "" : "s", r->title_count);
        return;
    }
    for (int t = 0; t < TITLE_COUNT; t++) {
        Str s = field(r, (enum title)t);
        if (s.len && str_trim(s).len != s.len && t != FASTQ_1 && t != FASTQ_2)
            bad(r, (enum title)t, "sheet-blank", "no blanks at the beginning and end");
    }
    take_sample(r, &row);
    take_word(r, LANE);
    take_word(r, FAMILY);
    if (field(r, FASTQ_1).len == 0)
        bad(r, FASTQ_1, "sheet-path", "the path of a FASTQ file");
    take_path(r, FASTQ_1, &row);
    take_path(r, FASTQ_2, &row);
    Str platform = field(r, PLATFORM), sex = plain(r->file->arena, field(r, SEX));
    if (platform.len && !column_is_one_of(plain(r->file->arena, platform), platforms))
        bad(r, PLATFORM, "sheet-platform", "a platform as the SAM specification has it: ILLUMINA, ONT, PACBIO, …");
    if (sex.len && !column_is_one_of(sex, "female male f m unknown other u . 0 1 2"))
        bad(r, SEX, "sheet-sex", "female, male or unknown");
    if (r->sheet->len < ROWS_MAX)
        vec_push(r->file->arena, r->sheet, row);
}

void check_sheet(struct check_file *f, struct sheet *sheet)
{
    struct reading *r = NEW(f->arena, struct reading);
    *r = (struct reading){ .file = f, .sheet = sheet };
    Str line;
    bool go_on = true, has_titles = false;
    map_in(f->arena, &r->samples);
    map_in(f->arena, &r->paths);
    while (go_on && window_next_line(&f->window, &line)) {
        r->line = f->window.line;
        if (str_trim(line).len == 0 || (str_starts(line, STR("#")) && !has_titles))
            continue;
        if (line.len > 1 << 20) {
            fault_add(&f->faults, r->line, 0, "sheet-line", "the line is longer than a MiB");
            break;
        }
        if (!has_titles)
            go_on = take_titles(r, line);
        else
            take_row(r, line);
        has_titles = true;
    }
    if (go_on && sheet->len == 0 && f->faults.errors == 0 && !f->window.broken)
        fault_add(&f->faults, 0, 0, "sheet-empty", has_titles ? "the sheet has titles and no rows" : "the sheet is empty");
    check_refuse_dos(f);
    check_fact(f, "rows", (int64_t)sheet->len);
    f->what = str_printf(f->arena, "%zu rows", sheet->len);
}
