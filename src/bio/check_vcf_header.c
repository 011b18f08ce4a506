// SPDX-License-Identifier: Apache-2.0
// The lines of a VCF that begin with '#'.
#include <limits.h>

#include "base/vec.h"
#include "bio/check_vcf.h"
#include "bio/columns.h"

enum { FIELDS_MAX = 64, MINOR_MAX = 5 };

struct meta {                           // ##KEY=<field=value,…>
    struct vcf_header *h;
    struct faults *faults;
    int64_t line;
    Str key, value, names[FIELDS_MAX], values[FIELDS_MAX];
    bool quoted[FIELDS_MAX];
    size_t count;
};

PRINTF(2, 3)
static void bad(struct meta *m, const char *fmt, ...)
{
    struct strbuf text = { 0 };
    va_list args;
    va_start(args, fmt);
    strbuf_addv(&text, fmt, args);
    va_end(args);
    fault_add(m->faults, m->line, 0, "vcf-meta", STR_FMT, STR_ARG(strbuf_str(&text)));
    strbuf_release(&text);
}

// --- reserved keys (VCF 4.3, tables 1 and 2; before, in text)

static const struct {
    const char *key;
    int from, to;                       // versions
    struct vcf_def def;
} info_keys[] = {
    { "AA", 1, 5, { 'n', 1, VCF_STRING } },    { "AC", 1, 5, { 'A', 0, VCF_INTEGER } },  { "AD", 3, 5, { 'R', 0, VCF_INTEGER } },
    { "ADF", 3, 5, { 'R', 0, VCF_INTEGER } },  { "ADR", 3, 5, { 'R', 0, VCF_INTEGER } }, { "AF", 1, 5, { 'A', 0, VCF_FLOAT } },
    { "AN", 1, 5, { 'n', 1, VCF_INTEGER } },   { "BQ", 1, 5, { 'n', 1, VCF_FLOAT } },    { "CIGAR", 1, 5, { 'A', 0, VCF_STRING } },
    { "DB", 1, 5, { 'n', 0, VCF_FLAG } },      { "DP", 1, 5, { 'n', 1, VCF_INTEGER } },  { "END", 1, 5, { 'n', 1, VCF_INTEGER } },
    { "H2", 1, 5, { 'n', 0, VCF_FLAG } },      { "H3", 1, 5, { 'n', 0, VCF_FLAG } },     { "MQ", 1, 5, { 'n', 1, VCF_ANY } },
    { "MQ0", 1, 5, { 'n', 1, VCF_INTEGER } },  { "NS", 1, 5, { 'n', 1, VCF_INTEGER } },  { "SB", 1, 5, { '.', 0, VCF_ANY } },
    { "SOMATIC", 1, 5, { 'n', 0, VCF_FLAG } }, { "VALIDATED", 1, 5, { 'n', 0, VCF_FLAG } }, { "1000G", 1, 5, { 'n', 0, VCF_FLAG } },
}, format_keys[] = {
    { "AD", 3, 5, { 'R', 0, VCF_INTEGER } },   { "ADF", 3, 5, { 'R', 0, VCF_INTEGER } }, { "ADR", 3, 5, { 'R', 0, VCF_INTEGER } },
    { "DP", 1, 5, { 'n', 1, VCF_INTEGER } },   { "EC", 1, 5, { 'A', 0, VCF_INTEGER } },  { "FT", 1, 5, { 'n', 1, VCF_STRING } },
    { "GL", 1, 5, { 'G', 0, VCF_FLOAT } },     { "GP", 1, 5, { 'G', 0, VCF_FLOAT } },    { "GQ", 1, 5, { 'n', 1, VCF_INTEGER } },
    { "GT", 1, 5, { 'n', 1, VCF_STRING } },    { "HQ", 1, 5, { 'n', 2, VCF_INTEGER } },  { "MQ", 1, 5, { 'n', 1, VCF_INTEGER } },
    { "PL", 1, 5, { 'G', 0, VCF_INTEGER } },   { "PQ", 1, 5, { 'n', 1, VCF_INTEGER } },  { "PS", 1, 5, { 'n', 1, VCF_INTEGER } },
    { "GLE", 1, 2, { 'G', 0, VCF_STRING } },
};
// What well-known files have in place of it: GIAB's truth sets, freebayes.
static const struct { const char *key; enum vcf_type type; } tolerated[] = {
    { "PS", VCF_STRING }, { "GQ", VCF_FLOAT }, { "GL", VCF_INTEGER },
};
static const char *const type_names[] = { "Integer", "Float", "Flag", "Character", "String" };

