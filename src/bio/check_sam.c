// SPDX-License-Identifier: Apache-2.0
// SAM as text (the SAM specification 1.4 and 1.5): eleven fields and typed tags.
#include "base/arena.h"
#include "bio/columns.h"
#include "bio/sam_header.h"

enum { FIELDS = 11 };
enum field { QNAME, FLAG, RNAME, POS, MAPQ, CIGAR, RNEXT, PNEXT, TLEN, SEQ, QUAL };
static const char *const names[FIELDS] = { "QNAME", "FLAG", "RNAME", "POS", "MAPQ", "CIGAR", "RNEXT", "PNEXT", "TLEN", "SEQ", "QUAL" };

struct sam {
    struct check_file *file;
    struct sam_header header;
    struct alignments alignments;
    int64_t line;
    Str text, fields[FIELDS];
    bool header_ended;
};

static void bad(struct sam *s, enum field field, const char *expected)
{
    fault_add(&s->file->faults, s->line, s->fields[field].data - s->text.data + 1, "sam-field", "%s: expected %s", names[field], expected);
}

// An integer without leading zeros from `least` to `most`.
static bool is_integer(Str s, int64_t least, int64_t most, int64_t *out)
{
    Str digits = s.len && s.data[0] == '-' ? str_from(s, 1) : s;
    return column_integer(s, out) && s.data[0] != '+' && !(digits.len > 1 && digits.data[0] == '0') && *out >= least && *out <= most;
}

// How many bases the CIGAR takes of the read and of the reference. False: it is none.
static bool read_cigar(Str s, int64_t *read, int64_t *reference)
{
    size_t op = 0, ops = 0;
    *read = *reference = 0;
    for (size_t i = 0; i < s.len; i++)
        ops += s.data[i] >= '=';
    bool clipped_end = false, has_inner = false;
    for (size_t i = 0; i < s.len; op++) {
        int64_t n = 0;
        size_t start = i;
        while (i < s.len && s.data[i] >= '0' && s.data[i] <= '9' && n < (int64_t)1 << 32)
            n = n * 10 + (s.data[i++] - '0');
        if (i == start || i == s.len || n >= 1 << 28)
            return false;
        char c = s.data[i++];
        if (strchr("MIDNSHP=X", c) == NULL || c == 0)
            return false;
        bool is_clip = c == 'H' || c == 'S';
        if ((c == 'H' && op > 0 && op + 1 < ops) || (clipped_end && !is_clip) || (clipped_end && c == 'S'))
            return false;
        clipped_end |= is_clip && has_inner;
        has_inner |= !is_clip;
        *read += strchr("MIS=X", c) ? n : 0;
        *reference += strchr("MDN=X", c) ? n : 0;
    }
    return s.len > 0;
}

// --- the eleven fields

// The number of the sequence; -1 for '*', -2 when it is in no header line.
static int32_t take_reference(struct sam *s, enum field field)
{
    Str name = s->fields[field];
    if (str_is(name, "*") || (field == RNEXT && str_is(name, "=")))
        return -1;
    if (!sam_name_is_valid(name)) {
        bad(s, field, field == RNEXT ? "'*', '=' or the name of a sequence" : "'*' or the name of a sequence");
        return -2;
    }
    ptrdiff_t n = contigs_find(&s->header.contigs, name);
    if (n < 0 && s->header.contigs.len) {
        fault_add(&s->file->faults, s->line, s->fields[field].data - s->text.data + 1, "sam-reference", "%s: the header has no such sequence",
                  names[field]);
        return -2;
    }
    return n < 0 ? -2 : (int32_t)n;
}

static int64_t longest(const struct sam *s)
{
    int64_t most = INT32_MAX;
    for (size_t i = 0; i < s->header.contigs.len; i++)
        most = MAX(most, s->header.contigs.at[i].length);
    return most;
}

static bool is_sequence(Str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '=' || c == '.'))
            return false;
    }
    return s.len > 0;
}

