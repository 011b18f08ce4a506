// SPDX-License-Identifier: Apache-2.0
// Each format's records pass by once, alignments of a region twice: first for their names, then with their mates.
#include "bio/subset.h"

#include <math.h>

#include "base/arena.h"
#include "bio/bam.h"
#include "bio/bytes.h"
#include "bio/columns.h"
#include "bio/fastq.h"
#include "bio/output.h"
#include "bio/window.h"

enum { FASTA_LINE = 60, NAMES_MAX = 1 << 26 };

struct names {                          // hashes of names: open addressing, 0 is empty
    uint64_t *at;
    size_t places, count;
};
struct subset {
    struct arena *arena;
    const struct subset_options *o;
    struct subset_counts *counts;
    struct window windows[2];
    struct output *outputs[2];
    uint64_t limit;                     // names whose hash lies below it are kept
    struct names names;
};

static bool is_chosen(const struct subset *s, Str name)
{
    return s->o->fraction >= 1 || bytes_hash(name, (uint64_t)s->o->seed * 0x9e3779b97f4a7c15u + 1) < s->limit;
}

static bool is_full(const struct subset *s) { return s->o->count >= 0 && s->counts->written >= s->o->count; }

static void names_add(struct names *n, uint64_t hash)
{
    if (2 * (n->count + 1) > n->places) {
        struct names larger = { .places = MAX(2 * n->places, (size_t)4096) };
        larger.at = xcalloc(larger.places, sizeof *larger.at);
        for (size_t i = 0; i < n->places; i++)
            if (n->at[i])
                names_add(&larger, n->at[i]);
        free(n->at);
        *n = larger;
    }
    size_t at = hash & (n->places - 1);
    while (n->at[at] && n->at[at] != hash)
        at = (at + 1) & (n->places - 1);
    n->count += n->at[at] == 0;
    n->at[at] = hash;
}

static bool names_has(const struct names *n, uint64_t hash)
{
    for (size_t at = hash & (n->places - 1); n->places && n->at[at]; at = (at + 1) & (n->places - 1))
        if (n->at[at] == hash)
            return true;
    return false;
}

// Is every region's sequence one that the file has?
static bool names_are_known(const struct subset *s, const struct contigs *c, struct err *err)
{
    for (size_t i = 0; i < s->o->regions.len; i++) {
        Str name = s->o->regions.at[i].name;
        const struct contig *alias = contigs_alias(c, name);
        if (contigs_find(c, name) < 0 && alias)
            return err_set(err, ERR_NOT_FOUND, "the file has no sequence '" STR_FMT "': it calls it '" STR_FMT "'", STR_ARG(name),
                           STR_ARG(alias->name));
        if (contigs_find(c, name) < 0)
            return err_set(err, ERR_NOT_FOUND, "the file has no sequence '" STR_FMT "'", STR_ARG(name));
    }
    return true;
}

// --- reads

static void put_read(struct output *out, const struct fastq_record *r)
{
    if (!r->is_wrapped && r->text.len && r->text.data[r->text.len - 1] == '\n') {
        output_add(out, r->text);
        return;
    }
    const Str parts[] = { STR("@"), r->title, STR("\n"), r->bases, STR("\n+\n"), r->quality, STR("\n") };
    for (size_t i = 0; i < LEN(parts); i++)
        output_add(out, parts[i]);
}

static bool read_reads(struct subset *s, struct err *err)
{
    struct fastq one = { .window = &s->windows[0] }, two = { .window = &s->windows[1] };
    struct fastq_record first, second;
    bool has_mate = s->o->files[1].len > 0, ok = true;
    while (ok && !is_full(s) && fastq_next(&one, &first) && one.broken == 0) {
        s->counts->read++;
        if (has_mate && (!fastq_next(&two, &second) || two.broken)) {
            ok = err_set(err, ERR_INVALID, "the second file ends before the first, or is broken, at record %lld: 'petri check --pair' says why",
                         (long long)s->counts->read);
        } else if (has_mate && !fastq_titles_match(first.title, second.title)) {
            ok = err_set(err, ERR_INVALID, "record %lld of the two files are no mates: 'petri check --pair' says why", (long long)s->counts->read);
        } else if (is_chosen(s, fastq_template(first.title))) {
            put_read(s->outputs[0], &first);
            if (has_mate)
                put_read(s->outputs[1], &second);
            s->counts->written++;
        }
    }
    if (ok && one.broken)
        ok = err_set(err, ERR_INVALID, "line %lld: the record is broken: 'petri check' says why", (long long)s->windows[0].line);
    if (ok && has_mate && !is_full(s) && !s->windows[0].broken && fastq_next(&two, &second))
        ok = err_set(err, ERR_INVALID, "the second file has more reads than the first: 'petri check --pair' says why");
    fastq_release(&one);
    fastq_release(&two);
    return ok;
}