const struct vcf_def *vcf_reserved(int minor, bool is_format, Str key)
{
    for (size_t i = 0; !is_format && i < LEN(info_keys); i++)
        if (str_is(key, info_keys[i].key) && minor >= info_keys[i].from && minor <= info_keys[i].to)
            return &info_keys[i].def;
    for (size_t i = 0; is_format && i < LEN(format_keys); i++)
        if (str_is(key, format_keys[i].key) && minor >= format_keys[i].from && minor <= format_keys[i].to)
            return &format_keys[i].def;
    return NULL;
}

bool vcf_key_is_valid(Str key, bool is_format, int minor)
{
    if (!is_format && str_is(key, "1000G"))
        return true;
    if (is_format && minor <= 2)
        return column_is_words(key, "");                // keys that the header defines may have more, as those of today's callers
    bool begins_well = key.len && !(key.data[0] >= '0' && key.data[0] <= '9') && key.data[0] != '.';
    return begins_well && column_is_words(key, minor >= 3 || is_format ? "_." : "_.+-/");
}

bool vcf_contig_is_valid(Str name, int minor)
{
    bool is_symbolic = name.len > 2 && name.data[0] == '<' && name.data[name.len - 1] == '>';
    if (is_symbolic)
        name = str_slice(name, 1, name.len - 1);
    if (str_starts(name, STR("HLA-")))
        return column_is_printable(name);               // as they are called in GRCh38, colons and all
    return column_is_words(name, minor >= 3 ? "!#$%&+./;?@^_|~-=" : "!#$%&+./;?@^_|~-=*") && name.data[0] != '=' && name.data[0] != '*';
}

// --- fields

static ptrdiff_t find(const struct meta *m, const char *name)
{
    for (size_t i = 0; i < m->count; i++)
        if (str_is(m->names[i], name))
            return (ptrdiff_t)i;
    return -1;
}

static Str value_of(const struct meta *m, const char *name)
{
    ptrdiff_t i = find(m, name);
    return i < 0 ? (Str){ 0 } : m->values[i];
}

// A value in quotes (with \" and \\), in brackets, or up to a comma. False: it has no end.
static bool take_value(Str *rest, Str *value, bool *is_quoted)
{
    size_t len = 0;
    *is_quoted = rest->len && rest->data[0] == '"';
    if (*is_quoted) {
        for (len = 1; len < rest->len && rest->data[len] != '"'; len++)
            len += rest->data[len] == '\\';
        if (len >= rest->len)
            return false;
        *value = str_slice(*rest, 1, len);
        *rest = str_from(*rest, len + 1);
    } else if (rest->len && rest->data[0] == '[') {
        ptrdiff_t end = str_find_char(*rest, ']');
        if (end < 0)
            return false;
        *value = str_first(*rest, (size_t)end + 1);
        *rest = str_from(*rest, (size_t)end + 1);
    } else {
        while (len < rest->len && rest->data[len] != ',')
            len++;
        *value = str_first(*rest, len);
        *rest = str_from(*rest, len);
        if (str_has(*value, '<') || str_has(*value, '>'))
            return false;
    }
    if (rest->len == 0)
        return true;
    bool more = rest->data[0] == ',' && rest->len > 1;
    *rest = str_from(*rest, 1);
    return more;
}

