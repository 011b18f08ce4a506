// SPDX-License-Identifier: Apache-2.0
// INFO and samples: how many values a key has, and of which type.
#include <strings.h>

#include "bio/check_vcf.h"
#include "bio/columns.h"

enum { KEYS_MAX = 256, PLOIDY_MAX = 64 };

static bool is_integer(Str s)
{
    int64_t n;
    return column_integer(s, &n) && n >= INT32_MIN + 8LL && n <= INT32_MAX;       // the lowest are BCF's marks
}

static bool is_float(Str s)
{
    Str word = s.len && (s.data[0] == '+' || s.data[0] == '-') ? str_from(s, 1) : s;
    return column_number(s) || (word.len == 3 && (strncasecmp(word.data, "inf", 3) == 0 || strncasecmp(word.data, "nan", 3) == 0)) ||
           (word.len == 8 && strncasecmp(word.data, "infinity", 8) == 0);
}

static bool is_of_type(Str s, enum vcf_type type)
{
    if (str_is(s, "."))
        return true;
    switch (type) {
    case VCF_INTEGER: return is_integer(s);
    case VCF_FLOAT: return is_float(s);
    case VCF_CHARACTER: return s.len == 1 || ((unsigned char)s.data[0] >= 0xc0 && s.len <= 4) || (s.len == 3 && s.data[0] == '%');
    case VCF_FLAG: case VCF_STRING: case VCF_ANY: return true;
    }
    return true;
}

// Genotypes of so many alleles: combinations with repetition. -1: too many to count.
static int64_t genotypes(size_t alleles, size_t ploidy)
{
    int64_t n = 1;
    for (size_t i = 1; i <= ploidy; i++) {
        n = n * (int64_t)(alleles + ploidy - i) / 1;
        if (n > 1LL << 40)
            return -1;
    }
    for (size_t i = 2; i <= ploidy; i++)
        n /= (int64_t)i;
    return n;
}

// How many values are expected; -1: any number.
static int64_t expected(const struct vcf_record *r, const struct vcf_def *def, size_t ploidy)
{
    switch (def->number) {
    case 'n': return def->count;
    case 'A': case 'R': case 'G':
        if (r->alts == 0)
            return -1;                  // '.': what counts alleles is left as it was by programs that take them out
        break;
    default: return -1;
    }
    switch (def->number) {
    case 'A': return (int64_t)r->alts;
    case 'R': return (int64_t)r->alts + 1;
    case 'G': return ploidy > 0 && ploidy <= 8 ? genotypes(r->alts + 1, ploidy) : -1;
    default: return -1;
    }
}

static void check_values(const struct vcf_record *r, Str value, const struct vcf_def *def, size_t ploidy, const char *column)
{
    static const char *const types[] = { "integers", "numbers", "no value", "single characters", "texts", "values" };
    size_t count = 0;
    bool types_ok = true;
    bool is_quoted = value.len > 1 && value.data[0] == '"' && value.data[value.len - 1] == '"' && def->type == VCF_STRING;
    if (str_is(value, ".") || is_quoted)
        return;
    for (Str rest = value;;) {
        Str item = str_cut(&rest, ',');
        bool is_last = item.data + item.len == value.data + value.len;
        types_ok &= item.len == 0 ? def->type == VCF_STRING || def->type == VCF_ANY : is_of_type(item, def->type);
        count++;
        if (is_last)
            break;
    }
    int64_t column_at = value.data - r->text.data + 1, want = expected(r, def, ploidy);
    if (!types_ok)
        fault_add(r->faults, r->line, column_at, "vcf-type", "%s: expected %s, as %s says", column, types[def->type],
                  def->is_reserved ? "the specification" : "the header");
    if (want >= 0 && (int64_t)count != want && !(def->type == VCF_FLAG))
        fault_add(r->faults, r->line, column_at, "vcf-number", "%s: found %zu value%s: expected %lld", column, count, count == 1 ? "" : "s",
                  (long long)want);
}

// --- INFO

static bool is_not_negative(Str key) { return column_is_one_of(key, "AC AF AN DP END MQ0 NS"); }

