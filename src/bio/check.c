// SPDX-License-Identifier: Apache-2.0
// Which files are checked, in which order and which of them together; and what holds for every format: packing, truncation,
// line ends, indexes. What a format wants stands in check_*.c.
#include "bio/check.h"

#include <sys/stat.h>

#include "base/clock.h"
#include "base/vec.h"
#include "bio/check_kinds.h"
#include "bio/fastq.h"
#include "sys/file.h"

void check_fact(struct check_file *f, const char *name, int64_t number) { value_map_set(&f->facts, str_of(name), value_int(number)); }
void check_fact_text(struct check_file *f, const char *name, Str text) { value_map_set(&f->facts, str_of(name), value_string(f->arena, text)); }

static const char dos_remedy[] = "convert the file, for example by 'dos2unix' or \"sed -i 's/\\r$//'\"";

void check_refuse_dos(struct check_file *f)
{
    if (f->window.dos_lines == 0)
        return;
    fault_add(&f->faults, 0, 0, "line-ends", "%lld lines end as Windows has it (CR LF): expected LF alone", (long long)f->window.dos_lines);
    fault_hint(&f->faults, "%s", dos_remedy);
}

void check_warn_dos(struct check_file *f)
{
    if (f->window.dos_lines == 0)
        return;
    fault_warn(&f->faults, 0, 0, "line-ends", "%lld lines end as Windows has it (CR LF): some programs take the CR for a part of the line",
               (long long)f->window.dos_lines);
    fault_hint(&f->faults, "%s", dos_remedy);
}

// --- one file

static struct check_file *file_new(struct arena *a, const struct check_options *o, struct reference *reference, Str path)
{
    struct check_file *f = NEW(a, struct check_file);
    struct stat st;
    *f = (struct check_file){ .arena = a, .options = o, .reference = reference, .path = path, .kind = o->kind, .facts = value_map_begin(a),
                              .faults = { .arena = a, .kept_per_code = o->kept_per_code, .is_lenient = o->lenient, .refused = o->refused } };
    if (file_stat(path, &st))
        f->device = (int64_t)st.st_dev, f->inode = (int64_t)st.st_ino;
    return f;
}

static bool file_open(struct check_file *f)
{
    struct err err;
    struct input_options options = { .hash = f->options->hash, .threads = f->options->threads };
    if (!window_open(&f->window, f->path, options, &err)) {
        fault_add(&f->faults, 0, 0, "unreadable", "%s", err.text);
        return false;
    }
    if (f->kind == KIND_UNKNOWN)
        f->kind = kind_of(f->path, window_peek(&f->window));
    return true;
}

static bool wants_bgzf_end(enum bio_kind kind) { return kind != KIND_FASTQ && kind != KIND_FASTA && kind != KIND_QUAL; }

// What the reading itself met with.
static void file_close(struct check_file *f)
{
    struct window *w = &f->window;
    if (w->input == NULL)
        return;
    struct input_info info = f->info = input_info(w->input);
    bool is_truncated = w->broken && strstr(w->err.text, "early") != NULL;
    if (w->broken) {
        const char *code = is_truncated ? "truncated" : w->err.code == ERR_DAMAGED ? "damaged" : "unreadable";
        fault_add(&f->faults, w->line ? w->line + 1 : 0, 0, code, "%s", w->err.text);
        fault_hint(&f->faults, "copy the file again from where it came, and compare checksums");
    }
    if (info.has_trailing_bytes && info.packing == INPUT_BGZF && wants_bgzf_end(f->kind))
        fault_add(&f->faults, 0, 0, "trailing-bytes", "something that is no BGZF stands behind the last block: programs take the file for truncated");
    else if (info.has_trailing_bytes)
        fault_warn(&f->faults, 0, 0, "trailing-bytes", "something that is no gzip stands behind the last gzip member: programs pass it over");
    if (info.packing == INPUT_BGZF && !info.has_bgzf_end && !w->broken) {
        if (wants_bgzf_end(f->kind))
            fault_add(&f->faults, 0, 0, "bgzf-end", "the empty block that ends a BGZF file is missing: the file is truncated");
        else
            fault_warn(&f->faults, 0, 0, "bgzf-end", "the empty block that ends a BGZF file is missing: the file may be truncated");
    }
    check_fact(f, "file_bytes", info.packed_bytes);
    if (info.is_hashed)
        check_fact_text(f, "digest", hash_text(f->arena, info.hash));
    window_close(w);
}

// --- indexes beside a file

