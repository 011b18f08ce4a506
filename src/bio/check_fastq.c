// SPDX-License-Identifier: Apache-2.0
// FASTQ: what bases and qualities may be, which encoding they have, and whether two files are mates.
#include "base/arena.h"
#include "bio/bytes.h"
#include "bio/check_kinds.h"
#include "bio/fastq.h"

enum { PHRED33 = '!', PHRED_LAST = '~', SOLEXA_FIRST = ';', PHRED64_FIRST = '@' };

struct reads {                          // of one file
    struct check_file *file;
    struct fastq fastq;
    struct fastq_record record;
    int64_t bases, shortest, longest, empty, lower;
    uint8_t least, greatest;            // of the qualities
    int64_t wrong_mate;                 // titles that say the other mate's number
};

static struct reads reads_begin(struct check_file *f)
{
    return (struct reads){ .file = f, .fastq = { .window = &f->window, .faults = &f->faults }, .shortest = INT64_MAX, .least = 255 };
}

static void look_at_bases(struct reads *r)
{
    Str bases = r->record.bases;
    ptrdiff_t bad = bytes_find_no_nucleotide(bases);
    if (bad < 0)
        return;
    unsigned char c = (unsigned char)bases.data[bad];
    fault_add(&r->file->faults, r->record.line + !r->record.is_wrapped, r->record.is_wrapped ? 0 : bad + 1, "fastq-base",
              "base %td of the read is byte %d%s: expected a nucleotide code (A, C, G, T, N, …)", bad + 1, c,
              c == ' ' ? ", a space" : c == '\t' ? ", a tab" : c == 0 ? ", a NUL" : "");
}

static void look_at_qualities(struct reads *r)
{
    uint8_t least, greatest;
    Str quality = r->record.quality;
    if (quality.len == 0)
        return;
    bytes_range(quality, &least, &greatest);
    if (least < PHRED33 || greatest > PHRED_LAST) {
        size_t at = 0;
        while ((uint8_t)quality.data[at] >= PHRED33 && (uint8_t)quality.data[at] <= PHRED_LAST)
            at++;
        unsigned char c = (unsigned char)quality.data[at];
        fault_add(&r->file->faults, r->record.line + (r->record.is_wrapped ? 0 : 3), r->record.is_wrapped ? 0 : (int64_t)at + 1,
                  "fastq-quality", "quality %zu of the read is byte %d: expected one from '!' (33) to '~' (126)", at + 1, c);
        return;
    }
    r->least = MIN(r->least, least);
    r->greatest = MAX(r->greatest, greatest);
}

static void look_at_record(struct reads *r, int mate)
{
    const struct fastq_record *x = &r->record;
    Str name = fastq_name(x->title);
    struct faults *faults = &r->file->faults;
    if (name.len == 0)
        fault_add(faults, x->line, 1, "fastq-name", "the record has no name behind '@'");
    if (x->plus.len && !str_eq(x->plus, x->title))
        fault_add(faults, x->line + (x->is_wrapped ? 0 : 2), 1, "fastq-plus-name", "what stands behind '+' is not the record's title");
    look_at_bases(r);
    look_at_qualities(r);
    int said = mate ? fastq_mate(x->title) : 0;
    r->wrong_mate += said != 0 && said != mate;
    int64_t len = (int64_t)x->bases.len;
    r->bases += len;
    r->shortest = MIN(r->shortest, len);
    r->longest = MAX(r->longest, len);
    r->empty += len == 0;
}

static const char *encoding(const struct reads *r)
{
    if (r->least > r->greatest)
        return "unknown";
    if (r->least < SOLEXA_FIRST)
        return "phred+33";
    if (r->greatest <= 'K')             // up to Q42 as Sanger's, or only poor ones of the others
        return "phred+33";
    return r->least < PHRED64_FIRST ? "solexa+64" : "phred+64";
}

static void end_reads(struct reads *r)
{
    struct check_file *f = r->file;
    if (r->fastq.records == 0 && f->faults.errors == 0 && !f->window.broken) {
        fault_add(&f->faults, 0, 0, "fastq-empty", "the file holds no reads");
        fault_hint(&f->faults, "was it written to the end? Take its sample out of the sheet if it really has no reads");
    }
    if (r->fastq.gave_up)
        fault_add(&f->faults, f->window.line, 0, "fastq-format", "so many records are broken that the rest was not read");
    if (str_is(str_of(encoding(r)), "phred+64") || str_is(str_of(encoding(r)), "solexa+64")) {
        fault_warn(&f->faults, 0, 0, "fastq-encoding", "qualities look like %s (from %d to %d): programs of today take them for phred+33",
                   encoding(r), r->least, r->greatest);
        fault_hint(&f->faults, "convert them, for example by 'seqtk seq -VQ64', or tell your programs");
    }
    check_warn_dos(f);
    check_fact(f, "reads", r->fastq.records);
    check_fact(f, "bases", r->bases);
    if (r->fastq.records) {
        check_fact(f, "shortest", r->shortest);
        check_fact(f, "longest", r->longest);
        check_fact_text(f, "quality_encoding", str_of(encoding(r)));
    }
    if (r->fastq.wrapped)
        check_fact(f, "wrapped_reads", r->fastq.wrapped);
    if (r->empty)
        check_fact(f, "empty_reads", r->empty);
    f->what = str_printf(f->arena, "%lld reads, %lld bases", (long long)r->fastq.records, (long long)r->bases);
    fastq_release(&r->fastq);
}

