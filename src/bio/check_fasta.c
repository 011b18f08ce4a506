// SPDX-License-Identifier: Apache-2.0
// FASTA, of nucleotides or amino acids, with lines of any length; and the .qual files that hold the qualities for one.
#include "bio/bytes.h"
#include "bio/check_kinds.h"
#include "bio/columns.h"
#include "bio/fastq.h"

enum { NAMES_MAX = 1 << 24 };           // beyond so many sequences equal names are not looked for

struct names {                          // hashes of the names seen: open addressing, 0 is empty
    uint64_t *at;
    size_t places, count;
};

static bool names_insert(struct names *n, uint64_t hash)
{
    size_t at = hash & (n->places - 1);
    while (n->at[at] && n->at[at] != hash)
        at = (at + 1) & (n->places - 1);
    bool is_new = n->at[at] == 0;
    n->at[at] = hash;
    return is_new;
}

// False: a name of this hash was there before.
static bool names_add(struct names *n, Str name)
{
    uint64_t hash = bytes_hash(name, 0x6661737461) | 1;
    if (n->count >= NAMES_MAX)
        return true;
    if (2 * (n->count + 1) > n->places) {
        struct names larger = { .places = MAX(2 * n->places, (size_t)1024), .count = n->count };
        larger.at = xcalloc(larger.places, sizeof *larger.at);
        for (size_t i = 0; i < n->places; i++)
            if (n->at[i])
                names_insert(&larger, n->at[i]);
        free(n->at);
        *n = larger;
    }
    bool is_new = names_insert(n, hash);
    n->count += is_new;
    return is_new;
}

struct sequences {
    struct check_file *file;
    struct names names;
    int64_t count, residues, empty, shortest, longest, title_line;
    int64_t length;                     // of the sequence that goes on
    int64_t line_length, first_line_length, line_done;         // of its lines
    bool last_was_short, uneven, has_uneven;
    struct alphabet alphabet;
    int64_t blank_line;                 // an empty line inside of a sequence; 0: none
};

static void end_sequence(struct sequences *s)
{
    if (s->count == 0)
        return;
    if (s->length == 0) {
        s->empty++;
        fault_warn(&s->file->faults, s->title_line, 0, "fasta-empty-sequence", "the sequence has a title and nothing behind it");
    }
    s->shortest = s->count == 1 ? s->length : MIN(s->shortest, s->length);
    s->longest = MAX(s->longest, s->length);
    s->has_uneven |= s->uneven;
    s->length = s->line_length = s->first_line_length = s->blank_line = 0;
    s->last_was_short = s->uneven = false;
}

static void take_title(struct sequences *s, Str line)
{
    struct faults *faults = &s->file->faults;
    Str name = fastq_name(str_from(line, 1));
    end_sequence(s);
    s->title_line = s->file->window.line;
    s->count++;
    if (name.len == 0)
        fault_add(faults, s->title_line, 2, "fasta-name", "the sequence has no name behind '>'");
    if (name.len && !names_add(&s->names, name)) {
        fault_add(faults, s->title_line, 2, "fasta-name-twice", "a sequence before has the same name: names must differ");
        fault_hint(faults, "rename one of the two, or take it out if it is a copy");
    }
    for (size_t i = 0; i < line.len; i++)
        if ((unsigned char)line.data[i] < ' ' && line.data[i] != '\t') {
            fault_add(faults, s->title_line, (int64_t)i + 1, "fasta-title", "the title holds the control character %d",
                      (unsigned char)line.data[i]);
            break;
        }
}

static void end_line(struct sequences *s)
{
    int64_t len = s->line_length, line = s->file->window.line;
    s->line_length = 0;
    if (len == 0 && s->blank_line == 0)
        s->blank_line = line;
    if (len == 0)
        return;
    if (s->blank_line)
        fault_warn(&s->file->faults, s->blank_line, 0, "fasta-blank", "an empty line stands within a sequence");
    s->blank_line = 0;
    s->uneven |= s->last_was_short;
    if (s->first_line_length == 0)
        s->first_line_length = len;
    s->last_was_short |= len < s->first_line_length;
    s->uneven |= len > s->first_line_length;
}