static bool split_fields(struct meta *m, Str rest)
{
    while (rest.len) {
        Str name = rest;
        ptrdiff_t equals = str_find_char(rest, '=');
        name = equals < 0 ? (Str){ 0 } : str_first(rest, (size_t)equals);
        if (equals <= 0 || str_has(name, ',') || str_has(name, '"') || str_has(name, ' ')) {
            bad(m, "field %zu: expected NAME=VALUE, with a comma between fields", m->count + 1);
            return false;
        }
        rest = str_from(rest, (size_t)equals + 1);
        size_t i = MIN(m->count, (size_t)FIELDS_MAX - 1);
        m->names[i] = name;
        if (!take_value(&rest, &m->values[i], &m->quoted[i])) {
            bad(m, "field %zu: expected a value without commas and brackets, or in quotes with '\\\"' for one inside", m->count + 1);
            return false;
        }
        m->count = i + 1;
    }
    return true;
}

// --- lines by key

static bool in_order(const struct meta *m, const char *const *names, size_t count, size_t required)
{
    ptrdiff_t last = -1;
    for (size_t i = 0; i < count; i++) {
        ptrdiff_t at = find(m, names[i]);
        if ((at < 0 && i < required) || (at >= 0 && at < last))
            return false;
        last = MAX(last, at);
    }
    return true;
}

static bool read_def(struct meta *m, struct vcf_def *def, bool is_format)
{
    Str number = value_of(m, "Number"), type = value_of(m, "Type");
    int64_t n = 0;
    int minor = m->h->minor;
    bool is_letter = number.len == 1 && strchr("AG.", number.data[0]);
    is_letter |= number.len == 1 && number.data[0] == 'R' && minor >= 2;
    is_letter |= minor >= 4 && column_is_one_of(number, "LA LR LG P M");
    if (number.len == 1 && number.data[0] == 'R' && minor < 2) {
        fault_convention(m->faults, m->line, 0, "vcf-meta", "Number: R came with VCF 4.2, and this is 4.%d", minor);
        is_letter = true;
    }
    if (!is_letter && (!column_count(number, &n) || n > INT_MAX)) {
        bad(m, "Number: expected an integer or one of A, R, G and '.'");
        return false;
    }
    *def = (struct vcf_def){ .number = is_letter ? number.data[0] : 'n', .count = (int)n, .type = VCF_ANY };
    for (size_t i = 0; i < LEN(type_names); i++)
        if (str_is(type, type_names[i]))
            def->type = (enum vcf_type)i;
    if (def->type == VCF_ANY || (is_format && def->type == VCF_FLAG)) {
        bad(m, "Type: expected Integer, Float, %sCharacter or String", is_format ? "" : "Flag, ");
        return false;
    }
    if (def->type == VCF_FLAG && (is_letter || n != 0))
        fault_warn(m->faults, m->line, 0, "vcf-meta", "Number: a flag has no value, so 0 is expected");
    return true;
}

static void compare_with_reserved(struct meta *m, Str id, const struct vcf_def *def, bool is_format)
{
    const struct vcf_def *reserved = vcf_reserved(m->h->minor, is_format, id);
    if (reserved == NULL)
        return;
    bool is_tolerated = false;
    for (size_t i = 0; is_format && i < LEN(tolerated); i++)
        is_tolerated |= str_is(id, tolerated[i].key) && def->type == tolerated[i].type;
    if (is_tolerated)
        fault_warn(m->faults, m->line, 0, "vcf-reserved", STR_FMT ": the specification has Type=%s", STR_ARG(id), type_names[reserved->type]);
    else if (reserved->type != VCF_ANY && reserved->type != def->type)
        fault_convention(m->faults, m->line, 0, "vcf-reserved", STR_FMT ": the specification has Type=%s", STR_ARG(id), type_names[reserved->type]);
    if (reserved->number != '.' && (reserved->number != def->number || (reserved->number == 'n' && reserved->count != def->count))) {
        char text[2] = { reserved->number == 'n' ? (char)('0' + reserved->count) : reserved->number, 0 };
        if (def->number == '.' && reserved->number != 'n')          // "not said" in place of "as many as alleles": 1000 Genomes, and many more
            fault_warn(m->faults, m->line, 0, "vcf-reserved", STR_FMT ": the specification has Number=%s", STR_ARG(id), text);
        else
            fault_convention(m->faults, m->line, 0, "vcf-reserved", STR_FMT ": the specification has Number=%s", STR_ARG(id), text);
    }
}

