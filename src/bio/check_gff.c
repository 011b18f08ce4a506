// SPDX-License-Identifier: Apache-2.0
// GFF3 (the specification of the Sequence Ontology, 1.26) and GTF (2.2): nine columns that mostly agree; the last differs.
#include "bio/bytes.h"
#include "bio/check_kinds.h"
#include "bio/columns.h"
#include "bio/gff_ids.h"

enum { COLUMNS = 9 };

struct gff {
    struct check_file *file;
    bool is_gtf;
    int64_t line, features, start, end;
    Str columns[COLUMNS];
    struct contigs regions;             // of ##sequence-region, length: its end
    struct gff_ids ids;
    bool in_fasta, has_version;
};

static void bad(struct gff *g, size_t column, const char *code, const char *expected)
{
    fault_add(&g->file->faults, g->line, g->columns[column].data - g->columns[0].data + 1, code, "column %zu: expected %s", column + 1, expected);
}

// --- the ninth column

static bool is_escaped_well(Str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if (c < ' ' || c == 127)
            return false;
        if (c == '%' && !(i + 2 < s.len && strchr("0123456789abcdefABCDEF", s.data[i + 1]) && strchr("0123456789abcdefABCDEF", s.data[i + 2])))
            return false;
    }
    return true;
}

// "cdna0123 12 462 +": a name, its start and end there, and the strand, which may be left out. In old files '+' stands for a blank.
static bool is_target(Str value)
{
    Str words[5];
    int64_t start, end;
    size_t count = columns_split(str_trim(value), str_has(value, ' ') ? ' ' : '+', words, LEN(words));
    return (count == 3 || (count == 4 && column_is_one_of(words[3], "+ -"))) && column_count(words[1], &start) && column_count(words[2], &end);
}

// "M8 D3 M6 I1 M6": operations and their lengths.
static bool is_gap(Str value)
{
    int64_t n;
    for (Str rest = str_trim(value); rest.len; rest = str_trim(rest)) {
        Str item = str_cut(&rest, ' ');
        if (!strchr("MIDFR", item.data[0]) || !column_count(str_from(item, 1), &n))
            return false;
    }
    return value.len > 0;
}

static bool names_itself(Str parents, Str id)
{
    while (id.len && parents.len)
        if (str_eq(str_cut(&parents, ','), id))
            return true;
    return false;
}

static void take_gff3_attribute(struct gff *g, Str tag, Str value, Str id)
{
    if (value.len == 0 && column_is_one_of(tag, "ID Parent"))
        bad(g, 8, "gff-attributes", "a value behind 'ID=' and 'Parent='");
    if (str_is(tag, "ID") && value.len && !gff_ids_add(&g->ids, value, g->columns[2]))
        bad(g, 8, "gff-id", "an ID of its own: a feature of another type has it, and lines of one ID are parts of one feature");
    if (str_is(tag, "Parent") && names_itself(value, id))
        bad(g, 8, "gff-parent", "another feature as Parent than the feature itself");
    if (str_is(tag, "Derives_from"))
        gff_ids_parents(&g->ids, STR(""), value, g->line);
    if (str_is(tag, "Target") && !is_target(value))
        bad(g, 8, "gff-attributes", "Target as 'ID START END', and '+' or '-' if you like");
    if (str_is(tag, "Gap") && !is_gap(value))
        bad(g, 8, "gff-attributes", "Gap as 'M8 D3 M6': operations of MIDFR with lengths");
}

// The value of the attribute; empty: there is none.
static Str attribute(Str attributes, Str tag)
{
    while (attributes.len) {
        Str value = str_trim(str_cut(&attributes, ';'));
        if (str_eq(str_cut(&value, '='), tag))
            return value;
    }
    return (Str){ 0 };
}

static void take_gff3_attributes(struct gff *g)
{
    Str rest = g->columns[8], id = attribute(rest, STR("ID"));
    uint64_t seen[64];
    size_t count = 0;
    if (str_is(rest, "."))
        return;
    if (!is_escaped_well(rest))
        bad(g, 8, "gff-escape", "'%' before two hexadecimal digits, and no control characters");
    while (rest.len) {
        Str pair = str_trim(str_cut(&rest, ';')), value = pair, tag = str_cut(&value, '=');
        if (pair.len == 0)
            continue;
        if (tag.len == 0 || tag.len == pair.len) {
            bad(g, 8, "gff-attributes", "attributes as 'tag=value' with ';' between");
            return;
        }
        uint64_t hash = bytes_hash(tag, 1);
        for (size_t i = 0; i < count; i++)
            if (seen[i] == hash) {
                bad(g, 8, "gff-attributes", "each attribute once: several values stand behind one '=' with ',' between");
                return;
            }
        if (count < LEN(seen))
            seen[count++] = hash;
        take_gff3_attribute(g, tag, value, id);
    }
    gff_ids_parents(&g->ids, id, attribute(g->columns[8], STR("Parent")), g->line);     // the ID is known by now, wherever it stands
}

