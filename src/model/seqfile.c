// SPDX-License-Identifier: Apache-2.0
// Reading sequences line by line through zlib, which passes plain files on as they are. Checking a file thoroughly is not here: that is
// `petri check`.
#include "model/seqfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/vec.h"

enum { BLOCK = 256 * 1024, COLUMNS_MAX = 4096, LINE_MAX_BYTES = 256 * 1024 * 1024 };
enum format { FORMAT_UNKNOWN, FORMAT_FASTA, FORMAT_FASTQ, FORMAT_TABLE };

struct seqfile {
    struct arena arena;
    Str path;
    gzFile gz;
    enum seqfile_chain chain;
    enum format format;
    char separator;                     // of a table; 0: no table by its name
    size_t id_column, columns[2];       // SIZE_MAX: none
    int64_t line, rows;
    char *block;
    size_t at, len;
    bool ended, has_line;               // has_line: `text` is a line that was looked at and not used
    struct strbuf text, id, residues;
};

static bool fail(const struct seqfile *f, int64_t line, struct err *err, const char *what)
{
    return err_set(err, ERR_INVALID, STR_FMT ":%lld: %s", STR_ARG(f->path), (long long)line, what);
}

static bool fill(struct seqfile *f, struct err *err)
{
    int got = gzread(f->gz, f->block, BLOCK), code;
    if (got < 0 || (got == 0 && !gzeof(f->gz))) {
        const char *why = gzerror(f->gz, &code);
        return code == Z_ERRNO ? err_errno(err, "reading " STR_FMT, STR_ARG(f->path))
                               : err_set(err, ERR_DAMAGED, STR_FMT ": the compressed data is damaged or cut off (%s)", STR_ARG(f->path), why);
    }
    if (got == 0) {
        gzerror(f->gz, &code);
        if (code == Z_BUF_ERROR)
            return err_set(err, ERR_DAMAGED, STR_FMT ": the compressed data ends early: was the file cut off?", STR_ARG(f->path));
    }
    f->at = 0, f->len = (size_t)got, f->ended = got == 0;
    return true;
}

// The next line into f->text, without its end. *end: there is none.
static bool next_line(struct seqfile *f, bool *end, struct err *err)
{
    *end = false;
    if (f->has_line) {
        f->has_line = false;
        return true;
    }
    strbuf_clear(&f->text);
    bool some = false;
    while (!f->ended) {
        if (f->at == f->len && !fill(f, err))
            return false;
        const char *from = f->block + f->at, *stop = f->ended ? NULL : memchr(from, '\n', f->len - f->at);
        size_t n = stop ? (size_t)(stop - from) : f->len - f->at;
        some = some || n > 0 || stop;
        if (!strbuf_add(&f->text, (Str){ from, n }))
            return err_set(err, ERR_LIMIT, STR_FMT ":%lld: the line is longer than %d bytes", STR_ARG(f->path), (long long)f->line + 1,
                LINE_MAX_BYTES);
        f->at += n + (stop != NULL);
        if (stop)
            break;
    }
    *end = !some;
    f->line += some;
    if (f->text.len && f->text.data[f->text.len - 1] == '\r')
        f->text.len--;
    return true;
}

static void set_id(struct seqfile *f, Str title)
{
    size_t n = 0;
    while (n < title.len && title.data[n] != ' ' && title.data[n] != '\t')
        n++;
    strbuf_clear(&f->id);
    strbuf_add(&f->id, str_first(title, n));
}

// Adds a line of residues without blanks.
static bool add_residues(struct seqfile *f, Str line, struct err *err)
{
    bool fits = true;
    while (line.len && fits) {
        size_t n = 0;
        while (n < line.len && line.data[n] != ' ' && line.data[n] != '\t')
            n++;
        fits = strbuf_add(&f->residues, str_first(line, n));
        while (n < line.len && (line.data[n] == ' ' || line.data[n] == '\t'))
            n++;
        line = str_from(line, n);
    }
    return fits || err_set(err, ERR_LIMIT, STR_FMT ":%lld: the sequence is longer than %d residues", STR_ARG(f->path), (long long)f->line,
        SEQFILE_RESIDUES_MAX);
}

