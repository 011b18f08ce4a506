// SPDX-License-Identifier: Apache-2.0
// BAM, record by record, as bytes.
#include "base/arena.h"
#include "base/map.h"
#include "bio/bam.h"
#include "bio/sam_header.h"

struct bam {
    struct check_file *file;
    struct sam_header header;
    struct bam_header binary;
    struct alignments alignments;
    struct bam_record record;
};

PRINTF(3, 4)
static void bad(struct bam *b, const char *code, const char *fmt, ...)
{
    struct strbuf text = { 0 };
    va_list args;
    va_start(args, fmt);
    strbuf_addv(&text, fmt, args);
    va_end(args);
    fault_add(&b->file->faults, 0, 0, code, "record %lld: " STR_FMT, (long long)b->alignments.records, STR_ARG(strbuf_str(&text)));
    strbuf_release(&text);
}

// The text and the binary list must name the same sequences; the text may have none.
static void compare_headers(struct bam *b)
{
    struct contigs *text = &b->header.contigs, *binary = &b->binary.contigs;
    struct faults *faults = &b->file->faults;
    if (text->len == 0) {
        *text = *binary;
        return;
    }
    bool same = text->len == binary->len;
    for (size_t i = 0; same && i < text->len; i++)
        same = str_eq(text->at[i].name, binary->at[i].name) && (int32_t)text->at[i].length == (int32_t)binary->at[i].length;
    if (!same)
        fault_add(faults, 0, 0, "bam-header", "the @SQ lines of the header are not the sequences of its binary part");
    *text = *binary;                    // records count by it
}

static void take_header(struct bam *b)
{
    int64_t line = 0;
    for (Str rest = b->binary.text; rest.len;) {
        Str text = str_cut(&rest, '\n');
        if (text.len && text.data[text.len - 1] == '\r')
            text.len--;
        sam_header_line(&b->header, text, ++line);
    }
    struct reference *reference = b->file->reference;
    bool has_text = b->header.contigs.len > 0;
    if (!has_text)
        b->file->reference = NULL;      // compared below
    sam_header_end(&b->header);
    b->file->reference = reference;
    if (!has_text && reference)
        reference_compare(reference, &b->binary.contigs, NULL, &b->file->faults);
    compare_headers(b);
}

static void look_at_tag(void *arg, const char *tag, char type, const uint8_t *value)
{
    struct bam *b = arg;
    if (tag[0] == 'R' && tag[1] == 'G' && type == 'Z' && b->header.read_groups.len &&
        !map_has(&b->header.read_groups, str_of((const char *)value)))
        fault_warn(&b->file->faults, 0, 0, "sam-read-group", "record %lld: tag RG names a read group that has no @RG line",
                   (long long)b->alignments.records);
}

static void take_record(struct bam *b)
{
    const struct bam_record *r = &b->record;
    int32_t count = (int32_t)b->binary.contigs.len;
    int64_t read, reference = 0;
    bool has_cigar = r->cigar_count > 0, cigar_ok = bam_spans(r, &read, &reference);
    struct alignment x = { .ref = r->ref, .pos = (int64_t)r->pos + 1, .flag = r->flag, .end = r->pos + MAX(reference, (int64_t)1) };
    if (r->ref < -1 || r->ref >= count)
        x.ref = -2;
    alignments_take(&b->alignments, &x, 0);
    if (x.ref == -2 || r->mate_ref < -1 || r->mate_ref >= count)
        bad(b, "sam-reference", "names sequence %d, the header has %d", x.ref == -2 ? r->ref : r->mate_ref, count);
    if (r->pos < -1 || r->mate_pos < -1)
        bad(b, "sam-field", "its position is negative");
    if (r->flag > 4095)
        bad(b, "sam-field", "FLAG has bits that mean nothing (%u)", r->flag);
    if (!cigar_ok)
        bad(b, "sam-field", "CIGAR has an operation that is none");
    else if (has_cigar && r->base_count > 0 && read != r->base_count)
        bad(b, "sam-cigar-length", "CIGAR takes %lld bases of the read, SEQ has %u", (long long)read, r->base_count);
    for (size_t i = 0; i < r->name.len; i++)
        if (r->name.data[i] < '!' || r->name.data[i] > '~') {
            bad(b, "sam-field", "the name has a character other than '!' to '~'");
            break;
        }
    for (uint32_t i = 0; i < r->base_count; i++)
        if (r->qualities[i] > 93 && r->qualities[i] != 255) {
            bad(b, "sam-field", "quality %u is %u: expected at most 93", i + 1, r->qualities[i]);
            break;
        }
    if (!bam_tags(r->tags, b->header.read_groups.len ? look_at_tag : NULL, b))
        bad(b, "sam-tag", "its tags are not well-formed");
}

void check_bam(struct check_file *f)
{
    struct bam *b = NEW(f->arena, struct bam);
    struct err err;
    *b = (struct bam){ .file = f, .header = { .file = f }, .alignments = { .header = &b->header, .last_ref = -1 } };
    if (!bam_read_header(f->arena, &f->window, &b->binary, &err)) {
        if (!f->window.broken)
            fault_add(&f->faults, 0, 0, "bam-header", "%s", err.text);
        return;
    }
    take_header(b);
    enum bam_result result;
    while ((result = bam_next(&f->window, &b->record, &err)) == BAM_RECORD)
        take_record(b);
    if (result == BAM_BAD && !f->window.broken) {
        b->alignments.records++;
        bad(b, "bam-record", "%s", err.text);
        b->alignments.records--;
    }
    if (!f->window.broken && f->window.input && input_info(f->window.input).packing != INPUT_BGZF)
        fault_add(&f->faults, 0, 0, "bam-packing", "the file is not packed as BGZF: expected blocks with their sizes");
    f->window.line = 0;
    alignments_end(&b->alignments);
}