// gene_id "x"; transcript_id "y"; …: a name, a blank, a value that is quoted unless it is a number. False: it is not so.
static bool take_gtf_attribute(Str *rest, Str *tag)
{
    *rest = str_trim(*rest);
    ptrdiff_t blank = str_find_char(*rest, ' ');
    if (blank <= 0)
        return false;
    *tag = str_first(*rest, (size_t)blank);
    *rest = str_trim(str_from(*rest, (size_t)blank));
    if (rest->len && rest->data[0] == '"') {
        ptrdiff_t end = str_find_char(str_from(*rest, 1), '"');
        if (end < 0)
            return false;
        *rest = str_trim(str_from(*rest, (size_t)end + 2));
        if (rest->len && rest->data[0] != ';')
            return false;
        *rest = str_from(*rest, 1);
        return true;
    }
    return str_cut(rest, ';').len > 0;
}

static void take_gtf_attributes(struct gff *g)
{
    Str rest = str_trim(g->columns[8]), tag;
    bool has_gene = false, has_transcript = false;
    ptrdiff_t comment = str_find(rest, STR(" #"));
    if (comment >= 0 && str_find_char(str_from(rest, (size_t)comment), '"') < 0)
        rest = str_trim(str_first(rest, (size_t)comment));
    while (rest.len) {
        if (!take_gtf_attribute(&rest, &tag)) {
            bad(g, 8, "gtf-attributes", "attributes as 'name \"value\";'");
            return;
        }
        if ((has_gene && str_is(tag, "gene_id")) || (has_transcript && str_is(tag, "transcript_id"))) {
            bad(g, 8, "gtf-attributes", "gene_id and transcript_id once");
            return;
        }
        has_gene |= str_is(tag, "gene_id");
        has_transcript |= str_is(tag, "transcript_id");
        rest = str_trim(rest);
    }
    if (!has_gene)
        bad(g, 8, "gtf-gene-id", "an attribute gene_id");
    else if (!has_transcript && column_is_one_of(g->columns[2], "exon CDS transcript mRNA start_codon stop_codon"))
        bad(g, 8, "gtf-transcript-id", "an attribute transcript_id");
}

// --- the other columns

static void take_place(struct gff *g)
{
    bool ok = column_count(g->columns[3], &g->start) && g->start >= 1;
    if (!ok)
        bad(g, 3, "gff-start", "the start, an integer from 1");
    if (!column_count(g->columns[4], &g->end) || g->end < 1) {
        bad(g, 4, "gff-end", "the end, an integer from 1");
        ok = false;
    }
    if (!ok)
        return;
    if (g->start > g->end)
        fault_add(&g->file->faults, g->line, 0, "gff-interval", "the start (%lld) lies behind the end (%lld)", (long long)g->start,
                  (long long)g->end);
    ptrdiff_t region = contigs_find(&g->regions, g->columns[0]);
    bool is_circular = str_find(g->columns[8], STR("Is_circular=true")) >= 0;
    if (region >= 0 && g->end > g->regions.at[region].length && !is_circular)
        fault_warn(&g->file->faults, g->line, 0, "gff-region", "the end (%lld) lies behind that of its ##sequence-region (%lld)",
                   (long long)g->end, (long long)g->regions.at[region].length);
    if (g->file->reference == NULL)
        return;
    const struct contigs *c = reference_contigs(g->file->reference);
    ptrdiff_t n = contigs_find(c, g->columns[0]);
    if (n < 0) {
        fault_add(&g->file->faults, g->line, 1, "reference-name", "the sequence in column 1 is not in the reference");
        contigs_hint(c, g->columns[0], &g->file->faults);
    } else if (g->end > c->at[n].length && !is_circular) {
        fault_add(&g->file->faults, g->line, 0, "reference-end", "the end (%lld) lies behind the end of the reference's sequence (%lld)",
                  (long long)g->end, (long long)c->at[n].length);
    }
}