static void take_key(struct meta *m, Str id, bool is_format)
{
    static const char *const names[] = { "ID", "Number", "Type", "Description" };
    struct vcf_def *def = NEW(m->h->file->arena, struct vcf_def);
    if (!in_order(m, names, LEN(names), LEN(names)))
        bad(m, "expected the fields ID, Number, Type and Description in this order");
    if (id.len && !vcf_key_is_valid(id, is_format, MAX(m->h->minor, is_format ? 3 : 1)))
        fault_convention(m->faults, m->line, 0, "vcf-meta", "ID: expected a letter or '_', then letters, digits, '_' and '.'");
    if (!read_def(m, def, is_format) || id.len == 0)
        return;
    compare_with_reserved(m, id, def, is_format);
    map_set(is_format ? &m->h->format : &m->h->info, str_copy(m->h->file->arena, id), def);
}

// DEL, INS, DUP, INV, CNV and what follows them behind ':'; names of one's own without one.
static bool alt_id_is_valid(Str id)
{
    Str first = id;
    first = str_cut(&first, ':');
    bool is_known = column_is_one_of(first, "DEL INS DUP INV CNV BND TRA");
    for (size_t i = 0; i < id.len; i++)
        if (id.data[i] <= ' ' || id.data[i] > '~' || strchr(",<>", id.data[i]))
            return false;
    if (first.len < id.len)
        return is_known;
    return is_known || !(id.len > 3 && column_is_one_of(str_first(id, 3), "DEL INS DUP INV CNV"));
}

static void take_alt(struct meta *m, Str id)
{
    static const char *const names[] = { "ID", "Number", "Type", "Description" };
    struct vcf_def ignored;
    if (id.len && !alt_id_is_valid(id))
        bad(m, "ID: expected DEL, INS, DUP, INV or CNV, with more behind ':' if you like, or a name of your own without ':' and blanks");
    if ((find(m, "Number") >= 0 || find(m, "Type") >= 0) && (!in_order(m, names, LEN(names), LEN(names)) || !read_def(m, &ignored, false)))
        bad(m, "expected the fields ID, Number, Type and Description in this order");
}

static void take_contig(struct meta *m, Str id)
{
    int64_t length = -1;
    struct arena *a = m->h->file->arena;
    if (find(m, "length") >= 0 && !column_count(value_of(m, "length"), &length))
        bad(m, "length: expected an integer");
    if (id.len && !vcf_contig_is_valid(id, m->h->minor))
        bad(m, "ID: expected a name without blanks, commas, colons, brackets%s", m->h->minor >= 3 ? " and asterisks" : "");
    if (id.len && contigs_add(a, &m->h->contigs, (struct contig){ .name = id, .length = length }))
        vec_push(a, &m->h->contig_lines, m->line);
}

static void take_words(struct meta *m)
{
    for (size_t i = 0; i < m->count; i++)
        if (!column_is_words(m->values[i], "_.-"))
            bad(m, "field %zu: expected letters, digits, '_', '.' and '-' alone", i + 1);
}

static void take_meta(struct meta *m)
{
    static const char *const names[] = { "ID", "Number", "Type", "Values" }, *const other[] = { "ID", "Type", "Number", "Values" };
    Str number = value_of(m, "Number"), values = value_of(m, "Values");
    int64_t n;
    if (!in_order(m, names, LEN(names), LEN(names)) && !in_order(m, other, LEN(other), LEN(other)))   // the specification has both
        bad(m, "expected the fields ID, Number, Type and Values in this order");
    if (!str_is(number, ".") && !column_count(number, &n))
        bad(m, "Number: expected an integer or '.'");
    if (!column_is_one_of(value_of(m, "Type"), "Integer Float Character String"))
        bad(m, "Type: expected Integer, Float, Character or String");
    if (values.len < 2 || values.data[0] != '[')
        bad(m, "Values: expected them in square brackets");
}