static bool next_fasta(struct seqfile *f, bool *end, struct err *err)
{
    set_id(f, str_from(strbuf_str(&f->text), 1));
    for (;;) {
        if (!next_line(f, end, err))
            return false;
        if (*end)
            break;
        if (f->text.len && f->text.data[0] == '>') {
            f->has_line = true;
            break;
        }
        if (!add_residues(f, strbuf_str(&f->text), err))
            return false;
    }
    *end = false;
    return true;
}

static bool next_fastq(struct seqfile *f, bool *end, struct err *err)
{
    size_t qualities = 0;
    set_id(f, str_from(strbuf_str(&f->text), 1));
    for (;;) {
        if (!next_line(f, end, err))
            return false;
        if (*end)
            return fail(f, f->line, err, "the file ends within a FASTQ record: expected '+'");
        if (f->text.len && f->text.data[0] == '+')
            break;
        if (!add_residues(f, strbuf_str(&f->text), err))
            return false;
    }
    do {
        if (!next_line(f, end, err))
            return false;
        if (*end && f->residues.len)
            return fail(f, f->line, err, "the file ends within a FASTQ record: expected as many qualities as letters");
        qualities += f->text.len;
    } while (qualities < f->residues.len);
    *end = false;
    return qualities == f->residues.len || fail(f, f->line, err, "a FASTQ record has more qualities than letters");
}

// --- tables

// The fields of a line; quoted ones ("a ""b""") unquoted in place.
static size_t split(struct seqfile *f, Str *fields, size_t max)
{
    char *at = f->text.data, *end = at + f->text.len;
    size_t count = 0;
    while (at <= end && count < max) {
        char *start = at, *to = at;
        if (at < end && *at == '"') {
            for (at++; at < end && (*at != '"' || (at + 1 < end && at[1] == '"')); at++) {
                at += *at == '"';
                *to++ = *at;
            }
            while (at < end && *at != f->separator)
                at++;
        } else {
            while (at < end && *at != f->separator)
                at++;
            to = at;
        }
        fields[count++] = (Str){ start, (size_t)(to - start) };
        at++;
    }
    return count;
}

static size_t find_column(const Str *fields, size_t count, const char *const *names)
{
    for (; *names; names++)
        for (size_t i = 0; i < count; i++)
            if (str_is(str_trim(fields[i]), *names))
                return i;
    return SIZE_MAX;
}

static bool read_header(struct seqfile *f, struct err *err)
{
    static const char *const ids[] = { "id", "iden_code", "name", "sequence_id", "accession", NULL };
    static const char *const any[] = { "sequence", "seq", "Sequence", NULL };
    static const char *const heavy[] = { "H", "sequence_H", "h_sequence", "heavy", "sequence_heavy", "heavy_sequence", "VH", NULL };
    static const char *const light[] = { "L", "sequence_L", "l_sequence", "light", "sequence_light", "light_sequence", "VL", NULL };
    static const char *const *const names[][2] = { [CHAIN_ANY] = { any }, [CHAIN_HEAVY] = { heavy }, [CHAIN_LIGHT] = { light },
        [CHAIN_BOTH] = { heavy, light } };
    Str *fields = NEW_ARRAY(&f->arena, Str, COLUMNS_MAX);
    size_t count = f->text.len ? split(f, fields, COLUMNS_MAX) : 0;
    f->id_column = find_column(fields, count, ids);
    for (size_t i = 0; i < 2; i++) {
        const char *const *wanted = names[f->chain][i];
        f->columns[i] = wanted ? find_column(fields, count, wanted) : SIZE_MAX;
        if (wanted && f->columns[i] == SIZE_MAX)
            return err_set(err, ERR_INVALID, STR_FMT ":1: the table has no column '%s'%s", STR_ARG(f->path), wanted[0],
                           f->chain == CHAIN_ANY ? "; antibody tables with H and L need --chain H, L or HL" : "");
    }
    return true;
}