static const struct { enum bio_kind kind; const char *suffix; } indexes[] = {
    { KIND_BAM, ".bai" }, { KIND_BAM, ".csi" }, { KIND_CRAM, ".crai" }, { KIND_VCF, ".tbi" }, { KIND_VCF, ".csi" }, { KIND_BCF, ".csi" },
    { KIND_FASTA, ".fai" }, { KIND_GFF3, ".tbi" }, { KIND_BED, ".tbi" }, { KIND_SAM, ".bai" }, { KIND_SAM, ".csi" },
};

// Each begins, unpacked, with its name in capitals and a 1; .crai and .fai are text.
static bool is_index(Str path, const char *suffix)
{
    static const struct { const char *suffix, *begin; } begins[] = { { ".bai", "BAI\1" }, { ".csi", "CSI\1" }, { ".tbi", "TBI\1" } };
    struct window w = { 0 };
    struct err ignored;
    bool ok = true;
    for (size_t i = 0; i < LEN(begins); i++)
        if (strcmp(suffix, begins[i].suffix) == 0 && window_open(&w, path, (struct input_options){ .threads = 1 }, &ignored)) {
            ok = str_starts(window_peek(&w), str_of(begins[i].begin));
            window_close(&w);
        }
    return ok;
}

static void check_index(struct check_file *f, const char *suffix)
{
    struct stat file, index;
    Str path = str_concat(f->arena, f->path, str_of(suffix));
    if (!file_stat(f->path, &file) || !file_stat(path, &index))
        return;
    value_map_set(&f->facts, STR("index"), value_string(f->arena, path));
    if (index.st_mtim.tv_sec < file.st_mtim.tv_sec) {
        fault_add(&f->faults, 0, 0, "index-old", "the index %s is older than the file: it may be that of another one", suffix);
        fault_hint(&f->faults, "make it again: 'petri index " STR_FMT "'", STR_ARG(f->path));
    }
    if (index.st_size == 0) {
        fault_add(&f->faults, 0, 0, "index-empty", "the index %s is empty", suffix);
    } else if (!is_index(path, suffix)) {
        fault_add(&f->faults, 0, 0, "index-kind", "the index %s is of another format than its name says", suffix);
        fault_hint(&f->faults, "make it again: 'petri index " STR_FMT "'", STR_ARG(f->path));
    }
}

static void check_indexes(struct check_file *f)
{
    if (!f->inode)
        return;
    for (size_t i = 0; i < LEN(indexes); i++)
        if (indexes[i].kind == f->kind)
            check_index(f, indexes[i].suffix);
    Str shorter = str_ends(f->path, STR(".bam")) ? str_first(f->path, f->path.len - 4) : (Str){ 0 };
    struct stat file, index;
    if (f->kind == KIND_BAM && shorter.len && file_stat(f->path, &file) && file_stat(str_concat(f->arena, shorter, STR(".bai")), &index) &&
        index.st_mtim.tv_sec < file.st_mtim.tv_sec)
        fault_add(&f->faults, 0, 0, "index-old", "the index .bai is older than the file: it may be that of another one");
}

static void check_kind(struct check_file *f, struct check_file *mate, struct sheet *sheet)
{
    switch (f->kind) {
    case KIND_FASTQ: check_fastq(f, mate); break;
    case KIND_FASTA: check_fasta(f); break;
    case KIND_QUAL: check_qual(f); break;
    case KIND_SAM: check_sam(f); break;
    case KIND_BAM: check_bam(f); break;
    case KIND_CRAM: check_cram(f); break;
    case KIND_VCF: check_vcf(f); break;
    case KIND_BCF: check_bcf(f); break;
    case KIND_GFF3: check_gff3(f); break;
    case KIND_GTF: check_gtf(f); break;
    case KIND_BED: check_bed(f); break;
    case KIND_SHEET: check_sheet(f, sheet); break;
    case KIND_UNKNOWN:
        if (f->window.len == 0 && !f->window.broken)
            fault_add(&f->faults, 0, 0, "empty", "the file is empty");
        else if (!f->window.broken)
            fault_add(&f->faults, 0, 0, "kind", "the format is none that is known, by its name and its first bytes");
        fault_hint(&f->faults, "say which it is: --kind fastq, bed, …");
        break;
    }
}

// Do the names differ in a single '1' and '2' that stands for a mate ("_R1_001.fastq.gz", "_2.fq", ".1.fastq")?
static bool names_are_mates(Str x, Str y)
{
    size_t at = 0;
    if (x.len != y.len)
        return false;
    while (at < x.len && x.data[at] == y.data[at])
        at++;
    if (at == 0 || at == x.len || x.data[at] != '1' || y.data[at] != '2' || !str_eq(str_from(x, at + 1), str_from(y, at + 1)))
        return false;
    bool before = str_has(STR("_.R-r"), x.data[at - 1]), after = at + 1 == x.len || str_has(STR("_.-"), x.data[at + 1]);
    return before && after;
}

