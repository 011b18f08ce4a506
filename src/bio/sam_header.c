// SPDX-License-Identifier: Apache-2.0
// Header lines by tables of what each tag may be, and then what holds between lines and between records.
#include "bio/sam_header.h"

#include <strings.h>

#include "base/vec.h"
#include "bio/columns.h"

enum { TAGS_MAX = 64 };
static const char sn_first[] = "!#$%&+./:;?@^_|~-", sn_more[] = "!#$%&*+./:;=?@^_|~-";

struct header_line {
    struct sam_header *h;
    struct faults *faults;
    int64_t number;
    char type[3];
    Str tags[TAGS_MAX], values[TAGS_MAX];
    size_t count;
};

PRINTF(3, 4)
static void bad(struct header_line *l, const char *code, const char *fmt, ...)
{
    struct strbuf text = { 0 };
    va_list args;
    va_start(args, fmt);
    strbuf_addv(&text, fmt, args);
    va_end(args);
    fault_add(l->faults, l->number, 0, code, "@%s: " STR_FMT, l->type, STR_ARG(strbuf_str(&text)));
    strbuf_release(&text);
}

static Str value_of(const struct header_line *l, const char *tag)
{
    for (size_t i = 0; i < l->count; i++)
        if (str_is(l->tags[i], tag))
            return l->values[i];
    return (Str){ 0 };
}

bool sam_name_is_valid(Str name)
{
    return name.len && column_is_words(str_first(name, 1), sn_first) && (name.len == 1 || column_is_words(str_from(name, 1), sn_more));
}

// --- tags

static bool is_version(Str s)
{
    int64_t n;
    ptrdiff_t dot = str_find_char(s, '.');
    return dot > 0 && column_count(str_first(s, (size_t)dot), &n) && column_count(str_from(s, (size_t)dot + 1), &n);
}

// (coordinate|queryname|unsorted)(:[A-Za-z0-9_-]+)+
static bool is_sub_sort(Str s)
{
    Str rest = s, order = str_cut(&rest, ':');
    if (!column_is_one_of(order, "coordinate queryname unsorted") || order.len == s.len)
        return false;
    while (rest.len)
        if (!column_is_words(str_cut(&rest, ':'), "_-"))
            return false;
    return s.data[s.len - 1] != ':';
}

static bool is_md5(Str s)
{
    bool ok = s.len == 32;
    for (size_t i = 0; ok && i < 32; i++)
        ok = strchr("0123456789abcdef", s.data[i]) != NULL && s.data[i];
    return ok;
}

// ISO 8601: a date, or a date and a time.
static bool is_date(Str s)
{
    int64_t year, month, day;
    s = str_trim(s);
    if (s.len < 8)
        return false;
    bool has_dashes = s.data[4] == '-';
    if (has_dashes && (s.len < 10 || s.data[7] != '-'))
        return false;
    if (!column_count(str_first(s, 4), &year) || !column_count(str_slice(s, has_dashes ? 5 : 4, has_dashes ? 7 : 6), &month) ||
        !column_count(str_slice(s, has_dashes ? 8 : 6, has_dashes ? 10 : 8), &day))
        return false;
    size_t len = has_dashes ? 10 : 8;
    bool has_time = s.len == len || s.data[len] == 'T' || s.data[len] == ' ' || s.data[len] == 'Z' || s.data[len] == '+' || s.data[len] == '-';
    return month >= 1 && month <= 12 && day >= 1 && day <= 31 && has_time;
}

static bool is_integer(Str s) { int64_t n; return column_integer(s, &n); }
static bool is_flow_order(Str s) { return str_is(s, "*") || column_is_words(s, ""); }
static bool is_order(Str s) { return column_is_one_of(s, "unknown unsorted queryname coordinate"); }
static bool is_grouping(Str s) { return column_is_one_of(s, "none query reference"); }
static bool is_topology(Str s) { return column_is_one_of(s, "linear circular"); }

static bool is_alternate(Str s)
{
    int64_t from, to;
    if (str_is(s, "*"))
        return true;
    ptrdiff_t colon = str_rfind_char(s, ':');
    Str name = colon < 0 ? s : str_first(s, (size_t)colon), range = colon < 0 ? (Str){ 0 } : str_from(s, (size_t)colon + 1);
    Str first = str_cut(&range, '-');
    return sam_name_is_valid(name) && (colon < 0 || (column_count(first, &from) && column_count(range, &to) && from <= to));
}