// Before 4.3: ID, Genomes, Mixture and Description, which alone is quoted.
static void take_old_sample(struct meta *m)
{
    static const char *const names[] = { "ID", "Genomes", "Mixture", "Description" };
    if (!in_order(m, names, LEN(names), LEN(names)))
        fault_convention(m->faults, m->line, 0, "vcf-meta", "expected the fields ID, Genomes, Mixture and Description in this order");
    for (size_t i = 0; i < m->count; i++)
        if (m->quoted[i] != str_is(m->names[i], "Description"))
            bad(m, "expected quotes around the Description alone");
}

static void take_structured(struct meta *m)
{
    Str id = value_of(m, "ID"), key = m->key;
    ptrdiff_t description = find(m, "Description");
    bool is_info = str_is(key, "INFO"), is_format = str_is(key, "FORMAT"), is_filter = str_is(key, "FILTER"), is_alt = str_is(key, "ALT");
    bool is_contig = str_is(key, "contig"), is_sample = str_is(key, "SAMPLE"), is_pedigree = str_is(key, "PEDIGREE"), is_meta = str_is(key, "META");
    bool needs_id = is_info || is_format || is_filter || is_alt || is_contig || is_sample || is_meta || (is_pedigree && m->h->minor >= 3);
    if (needs_id && id.len == 0) {
        bad(m, "the field ID is missing");
        return;
    }
    if ((is_info || is_format || is_filter || is_alt) && (description < 0 || !m->quoted[description]))
        bad(m, description < 0 ? "the field Description is missing" : "Description: expected it in quotes");
    if (is_info || is_format)
        take_key(m, id, is_format);
    else if (is_alt)
        take_alt(m, id);
    else if (is_contig)
        take_contig(m, id);
    else if (is_meta)
        take_meta(m);
    else if (is_pedigree)
        take_words(m);
    else if (is_sample && m->h->minor < 3)
        take_old_sample(m);
    else if (is_sample && !column_is_words(id, "_.-+"))
        bad(m, "ID: expected letters, digits, '_', '.', '-' and '+' alone");
    else if (is_filter && (str_is(id, "0") || !column_is_printable(id) || str_has(id, ';') || str_has(id, ',')))
        bad(m, "ID: expected a name that is not 0, without blanks, commas and semicolons");
    if (is_filter)
        map_set(&m->h->filters, str_copy(m->h->file->arena, id), NULL);
    Str mark = str_printf(m->h->file->arena, STR_FMT ":" STR_FMT, STR_ARG(key), STR_ARG(id));
    bool is_new = !needs_id || map_set(&m->h->seen, mark, NULL);
    if (!is_new && is_contig)
        fault_warn(m->faults, m->line, 0, "vcf-meta-twice", "a line before has the same ID");
    else if (!is_new)
        fault_convention(m->faults, m->line, 0, "vcf-meta-twice", "a line before has the same ID");
}

// scheme://[user@]host[:port][/path]; a host of digits alone is none.
static bool is_url(Str s)
{
    if (s.len > 2 && s.data[0] == '<' && s.data[s.len - 1] == '>')
        s = str_slice(s, 1, s.len - 1);
    ptrdiff_t scheme = str_find(s, STR("://"));
    if (scheme <= 0)
        return s.len > 0 && column_is_printable(s) && !str_has(s, '<');     // a path
    Str rest = str_from(s, (size_t)scheme + 3), host = str_cut(&rest, '/');
    ptrdiff_t user = str_find_char(host, '@');
    host = user < 0 ? host : str_from(host, (size_t)user + 1);
    Str name = str_cut(&host, ':');
    int64_t n;
    return (str_is(str_first(s, (size_t)scheme), "file") || column_is_words(name, ".-_")) && !column_count(name, &n);
}

static void take_fileformat(struct vcf_header *h, struct meta *m)
{
    int64_t minor;
    Str value = m->value;
    bool ok = str_starts(value, STR("VCFv4.")) && column_count(str_from(value, 6), &minor);
    if (h->lines > 1)
        bad(m, "##fileformat must be the first line");
    h->has_format = true;
    if (!ok || minor > MINOR_MAX) {
        fault_add(m->faults, m->line, 14, "vcf-version", "expected VCFv4.1 to VCFv4.%d", MINOR_MAX);
        return;
    }
    h->minor = (int)MAX(minor, 1);
}

