// SPDX-License-Identifier: Apache-2.0
// The reference's index is read or made; bases come from the file by pread(), a page around the last place at a time.
#include "bio/reference.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/vec.h"
#include "bio/bytes.h"
#include "bio/fault.h"
#include "bio/window.h"
#include "sys/file.h"

enum { PAGE = 64 * 1024, FAI_MAX = 256 << 20, NAMES_SHOWN = 4, NAME_SHOWN = 60 };

struct reference {
    Str path;
    struct contigs contigs;
    int fd;                             // -1: bases can't be looked up
    char *page;
    int64_t page_start;
    size_t page_len;
};

// --- lists of names

bool contigs_add(struct arena *a, struct contigs *c, struct contig contig)
{
    if (c->by_name == NULL) {
        c->by_name = NEW(a, struct map);                // a map in an arena must not move; the list may
        map_in(a, c->by_name);
    }
    if (map_has(c->by_name, contig.name))
        return false;
    contig.name = str_copy(a, contig.name);
    vec_push(a, c, contig);
    map_set(c->by_name, contig.name, (void *)(uintptr_t)c->len);
    return true;
}

ptrdiff_t contigs_find(const struct contigs *c, Str name) { return c->by_name ? (ptrdiff_t)(uintptr_t)map_find(c->by_name, name) - 1 : -1; }

const struct contig *contigs_alias(const struct contigs *c, Str name)
{
    static const char *const mitochondrial[] = { "chrM", "MT", "chrMT", "M" };
    struct arena scratch = { 0 };
    ptrdiff_t n = contigs_find(c, str_starts(name, STR("chr")) ? str_from(name, 3) : str_concat(&scratch, STR("chr"), name));
    bool is_mitochondrial = false;
    for (size_t i = 0; i < LEN(mitochondrial); i++)
        is_mitochondrial |= str_is(name, mitochondrial[i]);
    for (size_t i = 0; is_mitochondrial && n < 0 && i < LEN(mitochondrial); i++)
        n = contigs_find(c, str_of(mitochondrial[i]));
    arena_release(&scratch);
    return n < 0 ? NULL : &c->at[n];
}

void contigs_hint(const struct contigs *c, Str name, struct faults *faults)
{
    const struct contig *alias = contigs_alias(c, name);
    struct strbuf text = { 0 };
    if (alias) {
        fault_hint(faults, "the reference calls it '" STR_FMT "': rename one of them", STR_ARG(alias->name));
        return;
    }
    for (size_t i = 0; i < MIN(c->len, (size_t)NAMES_SHOWN); i++)
        strbuf_addf(&text, "%s'" STR_FMT "'", i ? ", " : "", STR_ARG(str_first(c->at[i].name, MIN(c->at[i].name.len, (size_t)NAME_SHOWN))));
    if (c->len > NAMES_SHOWN)
        strbuf_addf(&text, " and %zu more", c->len - NAMES_SHOWN);
    fault_hint(faults, "the reference has " STR_FMT ": is it the one that this file was made with?", STR_ARG(strbuf_str(&text)));
    strbuf_release(&text);
}

// --- the index

static bool read_fai(struct arena *a, struct reference *r, Str text)
{
    while (text.len) {
        Str line = str_cut(&text, '\n'), name = str_cut(&line, '\t');
        int64_t numbers[4];
        for (size_t i = 0; i < 4; i++)
            if (!str_to_int(str_trim(str_cut(&line, '\t')), &numbers[i]) || numbers[i] < 0)
                return false;
        if (!contigs_add(a, &r->contigs, (struct contig){ name, numbers[0], numbers[1], numbers[2], numbers[3] }))
            return false;
    }
    return r->contigs.len > 0;
}

struct scan {                           // of one sequence of a FASTA
    struct contig contig;
    int64_t line_bases, line_bytes;     // of the line that goes on
    bool has_name, last_was_short, uneven;
};

static void end_line(struct scan *s)
{
    struct contig *c = &s->contig;
    if (s->last_was_short)
        s->uneven |= s->line_bases > 0;
    else if (c->line_bases == 0)
        c->line_bases = s->line_bases, c->line_bytes = s->line_bytes;
    else if (s->line_bases != c->line_bases || s->line_bytes != c->line_bytes)
        s->uneven |= s->line_bases > c->line_bases, s->last_was_short = true;
    s->line_bases = s->line_bytes = 0;
}

static bool end_sequence(struct arena *a, struct reference *r, struct scan *s, struct err *err)
{
    if (!s->has_name)
        return true;
    if (s->uneven)
        s->contig.line_bases = 0;
    return contigs_add(a, &r->contigs, s->contig) ||
           err_set(err, ERR_INVALID, STR_FMT ": two sequences are called '" STR_FMT "'", STR_ARG(r->path), STR_ARG(s->contig.name));
}

// Reads the names line by line and the bases in pieces. `at` is the distance from the beginning of the text.
static bool scan_fasta(struct arena *a, struct reference *r, struct window *w, struct err *err)
{
    struct scan s = { 0 };
    bool is_end = true, at_start = true;
    Str piece;
    int64_t at = 0;
    for (;;) {
        Str ahead = window_peek(w);
        if (at_start && ahead.len && ahead.data[0] == '>') {
            if (!end_sequence(a, r, &s, err) || !window_next_line(w, &piece))
                return false;
            size_t name = 1;
            while (name < piece.len && piece.data[name] != ' ' && piece.data[name] != '\t')
                name++;
            at += (int64_t)(w->at - w->mark);
            s = (struct scan){ .has_name = true, .contig = { .name = str_copy(a, str_slice(piece, 1, name)), .offset = at } };
            continue;
        }
        if (!window_piece(w, &piece, &is_end))
            break;
        if (!s.has_name && str_trim(piece).len == 0 && window_peek(w).len == 0)
            continue;
        if (!s.has_name && piece.len)
            return err_set(err, ERR_INVALID, STR_FMT ": is no FASTA: expected '>' at its beginning", STR_ARG(r->path));
        at += (int64_t)(w->at - w->mark);
        s.line_bases += (int64_t)piece.len, s.contig.length += (int64_t)piece.len;
        s.line_bytes += (int64_t)(w->at - w->mark);
        at_start = is_end;
        if (is_end)
            end_line(&s);
    }
    if (w->broken) {
        *err = w->err;
        return err_wrap(err, STR_FMT, STR_ARG(r->path));
    }
    return end_sequence(a, r, &s, err);
}

