// SPDX-License-Identifier: Apache-2.0
// Which statistics a file gets, and how they are shown; and those of features, which are few.
#include "bio/stats.h"

#include <math.h>

#include "base/arena.h"
#include "bio/columns.h"
#include "bio/window.h"
#include "value/read.h"

Value stats_percent(int64_t part, int64_t whole)
{
    return whole ? value_float(round((double)part * 10000 / (double)whole) / 100) : value_null;
}

// --- features

static bool stats_features(struct arena *a, struct window *w, enum bio_kind kind, struct value_builder *b, struct err *err)
{
    struct value_builder types = value_map_begin(a);
    int64_t features = 0, bases = 0, from, to;
    Str line, columns[9];
    while (window_next_line(w, &line)) {
        if (str_starts(line, STR("##FASTA")) || str_starts(line, STR(">")))
            break;
        if (line.len == 0 || line.data[0] == '#' || str_starts(line, STR("track")) || str_starts(line, STR("browser")))
            continue;
        size_t count = columns_split(line, '\t', columns, LEN(columns)), at = kind == KIND_BED ? 1 : 3;
        bool ok = count >= (kind == KIND_BED ? 3u : 9u) && column_count(columns[at], &from) && column_count(columns[at + 1], &to);
        if (!ok)
            return err_set(err, ERR_INVALID, "line %lld is none of this format: 'petri check' says why", (long long)w->line);
        features++;
        bases += to - from + (kind != KIND_BED);
        Value seen = value_null;
        for (size_t i = 0; kind != KIND_BED && i < types.len; i++)
            if (types.fields[i].key->len == columns[2].len && memcmp(types.fields[i].key->data, columns[2].data, columns[2].len) == 0)
                seen = types.fields[i].value;
        if (kind != KIND_BED && types.len < 1000)
            value_map_set(&types, columns[2], value_int(seen.kind == VALUE_INT ? seen.integer + 1 : 1));
    }
    value_map_set(b, STR("features"), value_int(features));
    value_map_set(b, STR("bases"), value_int(bases));
    if (kind != KIND_BED)
        value_map_set(b, STR("types"), value_map_end(&types));
    return true;
}

// --- all kinds

static bool by_kind(struct arena *a, Str path, const struct stats_options *o, enum bio_kind kind, struct window *w, struct value_builder *b,
                    struct err *err)
{
    switch (kind) {
    case KIND_FASTQ: return stats_fastq(w, b, err);
    case KIND_FASTA: return stats_fasta(w, b, err);
    case KIND_BAM: return stats_bam(a, w, b, err);
    case KIND_SAM: return stats_sam(a, w, b, err);
    case KIND_CRAM: return stats_cram(a, path, o, b, err);
    case KIND_VCF: return stats_vcf(a, w, b, err);
    case KIND_BED: case KIND_GFF3: case KIND_GTF: return stats_features(a, w, kind, b, err);
    case KIND_BCF: return err_set(err, ERR_UNSUPPORTED, "there are no statistics of BCF: convert it with 'bcftools view'");
    case KIND_QUAL: case KIND_SHEET: case KIND_UNKNOWN: break;
    }
    return err_set(err, ERR_INVALID, "there are no statistics of this kind of file: expected FASTQ, FASTA, SAM, BAM, CRAM, VCF, BED, GFF3 or GTF");
}

bool stats_file(struct arena *a, Str path, const struct stats_options *o, Value *out, struct err *err)
{
    struct window w;
    struct value_builder b = value_map_begin(a);
    if (!window_open(&w, path, (struct input_options){ .threads = o->threads }, err))
        return false;
    enum bio_kind kind = o->kind == KIND_UNKNOWN ? kind_of(path, window_peek(&w)) : o->kind;
    value_map_set(&b, STR("path"), value_string(a, path));
    value_map_set(&b, STR("kind"), value_string(a, str_of(kind_name(kind))));
    bool ok = by_kind(a, path, o, kind, &w, &b, err);
    if (w.broken) {
        *err = w.err;
        ok = false;
    }
    window_close(&w);
    *out = value_map_end(&b);
    if (!ok)
        err_wrap(err, STR_FMT, STR_ARG(path));
    return ok;
}

// --- showing

static void add_scalar(struct strbuf *out, Value v)
{
    if (v.kind == VALUE_STRING)
        strbuf_add(out, value_str(v));
    else if (v.kind == VALUE_FLOAT)
        strbuf_addf(out, "%.2f", v.real);
    else if (v.kind == VALUE_NULL)
        strbuf_addc(out, '-');
    else
        json_write(out, v, 0);
}

static size_t widest(Value map)
{
    size_t width = 0;
    for (size_t i = 0; i < map.map->len; i++)
        width = MAX(width, map.map->at[i].key->len);
    return width;
}

static void add_lines(struct strbuf *out, Value map, int indent)
{
    size_t width = widest(map);
    for (size_t i = 0; i < map.map->len; i++) {
        const struct value_field *f = &map.map->at[i];
        strbuf_addf(out, "%*s%s", indent, "", f->key->data);
        if (f->value.kind == VALUE_MAP) {
            strbuf_addc(out, '\n');
            add_lines(out, f->value, indent + 2);
        } else if (f->value.kind == VALUE_ARRAY) {
            strbuf_addf(out, "\n");
            for (size_t k = 0; k < f->value.array->len; k++) {
                strbuf_addf(out, "%*s%zu\n", indent + 2, "", k + 1);
                add_lines(out, f->value.array->at[k], indent + 4);
            }
        } else {
            strbuf_addf(out, "%*s", (int)(width - f->key->len) + 2, "");
            add_scalar(out, f->value);
            strbuf_addc(out, '\n');
        }
    }
}

void stats_print(Value stats, struct strbuf *out) { add_lines(out, stats, 0); }
