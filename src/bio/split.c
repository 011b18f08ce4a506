// SPDX-License-Identifier: Apache-2.0
// Records go to parts; a part is a file, or two for mates. By count and size one part is open at a time, by parts all are.
#include "bio/split.h"

#include "base/vec.h"
#include "bio/fastq.h"
#include "bio/output.h"
#include "bio/window.h"
#include "sys/file.h"

enum { PARTS_MAX = 500, DIGITS = 3 };

struct split {
    struct arena *arena;
    const struct split_options *o;
    struct split_result *result;
    struct window windows[2];
    size_t file_count;
    Str stems[2], suffix;
    bool is_packed;
    VEC(struct output *) outputs[2];    // parallel to the parts; NULL once finished
    int64_t records;
};

// "a/reads_R1.fastq.gz" -> "reads_R1" and ".fastq"
static void take_names(struct split *s, enum bio_kind kind)
{
    for (size_t i = 0; i < s->file_count; i++) {
        Str name = str_basename(s->o->files[i]);
        if (str_is(name, "-"))
            name = STR("stdin");
        ptrdiff_t dot;
        if (str_ends(name, STR(".gz")) || str_ends(name, STR(".bgz")))
            name = str_first(name, (size_t)str_rfind_char(name, '.'));
        s->suffix = kind == KIND_FASTQ ? STR(".fastq") : STR(".fasta");
        if (kind_of_path(name) == kind && (dot = str_rfind_char(name, '.')) > 0) {
            s->suffix = str_from(name, (size_t)dot);
            name = str_first(name, (size_t)dot);
        }
        s->stems[i] = s->o->name.len ? s->o->name : name;
    }
}

static bool open_part(struct split *s, struct err *err)
{
    size_t number = s->result->len + 1;
    struct split_part part = { 0 };
    for (size_t i = 0; i < s->file_count; i++) {
        Str name = str_printf(s->arena, STR_FMT ".part_%0*zu" STR_FMT "%s", STR_ARG(s->stems[i]), DIGITS, number, STR_ARG(s->suffix),
                              s->is_packed ? ".gz" : "");
        part.paths[i] = str_join_path(s->arena, s->o->folder, name);
        struct output *out = output_open(part.paths[i], s->is_packed, s->o->overwrite, err);
        if (out == NULL) {
            if (i == 1)
                output_abandon(s->outputs[0].at[--s->outputs[0].len]);
            return false;
        }
        vec_push(s->arena, &s->outputs[i], out);
    }
    vec_push(s->arena, s->result, part);
    return true;
}

static bool finish_part(struct split *s, size_t part, struct err *err)
{
    bool ok = true;
    for (size_t i = 0; i < s->file_count; i++) {
        struct output *out = s->outputs[i].at[part];
        s->outputs[i].at[part] = NULL;
        if (out && ok)
            ok = output_finish(out, err);
        else
            output_abandon(out);
    }
    return ok;
}

// The part that the next record of `size` bytes belongs to, opened; SIZE_MAX: err.
static size_t choose_part(struct split *s, int64_t size, struct err *err)
{
    if (s->o->parts)
        return (size_t)(s->records % s->o->parts);
    struct split_part *last = s->result->len ? &s->result->at[s->result->len - 1] : NULL;
    bool is_full = last && (s->o->count ? last->records >= s->o->count : last->records > 0 && last->bytes + size > s->o->size);
    if (last && !is_full)
        return s->result->len - 1;
    if (last && !finish_part(s, s->result->len - 1, err))
        return SIZE_MAX;
    if (s->result->len >= 100000) {
        err_set(err, ERR_LIMIT, "over 100000 parts: give larger ones");
        return SIZE_MAX;
    }
    return open_part(s, err) ? s->result->len - 1 : SIZE_MAX;
}

static int64_t put_read(struct output *out, const struct fastq_record *r, bool really)
{
    const Str parts[] = { STR("@"), r->title, STR("\n"), r->bases, STR("\n+\n"), r->quality, STR("\n") };
    int64_t size = 0;
    for (size_t i = 0; i < LEN(parts); i++) {
        size += (int64_t)parts[i].len;
        if (really)
            output_add(out, parts[i]);
    }
    return size;
}

