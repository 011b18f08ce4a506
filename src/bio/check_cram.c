// SPDX-License-Identifier: Apache-2.0
// CRAM and BCF through htslib, which compares their checksums; then as SAM's records and VCF's lines.
#include "bio/check_vcf.h"
#include "bio/cram.h"
#include "bio/hts.h"
#include "bio/sam_header.h"

#include "base/arena.h"

struct cram {
    struct check_file *file;
    const struct hts *hts;
    hts_file *in;
    hts_header *head;
    struct sam_header header;
    struct alignments alignments;
};

static bool look_at_layout(struct check_file *f, struct cram_layout *layout)
{
    struct err err;
    bool ok = cram_walk(&f->window, layout, &err);
    if (!ok && !f->window.broken)
        fault_add(&f->faults, 0, 0, "cram-damaged", "%s", err.text);
    bool wants_end = layout->major > 2 || layout->minor > 0;            // 2.1 brought it
    if (ok && wants_end && !layout->has_end)
        fault_add(&f->faults, 0, 0, "cram-end", "the container that ends a CRAM is missing: the file is truncated");
    if (!ok || (wants_end && !layout->has_end))
        fault_hint(&f->faults, "copy the file again from where it came, and compare checksums");
    check_fact(f, "containers", layout->containers);
    check_fact_text(f, "version", str_printf(f->arena, "%d.%d", layout->major, layout->minor));
    return ok;
}

static bool begin(struct cram *c)
{
    struct check_file *f = c->file;
    int64_t line = 0;
    c->in = c->hts->open(str_z(f->arena, f->path), "r");
    if (c->in && f->reference)
        c->hts->set_fai(c->in, str_z(f->arena, reference_path(f->reference)));
    else if (c->in)
        c->hts->set_opt(c->in, HTS_OPTION_FIELDS, HTS_FIELDS_NO_BASES); // bases can't be had without a reference
    if (c->in)
        c->hts->set_opt(c->in, HTS_OPTION_NO_MD, 0);
    c->head = c->in ? c->hts->read_header(c->in) : NULL;
    if (c->head == NULL) {
        fault_add(&f->faults, 0, 0, "cram-header", "the header can't be read: the file is damaged, or no CRAM");
        return false;
    }
    const char *text = c->hts->header_text(c->head);
    for (Str rest = str_of(text); rest.len;)
        sam_header_line(&c->header, str_cut(&rest, '\n'), ++line);
    sam_header_end(&c->header);
    return true;
}

static void read_records(struct cram *c)
{
    struct check_file *f = c->file;
    struct hts_record *r = c->hts->new_record();
    int code;
    while ((code = c->hts->read_record(c->in, c->head, r)) >= 0) {
        struct alignment x = { .ref = r->tid, .pos = r->pos + 1, .flag = r->flag, .end = r->pos + 1 };
        alignments_take(&c->alignments, &x, 0);
        if (r->flag > 4095)
            fault_add(&f->faults, 0, 0, "sam-field", "record %lld: FLAG has bits that mean nothing (%u)", (long long)c->alignments.records, r->flag);
    }
    if (code < -1 && f->reference) {
        fault_add(&f->faults, 0, 0, "cram-record", "what stands behind record %lld can't be read: the file was made with another reference, or by a "
                  "program that writes it wrongly", (long long)c->alignments.records);
    } else if (code < -1) {
        fault_warn(&f->faults, 0, 0, "cram-reference", "what stands behind record %lld needs the reference: containers, blocks and checksums are "
                   "right, records were not looked at", (long long)c->alignments.records);
        fault_hint(&f->faults, "give the reference it was made with: --reference");
    }
    c->hts->free_record(r);
}

void check_cram(struct check_file *f)
{
    struct cram *c = NEW(f->arena, struct cram);
    struct cram_layout layout;
    struct err err;
    *c = (struct cram){ .file = f, .header = { .file = f }, .alignments = { .header = &c->header, .last_ref = -1 } };
    if (!look_at_layout(f, &layout))
        return;
    if ((c->hts = hts_open_library(&err)) == NULL) {
        fault_add(&f->faults, 0, 0, "unsupported", "%s", err.text);
        return;
    }
    if (begin(c))
        read_records(c);
    bool all_read = c->alignments.records == layout.records;
    c->alignments.records = layout.records;
    alignments_end(&c->alignments);
    if (!all_read && f->reference && f->faults.errors == 0)
        fault_add(&f->faults, 0, 0, "cram-record", "there are not as many records as the containers say");
    if (c->head)
        c->hts->free_header(c->head);
    if (c->in)
        c->hts->close(c->in);
}

// --- BCF

static void read_variants(struct check_file *f, const struct hts *hts, hts_file *in, hts_vcf_header *head)
{
    struct hts_string text = { 0 };
    struct vcf *v = vcf_new(f);
    hts_vcf_record *r = hts->new_vcf_record();
    int code;
    hts->format_vcf_header(head, 1, &text);
    for (Str rest = { text.text, text.len }; rest.len;) {
        Str line = str_cut(&rest, '\n');
        if (line.len && line.data[0])
            vcf_line(v, line, 0);
    }
    while ((code = hts->read_vcf_record(in, head, r)) == 0) {
        text.len = 0;
        if (hts->format_vcf_record(head, r, &text) != 0)
            break;
        vcf_line(v, str_trim((Str){ text.text, text.len }), 0);
    }
    if (code != -1)
        fault_add(&f->faults, 0, 0, "bcf-record", "a record can't be read: the file is damaged");
    vcf_end(v);
    hts->free_vcf_record(r);
    free(text.text);
}

void check_bcf(struct check_file *f)
{
    struct err err;
    Str piece;
    const struct hts *hts = hts_open_library(&err);
    if (hts == NULL) {
        fault_add(&f->faults, 0, 0, "unsupported", "%s", err.text);
        return;
    }
    hts_file *in = hts->open(str_z(f->arena, f->path), "r");
    hts_vcf_header *head = in ? hts->read_vcf_header(in) : NULL;
    if (head)
        read_variants(f, hts, in, head);
    else
        fault_add(&f->faults, 0, 0, "bcf-header", "the header can't be read: the file is damaged, or no BCF");
    if (head)
        hts->free_vcf_header(head);
    if (in)
        hts->close(in);
    while (window_bytes(&f->window, 65536, &piece))     // to its end: for checksums and the block that ends it
        ;
}