// --- sequences

struct sequence {                       // of FASTA that is passing by
    Str name;
    int64_t at;                         // bases so far
    int64_t column;                     // of the line being written
    const struct region *region;        // the next that matters; NULL: none
    bool whole, is_open;
};

static void put_bases(struct subset *s, struct sequence *q, Str bases)
{
    struct output *out = s->outputs[0];
    while (bases.len) {
        Str part = str_first(bases, (size_t)(FASTA_LINE - q->column));
        output_add(out, part);
        q->column += (int64_t)part.len;
        bases = str_from(bases, part.len);
        if (q->column == FASTA_LINE) {
            output_add(out, STR("\n"));
            q->column = 0;
        }
    }
}

static void end_title(struct subset *s, struct sequence *q)
{
    if (q->is_open && q->column)
        output_add(s->outputs[0], STR("\n"));
    q->is_open = false;
    q->column = 0;
}

static void put_part(struct subset *s, struct sequence *q, Str piece)
{
    while (q->region && piece.len) {
        int64_t end = q->at + (int64_t)piece.len, from = MAX(q->region->start, q->at), to = MIN(q->region->end, end);
        if (from >= end)
            break;
        if (!q->is_open) {
            char title[64];
            bool is_whole = q->region->start == 0 && q->region->end == INT64_MAX;
            output_add(s->outputs[0], STR(">"));
            output_add(s->outputs[0], q->name);
            int len = is_whole ? 0 : q->region->end == INT64_MAX ? snprintf(title, sizeof title, ":%lld", (long long)q->region->start + 1)
                                   : snprintf(title, sizeof title, ":%lld-%lld", (long long)q->region->start + 1, (long long)q->region->end);
            output_add(s->outputs[0], (Str){ title, (size_t)len });
            output_add(s->outputs[0], STR("\n"));
            q->is_open = true;
            s->counts->written++;
        }
        put_bases(s, q, str_slice(piece, (size_t)(from - q->at), (size_t)(to - q->at)));
        if (to < q->region->end)
            break;
        q->region = regions_next(&s->o->regions, q->name, q->region->end);
        end_title(s, q);
    }
    q->at += (int64_t)piece.len;
}

static bool read_sequences(struct subset *s, struct err *err)
{
    struct window *w = &s->windows[0];
    struct sequence q = { 0 };
    struct arena names = { 0 };
    struct contigs seen = { 0 };
    bool at_start = true, is_end, by_region = s->o->regions.len > 0;
    Str piece;
    for (;;) {
        if (at_start && w->at == w->len) {
            window_mark(w);
            if (!window_more(w))
                break;
        }
        if (at_start && w->data[w->at] == '>') {
            end_title(s, &q);
            if (is_full(s) || !window_next_line(w, &piece))
                break;
            arena_release(&names);
            q = (struct sequence){ .name = str_copy(&names, fastq_name(str_from(piece, 1))) };
            if (by_region && regions_next(&s->o->regions, q.name, 0))
                contigs_add(s->arena, &seen, (struct contig){ .name = q.name });
            q.region = by_region ? regions_next(&s->o->regions, q.name, 0) : NULL;
            q.whole = !by_region && is_chosen(s, q.name);
            s->counts->read++;
            s->counts->written += q.whole;
            if (q.whole) {
                output_add(s->outputs[0], piece);
                output_add(s->outputs[0], STR("\n"));
            }
            continue;
        }
        if (!window_piece(w, &piece, &is_end))
            break;
        if (q.name.data == NULL && piece.len) {
            arena_release(&names);
            return err_set(err, ERR_INVALID, "line %lld: expected a title, which begins with '>'", (long long)w->line);
        }
        at_start = is_end;
        if (q.whole) {
            output_add(s->outputs[0], piece);
            if (is_end)
                output_add(s->outputs[0], STR("\n"));
        } else {
            put_part(s, &q, piece);
        }
    }
    end_title(s, &q);
    arena_release(&names);
    return !by_region || is_full(s) || s->windows[0].broken || names_are_known(s, &seen, err);
}

