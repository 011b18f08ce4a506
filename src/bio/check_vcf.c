// SPDX-License-Identifier: Apache-2.0
// The records of a VCF: the first seven columns, their order, variants that are there twice, and the reference.
#include "bio/check_vcf.h"

#include "base/vec.h"
#include "bio/bytes.h"
#include "bio/columns.h"

enum { NEAR_MAX = 1 << 14, ALLELE_COMPARED_MAX = 1 << 16 };

struct near { int64_t pos, line; uint64_t hash; };              // a variant without the bases that its alleles share
struct vcf {
    struct check_file *file;
    struct vcf_header header;
    Str *columns;
    struct contigs seen;                // sequences, in the order of their first records
    ptrdiff_t contig;
    int64_t last_pos, records, snps, line_of_titles;
    struct near near[64], *nears;
    size_t near_len, near_cap;
    bool is_broken;                     // no titles: records can't be read
    ptrdiff_t reference_contig;
};

struct vcf *vcf_new(struct check_file *f)
{
    struct vcf *v = NEW(f->arena, struct vcf);
    *v = (struct vcf){ .file = f, .header = { .file = f }, .contig = -1, .reference_contig = -1 };
    v->header.minor = 3;
    return v;
}

void vcf_bad(const struct vcf_record *r, Str where, const char *code, const char *expected)
{
    bool is_inside = where.data >= r->text.data && where.data <= r->text.data + r->text.len;
    fault_add(r->faults, r->line, is_inside ? where.data - r->text.data + 1 : 0, code, "%s", expected);
}

// --- columns

static bool has_blank(Str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.data[i] <= ' ' || s.data[i] == 127)
            return true;
    return s.len == 0;
}

// Items with ';' between: none empty, none twice.
static bool is_list(Str s, char sep)
{
    for (Str rest = s; rest.len;) {
        Str item = str_cut(&rest, sep);
        if (item.len == 0)
            return false;
        for (Str others = rest; others.len;)
            if (str_eq(item, str_cut(&others, sep)))
                return false;
    }
    return s.len && s.data[s.len - 1] != sep;
}

static bool are_bases(Str s) { return s.len && bytes_are_bases(s); }

// chr:pos or <ctg>:pos between two brackets of one kind, with bases at one side.
static bool is_breakend(Str s)
{
    char bracket = str_has(s, '[') ? '[' : ']';
    ptrdiff_t open = str_find_char(s, bracket), end = str_rfind_char(s, bracket);
    if (open < 0 || open == end)
        return false;
    Str before = str_first(s, (size_t)open), behind = str_from(s, (size_t)end + 1), place = str_slice(s, (size_t)open + 1, (size_t)end);
    ptrdiff_t colon = str_rfind_char(place, ':');
    int64_t pos;
    bool place_ok = colon > 0 && column_count(str_from(place, (size_t)colon + 1), &pos) && vcf_contig_is_valid(str_first(place, (size_t)colon), 1);
    Str bases = before.len ? before : behind;
    return place_ok && (before.len == 0) != (behind.len == 0) && (are_bases(bases) || str_is(bases, "."));
}

static bool is_symbolic(Str s)
{
    if (s.len < 3 || s.data[0] != '<' || s.data[s.len - 1] != '>')
        return false;
    Str id = str_slice(s, 1, s.len - 1);
    return !has_blank(id) && !str_has(id, '<') && !str_has(id, '>') && !str_has(id, ',');
}

static bool is_allele(Str s)
{
    if (are_bases(s) || str_is(s, "*") || is_symbolic(s))
        return true;
    if (str_has(s, '[') || str_has(s, ']'))
        return is_breakend(s);
    if (s.len > 1 && (s.data[0] == '.' || s.data[s.len - 1] == '.'))    // a breakend with one end alone
        return are_bases(s.data[0] == '.' ? str_from(s, 1) : str_first(s, s.len - 1));
    if (s.len > 3 && s.data[s.len - 1] == '>' && str_has(s, '<')) {     // t<ctg>: a contig that is put in behind t
        ptrdiff_t open = str_find_char(s, '<');
        return are_bases(str_first(s, (size_t)open)) && is_symbolic(str_from(s, (size_t)open));
    }
    return false;
}

static bool is_same_allele(Str x, Str y) { return x.len == y.len && strncasecmp(x.data, y.data, x.len) == 0; }

static bool is_quality(Str s)
{
    Str word = s.len && s.data[0] == '+' ? str_from(s, 1) : s;
    static const char *const words[] = { "inf", "infinity", "nan" };
    for (size_t i = 0; i < LEN(words); i++)
        if (word.len == strlen(words[i]) && strncasecmp(word.data, words[i], word.len) == 0)
            return true;
    return str_is(s, ".") || (column_number(s) && s.data[0] != '-');
}