static const struct {
    const char *type, *tag;
    bool (*is_valid)(Str s);
    const char *expected;
} rules[] = {
    { "HD", "VN", is_version, "a version such as 1.6" },
    { "HD", "SO", is_order, "unknown, unsorted, queryname or coordinate" },
    { "HD", "GO", is_grouping, "none, query or reference" },
    { "HD", "SS", is_sub_sort, "an order and its keys with ':' between" },
    { "SQ", "SN", sam_name_is_valid, "a name without blanks, commas, quotes, brackets or backslashes, '*' and '=' not first" },
    { "SQ", "AH", is_alternate, "'*', or a name, or a name with a range" },
    { "SQ", "M5", is_md5, "32 hexadecimal digits in lower case" },
    { "SQ", "TP", is_topology, "linear or circular" },
    { "RG", "DT", is_date, "a date as ISO 8601 has it" },
    { "RG", "PI", is_integer, "an integer" },
    { "RG", "FO", is_flow_order, "'*' or nucleotide codes" },
};

static void check_tags(struct header_line *l)
{
    for (size_t i = 0; i < l->count; i++) {
        for (size_t k = 0; k < i; k++)
            if (str_eq(l->tags[i], l->tags[k])) {
                bad(l, "sam-tag-twice", "the tag in field %zu is there twice", i + 2);
                break;
            }
        for (size_t r = 0; r < LEN(rules); r++)
            if (strcmp(rules[r].type, l->type) == 0 && str_is(l->tags[i], rules[r].tag) && !rules[r].is_valid(l->values[i]))
                bad(l, "sam-header-value", "%s: expected %s", rules[r].tag, rules[r].expected);
    }
}

// --- lines

static void take_hd(struct header_line *l)
{
    struct sam_header *h = l->h;
    Str order = value_of(l, "SO");
    if (h->has_hd)
        bad(l, "sam-hd", "there is one already");
    else if (h->lines > 1)
        bad(l, "sam-hd", "must be the first line");
    if (value_of(l, "VN").len == 0)
        bad(l, "sam-header-value", "VN is missing");
    h->has_hd = true;
    h->order = str_is(order, "coordinate") ? SAM_ORDER_COORDINATE : str_is(order, "queryname") ? SAM_ORDER_NAME : SAM_ORDER_UNKNOWN;
}

static void take_sq(struct header_line *l)
{
    struct sam_header *h = l->h;
    struct arena *a = h->file->arena;
    Str name = value_of(l, "SN"), length = value_of(l, "LN"), others = value_of(l, "AN");
    int64_t n = -1;
    if (name.len == 0)
        bad(l, "sam-header-value", "SN is missing");
    if (length.len == 0)
        bad(l, "sam-header-value", "LN is missing");
    else if (!column_count(length, &n) || n == 0)
        bad(l, "sam-header-value", "LN: expected a length over 0");
    else if (n > INT32_MAX)
        fault_warn(l->faults, l->number, 0, "sam-long", "@SQ: LN is over 2147483647: BAM can't hold positions so large");
    if (name.len && !contigs_add(a, &h->contigs, (struct contig){ .name = name, .length = n })) {
        bad(l, "sam-header-twice", "a line before has the same SN");
    } else if (name.len) {
        vec_push(a, &h->contig_lines, l->number);
        vec_push(a, &h->contig_md5, str_copy(a, value_of(l, "M5")));
    }
    while (others.len) {
        Str other = str_cut(&others, ',');
        bool is_valid = other.len && column_is_words(str_first(other, 1), "") && column_is_words(other, "*+.@_|-");
        if (!is_valid)
            bad(l, "sam-header-value", "AN: expected names with ',' between");
        else if (map_has(&h->alternatives, other))
            bad(l, "sam-header-twice", "AN: a line before has the same name");
        else
            map_set(&h->alternatives, str_copy(a, other), (void *)(intptr_t)l->number);
    }
}