static bool is_cigar(Str s)
{
    for (Str rest = s; rest.len;) {
        Str item = str_cut(&rest, ',');
        size_t digits = 0;
        for (size_t i = 0; i < item.len; i++) {
            bool is_digit = item.data[i] >= '0' && item.data[i] <= '9';
            if (!is_digit && (digits == 0 || strchr("MIDNSHPX=", item.data[i]) == NULL))
                return false;
            digits = is_digit ? digits + 1 : 0;
        }
        if (digits)
            return false;
    }
    return s.len > 0;
}

static void check_info_value(const struct vcf_record *r, Str key, Str value, bool has_value)
{
    const struct vcf_header *h = r->header;
    const struct vcf_def *def = map_find(&h->info, key), *reserved = vcf_reserved(h->minor, false, key);
    struct vcf_def by_specification;
    if (def == NULL && h->info.len)
        fault_warn(r->faults, r->line, key.data - r->text.data + 1, "vcf-undefined", "INFO: the header has no line for this key");
    if (def == NULL && reserved) {
        by_specification = *reserved;
        by_specification.is_reserved = true;
        def = &by_specification;
    }
    if (def == NULL)
        return;
    bool is_flag = def->type == VCF_FLAG;
    if (is_flag && has_value && !(reserved && column_is_one_of(value, "0 1")))
        vcf_bad(r, key, "vcf-type", "INFO: a flag has no value");
    else if (!is_flag && !has_value)
        vcf_bad(r, key, "vcf-type", "INFO: the key has no value");
    else if (!is_flag && !(def->is_reserved && str_is(key, "CIGAR")))
        check_values(r, value, def, def->number == 'G' ? 0 : 2, "INFO");
    if (reserved && has_value && is_not_negative(key))
        for (Str rest = value; rest.len;)
            if (str_cut(&rest, ',').data[0] == '-') {
                vcf_bad(r, value, "vcf-type", "INFO: expected a number that is not negative, as the specification says");
                break;
            }
    if (has_value && str_is(key, "CIGAR") && !str_is(value, ".") && !is_cigar(value) && reserved)
        vcf_bad(r, value, "vcf-type", "INFO: expected lengths and operations, as in '1M2D'");
}

void vcf_check_info(const struct vcf_record *r)
{
    Str info = r->columns[VCF_INFO], seen[KEYS_MAX];
    size_t count = 0;
    if (str_is(info, "."))
        return;
    if (info.len == 0 || info.data[0] == ';') {
        vcf_bad(r, info, "vcf-info", "INFO: expected '.' or KEY=VALUE with ';' between");
        return;
    }
    for (Str rest = info; rest.len;) {
        Str field = str_cut(&rest, ';'), value = field, key = str_cut(&value, '=');
        bool has_value = key.len < field.len, has_blank = false;
        if (field.len == 0) {
            vcf_bad(r, field, "vcf-info", "INFO: two ';' stand side by side");
            continue;
        }
        for (size_t i = 0; i < field.len; i++)
            has_blank |= field.data[i] == ' ' && (i < key.len || r->header->minor < 3);
        if (has_blank)
            fault_convention(r->faults, r->line, field.data - r->text.data + 1, "vcf-info", "INFO: a blank stands in a key or value");
        else if (!vcf_key_is_valid(key, false, r->header->minor))
            fault_convention(r->faults, r->line, field.data - r->text.data + 1, "vcf-info",
                             "INFO: expected a key of letters, digits, '_' and '.', without a digit first");
        for (size_t i = 0; i < count; i++)
            if (str_eq(seen[i], key)) {
                vcf_bad(r, field, "vcf-info-twice", "INFO: the key is there twice");
                break;
            }
        if (count < KEYS_MAX)
            seen[count++] = key;
        check_info_value(r, key, value, has_value);
    }
}

// --- samples

struct keys {
    Str at[KEYS_MAX];
    struct vcf_def defs[KEYS_MAX];
    bool known[KEYS_MAX];
    size_t len;
};