static void check_columns(struct vcf *v, struct vcf_record *r)
{
    const Str *c = r->columns;
    if (!vcf_contig_is_valid(c[VCF_CHROM], v->header.minor))
        vcf_bad(r, c[VCF_CHROM], "vcf-chrom", "CHROM: expected a name without blanks, commas, colons and brackets");
    if (!column_count(c[VCF_POS], &r->pos)) {
        vcf_bad(r, c[VCF_POS], "vcf-pos", "POS: expected an integer that is not negative");
        r->pos = -1;
    }
    if (has_blank(c[VCF_ID]) || !is_list(c[VCF_ID], ';'))
        vcf_bad(r, c[VCF_ID], "vcf-id", "ID: expected '.' or names with ';' between, none twice, without blanks");
    if (!are_bases(c[VCF_REF]))
        vcf_bad(r, c[VCF_REF], "vcf-ref", "REF: expected bases: A, C, G, T or N");
    r->alts = 0;
    bool alt_ok = c[VCF_ALT].len && c[VCF_ALT].data[c[VCF_ALT].len - 1] != ',';
    if (!str_is(c[VCF_ALT], "."))
        for (Str rest = c[VCF_ALT]; rest.len; r->alts++)
            alt_ok &= is_allele(str_cut(&rest, ','));
    for (Str rest = c[VCF_ALT]; alt_ok && are_bases(c[VCF_REF]) && rest.len;)
        if (is_same_allele(str_cut(&rest, ','), c[VCF_REF]))
            fault_convention(r->faults, r->line, c[VCF_ALT].data - r->text.data + 1, "vcf-alt", "ALT: an allele is the same as REF");
    if (!alt_ok)
        vcf_bad(r, c[VCF_ALT], "vcf-alt", "ALT: expected '.' or alleles with ',' between: bases, '*', <ID>, or a breakend");
    if (!is_quality(c[VCF_QUAL]))
        vcf_bad(r, c[VCF_QUAL], "vcf-qual", "QUAL: expected '.' or a number that is not negative");
    Str filter = c[VCF_FILTER];
    bool filter_ok = str_is(filter, ".") || (!has_blank(filter) && is_list(filter, ';'));
    for (Str rest = filter; filter_ok && rest.len;) {
        Str item = str_cut(&rest, ';');
        filter_ok = !str_is(item, "0") && (item.len == filter.len || !str_is(item, "."));
        if (filter_ok && item.len < filter.len && str_is(item, "PASS"))
            fault_warn(r->faults, r->line, item.data - r->text.data + 1, "vcf-filter",
                       "FILTER: PASS says that no filter failed, and another stands beside it");
        if (filter_ok && v->header.filters.len && !column_is_one_of(item, "PASS .") && !map_has(&v->header.filters, item))
            fault_warn(r->faults, r->line, item.data - r->text.data + 1, "vcf-undefined", "FILTER: the header has no line for this filter");
    }
    if (!filter_ok)
        vcf_bad(r, filter, "vcf-filter", "FILTER: expected '.', PASS, or names with ';' between, none twice and none 0");
}

// --- order, and what is there twice

static void check_order(struct vcf *v, struct vcf_record *r)
{
    Str name = r->columns[VCF_CHROM];
    ptrdiff_t n = v->contig >= 0 && str_eq(v->seen.at[v->contig].name, name) ? v->contig : contigs_find(&v->seen, name);
    if (name.len && name.data[0] == '<')
        return;                         // a sequence of an assembly file: stands where it likes
    if (n < 0) {
        contigs_add(v->file->arena, &v->seen, (struct contig){ .name = name });
        n = (ptrdiff_t)v->seen.len - 1;
        if (v->header.contigs.len && contigs_find(&v->header.contigs, name) < 0)
            fault_warn(r->faults, r->line, 1, "vcf-contig", "CHROM: the header has no ##contig line for this sequence");
        v->reference_contig = v->file->reference ? contigs_find(reference_contigs(v->file->reference), name) : -1;
        if (v->file->reference && v->reference_contig < 0) {
            fault_add(r->faults, r->line, 1, "reference-name", "CHROM: the sequence is not in the reference");
            contigs_hint(reference_contigs(v->file->reference), name, r->faults);
        }
    } else if (n != v->contig) {
        fault_add(r->faults, r->line, 1, "vcf-unsorted", "CHROM: records of this sequence came before, and others since: expected them together");
        fault_hint(r->faults, "sort the file: 'bcftools sort'");
        v->reference_contig = v->file->reference ? contigs_find(reference_contigs(v->file->reference), name) : -1;
    } else if (r->pos >= 0 && r->pos < v->last_pos) {
        fault_add(r->faults, r->line, r->columns[VCF_POS].data - r->text.data + 1, "vcf-unsorted",
                  "POS: %lld stands behind %lld: expected them in order", (long long)r->pos, (long long)v->last_pos);
        fault_hint(r->faults, "sort the file: 'bcftools sort'");
    }
    if (n != v->contig)
        v->near_len = 0;
    v->contig = n;
    v->last_pos = r->pos;
}