static void take_rg(struct header_line *l)
{
    struct sam_header *h = l->h;
    Str id = value_of(l, "ID"), platform = value_of(l, "PL");
    if (id.len == 0)
        bad(l, "sam-header-value", "ID is missing");
    else if (!map_set(&h->read_groups, str_copy(h->file->arena, id), NULL))
        bad(l, "sam-header-twice", "a line before has the same ID");
    static const char platforms[] = "CAPILLARY DNBSEQ ELEMENT HELICOS ILLUMINA IONTORRENT LS454 ONT PACBIO SINGULAR SOLID ULTIMA";
    if (platform.len == 0 || column_is_one_of(platform, platforms))
        return;
    bool is_known = false;
    for (Str rest = str_of(platforms); rest.len && !is_known;) {
        Str word = str_cut(&rest, ' ');
        is_known = word.len == platform.len && strncasecmp(word.data, platform.data, word.len) == 0;
    }
    if (is_known)                       // "illumina", as very many files have it
        fault_warn(l->faults, l->number, 0, "sam-platform", "@RG: PL: expected the platform in capitals");
    else
        fault_convention(l->faults, l->number, 0, "sam-platform", "@RG: PL: expected CAPILLARY, DNBSEQ, ELEMENT, HELICOS, ILLUMINA, IONTORRENT, "
                                                                  "LS454, ONT, PACBIO, SINGULAR, SOLID or ULTIMA");
}

struct program {                        // an @PG line
    Str previous;                       // its PP; empty: none
    int64_t line;
    size_t walk;                        // in which it was reached; 0: not yet
};

static void take_pg(struct header_line *l)
{
    struct sam_header *h = l->h;
    struct arena *a = h->file->arena;
    Str id = value_of(l, "ID");
    if (id.len == 0) {
        bad(l, "sam-header-value", "ID is missing");
        return;
    }
    struct program *p = NEW(a, struct program);
    *p = (struct program){ .previous = str_copy(a, value_of(l, "PP")), .line = l->number };
    if (map_has(&h->programs, id))
        bad(l, "sam-header-twice", "a line before has the same ID");
    else
        map_set(&h->programs, str_copy(a, id), p);
}

// PP leads from each program to the one before it, and to an end.
static void check_programs(struct sam_header *h)
{
    for (size_t i = 0; i < h->programs.len; i++) {
        struct program *p = h->programs.entries[i].value, *next;
        if (p->previous.len && !map_has(&h->programs, p->previous))
            fault_add(&h->file->faults, p->line, 0, "sam-pg", "@PG: PP names a program that has no line of its own");
        for (; p && p->walk == 0; p = next) {
            p->walk = i + 1;
            next = p->previous.len ? map_find(&h->programs, p->previous) : NULL;
            if (next == p)
                fault_warn(&h->file->faults, p->line, 0, "sam-pg", "@PG: PP names the program itself: expected the one that ran before");
            else if (next && next->walk == i + 1)
                fault_add(&h->file->faults, p->line, 0, "sam-pg", "@PG: PP leads in a circle: expected the program that ran before");
        }
    }
}

static bool split_tags(struct header_line *l, Str rest)
{
    while (rest.len) {
        Str field = str_cut(&rest, '\t');
        bool is_tag = field.len > 3 && field.data[2] == ':' && column_is_words(str_first(field, 2), "") &&
                      !(field.data[0] >= '0' && field.data[0] <= '9');
        for (size_t i = 0; i < field.len; i++)
            is_tag &= (unsigned char)field.data[i] >= ' ' && field.data[i] != 127;
        if (!is_tag || !str_is_utf8(field)) {
            bad(l, "sam-header-tag", "field %zu: expected a tag of two characters, ':' and its value", l->count + 2);
            return false;
        }
        if (l->count < TAGS_MAX) {
            l->tags[l->count] = str_first(field, 2);
            l->values[l->count++] = str_from(field, 3);
        }
    }
    return true;
}

void sam_header_line(struct sam_header *h, Str text, int64_t line)
{
    struct header_line l = { .h = h, .faults = &h->file->faults, .number = line };
    if (h->lines++ == 0) {
        map_in(h->file->arena, &h->alternatives);
        map_in(h->file->arena, &h->read_groups);
        map_in(h->file->arena, &h->programs);
    }
    bool is_comment = str_starts(text, STR("@CO"));
    if (text.len < 3 || !column_is_words(str_slice(text, 1, 3), "") || (text.len > 3 && text.data[3] != '\t' && !is_comment)) {
        fault_add(l.faults, line, 1, "sam-header", "expected a header line: '@', two letters, a tab and tags");
        return;
    }
    memcpy(l.type, text.data + 1, 2);
    if (is_comment)
        return;
    if (!split_tags(&l, str_from(text, 4)))
        return;
    check_tags(&l);
    if (strcmp(l.type, "HD") == 0)
        take_hd(&l);
    else if (strcmp(l.type, "SQ") == 0)
        take_sq(&l);
    else if (strcmp(l.type, "RG") == 0)
        take_rg(&l);
    else if (strcmp(l.type, "PG") == 0)
        take_pg(&l);
    else if (l.type[0] >= 'A' && l.type[0] <= 'Z' && l.type[1] >= 'A' && l.type[1] <= 'Z')
        bad(&l, "sam-header", "is no header line that the specification knows");
}