static bool split_reads(struct split *s, struct err *err)
{
    struct fastq one = { .window = &s->windows[0] }, two = { .window = &s->windows[1] };
    struct fastq_record first, second = { 0 };
    bool has_mate = s->file_count == 2, ok = true;
    while (ok && fastq_next(&one, &first) && one.broken == 0) {
        if (has_mate && (!fastq_next(&two, &second) || two.broken)) {
            ok = err_set(err, ERR_INVALID, "the second file ends before the first, or is broken: 'petri check --pair' says why");
        } else if (has_mate && !fastq_titles_match(first.title, second.title)) {
            ok = err_set(err, ERR_INVALID, "record %lld of the two files are no mates: 'petri check --pair' says why", (long long)s->records + 1);
        } else {
            int64_t size = put_read(NULL, &first, false) + (has_mate ? put_read(NULL, &second, false) : 0);
            size_t part = choose_part(s, size, err);
            if ((ok = part != SIZE_MAX)) {
                put_read(s->outputs[0].at[part], &first, true);
                if (has_mate)
                    put_read(s->outputs[1].at[part], &second, true);
                s->result->at[part].records++, s->result->at[part].bytes += size;
                s->records++;
            }
        }
    }
    if (ok && one.broken)
        ok = err_set(err, ERR_INVALID, "line %lld: the record is broken: 'petri check' says why", (long long)s->windows[0].line);
    if (ok && has_mate && !s->windows[0].broken && fastq_next(&two, &second))
        ok = err_set(err, ERR_INVALID, "the second file has more reads than the first: 'petri check --pair' says why");
    fastq_release(&one);
    fastq_release(&two);
    return ok;
}

// A sequence may be larger than memory. So by size a part ends with the sequence that fills it.
static bool split_sequences(struct split *s, struct err *err)
{
    struct window *w = &s->windows[0];
    bool at_start = true, is_end;
    size_t part = SIZE_MAX;
    Str piece;
    for (;;) {
        if (at_start && w->at == w->len) {
            window_mark(w);
            if (!window_more(w))
                return true;
        }
        bool is_title = at_start && w->data[w->at] == '>';
        if (!window_piece(w, &piece, &is_end))
            return true;
        if (is_title && (part = choose_part(s, 1, err)) == SIZE_MAX)
            return false;
        if (part == SIZE_MAX && piece.len)
            return err_set(err, ERR_INVALID, "line %lld: expected a title, which begins with '>'", (long long)w->line);
        if (part != SIZE_MAX) {
            output_add(s->outputs[0].at[part], piece);
            if (is_end)
                output_add(s->outputs[0].at[part], STR("\n"));
            s->result->at[part].bytes += (int64_t)piece.len + is_end;
            s->result->at[part].records += is_title;
            s->records += is_title;
        }
        at_start = is_end;
    }
}

static bool open_all(struct split *s, enum bio_kind *kind, struct err *err)
{
    for (size_t i = 0; i < s->file_count; i++)
        if (!window_open(&s->windows[i], s->o->files[i], (struct input_options){ .threads = s->o->threads }, err))
            return false;
    *kind = s->o->kind != KIND_UNKNOWN ? s->o->kind : kind_of(s->o->files[0], window_peek(&s->windows[0]));
    if (*kind != KIND_FASTQ && (*kind != KIND_FASTA || s->file_count == 2))
        return err_set(err, ERR_INVALID, STR_FMT ": expected FASTQ%s", STR_ARG(s->o->files[0]),
                       s->file_count == 2 ? ", as two files are mates" : " or FASTA");
    s->is_packed = s->o->pack || (!s->o->plain && input_info(s->windows[0].input).packing != INPUT_PLAIN);
    take_names(s, *kind);
    if (s->file_count == 2 && str_eq(s->stems[0], s->stems[1]))
        return err_set(err, ERR_INVALID, "the two files have the same name: their parts would too");
    if (!dir_make_all(s->o->folder, err))
        return false;
    for (int64_t i = 0; i < s->o->parts; i++)
        if (!open_part(s, err))
            return false;
    return true;
}

static void remove_parts(struct split *s)
{
    for (size_t p = 0; p < s->result->len; p++)
        for (size_t i = 0; i < s->file_count; i++) {
            bool was_written = s->outputs[i].at[p] == NULL;
            output_abandon(s->outputs[i].at[p]);
            struct err ignored;
            bool unused UNUSED = !was_written || tree_remove(s->result->at[p].paths[i], &ignored);
        }
}

bool split_run(struct arena *a, const struct split_options *o, struct split_result *out, struct err *err)
{
    struct split s = { .arena = a, .o = o, .result = out, .file_count = o->files[1].len ? 2 : 1 };
    enum bio_kind kind;
    *out = (struct split_result){ 0 };
    if (o->parts > PARTS_MAX)
        return err_set(err, ERR_LIMIT, "at most %d parts can be filled at a time: give --count or --size", PARTS_MAX);
    bool ok = open_all(&s, &kind, err) && (kind == KIND_FASTQ ? split_reads(&s, err) : split_sequences(&s, err));
    for (size_t i = 0; i < s.file_count; i++) {
        if (s.windows[i].broken) {
            *err = s.windows[i].err;
            ok = err_wrap(err, STR_FMT, STR_ARG(o->files[i]));
        }
        window_close(&s.windows[i]);
    }
    if (ok && s.records == 0)
        ok = err_set(err, ERR_INVALID, STR_FMT ": holds no records", STR_ARG(o->files[0]));
    for (size_t p = 0; ok && p < out->len; p++)
        ok = finish_part(&s, p, err);
    if (!ok)
        remove_parts(&s);
    return ok;
}
