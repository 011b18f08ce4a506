// SPDX-License-Identifier: Apache-2.0
// Statistics of FASTQ and FASTA.
#include "bio/bytes.h"
#include "bio/fastq.h"
#include "bio/lengths.h"
#include "bio/stats.h"

enum {
    SAMPLE_MAX = 1 << 15,               // different reads that are looked at for duplicates: their table stays in the cache
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

// Levels of Q20 and Q30, first by phred+33. A file whose qualities turn out to be by phred+64 has them counted beside.
struct qualities { struct quality_counts by_33, by_64; };

static void qualities_add(struct qualities *q, Str s)
{
    bytes_count_qualities(s, &q->by_33);
    if (q->by_33.least >= 59)                           // else it is settled: those below are phred+33's alone
        bytes_count_qualities(s, &q->by_64);
}

bool stats_fastq(struct window *w, struct value_builder *b, struct err *err)
{
    struct fastq f = { .window = w };
    struct fastq_record r;
    struct lengths lengths = { 0 };
    struct duplicates duplicates = { 0 };
    struct qualities q = { .by_33 = { .least = 255, .levels = { 33 + 20, 33 + 30 } }, .by_64 = { .least = 255, .levels = { 64 + 20, 64 + 30 } } };
    struct base_counts bases = { 0 };
    while (fastq_next(&f, &r) && f.broken == 0) {
        lengths_add(&lengths, (int64_t)r.bases.len);
        bytes_count_bases(r.bases, &bases);
        qualities_add(&q, r.quality);
        duplicates_add(&duplicates, r.bases);
    }
    int64_t total = lengths.sum;
    bytes_end_bases(&bases);
    bytes_end_qualities(&q.by_33);
    bytes_end_qualities(&q.by_64);
    bool is_64 = q.by_33.least >= 59 && q.by_33.greatest > 75 && total;
    const struct quality_counts *counts = is_64 ? &q.by_64 : &q.by_33;
    value_map_set(b, STR("reads"), value_int(lengths.count));
    value_map_set(b, STR("bases"), value_int(total));
    lengths_facts(&lengths, b, false);
    value_map_set(b, STR("gc_percent"), stats_percent(bases.gc, bases.gc + bases.others));
    value_map_set(b, STR("n_percent"), stats_percent(bases.n, total));
    value_map_set(b, STR("mean_quality"), total ? value_float((double)counts->sum / (double)total - (is_64 ? 64 : 33)) : value_null);
    value_map_set(b, STR("q20_percent"), stats_percent(counts->from_level[0], total));
    value_map_set(b, STR("q30_percent"), stats_percent(counts->from_level[1], total));
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
    struct base_counts bases = { 0 };
    int64_t length = -1;
    struct alphabet alphabet = { 0 };
    bool at_start = true, is_end;
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
        bytes_count_bases(piece, &bases);
        alphabet_add(&alphabet, piece, false);
    }
    if (length >= 0)
        lengths_add(&lengths, length);
    bytes_end_bases(&bases);
    value_map_set(b, STR("sequences"), value_int(lengths.count));
    value_map_set(b, STR("residues"), value_int(lengths.sum));
    lengths_facts(&lengths, b, true);
    if (alphabet.seen)
        value_map_set(b, STR("alphabet"), value_string(b->arena, alphabet_is_nucleotides(&alphabet) ? STR("nucleotides") : STR("amino acids")));
    if (alphabet_is_nucleotides(&alphabet)) {
        value_map_set(b, STR("gc_percent"), stats_percent(bases.gc, bases.gc + bases.others));
        value_map_set(b, STR("n_percent"), stats_percent(bases.n, lengths.sum));
    }
    lengths_release(&lengths);
    return true;
}