static void take_sequence(struct sam *s, struct alignment *x)
{
    Str bases = s->fields[SEQ], quality = s->fields[QUAL], cigar = s->fields[CIGAR];
    int64_t read = 0, reference = 0;
    bool has_bases = !str_is(bases, "*"), has_cigar = !str_is(cigar, "*");
    if (has_bases && !is_sequence(bases)) {
        bad(s, SEQ, "'*' or letters, '=' and '.'");
        has_bases = false;
    }
    if (has_cigar && !read_cigar(cigar, &read, &reference)) {
        bad(s, CIGAR, "'*' or pairs of a length and one of MIDNSHP=X, H at the ends alone and S at them or within H");
        has_cigar = false;
    }
    if (has_bases && has_cigar && (int64_t)bases.len != read)
        fault_add(&s->file->faults, s->line, cigar.data - s->text.data + 1, "sam-cigar-length", "CIGAR: takes %lld bases of the read, SEQ has %zu",
                  (long long)read, bases.len);
    if (!column_is_printable(quality))
        bad(s, QUAL, "'*' or characters from '!' to '~'");
    else if (!str_is(quality, "*") && str_is(bases, "*"))
        bad(s, QUAL, "'*', as SEQ is '*'");
    else if (has_bases && quality.len != bases.len && !str_is(quality, "*"))
        fault_add(&s->file->faults, s->line, quality.data - s->text.data + 1, "sam-quality-length", "QUAL: has %zu characters, SEQ %zu", quality.len,
                  bases.len);
    x->end = x->pos + MAX(reference, (int64_t)1) - 1;
}

static void take_fields(struct sam *s)
{
    struct alignment x = { 0 };
    int64_t n, most = longest(s);
    Str name = s->fields[QNAME];
    if (!column_is_printable(name) || str_has(name, '@') || name.len > 254)
        bad(s, QNAME, "a name of 1 to 254 characters from '!' to '~' without '@'");
    if (is_integer(s->fields[FLAG], 0, 4095, &n))
        x.flag = (uint16_t)n;
    else
        bad(s, FLAG, "an integer from 0 to 4095, in decimal");
    x.ref = take_reference(s, RNAME);
    if (is_integer(s->fields[POS], 0, most, &n))
        x.pos = n;
    else
        bad(s, POS, "an integer from 0 to 2147483647");
    if (!is_integer(s->fields[MAPQ], 0, 255, &n))
        bad(s, MAPQ, "an integer from 0 to 255");
    take_reference(s, RNEXT);
    if (!is_integer(s->fields[PNEXT], 0, most, &n))
        bad(s, PNEXT, "an integer from 0 to 2147483647");
    if (!column_integer(s->fields[TLEN], &n) || n < -most || n > most)
        bad(s, TLEN, "an integer");
    take_sequence(s, &x);
    alignments_take(&s->alignments, &x, s->line);
}

// --- tags

// [-+]?[0-9]*\.?[0-9]+([eE][-+]?[0-9]+)?, of what a float can hold.
static bool is_float(Str s)
{
    double value;
    if (!column_number(s))
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] == '.' && !(i + 1 < s.len && s.data[i + 1] >= '0' && s.data[i + 1] <= '9'))
            return false;
    return str_to_double(s.data[0] == '+' ? str_from(s, 1) : s, &value) ? value <= 3.4028235e38 && value >= -3.4028235e38 : s.len > 20;
}

static bool is_number_array(Str s)
{
    static const struct { char type; int64_t least, most; } ranges[] = {
        { 'c', -128, 127 }, { 'C', 0, 255 }, { 's', -32768, 32767 }, { 'S', 0, 65535 }, { 'i', INT32_MIN, INT32_MAX }, { 'I', 0, UINT32_MAX },
    };
    if (s.len == 0 || (s.len > 1 && s.data[1] != ',') || (s.len == 2))
        return false;
    char type = s.data[0];
    Str rest = str_from(s, 2);
    bool known = type == 'f';
    size_t r = 0;
    for (size_t i = 0; i < LEN(ranges); i++)
        if (ranges[i].type == type)
            r = i, known = true;
    while (known && rest.len) {
        int64_t n;
        Str item = str_cut(&rest, ',');
        if (type == 'f' ? !is_float(item) : !column_integer(item, &n) || n < ranges[r].least || n > ranges[r].most)
            return false;
    }
    return known && s.data[s.len - 1] != ',';
}

static bool is_hex(Str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!((s.data[i] >= '0' && s.data[i] <= '9') || (s.data[i] >= 'A' && s.data[i] <= 'F')))
            return false;
    return s.len % 2 == 0;
}

// Any number of leading zeros.
static bool is_tag_integer(Str s)
{
    int64_t n;
    bool has_sign = s.len && (s.data[0] == '-' || s.data[0] == '+');
    size_t zeros = has_sign;
    while (zeros + 1 < s.len && s.data[zeros] == '0')
        zeros++;
    if (!column_count(str_from(s, zeros), &n))
        return false;
    return s.data[0] == '-' ? n <= (int64_t)INT32_MAX + 1 : n <= UINT32_MAX;
}