// Nothing that a format wants can be said of bytes that are packed: one sentence in place of many.
static bool refuse_packing(struct check_file *f)
{
    const struct bio_packing *packing = kind_packing(window_peek(&f->window));
    if (packing) {
        fault_add(&f->faults, 0, 0, "packing", "the file is %s: expected it plain, or packed as gzip or BGZF", packing->name);
        fault_hint(&f->faults, "%s", packing->remedy);
    }
    return packing != NULL;
}

// One file, or two mates.
static void check_one(struct check_report *r, struct check_file *f, struct check_file *mate, struct sheet *sheet)
{
    bool ok = file_open(f), mate_ok = mate == NULL || file_open(mate);
    vec_push(f->arena, r, f);
    if (mate)
        vec_push(f->arena, r, mate);
    if (ok && mate_ok && mate && (f->kind != KIND_FASTQ || mate->kind != KIND_FASTQ)) {
        fault_add(&mate->faults, 0, 0, "pair-kind", "mates must be two FASTQ files: found %s and %s", kind_name(f->kind), kind_name(mate->kind));
    } else if (ok && mate_ok) {
        if (mate && f->inode && f->inode == mate->inode && f->device == mate->device)
            fault_add(&mate->faults, 0, 0, "pair-same", "one file was given for both mates");
        if (mate && names_are_mates(mate->path, f->path)) {
            fault_add(&f->faults, 0, 0, "pair-swapped", "by its name this is the file of the second mates: it is given first");
            fault_hint(&f->faults, "give the other file first");
        }
        f->mate = mate;
        bool is_packed = refuse_packing(f);
        if (!(mate && refuse_packing(mate)) && !is_packed)
            check_kind(f, mate, sheet);
    }
    file_close(f);
    check_indexes(f);
    if (mate) {
        mate->mate = f;
        file_close(mate);
    }
}

// --- which files are mates

static ptrdiff_t find_mate(const struct check_options *o, size_t i)
{
    if (o->no_pair || o->interleaved)
        return -1;
    for (size_t k = 0; k < o->file_count; k++)
        if (k != i && names_are_mates(o->files[i], o->files[k]))
            return (ptrdiff_t)k;
    return -1;
}

// The sheet's own fault leads from the row to the files.
static void blame_row(struct check_file *sheet, const struct sheet_row *row, int which, const struct check_file *f)
{
    if (f && f->faults.errors)
        fault_add(&sheet->faults, row->line, row->columns[which], "sheet-reads", "fastq_%d: the file has %lld error%s, which are told with its name",
                  which + 1, (long long)f->faults.errors, f->faults.errors == 1 ? "" : "s");
}

static void check_sheet_files(struct check_report *r, struct arena *a, const struct check_options *o, const struct sheet *sheet, struct check_file *f)
{
    for (size_t i = 0; i < sheet->len; i++) {
        const struct sheet_row *row = &sheet->at[i];
        struct check_file *one = row->fastq[0].len ? file_new(a, o, NULL, row->fastq[0]) : NULL;
        struct check_file *two = row->fastq[1].len ? file_new(a, o, NULL, row->fastq[1]) : NULL;
        if (one)
            one->kind = KIND_FASTQ;
        if (two)
            two->kind = KIND_FASTQ;
        if (one || two)
            check_one(r, one ? one : two, one ? two : NULL, NULL);
        blame_row(f, row, 0, one);
        blame_row(f, row, 1, two);
    }
}

static void check_same_twice(struct check_report *r)
{
    for (size_t i = 0; i < r->len; i++)
        for (size_t k = 0; k < i; k++) {
            struct check_file *x = r->at[i], *y = r->at[k];
            if (x->inode && x->inode == y->inode && x->device == y->device && x->mate != y)
                fault_add(&x->faults, 0, 0, "file-twice", "the file was given twice (" STR_FMT ")", STR_ARG(y->path));
        }
}

// Sheets' pairs need no comparing here: a sheet knows its own files.
static void check_given(struct check_report *r, struct arena *a, const struct check_options *o, struct reference *reference)
{
    bool *done = NEW_ARRAY(a, bool, o->file_count);
    for (size_t i = 0; i < o->file_count; i++) {
        struct sheet sheet = { 0 };
        if (done[i])
            continue;
        struct check_file *f = file_new(a, o, reference, o->files[i]), *mate = NULL;
        ptrdiff_t k = o->pair ? (i + 1 < o->file_count ? (ptrdiff_t)i + 1 : -1) : find_mate(o, i);
        if (k >= 0 && !done[k]) {
            mate = file_new(a, o, reference, o->files[k]);
            done[k] = true;
        }
        if (mate && !o->pair && (kind_of_path(f->path) != KIND_FASTQ && o->kind != KIND_FASTQ))
            done[k] = false, mate = NULL;
        check_one(r, f, mate, &sheet);
        if (!o->sheet_only && f->faults.errors == 0)
            check_sheet_files(r, a, o, &sheet, f);
    }
}