// A part of a line: lines may be as long as a chromosome.
static void take_piece(struct sequences *s, Str piece, bool is_end)
{
    struct faults *faults = &s->file->faults;
    int64_t line = s->file->window.line + !is_end;
    bool is_text = piece.len && bytes_are_bases(piece);
    if (s->count == 0 && piece.len) {
        fault_add(faults, line, 1, "fasta-start", "expected a title, which begins with '>'");
        s->count = 1, s->title_line = line;
    }
    ptrdiff_t bad = is_text ? -1 : bytes_find_no_residue(piece);
    alphabet_add(&s->alphabet, piece, is_text);
    if (bad >= 0) {
        unsigned char c = (unsigned char)piece.data[bad];
        fault_add(faults, line, s->line_length + bad + 1, "fasta-residue", "byte %d%s stands within a sequence: expected letters", c,
                  c == ' ' ? ", a space," : c == '\t' ? ", a tab," : c == '>' ? ", '>'," : "");
    }
    s->length += (int64_t)piece.len, s->residues += (int64_t)piece.len, s->line_length += (int64_t)piece.len;
    if (is_end)
        end_line(s);
}

static void end_file(struct sequences *s)
{
    struct check_file *f = s->file;
    end_sequence(s);
    if (s->count == 0 && !f->window.broken)
        fault_add(&f->faults, 0, 0, "fasta-empty", "the file holds no sequences");
    if (s->has_uneven) {
        fault_warn(&f->faults, 0, 0, "fasta-lines", "the lines of a sequence differ in length: no index can be made of the file");
        fault_hint(&f->faults, "rewrite it, for example by 'seqkit seq -w 60'");
    }
    check_warn_dos(f);
    check_fact(f, "sequences", s->count);
    check_fact(f, "residues", s->residues);
    check_fact(f, "shortest", s->shortest);
    check_fact(f, "longest", s->longest);
    if (s->residues)
        check_fact_text(f, "alphabet", alphabet_is_nucleotides(&s->alphabet) ? STR("nucleotides") : STR("amino acids"));
    f->what = str_printf(f->arena, "%lld sequences, %lld residues", (long long)s->count, (long long)s->residues);
    free(s->names.at);
}

void check_fasta(struct check_file *f)
{
    struct sequences s = { .file = f };
    bool at_start = true, is_end;
    Str piece;
    for (;;) {
        struct window *w = &f->window;
        if (at_start && w->at == w->len) {
            window_mark(w);
            if (!window_more(w))
                break;
        }
        if (at_start && w->data[w->at] == '>') {
            if (!window_next_line(w, &piece))
                break;
            take_title(&s, piece);
        } else if (at_start && w->data[w->at] == ';' && s.count == 0) {
            if (!window_next_line(w, &piece))           // a comment, as Pearson's first programs had them
                break;
        } else {
            if (!window_piece(w, &piece, &is_end))
                break;
            take_piece(&s, piece, is_end);
            at_start = is_end;
        }
    }
    end_file(&s);
}

void check_qual(struct check_file *f)
{
    int64_t records = 0, values = 0;
    Str line, fields[1];
    while (window_next_line(&f->window, &line)) {
        if (str_starts(line, STR(">"))) {
            records++;
            continue;
        }
        if (records == 0 && line.len)
            fault_add(&f->faults, f->window.line, 1, "qual-start", "expected a title, which begins with '>'");
        for (Str rest = str_trim(line); rest.len; rest = str_trim(rest)) {
            int64_t value;
            fields[0] = str_cut(&rest, ' ');
            values++;
            if (!column_integer(fields[0], &value) || value < -5 || value > 99)
                fault_add(&f->faults, f->window.line, fields[0].data - line.data + 1, "qual-value",
                          "expected a quality, an integer from -5 to 99");
        }
    }
    if (records == 0 && !f->window.broken)
        fault_add(&f->faults, 0, 0, "qual-empty", "the file holds no records");
    check_warn_dos(f);
    check_fact(f, "records", records);
    check_fact(f, "qualities", values);
    f->what = str_printf(f->arena, "%lld records, %lld qualities", (long long)records, (long long)values);
}