static const char *tag_fault(char type, Str value)
{
    switch (type) {
    case 'A': return value.len == 1 && column_is_printable(value) ? NULL : "A: expected one character from '!' to '~'";
    case 'i': return is_tag_integer(value) ? NULL : "i: expected an integer from -2147483648 to 4294967295";
    case 'f': return is_float(value) ? NULL : "f: expected a number that a float can hold";
    case 'Z':
        for (size_t i = 0; i < value.len; i++)
            if (value.data[i] < ' ' || value.data[i] > '~')
                return "Z: expected characters from ' ' to '~'";
        return NULL;
    case 'H': return is_hex(value) ? NULL : "H: expected pairs of hexadecimal digits in upper case";
    case 'B': return is_number_array(value) ? NULL : "B: expected a type of cCsSiIf and numbers that fit it with ',' in front of each";
    default: return "expected a type of AifZHB";
    }
}

static void take_tags(struct sam *s, Str rest)
{
    bool seen[128 * 128] = { 0 };       // by the two letters
    struct faults *faults = &s->file->faults;
    while (rest.len) {
        Str field = str_cut(&rest, '\t');
        int64_t column = field.data - s->text.data + 1;
        bool is_tag = field.len >= 5 && field.data[2] == ':' && field.data[4] == ':' && column_is_words(str_first(field, 2), "") &&
                      !(field.data[0] >= '0' && field.data[0] <= '9');
        if (!is_tag) {
            fault_add(faults, s->line, column, "sam-tag", "expected a tag: two letters (the second may be a digit), ':', its type, ':', its value");
            continue;
        }
        const char *fault = tag_fault(field.data[3], str_from(field, 5));
        if (fault)
            fault_add(faults, s->line, column, "sam-tag", "tag %.2s of type %s", field.data, fault);
        bool *here = &seen[(unsigned char)field.data[0] * 128 + (unsigned char)field.data[1]];
        if (*here)
            fault_add(faults, s->line, column, "sam-tag-twice", "tag %.2s is there twice", field.data);
        *here = true;
        if (str_starts(field, STR("RG:Z:")) && s->header.read_groups.len && !map_has(&s->header.read_groups, str_from(field, 5)))
            fault_warn(faults, s->line, column, "sam-read-group", "tag RG names a read group that has no @RG line");
    }
    if (s->text.data[s->text.len - 1] == '\t')
        fault_add(faults, s->line, (int64_t)s->text.len, "sam-tag", "the line ends with a tab");
}

static void take_record(struct sam *s)
{
    struct faults *faults = &s->file->faults;
    size_t count = columns_split(s->text, '\t', s->fields, FIELDS);
    if (!s->header_ended)
        sam_header_end(&s->header);
    s->header_ended = true;
    if (count < FIELDS) {
        fault_add(faults, s->line, 0, "sam-fields", "found %zu field%s: expected at least 11 with tabs between", count, count == 1 ? "" : "s");
        return;
    }
    for (size_t i = 0; i < FIELDS; i++)
        if (s->fields[i].len == 0) {
            bad(s, (enum field)i, "a value: a field is never empty");
            return;
        }
    take_fields(s);
    Str last = s->fields[QUAL];
    size_t end = (size_t)(last.data + last.len - s->text.data);
    if (end < s->text.len)
        take_tags(s, str_from(s->text, end + 1));
}

void check_sam(struct check_file *f)
{
    struct sam *s = NEW(f->arena, struct sam);
    *s = (struct sam){ .file = f, .header = { .file = f }, .alignments = { .header = &s->header, .last_ref = -1 } };
    while (window_next_line(&f->window, &s->text)) {
        s->line = f->window.line;
        if (s->text.len && s->text.data[0] == '@' && !s->header_ended)
            sam_header_line(&s->header, s->text, s->line);
        else if (s->text.len)
            take_record(s);
        else
            fault_add(&f->faults, s->line, 0, "sam-blank", "the line is empty");
    }
    if (!s->header_ended)
        sam_header_end(&s->header);
    if (s->alignments.records == 0 && s->header.lines == 0 && f->faults.errors == 0 && !f->window.broken)
        fault_warn(&f->faults, 0, 0, "sam-empty", "the file is empty: it has neither a header nor records");
    check_warn_dos(f);
    alignments_end(&s->alignments);
}
