// SPDX-License-Identifier: Apache-2.0
// Statistics of FASTQ and FASTA.
#include "bio/bytes.h"
#include "bio/fastq.h"
#include "bio/lengths.h"
#include "bio/stats.h"

enum {
    SAMPLE_MAX = 1 << 19,               // reads that are looked at for duplicates
    PREFIX = 50,                        // by their first so many bases
};

// Distinct values of a sample that thins itself: a value counts when its hash begins with `depth` zeros, so all reads of one
// sequence are in the sample or none is.
struct duplicates {
    uint64_t *at;                       // open addressing, 0 is empty
    size_t distinct;
    int64_t reads;                      // of those in the sample
    uint32_t *counts;
    int depth;
};

static void put(struct duplicates *d, uint64_t hash, uint32_t count)
{
    size_t places = 2 * (size_t)SAMPLE_MAX, at = hash & (places - 1);
    while (d->at[at] && d->at[at] != hash)
        at = (at + 1) & (places - 1);
    d->distinct += d->at[at] == 0;
    d->at[at] = hash;
    d->counts[at] += count;
}

static bool is_sampled(uint64_t hash, int depth) { return depth == 0 || hash >> (64 - depth) == 0; }

static void thin(struct duplicates *d)
{
    size_t places = 2 * (size_t)SAMPLE_MAX;
    struct duplicates less = { .at = xcalloc(places, sizeof *d->at), .counts = xcalloc(places, sizeof *d->counts), .depth = d->depth + 1 };
    for (size_t i = 0; i < places; i++)
        if (d->at[i] && is_sampled(d->at[i], less.depth)) {
            put(&less, d->at[i], d->counts[i]);
            less.reads += d->counts[i];
        }
    free(d->at);
    free(d->counts);
    *d = less;
}

static void duplicates_add(struct duplicates *d, Str bases)
{
    uint64_t hash = bytes_hash(str_first(bases, PREFIX), 7) | 1;
    if (bases.len < 20 || !is_sampled(hash, d->depth))
        return;
    if (d->at == NULL) {
        d->at = xcalloc(2 * (size_t)SAMPLE_MAX, sizeof *d->at);
        d->counts = xcalloc(2 * (size_t)SAMPLE_MAX, sizeof *d->counts);
    }
    put(d, hash, 1);
    d->reads++;
    if (d->distinct >= SAMPLE_MAX)
        thin(d);
}

struct bases { int64_t gc, at, n; };

static void bases_add(struct bases *b, Str s)
{
    int64_t gc = (int64_t)(bytes_count_base(s, 'G') + bytes_count_base(s, 'C'));
    int64_t n = (int64_t)bytes_count_base(s, 'N');
    b->gc += gc;
    b->n += n;
    b->at += (int64_t)s.len - gc - n;
}

struct qualities {                      // as bytes: the encoding is known at the end
    int64_t from_20[2], from_30[2];     // by phred+33, by phred+64
    uint64_t sum;
    uint8_t least, greatest;
};

static void qualities_add(struct qualities *q, Str s)
{
    uint8_t least, greatest;
    if (s.len == 0)
        return;
    bytes_range(s, &least, &greatest);
    q->least = MIN(q->least, least), q->greatest = MAX(q->greatest, greatest);
    q->sum += bytes_sum(s);
    q->from_20[0] += (int64_t)bytes_count_from(s, 33 + 20), q->from_30[0] += (int64_t)bytes_count_from(s, 33 + 30);
    if (greatest < 64 + 20)
        return;
    q->from_20[1] += (int64_t)bytes_count_from(s, 64 + 20), q->from_30[1] += (int64_t)bytes_count_from(s, 64 + 30);
}

bool stats_fastq(struct window *w, struct value_builder *b, struct err *err)
{
    struct fastq f = { .window = w };
    struct fastq_record r;
    struct lengths lengths = { 0 };
    struct duplicates duplicates = { 0 };
    struct qualities q = { .least = 255 };
    struct bases bases = { 0 };
    while (fastq_next(&f, &r) && f.broken == 0) {
        lengths_add(&lengths, (int64_t)r.bases.len);
        bases_add(&bases, r.bases);
        qualities_add(&q, r.quality);
        duplicates_add(&duplicates, r.bases);
    }
    int64_t total = lengths.sum;
    bool is_64 = q.least >= 59 && q.greatest > 75 && total;
    value_map_set(b, STR("reads"), value_int(lengths.count));
    value_map_set(b, STR("bases"), value_int(total));
    lengths_facts(&lengths, b, false);
    value_map_set(b, STR("gc_percent"), stats_percent(bases.gc, bases.gc + bases.at));
    value_map_set(b, STR("n_percent"), stats_percent(bases.n, total));
    value_map_set(b, STR("mean_quality"), total ? value_float((double)q.sum / (double)total - (is_64 ? 64 : 33)) : value_null);
    value_map_set(b, STR("q20_percent"), stats_percent(q.from_20[is_64], total));
    value_map_set(b, STR("q30_percent"), stats_percent(q.from_30[is_64], total));
    value_map_set(b, STR("duplicates_percent_estimate"), stats_percent(duplicates.reads - (int64_t)duplicates.distinct, duplicates.reads));
    value_map_set(b, STR("quality_encoding"), value_string(b->arena, is_64 ? STR("phred+64") : STR("phred+33")));
    bool ok = f.broken == 0 || err_set(err, ERR_INVALID, "line %lld: the record is broken: 'petri check' says why", (long long)w->line);
    lengths_release(&lengths);
    free(duplicates.at);
    free(duplicates.counts);
    fastq_release(&f);
    return ok;
}

bool stats_fasta(struct window *w, struct value_builder *b, struct err *err)
{
    struct lengths lengths = { 0 };
    struct bases bases = { 0 };
    int64_t length = -1;
    bool at_start = true, is_end, is_nucleotide = true;
    Str piece;
    for (;;) {
        if (at_start && w->at == w->len) {
            window_mark(w);
            if (!window_more(w))
                break;
        }
        if (at_start && w->data[w->at] == '>') {
            if (length >= 0)
                lengths_add(&lengths, length);
            length = 0;
            if (!window_next_line(w, &piece))
                break;
            continue;
        }
        if (!window_piece(w, &piece, &is_end))
            break;
        if (length < 0 && piece.len) {
            lengths_release(&lengths);
            return err_set(err, ERR_INVALID, "line %lld: expected a title, which begins with '>'", (long long)w->line);
        }
        at_start = is_end;
        length += (int64_t)piece.len;
        bases_add(&bases, piece);
        is_nucleotide = is_nucleotide && bytes_find_no_nucleotide(piece) < 0;
    }
    if (length >= 0)
        lengths_add(&lengths, length);
    value_map_set(b, STR("sequences"), value_int(lengths.count));
    value_map_set(b, STR("residues"), value_int(lengths.sum));
    lengths_facts(&lengths, b, true);
    value_map_set(b, STR("alphabet"), value_string(b->arena, is_nucleotide ? STR("nucleotides") : STR("amino acids")));
    if (is_nucleotide) {
        value_map_set(b, STR("gc_percent"), stats_percent(bases.gc, bases.gc + bases.at));
        value_map_set(b, STR("n_percent"), stats_percent(bases.n, lengths.sum));
    }
    lengths_release(&lengths);
    return true;
}
