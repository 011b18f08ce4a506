// SPDX-License-Identifier: Apache-2.0
// Statistics of VCF: kinds of variants, transitions and transversions, lengths of indels, genotypes. Samples are numbered, in the
// order of their columns: their names are not shown.
#include <math.h>

#include "base/arena.h"
#include "bio/bytes.h"
#include "bio/columns.h"
#include "bio/stats.h"
#include "bio/window.h"

enum { LENGTH_MAX = 50, SAMPLES_SHOWN = 1000 };

struct genotypes { int64_t hom_ref, het, hom_alt, missing, haploid; };
struct variants {
    struct arena *arena;
    int64_t records, passed, multiallelic, snps, mnps, insertions, deletions, symbolic, other, none, transitions, transversions;
    int64_t lengths[2 * LENGTH_MAX + 1];        // of indels; longer ones at the ends
    struct genotypes *samples, total;
    size_t sample_count;
};

static bool is_transition(char x, char y)
{
    x &= (char)0xdf, y &= (char)0xdf;
    return (x == 'A' && y == 'G') || (x == 'G' && y == 'A') || (x == 'C' && y == 'T') || (x == 'T' && y == 'C');
}

static void add_snp(struct variants *v, char ref, char alt)
{
    v->snps++;
    if ((ref & 0xdf) == 'N' || (alt & 0xdf) == 'N')
        return;
    if (is_transition(ref, alt))
        v->transitions++;
    else
        v->transversions++;
}

static void add_allele(struct variants *v, Str ref, Str alt)
{
    if (str_is(alt, "*")) {
        v->other++;
    } else if (!bytes_are_bases(alt) || alt.len == 0) {
        v->symbolic++;
    } else if (alt.len == ref.len) {
        size_t differ = 0, at = 0;
        for (size_t i = 0; i < ref.len; i++)
            if ((ref.data[i] & 0xdf) != (alt.data[i] & 0xdf))
                differ++, at = i;
        if (differ == 1)
            add_snp(v, ref.data[at], alt.data[at]);
        else if (differ)
            v->mnps++;
        else
            v->other++;
    } else {
        int64_t length = (int64_t)alt.len - (int64_t)ref.len;
        v->insertions += length > 0;
        v->deletions += length < 0;
        v->lengths[LENGTH_MAX + MAX(MIN(length, (int64_t)LENGTH_MAX), -(int64_t)LENGTH_MAX)]++;
    }
}

static void add_genotype(struct genotypes *g, Str gt)
{
    int64_t first = -1, allele;
    bool differ = false, missing = gt.len == 0;
    size_t count = 0;
    for (Str rest = gt; rest.len && !missing;) {
        size_t len = 0;
        while (len < rest.len && rest.data[len] != '/' && rest.data[len] != '|')
            len++;
        missing = !column_count(str_first(rest, len), &allele);
        differ |= count > 0 && allele != first;
        first = count == 0 ? allele : first;
        rest = str_from(rest, len + 1);
        count++;
    }
    g->missing += missing;
    if (missing)
        return;
    g->haploid += count == 1;
    g->het += differ;
    g->hom_ref += !differ && first == 0;
    g->hom_alt += !differ && first > 0;
}

static void add_to_total(struct variants *v)
{
    for (size_t i = 0; i < v->sample_count; i++) {
        v->total.hom_ref += v->samples[i].hom_ref, v->total.het += v->samples[i].het, v->total.hom_alt += v->samples[i].hom_alt;
        v->total.missing += v->samples[i].missing, v->total.haploid += v->samples[i].haploid;
    }
}