static void check_md5(struct sam_header *h)
{
    struct reference *r = h->file->reference;
    char md5[33];
    for (size_t i = 0; i < h->contigs.len; i++) {
        ptrdiff_t n = contigs_find(reference_contigs(r), h->contigs.at[i].name);
        if (n < 0 || h->contig_md5.at[i].len != 32 || !reference_md5(r, (size_t)n, md5) || str_is(h->contig_md5.at[i], md5))
            continue;
        fault_add(&h->file->faults, h->contig_lines.at[i], 0, "reference-md5",
                  "the sequence '" STR_FMT "' is another one in the reference: M5 differs", STR_ARG(h->contigs.at[i].name));
        fault_hint(&h->file->faults, "the file was made with another version of the reference");
    }
}

void sam_header_end(struct sam_header *h)
{
    struct faults *faults = &h->file->faults;
    check_programs(h);
    for (size_t i = 0; i < h->alternatives.len; i++)
        if (contigs_find(&h->contigs, h->alternatives.entries[i].key) >= 0)
            fault_add(faults, (intptr_t)h->alternatives.entries[i].value, 0, "sam-header-twice", "@SQ: an AN is the SN of another line");
    if (h->file->reference) {
        reference_compare(h->file->reference, &h->contigs, h->contig_lines.at, faults);
        check_md5(h);
    }
}

// --- records

void alignments_take(struct alignments *s, const struct alignment *x, int64_t line)
{
    struct sam_header *h = s->header;
    struct faults *faults = &h->file->faults;
    s->records++;
    s->mapped += !(x->flag & 4);
    if (x->ref >= 0 && (size_t)x->ref < h->contigs.len && h->contigs.at[x->ref].length >= 0 && x->pos > h->contigs.at[x->ref].length)
        fault_warn(faults, line, 0, "sam-beyond", "record %lld: the position (%lld) lies behind the end of its sequence (%lld)",
                   (long long)s->records, (long long)x->pos, (long long)h->contigs.at[x->ref].length);
    else if (x->ref >= 0 && (size_t)x->ref < h->contigs.len && h->contigs.at[x->ref].length >= 0 && x->end > h->contigs.at[x->ref].length)
        fault_warn(faults, line, 0, "sam-beyond", "record %lld: the alignment goes on behind the end of its sequence", (long long)s->records);
    if (h->order == SAM_ORDER_COORDINATE && x->ref != -2) {
        uint32_t now = (uint32_t)x->ref, before = (uint32_t)s->last_ref;        // -1 comes last
        bool is_sorted = s->records == 1 || now > before || (now == before && (x->pos >= s->last_pos || x->ref < 0));
        if (!is_sorted && !s->unsorted_told) {
            fault_add(faults, line, 0, "sam-unsorted",
                      "record %lld: the header says 'sorted by coordinate', and it lies before the record in front of it", (long long)s->records);
            fault_hint(faults, "sort the file: 'samtools sort'");
        }
        s->unsorted_told |= !is_sorted;
    }
    s->last_ref = x->ref, s->last_pos = x->pos;
}

void alignments_end(struct alignments *s)
{
    static const char *const orders[] = { "unknown", "coordinate", "queryname" };
    struct check_file *f = s->header->file;
    check_fact(f, "records", s->records);
    check_fact(f, "mapped", s->mapped);
    check_fact(f, "reference_sequences", (int64_t)s->header->contigs.len);
    check_fact(f, "read_groups", (int64_t)s->header->read_groups.len);
    check_fact_text(f, "sort_order", str_of(orders[s->header->order]));
    f->what = str_printf(f->arena, "%lld records", (long long)s->records);
}