static bool read_keys(const struct vcf_record *r, struct keys *k)
{
    Str format = r->columns[VCF_FORMAT];
    k->len = 0;
    if (str_is(format, "."))
        return false;
    if (format.len == 0 || format.data[format.len - 1] == ':') {
        vcf_bad(r, format, "vcf-format", "FORMAT: expected keys with ':' between");
        return false;
    }
    for (Str rest = format; rest.len && k->len < KEYS_MAX;) {
        Str key = str_cut(&rest, ':');
        const struct vcf_def *def = map_find(&r->header->format, key), *reserved = vcf_reserved(r->header->minor, true, key);
        if (!vcf_key_is_valid(key, true, r->header->minor) && !(def && r->header->minor < 3))
            vcf_bad(r, key, "vcf-format", r->header->minor < 3 ? "FORMAT: expected keys of letters and digits"
                                                                : "FORMAT: expected keys of letters, digits, '_' and '.', without a digit first");
        for (size_t i = 0; i < k->len; i++)
            if (str_eq(k->at[i], key))
                vcf_bad(r, key, "vcf-format", "FORMAT: a key is there twice");
        if (k->len > 0 && str_is(key, "GT"))
            vcf_bad(r, key, "vcf-format", "FORMAT: GT must be the first key");
        if (def == NULL && r->header->format.len)
            fault_warn(r->faults, r->line, key.data - r->text.data + 1, "vcf-undefined", "FORMAT: the header has no line for this key");
        k->known[k->len] = def || reserved;
        if (def)
            k->defs[k->len] = *def;
        else if (reserved)
            k->defs[k->len] = *reserved, k->defs[k->len].is_reserved = true;
        k->at[k->len++] = key;
    }
    return true;
}

// [/|]?allele([/|]allele)*, an allele being '.' or a number up to that of the alternatives. *ploidy: how many; 0: some are missing.
static bool read_genotype(const struct vcf_record *r, Str s, size_t *ploidy, bool *in_range)
{
    size_t count = 0;
    *in_range = true;
    if (s.len && (s.data[0] == '/' || s.data[0] == '|') && r->header->minor >= 4)
        s = str_from(s, 1);
    for (size_t at = 0;; at++) {
        size_t start = at;
        while (at < s.len && s.data[at] != '/' && s.data[at] != '|')
            at++;
        int64_t allele;
        Str text = str_slice(s, start, at);
        if (!str_is(text, ".") && !column_count(text, &allele))
            return false;
        if (!str_is(text, ".") && r->alts > 0 && allele > (int64_t)r->alts)
            *in_range = false;
        count++;
        if (at == s.len)
            break;
    }
    *ploidy = count;
    return true;
}

static void check_sample(const struct vcf_record *r, const struct keys *k, Str sample)
{
    bool in_range, has_genotype = k->len && str_is(k->at[0], "GT");
    size_t ploidy = has_genotype ? 2 : 0, field = 0;    // without GT nobody says how many copies there are
    if (sample.len == 0 && r->header->minor < 4) {
        vcf_bad(r, sample, "vcf-sample-value", "the sample's column is empty: expected '.' for what is missing");
        return;
    }
    for (Str rest = sample;; field++) {
        Str value = str_cut(&rest, ':');
        bool is_last = value.data + value.len == sample.data + sample.len;
        if (field >= k->len) {
            vcf_bad(r, value, "vcf-sample-value", "the sample has more values than FORMAT has keys");
            return;
        }
        bool is_gle = str_is(k->at[field], "GLE");
        if (field == 0 && has_genotype) {
            if (!read_genotype(r, value, &ploidy, &in_range))
                vcf_bad(r, value, "vcf-genotype", "GT: expected numbers of alleles, or '.', with '/' or '|' between");
            else if (!in_range)
                vcf_bad(r, value, "vcf-genotype", "GT: the record has no such allele");
            if (str_is(value, "."))
                ploidy = 0;
        } else if (k->known[field] && value.len > 0 && !is_gle) {
            check_values(r, value, &k->defs[field], ploidy, "sample");
        }
        if (is_last)
            return;
    }
}

void vcf_check_samples(const struct vcf_record *r)
{
    struct keys keys;
    if (!read_keys(r, &keys))
        return;
    for (size_t i = VCF_SAMPLES; i < r->header->columns; i++)
        check_sample(r, &keys, r->columns[i]);
}