static bool add_record(struct variants *v, Str line)
{
    Str columns[9], alt;
    size_t count = columns_split(line, '\t', columns, LEN(columns)), alts = 0;
    if (count < 8)
        return false;
    v->records++;
    v->passed += str_is(columns[6], "PASS");
    if (str_is(columns[4], ".")) {
        v->none++;
    } else {
        for (Str rest = columns[4]; rest.len; alts++) {
            alt = str_cut(&rest, ',');
            add_allele(v, columns[3], alt);
        }
        v->multiallelic += alts > 1;
    }
    if (count < 10 || !str_starts(columns[8], STR("GT")))
        return true;
    if (v->samples == NULL) {
        v->sample_count = count - 9;
        v->samples = NEW_ARRAY(v->arena, struct genotypes, v->sample_count);
    }
    Str rest = str_from(line, (size_t)(columns[8].data + columns[8].len - line.data) + 1);
    for (size_t i = 0; i < v->sample_count && i < count - 9; i++) {
        Str sample = str_cut(&rest, '\t');
        add_genotype(&v->samples[i], str_cut(&sample, ':'));
    }
    return true;
}

static Value ratio(int64_t x, int64_t y) { return y ? value_float(round((double)x * 100 / (double)y) / 100) : value_null; }

static Value genotypes_value(struct arena *a, const struct genotypes *g)
{
    struct value_builder b = value_map_begin(a);
    value_map_set(&b, STR("hom_ref"), value_int(g->hom_ref));
    value_map_set(&b, STR("het"), value_int(g->het));
    value_map_set(&b, STR("hom_alt"), value_int(g->hom_alt));
    value_map_set(&b, STR("missing"), value_int(g->missing));
    value_map_set(&b, STR("haploid"), value_int(g->haploid));
    value_map_set(&b, STR("het_hom_ratio"), ratio(g->het, g->hom_alt));
    return value_map_end(&b);
}

static void facts(struct variants *v, struct value_builder *b)
{
    const struct { const char *name; int64_t number; } numbers[] = {
        { "records", v->records }, { "passed", v->passed }, { "multiallelic", v->multiallelic }, { "snps", v->snps }, { "mnps", v->mnps },
        { "insertions", v->insertions }, { "deletions", v->deletions }, { "indels", v->insertions + v->deletions }, { "symbolic", v->symbolic },
        { "other", v->other }, { "without_alt", v->none }, { "transitions", v->transitions }, { "transversions", v->transversions },
    };
    struct value_builder lengths = value_map_begin(v->arena);
    for (size_t i = 0; i < LEN(numbers); i++)
        value_map_set(b, str_of(numbers[i].name), value_int(numbers[i].number));
    value_map_set(b, STR("ti_tv"), ratio(v->transitions, v->transversions));
    for (int i = -LENGTH_MAX; i <= LENGTH_MAX; i++)
        if (v->lengths[LENGTH_MAX + i])
            value_map_set(&lengths, str_printf(v->arena, i == LENGTH_MAX || i == -LENGTH_MAX ? "%d and more" : "%d", i),
                          value_int(v->lengths[LENGTH_MAX + i]));
    value_map_set(b, STR("indel_lengths"), value_map_end(&lengths));
    value_map_set(b, STR("samples"), value_int((int64_t)v->sample_count));
    if (v->sample_count == 0)
        return;
    add_to_total(v);
    value_map_set(b, STR("genotypes"), genotypes_value(v->arena, &v->total));
    if (v->sample_count > 1) {
        Value *each = NEW_ARRAY(v->arena, Value, v->sample_count);
        size_t shown = MIN(v->sample_count, (size_t)SAMPLES_SHOWN);
        for (size_t i = 0; i < shown; i++)
            each[i] = genotypes_value(v->arena, &v->samples[i]);
        value_map_set(b, STR("by_sample"), value_array(v->arena, each, shown));
    }
}

bool stats_vcf(struct arena *a, struct window *w, struct value_builder *b, struct err *err)
{
    struct variants v = { .arena = a };
    Str line;
    while (window_next_line(w, &line))
        if (line.len && line.data[0] != '#' && !add_record(&v, line))
            return err_set(err, ERR_INVALID, "line %lld is no record: 'petri check' says why", (long long)w->line);
    facts(&v, b);
    return true;
}