// --- lines with places

static int64_t info_end(Str info)
{
    int64_t end;
    ptrdiff_t at = str_starts(info, STR("END=")) ? 0 : str_find(info, STR(";END="));
    if (at < 0)
        return 0;
    Str rest = str_from(info, (size_t)at + (at ? 5 : 4));
    return column_count(str_cut(&rest, ';'), &end) ? end : 0;
}

static bool place_of(enum bio_kind kind, Str line, Str *name, int64_t *start, int64_t *end)
{
    Str c[8] = { { 0 } };
    size_t count = columns_split(line, '\t', c, LEN(c));
    *name = c[0];
    if (kind == KIND_BED)
        return count >= 3 && column_count(c[1], start) && column_count(c[2], end);
    if (kind == KIND_VCF) {
        if (count < 8 || !column_count(c[1], start))
            return false;
        *end = MAX(*start - 1 + (int64_t)c[3].len, info_end(c[7]));
    } else if (count < 5 || !column_count(c[3], start) || !column_count(c[4], end)) {
        return false;
    }
    --*start;
    return true;
}

static bool read_lines(struct subset *s, enum bio_kind kind, struct err *err)
{
    struct window *w = &s->windows[0];
    Str line, name;
    while (window_next_line(w, &line)) {
        int64_t start, end;
        Str text = { line.data, line.len };
        bool is_header = line.len == 0 || line.data[0] == '#' || str_starts(line, STR("track")) || str_starts(line, STR("browser"));
        if (!is_header) {
            if (is_full(s))
                break;
            if (!place_of(kind, line, &name, &start, &end))
                return err_set(err, ERR_INVALID, "line %lld is no record: 'petri check' says why", (long long)w->line);
            s->counts->read++;
            bool in_region = s->o->regions.len == 0 || regions_overlap(&s->o->regions, name, start, end);
            if (!in_region || !is_chosen(s, line))
                continue;
            s->counts->written++;
        }
        output_add(s->outputs[0], text);
        output_add(s->outputs[0], STR("\n"));
    }
    return true;
}

// --- alignments

static uint64_t name_hash(Str name) { return bytes_hash(name, 3) | 1; }

static bool bam_place(const struct bam_header *h, const struct bam_record *r, const struct regions *regions)
{
    int64_t read, reference;
    if (r->ref < 0 || (size_t)r->ref >= h->contigs.len || r->pos < 0 || !bam_spans(r, &read, &reference))
        return false;
    return regions_overlap(regions, h->contigs.at[r->ref].name, r->pos, r->pos + MAX(reference, (int64_t)1));
}

// Names of the alignments in the regions.
static bool collect_names(struct subset *s, struct err *err)
{
    struct window w;
    struct bam_header h;
    struct bam_record r;
    enum bam_result result = BAM_END;
    if (!window_open(&w, s->o->files[0], (struct input_options){ .threads = s->o->threads }, err))
        return false;
    bool ok = bam_read_header(s->arena, &w, &h, err);
    while (ok && (result = bam_next(&w, &r, err)) == BAM_RECORD)
        if (s->names.count < NAMES_MAX && bam_place(&h, &r, &s->o->regions))
            names_add(&s->names, name_hash(r.name));
    ok = ok && result == BAM_END;
    if (w.broken)
        *err = w.err;
    ok = ok && !w.broken;
    window_close(&w);
    if (ok && s->names.count >= NAMES_MAX)
        return err_set(err, ERR_LIMIT, "the regions hold over %d names", NAMES_MAX);
    return ok;
}

