// SPDX-License-Identifier: Apache-2.0
// Statistics of SAM, BAM and CRAM: what 'samtools flagstat' counts, and the sizes of inserts.
#include <math.h>

#include "base/arena.h"
#include "bio/bam.h"
#include "bio/columns.h"
#include "bio/hts.h"
#include "bio/stats.h"
#include "bio/window.h"

enum { PAIRED = 1, PROPER = 2, UNMAPPED = 4, MATE_UNMAPPED = 8, READ1 = 64, READ2 = 128, SECONDARY = 256, FAILED = 512, DUPLICATE = 1024,
       SUPPLEMENTARY = 2048 };
enum { INSERT_MAX = 100000, MAPQ_SURE = 5 };

struct one {                            // what is counted of a record
    uint16_t flag;
    uint8_t quality;
    bool same_reference;                // as its mate
    int64_t length, reference_bases, bases;
};
struct counts {
    int64_t all, failed, primary, secondary, supplementary, duplicates, mapped, primary_mapped, paired, read1, read2, proper, both_mapped, singletons,
        elsewhere, elsewhere_sure, bases, reference_bases, quality_sum;
    uint32_t *inserts;                  // by size, of properly paired first mates
    int64_t insert_count;
};

static void count(struct counts *c, const struct one *x)
{
    unsigned flag = x->flag;
    bool is_mapped = !(flag & UNMAPPED), is_primary = !(flag & (SECONDARY | SUPPLEMENTARY));
    c->all++;
    c->failed += (flag & FAILED) != 0;
    c->secondary += (flag & SECONDARY) != 0;
    c->supplementary += !(flag & SECONDARY) && flag & SUPPLEMENTARY;
    c->primary += is_primary;
    c->duplicates += (flag & DUPLICATE) != 0;
    c->mapped += is_mapped;
    c->primary_mapped += is_mapped && is_primary;
    if (is_mapped && is_primary) {
        c->quality_sum += x->quality;
        c->reference_bases += flag & DUPLICATE ? 0 : x->reference_bases;
    }
    c->bases += is_primary ? x->bases : 0;
    if (!(flag & PAIRED) || !is_primary)
        return;
    c->paired++;
    c->read1 += (flag & READ1) != 0;
    c->read2 += (flag & READ2) != 0;
    c->proper += flag & PROPER && is_mapped;
    c->singletons += is_mapped && flag & MATE_UNMAPPED;
    if (!is_mapped || flag & MATE_UNMAPPED)
        return;
    c->both_mapped++;
    c->elsewhere += !x->same_reference;
    c->elsewhere_sure += !x->same_reference && x->quality >= MAPQ_SURE;
    if (x->length <= 0 || x->length >= INSERT_MAX || !(flag & PROPER))
        return;
    if (c->inserts == NULL)
        c->inserts = xcalloc(INSERT_MAX, sizeof *c->inserts);
    c->inserts[x->length]++;
    c->insert_count++;
}

static int64_t insert_at(const struct counts *c, double part)
{
    int64_t seen = 0, want = (int64_t)((double)c->insert_count * part);
    for (int64_t i = 0; i < INSERT_MAX; i++)
        if ((seen += c->inserts[i]) > want)
            return i;
    return 0;
}

// The mean and deviation leave out what lies far out: beyond three times the distance between the quartiles, as aligners do.
static void insert_facts(const struct counts *c, struct value_builder *b)
{
    if (c->insert_count == 0)
        return;
    int64_t low = insert_at(c, 0.25), high = insert_at(c, 0.75), range = 3 * MAX(high - low, (int64_t)10), n = 0;
    double sum = 0, squares = 0;
    for (int64_t i = MAX(low - range, (int64_t)0); i < MIN(high + range, (int64_t)INSERT_MAX); i++)
        n += c->inserts[i], sum += (double)i * c->inserts[i];
    double mean = sum / (double)MAX(n, (int64_t)1);
    for (int64_t i = MAX(low - range, (int64_t)0); i < MIN(high + range, (int64_t)INSERT_MAX); i++)
        squares += ((double)i - mean) * ((double)i - mean) * c->inserts[i];
    value_map_set(b, STR("insert_median"), value_int(insert_at(c, 0.5)));
    value_map_set(b, STR("insert_mean"), value_float(round(mean * 10) / 10));
    value_map_set(b, STR("insert_deviation"), value_float(round(sqrt(squares / (double)MAX(n, (int64_t)1)) * 10) / 10));
}

static void facts(struct counts *c, int64_t reference_length, struct value_builder *b)
{
    const struct { const char *name; int64_t number; } numbers[] = {
        { "records", c->all }, { "primary", c->primary }, { "secondary", c->secondary }, { "supplementary", c->supplementary },
        { "duplicates", c->duplicates }, { "failed", c->failed }, { "mapped", c->mapped }, { "primary_mapped", c->primary_mapped },
        { "paired", c->paired }, { "read1", c->read1 }, { "read2", c->read2 }, { "properly_paired", c->proper }, { "both_mapped", c->both_mapped },
        { "singletons", c->singletons }, { "mate_on_another_sequence", c->elsewhere }, { "mate_on_another_sequence_mapq5", c->elsewhere_sure },
    };
    for (size_t i = 0; i < LEN(numbers); i++)
        value_map_set(b, str_of(numbers[i].name), value_int(numbers[i].number));
    value_map_set(b, STR("mapped_percent"), stats_percent(c->mapped, c->all));
    value_map_set(b, STR("duplicates_percent"), stats_percent(c->duplicates, c->mapped));
    value_map_set(b, STR("properly_paired_percent"), stats_percent(c->proper, c->paired));
    value_map_set(b, STR("bases"), value_int(c->bases));
    value_map_set(b, STR("mean_mapping_quality"), c->primary_mapped ? value_float(round((double)c->quality_sum * 10 / (double)c->primary_mapped) / 10)
                                                                   : value_null);
    if (reference_length > 0)
        value_map_set(b, STR("mean_coverage"), value_float(round((double)c->reference_bases * 100 / (double)reference_length) / 100));
    insert_facts(c, b);
    free(c->inserts);
}