static uint64_t variant_hash(Str ref, Str alt, int64_t *pos)
{
    char x[ALLELE_COMPARED_MAX / 64];
    while (ref.len > 1 && alt.len > 1 && (ref.data[ref.len - 1] & 0xdf) == (alt.data[alt.len - 1] & 0xdf))
        ref.len--, alt.len--;
    while (ref.len > 1 && alt.len > 1 && (ref.data[0] & 0xdf) == (alt.data[0] & 0xdf))
        ref = str_from(ref, 1), alt = str_from(alt, 1), ++*pos;
    uint64_t hash = (uint64_t)*pos;
    for (int i = 0; i < 2; i++) {
        Str s = i ? alt : ref;
        for (size_t at = 0; at < s.len; at += sizeof x) {
            size_t len = MIN(s.len - at, sizeof x);
            for (size_t k = 0; k < len; k++)
                x[k] = s.data[at + k] & (char)0xdf;
            hash = bytes_hash((Str){ x, len }, hash);
        }
        hash = hash * 31 + s.len;
    }
    return hash;
}

static void check_twice(struct vcf *v, struct vcf_record *r)
{
    size_t kept = 0, before;
    for (size_t i = 0; i < v->near_len; i++)
        if (v->nears[i].pos >= r->pos)
            v->nears[kept++] = v->nears[i];
    v->near_len = before = kept;
    if (!are_bases(r->columns[VCF_REF]) || str_is(r->columns[VCF_ALT], "."))
        return;
    for (Str rest = r->columns[VCF_ALT]; rest.len;) {
        Str alt = str_cut(&rest, ',');
        int64_t pos = r->pos;
        if (!are_bases(alt) || v->near_len >= NEAR_MAX)
            continue;
        uint64_t hash = variant_hash(r->columns[VCF_REF], alt, &pos);
        for (size_t i = 0; i < v->near_len; i++)
            if (v->nears[i].hash == hash && v->nears[i].pos == pos) {
                fault_convention(r->faults, r->line, 0, "vcf-twice",
                                 "the same variant stands in line %lld (after taking away what its alleles share)", (long long)v->nears[i].line);
                break;
            }
        if (v->near_len == v->near_cap) {
            v->near_cap = MAX(2 * v->near_cap, (size_t)64);
            v->nears = xrealloc(v->nears, v->near_cap * sizeof *v->nears);
        }
        v->nears[v->near_len++] = (struct near){ pos, r->line, hash };
    }
}

static void check_reference(struct vcf *v, struct vcf_record *r)
{
    Str ref = r->columns[VCF_REF];
    char bases[4096];
    if (v->reference_contig < 0 || r->pos < 1 || !are_bases(ref))
        return;
    int64_t length = reference_contigs(v->file->reference)->at[v->reference_contig].length;
    if (r->pos + (int64_t)ref.len - 1 > length) {
        fault_add(r->faults, r->line, r->columns[VCF_POS].data - r->text.data + 1, "reference-end",
                  "POS: the record ends at %lld, the reference's sequence at %lld", (long long)(r->pos + (int64_t)ref.len - 1), (long long)length);
        return;
    }
    for (size_t at = 0; at < ref.len; at += sizeof bases) {
        size_t len = MIN(ref.len - at, sizeof bases);
        if (!reference_bases(v->file->reference, (size_t)v->reference_contig, r->pos - 1 + (int64_t)at, len, bases))
            return;
        for (size_t i = 0; i < len; i++)
            if (bases[i] != (ref.data[at + i] & 0xdf) && bases[i] != 'N' && strchr("ACGT", bases[i])) {
                fault_add(r->faults, r->line, ref.data - r->text.data + 1, "reference-base",
                          "REF: base %zu is not that of the reference", at + i + 1);
                fault_hint(r->faults, "the file was made with another reference, or counts positions from 0");
                return;
            }
    }
}