static bool read_alignments(struct subset *s, struct err *err)
{
    struct bam_header h;
    struct bam_record r;
    enum bam_result result = BAM_END;
    bool by_region = s->o->regions.len > 0;
    struct names first = { 0 };         // with a count: of the names taken
    if (by_region && str_is(s->o->files[0], "-"))
        return err_set(err, ERR_INVALID, "a region of standard input can't be had: its file is read twice, for the mates");
    if (by_region && !collect_names(s, err))
        return false;
    if (!bam_read_header(s->arena, &s->windows[0], &h, err))
        return false;
    if (!names_are_known(s, &h.contigs, err))
        return false;
    output_add(s->outputs[0], h.bytes);
    while ((result = bam_next(&s->windows[0], &r, err)) == BAM_RECORD) {
        s->counts->read++;
        bool in_region = !by_region || names_has(&s->names, name_hash(r.name));
        if (!in_region || !is_chosen(s, r.name))
            continue;
        if (s->o->count >= 0 && (int64_t)first.count >= s->o->count && !names_has(&first, name_hash(r.name)))
            continue;
        if (s->o->count >= 0)
            names_add(&first, name_hash(r.name));
        output_add(s->outputs[0], r.bytes);
        s->counts->written++;
    }
    free(first.at);
    return result == BAM_END || err_wrap(err, "record %lld", (long long)s->counts->read + 1);
}

// --- all

static bool by_kind(struct subset *s, enum bio_kind kind, struct err *err)
{
    bool by_region = s->o->regions.len > 0;
    if (s->o->files[1].len && kind != KIND_FASTQ)
        return err_set(err, ERR_INVALID, "two files are mates: expected FASTQ");
    switch (kind) {
    case KIND_FASTQ:
        return by_region ? err_set(err, ERR_INVALID, "reads have no places: --region is for FASTA, BAM, VCF, BED, GFF3 and GTF") : read_reads(s, err);
    case KIND_FASTA: return read_sequences(s, err);
    case KIND_BAM: return read_alignments(s, err);
    case KIND_VCF: case KIND_BED: case KIND_GFF3: case KIND_GTF: return read_lines(s, kind, err);
    case KIND_SAM: case KIND_CRAM: case KIND_BCF:
        return err_set(err, ERR_UNSUPPORTED, "%s is not read here: convert it to %s first", kind_name(kind), kind == KIND_BCF ? "VCF" : "BAM");
    case KIND_QUAL: case KIND_SHEET: case KIND_UNKNOWN: break;
    }
    return err_set(err, ERR_INVALID, "expected FASTQ, FASTA, BAM, VCF, BED, GFF3 or GTF");
}

static bool open_all(struct subset *s, enum bio_kind *kind, struct err *err)
{
    size_t count = s->o->files[1].len ? 2 : 1;
    for (size_t i = 0; i < count; i++)
        if (!window_open(&s->windows[i], s->o->files[i], (struct input_options){ .threads = s->o->threads }, err))
            return false;
    *kind = s->o->kind != KIND_UNKNOWN ? s->o->kind : kind_of(s->o->files[0], window_peek(&s->windows[0]));
    for (size_t i = 0; i < count; i++)
        if ((s->outputs[i] = output_open(s->o->outputs[i], *kind == KIND_BAM || output_is_packed(s->o->outputs[i]), s->o->overwrite, err)) == NULL)
            return false;
    return true;
}

bool subset_run(struct arena *a, const struct subset_options *o, struct subset_counts *out, struct err *err)
{
    struct subset s = { .arena = a, .o = o, .counts = out };
    enum bio_kind kind;
    *out = (struct subset_counts){ 0 };
    s.limit = o->fraction >= 1 ? UINT64_MAX : (uint64_t)ldexp(o->fraction, 64);
    bool ok = open_all(&s, &kind, err) && by_kind(&s, kind, err);
    for (size_t i = 0; i < 2; i++) {
        if (s.windows[i].broken) {
            *err = s.windows[i].err;
            ok = false;
        }
        window_close(&s.windows[i]);
    }
    if (!ok)
        err_wrap(err, STR_FMT, STR_ARG(o->files[0]));
    for (size_t i = 0; i < 2; i++) {
        if (s.outputs[i] && ok)
            ok = output_finish(s.outputs[i], err);
        else
            output_abandon(s.outputs[i]);
    }
    free(s.names.at);
    return ok;
}