static void mates_swapped(const struct reads *one, const struct reads *two)
{
    if (one->wrong_mate == 0 || two->wrong_mate == 0)
        return;
    fault_add(&one->file->faults, 0, 0, "pair-swapped", "%lld titles say that they are second mates: the two files are swapped",
              (long long)one->wrong_mate);
    fault_hint(&one->file->faults, "give the other file first");
}

static void mates_mismatched(struct reads *one, struct reads *two, int64_t number)
{
    if (fastq_titles_match(one->record.title, two->record.title))
        return;
    bool is_swapped = fastq_titles_match(two->record.title, one->record.title);
    fault_add(&two->file->faults, two->record.line, 0, is_swapped ? "pair-swapped" : "pair-name",
              is_swapped ? "read %lld and line %lld of the other file are mates, the second one first: the files are swapped"
                         : "read %lld is not the mate of the one at line %lld of the other file: the names differ",
              (long long)number, (long long)one->record.line);
    fault_hint(&two->file->faults, is_swapped ? "give the other file first" : "reads must stand in the same order in both files");
}

static void mates_unequal(struct reads *one, struct reads *two, bool has_one, bool has_two)
{
    struct reads *longer = has_one ? one : two, *shorter = has_one ? two : one;
    int64_t common = shorter->fastq.records;
    if (has_one == has_two)
        return;
    while (fastq_next(&longer->fastq, &longer->record))
        look_at_record(longer, 0);
    fault_add(&shorter->file->faults, 0, 0, "pair-count", "the file has %lld reads, its mate %lld: expected as many",
              (long long)common, (long long)longer->fastq.records);
    fault_hint(&shorter->file->faults, "one of the two is cut short, or they do not belong together");
}

static void check_pair(struct check_file *first, struct check_file *second)
{
    struct reads one = reads_begin(first), two = reads_begin(second);
    bool has_one, has_two;
    int64_t same = 0;
    for (;;) {
        has_one = fastq_next(&one.fastq, &one.record);
        has_two = fastq_next(&two.fastq, &two.record);
        if (has_one)
            look_at_record(&one, 1);
        if (has_two)
            look_at_record(&two, 2);
        if (!has_one || !has_two)
            break;
        if (first->faults.errors == 0 || two.fastq.broken + one.fastq.broken == 0)
            mates_mismatched(&one, &two, one.fastq.records);
        same += str_eq(one.record.title, two.record.title) && str_eq(one.record.bases, two.record.bases) &&
                str_eq(one.record.quality, two.record.quality);
    }
    mates_unequal(&one, &two, has_one, has_two);
    mates_swapped(&one, &two);
    if (same > 0 && same == one.fastq.records && same == two.fastq.records)
        fault_add(&second->faults, 0, 0, "pair-same", "every read is that of the other file: one file was given for both mates");
    end_reads(&one);
    end_reads(&two);
}

static void check_interleaved(struct check_file *f)
{
    struct reads r = reads_begin(f);
    struct arena scratch = { 0 };
    Str first = { 0 };
    int64_t line = 0;
    while (fastq_next(&r.fastq, &r.record)) {
        bool is_second = r.fastq.records % 2 == 0;
        look_at_record(&r, is_second ? 2 : 1);
        if (!is_second) {
            arena_release(&scratch);
            first = str_copy(&scratch, r.record.title);
            line = r.record.line;
        } else if (!fastq_titles_match(first, r.record.title)) {
            fault_add(&f->faults, r.record.line, 0, "pair-name", "the read is not the mate of the one at line %lld: the names differ",
                      (long long)line);
        }
    }
    if (r.fastq.records % 2)
        fault_add(&f->faults, line, 0, "pair-count", "the last read has no mate behind it");
    end_reads(&r);
    arena_release(&scratch);
}

void check_fastq(struct check_file *f, struct check_file *mate)
{
    if (mate) {
        check_pair(f, mate);
    } else if (f->options->interleaved) {
        check_interleaved(f);
    } else {
        struct reads r = reads_begin(f);
        while (fastq_next(&r.fastq, &r.record))
            look_at_record(&r, 0);
        end_reads(&r);
    }
}