// What the record says of its own place: behind the sequence that the header tells of, or an END before its beginning. A telomere
// stands at the length and one.
static void check_extent(struct vcf *v, struct vcf_record *r)
{
    ptrdiff_t n = v->header.contigs.len ? contigs_find(&v->header.contigs, r->columns[VCF_CHROM]) : -1;
    int64_t length = n < 0 ? -1 : v->header.contigs.at[n].length, end;
    if (length > 0 && r->pos > length + 1)
        fault_convention(r->faults, r->line, r->columns[VCF_POS].data - r->text.data + 1, "vcf-pos",
                         "POS: %lld lies behind the end of the sequence, which is %lld long by its ##contig line", (long long)r->pos,
                         (long long)length);
    for (Str rest = r->columns[VCF_INFO]; rest.len;) {
        Str value = str_cut(&rest, ';');
        if (str_eq(str_cut(&value, '='), STR("END")) && column_count(value, &end) && end < r->pos)
            fault_convention(r->faults, r->line, value.data - r->text.data + 1, "vcf-info", "INFO: END (%lld) lies before POS (%lld)",
                             (long long)end, (long long)r->pos);
    }
}

// --- lines

static void take_record(struct vcf *v, Str text, int64_t line)
{
    struct vcf_record r = { .header = &v->header, .faults = &v->file->faults, .line = line, .text = text };
    size_t want = v->header.columns;
    if (!v->header.has_columns) {
        if (!v->is_broken)
            fault_add(r.faults, line, 0, "vcf-columns", "expected the line of titles, #CHROM and so on, before the first record");
        v->is_broken = true;
        return;
    }
    if (want < 8)
        return;
    if (v->columns == NULL)
        v->columns = NEW_ARRAY(v->file->arena, Str, want);
    size_t count = columns_split(text, '\t', v->columns, want);
    if (count != want) {
        fault_add(r.faults, line, 0, "vcf-columns", "found %zu columns: expected %zu, as there are titles, with tabs between", count, want);
        return;
    }
    r.columns = v->columns;
    v->records++;
    check_columns(v, &r);
    check_order(v, &r);
    if (r.pos >= 0 && !str_starts(r.columns[VCF_CHROM], STR("<"))) {
        check_twice(v, &r);
        check_reference(v, &r);
        check_extent(v, &r);
    }
    vcf_check_info(&r);
    if (want > VCF_SAMPLES)
        vcf_check_samples(&r);
}

void vcf_line(struct vcf *v, Str text, int64_t line)
{
    if (v->header.lines == 0 && str_starts(text, STR("\xef\xbb\xbf")))
        text = str_from(text, 3);
    if (str_starts(text, STR("##")) && !v->header.has_columns)
        vcf_header_line(&v->header, text, line);
    else if (str_starts(text, STR("#CHROM")) && !v->header.has_columns)
        vcf_columns_line(&v->header, text, line);
    else if (text.len == 0)
        fault_add(&v->file->faults, line, 0, "vcf-blank", "the line is empty");
    else if (text.data[0] == '#')
        fault_add(&v->file->faults, line, 0, "vcf-columns", v->header.has_columns ? "a header line stands among the records"
                                                                                    : "expected ##KEY=VALUE or the line of titles, #CHROM and so on");
    else
        take_record(v, text, line);
}

void vcf_end(struct vcf *v)
{
    struct check_file *f = v->file;
    if (!v->header.has_columns && !v->is_broken && !f->window.broken)
        fault_add(&f->faults, 0, 0, "vcf-columns",
                  v->header.lines ? "there is no line of titles, #CHROM and so on" : "the file is empty: expected a header");
    check_fact(f, "variants", v->records);
    check_fact(f, "samples", (int64_t)v->header.samples);
    check_fact(f, "sequences", (int64_t)v->seen.len);
    if (v->header.has_format)
        check_fact_text(f, "version", str_printf(f->arena, "VCFv4.%d", v->header.minor));
    f->what = str_printf(f->arena, "%lld records, %zu samples", (long long)v->records, v->header.samples);
    free(v->nears);
}

void check_vcf(struct check_file *f)
{
    struct vcf *v = vcf_new(f);
    Str line;
    while (window_next_line(&f->window, &line))
        vcf_line(v, line, f->window.line);
    vcf_end(v);
    if (f->window.last_line_open && !f->window.broken && v->header.minor >= 4) {
        fault_warn(&f->faults, f->window.line, 0, "vcf-last-line", "the last line has no line end: the file may be cut short");
    } else if (f->window.last_line_open && !f->window.broken) {
        fault_add(&f->faults, f->window.line, 0, "vcf-last-line", "the last line has no line end: the file may be cut short");
        fault_hint(&f->faults, "if it is whole, add one: echo >>FILE");
    }
    if (v->header.minor >= 3)
        check_warn_dos(f);
    else
        check_refuse_dos(f);
}