static void take_line(struct gff *g, Str line)
{
    size_t count = columns_split(line, '\t', g->columns, COLUMNS);
    if (count != COLUMNS) {
        fault_add(&g->file->faults, g->line, 0, "gff-columns", "found %zu column%s: expected 9 with tabs between", count, count == 1 ? "" : "s");
        return;
    }
    g->features++;
    for (size_t i = 0; i < COLUMNS; i++)
        if (g->columns[i].len == 0)
            bad(g, i, "gff-empty", "a value, or '.' where there is none");
    if (g->columns[0].len && !(g->is_gtf ? column_is_printable(g->columns[0]) : column_is_words(g->columns[0], ".:^*$@!+_?-|%")))
        bad(g, 0, "gff-name", "the name of a sequence: letters, digits and .:^*$@!+_?-| alone, others as '%' and two digits");
    if (g->columns[0].len && g->columns[0].data[0] == '>')
        bad(g, 0, "gff-name", "a name that does not begin with '>'");
    take_place(g);
    if (g->columns[5].len && !str_is(g->columns[5], ".") && !column_number(g->columns[5]))
        bad(g, 5, "gff-score", "a number, or '.'");
    if (g->columns[6].len && !column_is_one_of(g->columns[6], g->is_gtf ? "+ - ." : "+ - . ?"))
        bad(g, 6, "gff-strand", "the strand: '+', '-' or '.'");
    if (g->columns[7].len && !column_is_one_of(g->columns[7], "0 1 2 ."))
        bad(g, 7, "gff-phase", "the phase: 0, 1, 2 or '.'");
    else if (g->has_version && str_is(g->columns[2], "CDS") && str_is(g->columns[7], "."))
        bad(g, 7, "gff-phase", "the phase, which every CDS has: 0, 1 or 2");
    if (g->is_gtf)
        take_gtf_attributes(g);
    else
        take_gff3_attributes(g);
}

static void take_directive(struct gff *g, Str line)
{
    Str words[4] = { { 0 } }, rest = line;
    size_t count = 0;
    while (rest.len && count < 4) {
        words[count] = str_cut(&rest, ' ');
        rest = str_trim(rest);
        count++;
    }
    int64_t from, to;
    if (str_is(words[0], "##FASTA"))
        g->in_fasta = true;
    else if (str_is(str_trim(line), "###"))
        gff_ids_resolve(&g->ids, &g->file->faults);
    else if (str_is(words[0], "##gff-version") && !str_starts(words[1], STR("3")))
        fault_add(&g->file->faults, g->line, 15, "gff-version", "the version is not 3: this is read as GFF3");
    else if (str_is(words[0], "##gff-version") && g->line != 1)
        fault_add(&g->file->faults, g->line, 0, "gff-version", "##gff-version must be the first line");
    else if (str_is(words[0], "##sequence-region") && (count < 4 || !column_count(words[2], &from) || !column_count(words[3], &to) || from > to))
        fault_add(&g->file->faults, g->line, 0, "gff-region", "expected '##sequence-region NAME START END'");
    else if (str_is(words[0], "##sequence-region"))
        contigs_add(g->file->arena, &g->regions, (struct contig){ .name = words[1], .length = to });
}

static void check_features(struct check_file *f, bool is_gtf)
{
    struct gff g = { .file = f, .is_gtf = is_gtf };
    Str line;
    while (window_next_line(&f->window, &line)) {
        g.line = f->window.line;
        g.has_version |= str_starts(line, STR("##gff-version 3"));
        if (g.in_fasta)
            continue;
        if (!is_gtf && str_starts(line, STR(">"))) {
            g.in_fasta = true;
            continue;
        }
        if (str_starts(line, STR("##")) && !is_gtf)
            take_directive(&g, line);
        else if (!str_starts(line, STR("#")) && str_trim(line).len && !str_starts(line, STR("track ")) && !str_starts(line, STR("browser ")))
            take_line(&g, line);
    }
    gff_ids_resolve(&g.ids, &f->faults);
    gff_ids_find_circles(&g.ids, &f->faults);
    if (!is_gtf && !g.has_version && !f->window.broken)
        fault_convention(&f->faults, 1, 0, "gff-version", "the first line is not '##gff-version 3'");
    if (g.features == 0 && f->faults.errors == 0 && !f->window.broken)
        fault_add(&f->faults, 0, 0, "gff-empty", "the file holds no features");
    check_refuse_dos(f);
    check_fact(f, "features", g.features);
    f->what = str_printf(f->arena, "%lld features", (long long)g.features);
    gff_ids_release(&g.ids);
}

void check_gff3(struct check_file *f) { check_features(f, false); }
void check_gtf(struct check_file *f) { check_features(f, true); }