static int64_t total_length(const struct contigs *c)
{
    int64_t sum = 0;
    for (size_t i = 0; i < c->len; i++)
        sum += MAX(c->at[i].length, (int64_t)0);
    return sum;
}

bool stats_bam(struct arena *a, struct window *w, struct value_builder *b, struct err *err)
{
    struct bam_header header;
    struct bam_record r;
    struct counts c = { 0 };
    enum bam_result result;
    if (!bam_read_header(a, w, &header, err))
        return false;
    while ((result = bam_next(w, &r, err)) == BAM_RECORD) {
        int64_t read;
        struct one x = { .flag = r.flag, .quality = r.quality, .same_reference = r.ref == r.mate_ref, .length = r.length, .bases = r.base_count };
        bam_spans(&r, &read, &x.reference_bases);
        count(&c, &x);
    }
    facts(&c, total_length(&header.contigs), b);
    return result == BAM_END || err_wrap(err, "record %lld", (long long)c.all + 1);
}

static int64_t text_span(Str cigar)
{
    int64_t sum = 0, n = 0;
    for (size_t i = 0; i < cigar.len; i++) {
        char ch = cigar.data[i];
        if (ch >= '0' && ch <= '9' && n < 1 << 28) {
            n = n * 10 + (ch - '0');
            continue;
        }
        sum += strchr("MDN=X", ch) && ch ? n : 0;
        n = 0;
    }
    return sum;
}

static void add_header_length(Str line, int64_t *sum)
{
    while (line.len) {
        int64_t n;
        Str field = str_cut(&line, '\t');
        if (str_starts(field, STR("LN:")) && column_count(str_from(field, 3), &n))
            *sum += n;
    }
}

bool stats_sam(struct arena *a UNUSED, struct window *w, struct value_builder *b, struct err *err)
{
    struct counts c = { 0 };
    Str line, columns[11];
    int64_t length = 0;
    bool ok = true;
    while (ok && window_next_line(w, &line)) {
        int64_t flag, quality, size;
        if (line.len == 0 || line.data[0] == '@') {
            if (str_starts(line, STR("@SQ\t")))
                add_header_length(line, &length);
            continue;
        }
        ok = columns_split(line, '\t', columns, LEN(columns)) >= LEN(columns) && column_count(columns[1], &flag) && flag < 65536 &&
             column_count(columns[4], &quality) && quality < 256 && column_integer(columns[8], &size);
        if (!ok)
            break;
        struct one x = { .flag = (uint16_t)flag, .quality = (uint8_t)quality, .length = size, .reference_bases = text_span(columns[5]),
                         .same_reference = str_is(columns[6], "=") || str_eq(columns[6], columns[2]),
                         .bases = str_is(columns[9], "*") ? 0 : (int64_t)columns[9].len };
        count(&c, &x);
    }
    facts(&c, length, b);
    return ok || err_set(err, ERR_INVALID, "line %lld is no alignment: 'petri check' says why", (long long)w->line);
}

static bool read_cram(struct arena *a, const struct hts *hts, hts_file *in, hts_header *head, struct value_builder *b, struct err *err)
{
    struct counts c = { 0 };
    struct hts_record *r = hts->new_record();
    int64_t length = 0;
    int code;
    (void)a;
    for (Str rest = str_of(hts->header_text(head)); rest.len;) {
        Str line = str_cut(&rest, '\n');
        if (str_starts(line, STR("@SQ\t")))
            add_header_length(line, &length);
    }
    while ((code = hts->read_record(in, head, r)) >= 0) {
        struct one x = { .flag = r->flag, .quality = r->quality, .same_reference = r->tid == r->mate_tid, .length = r->length,
                         .bases = r->base_count };
        struct bam_record view = { .cigar = r->data + r->name_len, .cigar_count = r->cigar_count };
        int64_t read;
        bam_spans(&view, &read, &x.reference_bases);
        count(&c, &x);
    }
    hts->free_record(r);
    facts(&c, length, b);
    return code == -1 || err_set(err, ERR_DAMAGED, "what stands behind record %lld can't be read: the file is damaged, or needs its reference "
                                                   "(--reference)", (long long)c.all);
}

bool stats_cram(struct arena *a, Str path, const struct stats_options *o, struct value_builder *b, struct err *err)
{
    const struct hts *hts = hts_open_library(err);
    if (hts == NULL)
        return false;
    hts_file *in = hts->open(str_z(a, path), "r");
    if (in && o->reference.len)
        hts->set_fai(in, str_z(a, o->reference));
    else if (in)
        hts->set_opt(in, HTS_OPTION_FIELDS, HTS_FIELDS_NO_BASES);
    hts_header *head = in ? hts->read_header(in) : NULL;
    bool ok = head ? read_cram(a, hts, in, head, b, err) : err_set(err, ERR_DAMAGED, "the header can't be read");
    if (head)
        hts->free_header(head);
    if (in)
        hts->close(in);
    return ok;
}