static bool index_by_reading(struct arena *a, struct reference *r, struct err *err)
{
    struct window w;
    if (!window_open(&w, r->path, (struct input_options){ 0 }, err))
        return false;
    bool ok = scan_fasta(a, r, &w, err), is_plain = input_info(w.input).packing == INPUT_PLAIN;
    window_close(&w);
    if (ok && r->contigs.len == 0)
        return err_set(err, ERR_INVALID, STR_FMT ": holds no sequence", STR_ARG(r->path));
    for (size_t i = 0; !is_plain && i < r->contigs.len; i++)
        r->contigs.at[i].line_bases = 0;
    return ok;
}

static bool use_fai(struct arena *a, struct reference *r)
{
    struct stat fasta, fai;
    struct err ignored;
    Str text, path = str_concat(a, r->path, STR(".fai"));
    if (str_ends(r->path, STR(".gz")) || !file_stat(r->path, &fasta) || !file_stat(path, &fai) || fai.st_mtime < fasta.st_mtime)
        return false;
    if (!file_read(a, path, FAI_MAX, &text, &ignored))
        return false;
    bool ok = read_fai(a, r, text);
    if (!ok)
        r->contigs = (struct contigs){ 0 };
    return ok;
}

struct reference *reference_open(struct arena *a, Str path, struct err *err)
{
    struct reference *r = NEW(a, struct reference);
    r->path = str_copy(a, path);
    r->fd = -1;
    if (!use_fai(a, r) && !index_by_reading(a, r, err))
        return NULL;
    r->fd = open(str_z(a, path), O_RDONLY | O_CLOEXEC);
    r->page = xmalloc(PAGE);
    return r;
}

void reference_close(struct reference *r)
{
    if (r == NULL)
        return;
    if (r->fd >= 0)
        close(r->fd);
    free(r->page);
}

const struct contigs *reference_contigs(const struct reference *r) { return &r->contigs; }
Str reference_path(const struct reference *r) { return r->path; }

// --- bases

static bool load_page(struct reference *r, int64_t at)
{
    if (at >= r->page_start && at < r->page_start + (int64_t)r->page_len)
        return true;
    ssize_t got = pread(r->fd, r->page, PAGE, at);
    r->page_start = at, r->page_len = got > 0 ? (size_t)got : 0;
    return got > 0;
}

bool reference_bases(struct reference *r, size_t n, int64_t start, size_t len, char *out)
{
    const struct contig *c = &r->contigs.at[n];
    if (r->fd < 0 || c->line_bases <= 0 || start < 0 || (int64_t)len > c->length || start > c->length - (int64_t)len)
        return false;
    while (len) {
        int64_t in_line = start % c->line_bases, at = c->offset + start / c->line_bases * c->line_bytes + in_line;
        if (!load_page(r, at))
            return false;
        size_t run = MIN(len, (size_t)MIN(c->line_bases - in_line, r->page_start + (int64_t)r->page_len - at));
        const char *from = r->page + (at - r->page_start);
        for (size_t i = 0; i < run; i++)
            out[i] = from[i] >= 'a' && from[i] <= 'z' ? (char)(from[i] - 32) : from[i];
        out += run, start += (int64_t)run, len -= run;
    }
    return true;
}

bool reference_md5(struct reference *r, size_t n, char out[33])
{
    char block[4096], hex[HASH_HEX + 1];
    struct sum *sum = sum_new(SUM_MD5);
    bool ok = true;
    int64_t length = r->contigs.at[n].length;
    for (int64_t at = 0; ok && at < length; at += (int64_t)sizeof block) {
        size_t len = (size_t)MIN((int64_t)sizeof block, length - at);
        ok = reference_bases(r, n, at, len, block);
        if (ok)
            sum_update(sum, block, len);
    }
    sum_finish(sum, hex);
    memcpy(out, hex, 32);
    out[32] = 0;
    return ok;
}

// --- comparing

void reference_compare(const struct reference *r, const struct contigs *c, const int64_t *line_of, struct faults *faults)
{
    for (size_t i = 0; i < c->len; i++) {
        int64_t line = line_of ? line_of[i] : 0;
        const struct contig *mine = &c->at[i];
        ptrdiff_t n = contigs_find(&r->contigs, mine->name);
        if (n >= 0 && mine->length >= 0 && r->contigs.at[n].length != mine->length) {
            fault_add(faults, line, 0, "reference-length", "the header's sequence '" STR_FMT "' has a length of %lld, in the reference %lld",
                      STR_ARG(mine->name), (long long)mine->length, (long long)r->contigs.at[n].length);
            fault_hint(faults, "the file was made with another reference than " STR_FMT, STR_ARG(r->path));
        }
        if (n >= 0)
            continue;
        fault_add(faults, line, 0, "reference-name", "the header's sequence '" STR_FMT "' is not in the reference", STR_ARG(mine->name));
        contigs_hint(&r->contigs, mine->name, faults);
    }
}