static bool next_row(struct seqfile *f, struct err *err)
{
    Str *fields = xcalloc(COLUMNS_MAX, sizeof *fields);
    size_t count = split(f, fields, COLUMNS_MAX);
    bool ok = true;
    f->rows++;
    strbuf_clear(&f->id);
    if (f->id_column < count)
        set_id(f, str_trim(fields[f->id_column]));
    else
        strbuf_addf(&f->id, "row%lld", (long long)f->rows);
    for (size_t i = 0; i < 2 && f->columns[i] != SIZE_MAX && ok; i++) {
        if (f->columns[i] >= count)
            ok = fail(f, f->line, err, "the row has fewer columns than the header");
        else
            ok = (i == 0 || strbuf_addc(&f->residues, ':')) && add_residues(f, str_trim(fields[f->columns[i]]), err);
    }
    free(fields);
    return ok;
}

// --- all

static bool begin(struct seqfile *f, bool *end, struct err *err)
{
    char first = f->text.len ? f->text.data[0] : '\0';
    if (f->separator) {
        f->format = FORMAT_TABLE;
        return read_header(f, err) && next_line(f, end, err);
    }
    f->format = first == '>' ? FORMAT_FASTA : first == '@' ? FORMAT_FASTQ : FORMAT_UNKNOWN;
    return f->format != FORMAT_UNKNOWN
        || fail(f, f->line, err, "expected FASTA ('>') or FASTQ ('@'); a table must be named .csv or .tsv");
}

bool seqfile_next(struct seqfile *f, struct sequence *out, bool *end, struct err *err)
{
    do {                                                // empty lines between records
        if (!next_line(f, end, err))
            return false;
    } while (!*end && f->text.len == 0);
    if (!*end && f->format == FORMAT_UNKNOWN && !begin(f, end, err))
        return false;
    if (*end)
        return true;
    out->line = f->line;
    strbuf_clear(&f->residues);
    if (f->format == FORMAT_FASTQ && f->text.data[0] != '@')
        return fail(f, f->line, err, "expected a FASTQ record, which begins with '@'");
    bool ok = f->format == FORMAT_FASTA ? next_fasta(f, end, err) : f->format == FORMAT_FASTQ ? next_fastq(f, end, err) : next_row(f, err);
    out->id = strbuf_str(&f->id);
    out->residues = strbuf_str(&f->residues);
    return ok;
}

static char separator_of(Str path)
{
    if (str_ends(path, STR(".gz")))
        path.len -= 3;
    return str_ends(path, STR(".csv")) ? ',' : str_ends(path, STR(".tsv")) ? '\t' : '\0';
}

struct seqfile *seqfile_open(Str path, enum seqfile_chain chain, struct err *err)
{
    struct seqfile *f = xcalloc(1, sizeof *f);
    struct stat st;
    f->path = str_is(path, "-") ? STR("standard input") : str_copy(&f->arena, path);
    f->chain = chain;
    f->separator = separator_of(path);
    f->text.limit = LINE_MAX_BYTES, f->residues.limit = SEQFILE_RESIDUES_MAX;
    int fd = str_is(path, "-") ? dup(STDIN_FILENO) : open(str_z(&f->arena, path), O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 || err_errno(err, "cannot read " STR_FMT, STR_ARG(path));
    if (ok && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        ok = err_set(err, ERR_INVALID, STR_FMT " is a folder, expected a file of sequences", STR_ARG(path));
    f->gz = ok ? gzdopen(fd, "rb") : NULL;
    if (f->gz == NULL) {
        if (fd >= 0)
            close(fd);
        seqfile_close(f);
        return NULL;
    }
    gzbuffer(f->gz, BLOCK);
    f->block = xmalloc(BLOCK);
    return f;
}

Str seqfile_path(const struct seqfile *f) { return f->path; }

void seqfile_close(struct seqfile *f)
{
    if (f == NULL)
        return;
    if (f->gz)
        gzclose(f->gz);
    free(f->block);
    strbuf_release(&f->text);
    strbuf_release(&f->id);
    strbuf_release(&f->residues);
    arena_release(&f->arena);
    free(f);
}