void vcf_header_line(struct vcf_header *h, Str text, int64_t line)
{
    struct meta m = { .h = h, .faults = &h->file->faults, .line = line };
    Str rest = str_from(text, 2);
    if (h->lines++ == 0) {
        struct map *maps[] = { &h->info, &h->format, &h->filters, &h->seen };
        for (size_t i = 0; i < LEN(maps); i++)
            map_in(h->file->arena, maps[i]);
        h->minor = 3;
    }
    m.key = str_cut(&rest, '=');
    m.value = rest;
    if (h->lines == 1 && !str_is(m.key, "fileformat")) {
        fault_add(m.faults, line, 0, "vcf-version", "the first line is not ##fileformat=VCFv4.…");
        h->has_format = true;
    }
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] < ' ' && text.data[i] != '\t') {
            bad(&m, "the line holds the control character %d", (unsigned char)text.data[i]);
            return;
        }
    if (str_is(m.key, "fileformat")) {
        take_fileformat(h, &m);
    } else if (m.key.len == 0 || rest.len == 0) {
        bad(&m, "expected ##KEY=VALUE");
    } else if (str_is(m.key, "assembly") || str_is(m.key, "pedigreeDB")) {
        if (!is_url(rest))
            bad(&m, "expected an address, as https://host/path");
    } else if (rest.data[0] == '<' && !(rest.len > 1 && rest.data[1] == '"')) {
        if (rest.data[rest.len - 1] != '>')
            bad(&m, "the line has no '>' at its end");
        else if (split_fields(&m, str_slice(rest, 1, rest.len - 1)))
            take_structured(&m);
    } else if (column_is_one_of(m.key, "INFO FORMAT FILTER ALT contig SAMPLE META")) {
        bad(&m, "expected ##KEY=<ID=…,…>");
    }
}

void vcf_columns_line(struct vcf_header *h, Str text, int64_t line)
{
    static const char *const names[] = { "#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT" };
    struct faults *faults = &h->file->faults;
    struct arena scratch = { 0 };
    struct map samples = { 0 };
    size_t column = 0;
    Str rest = text;
    if (!h->has_format)
        fault_add(faults, 1, 0, "vcf-version", "the first line is not ##fileformat=VCFv4.…");
    if (h->has_columns)
        fault_add(faults, line, 0, "vcf-columns", "there is a line of titles already");
    h->has_columns = true;
    map_in(&scratch, &samples);
    while (rest.data <= text.data + text.len && column < (size_t)1 << 24) {
        Str name = str_cut(&rest, '\t');
        if (column < LEN(names) && !str_is(name, names[column]))
            fault_add(faults, line, name.data - text.data + 1, "vcf-columns", "title %zu: expected %s, with tabs between", column + 1, names[column]);
        if (column >= LEN(names) && name.len == 0)
            fault_add(faults, line, name.data - text.data + 1, "vcf-sample", "sample %zu has no name", column - LEN(names) + 1);
        else if (column >= LEN(names) && !map_set(&samples, str_copy(&scratch, name), NULL))
            fault_add(faults, line, name.data - text.data + 1, "vcf-sample", "sample %zu has the name of one before", column - LEN(names) + 1);
        column++;
        if (name.data + name.len >= text.data + text.len)
            break;
    }
    arena_release(&scratch);
    h->columns = column;
    h->samples = column > LEN(names) ? column - LEN(names) : 0;
    if (column < 8)
        fault_add(faults, line, 0, "vcf-columns", "found %zu titles: expected at least 8, with tabs between", column);
    if (column == LEN(names))
        fault_add(faults, line, 0, "vcf-columns", "there is a title FORMAT and no sample");
    if (h->file->reference)
        reference_compare(h->file->reference, &h->contigs, h->contig_lines.at, faults);
}