static bool is_given(const struct check_options *o, Str path)
{
    for (size_t i = 0; i < o->file_count; i++)
        if (str_eq(o->files[i], path))
            return true;
    return false;
}

bool check_run(struct arena *a, const struct check_options *o, struct check_report *out, struct err *err)
{
    struct reference *reference = NULL;
    *out = (struct check_report){ 0 };
    if (o->pair && o->file_count % 2)
        return err_set(err, ERR_INVALID, "--pair needs an even number of files: found %zu", o->file_count);
    bool has_reference = !o->reference.len || (reference = reference_open(a, o->reference, err)) != NULL;
    if (!has_reference && !is_given(o, o->reference))
        return false;
    check_given(out, a, o, reference);
    if (out->len <= 2000)
        check_same_twice(out);
    for (size_t i = 0; i < out->len; i++) {
        out->errors += out->at[i]->faults.errors;
        out->warnings += out->at[i]->faults.warnings;
    }
    reference_close(reference);
    return has_reference || out->errors > 0;            // what is wrong with a reference that was given as a file too is told with lines
}

// --- showing

void check_print_faults(const struct check_report *r, struct strbuf *out)
{
    for (size_t i = 0; i < r->len; i++)
        faults_print(&r->at[i]->faults, r->at[i]->path, out);
}

static void add_count(struct strbuf *out, int64_t count, const char *what)
{
    strbuf_addf(out, "%lld %s%s", (long long)count, what, count == 1 ? "" : "s");
}

static void print_file(const struct check_file *f, struct strbuf *out)
{
    strbuf_addf(out, STR_FMT ": ", STR_ARG(f->path));
    if (f->kind != KIND_UNKNOWN)
        strbuf_addf(out, "%s", kind_name(f->kind));
    if (f->what.len)
        strbuf_addf(out, ", " STR_FMT, STR_ARG(f->what));
    strbuf_addz(out, f->kind == KIND_UNKNOWN && f->what.len == 0 ? "" : ": ");
    if (f->faults.errors)
        add_count(out, f->faults.errors, "error");
    else
        strbuf_addz(out, "ok");
    if (f->faults.warnings) {
        strbuf_addz(out, ", ");
        add_count(out, f->faults.warnings, "warning");
    }
    strbuf_addc(out, '\n');
}

void check_print_summary(const struct check_report *r, struct strbuf *out)
{
    size_t bad = 0;
    for (size_t i = 0; i < r->len; i++) {
        print_file(r->at[i], out);
        bad += r->at[i]->faults.errors > 0;
    }
    if (r->len > 1)
        strbuf_addf(out, "%zu files: %zu ok, %zu with errors\n", r->len, r->len - bad, bad);
}

static Value file_value(struct check_file *f, struct arena *a)
{
    static const char *const packings[] = { "none", "gzip", "bgzf" };
    struct value_builder b = value_map_begin(a);
    value_map_set(&b, STR("path"), value_string(a, f->path));
    value_map_set(&b, STR("kind"), value_string(a, str_of(kind_name(f->kind))));
    value_map_set(&b, STR("compression"), value_string(a, str_of(packings[f->info.packing])));
    value_map_set(&b, STR("ok"), value_bool(f->faults.errors == 0));
    if (f->mate)
        value_map_set(&b, STR("mate"), value_string(a, f->mate->path));
    value_map_copy(&b, value_map_end(&f->facts));
    value_map_set(&b, STR("errors"), value_int(f->faults.errors));
    value_map_set(&b, STR("warnings"), value_int(f->faults.warnings));
    value_map_set(&b, STR("codes"), faults_counts_value(&f->faults, a));
    value_map_set(&b, STR("faults"), faults_value(&f->faults, a));
    return value_map_end(&b);
}

Value check_value(const struct check_report *r, struct arena *a)
{
    struct value_builder b = value_map_begin(a);
    Value *files = NEW_ARRAY(a, Value, r->len);
    for (size_t i = 0; i < r->len; i++)
        files[i] = file_value(r->at[i], a);
    value_map_set(&b, STR("ok"), value_bool(r->errors == 0));
    value_map_set(&b, STR("errors"), value_int(r->errors));
    value_map_set(&b, STR("warnings"), value_int(r->warnings));
    value_map_set(&b, STR("files"), value_array(a, files, r->len));
    return value_map_end(&b);
}
