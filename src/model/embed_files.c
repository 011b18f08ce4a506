// SPDX-License-Identifier: Apache-2.0
// The folder of embeddings: its settings, its parts, its manifest. A part counts as finished once the note about it (.petri-embed/part-NNNNN.json, or
// the manifest) is there; the note names the digest of its input, so a changed input makes the part again.
#include <unistd.h>

#include "base/arena.h"
#include "model/embed_inside.h"
#include "model/npy.h"
#include "model/outfile.h"
#include "sys/file.h"
#include "sys/lock.h"
#include "value/read.h"

enum { NOTE_MAX = 1024 * 1024, MANIFEST_MAX = 512 * 1024 * 1024 };

static const char *const kind_names[] = { [EMBED_MEAN] = "mean", [EMBED_CLS] = "cls", [EMBED_MEAN_ALL] = "mean-all", [EMBED_MAX] = "max",
                                          [EMBED_RESIDUES] = "residues", [EMBED_LOGITS] = "logits", [EMBED_CONTACTS] = "contacts" };

const char *embed_kind_name(enum embed_kind kind) { return kind_names[kind]; }

bool embed_kind_find(Str name, enum embed_kind *out)
{
    for (size_t i = 0; i < LEN(kind_names); i++)
        if (str_is(name, kind_names[i])) {
            *out = (enum embed_kind)i;
            return true;
        }
    return false;
}

static Value text_value(struct arena *a, const char *z) { return value_string(a, str_of(z)); }

// --- settings

Value settings_make(struct farm *f, Hash model)
{
    static const char *const policies[] = { [TOO_LONG_ERROR] = "error", [TOO_LONG_TRUNCATE] = "truncate", [TOO_LONG_WINDOWS] = "windows" };
    static const char *const chains[] = { [CHAIN_ANY] = "any", [CHAIN_HEAVY] = "H", [CHAIN_LIGHT] = "L", [CHAIN_BOTH] = "HL" };
    struct arena *a = f->arena;
    struct value_builder b = value_map_begin(a);
    value_map_set(&b, STR("model"), value_string(a, hash_text(a, model)));
    value_map_set(&b, STR("layer"), value_int(f->layer));
    value_map_set(&b, STR("pooling"), text_value(a, kind_names[f->o->kind]));
    value_map_set(&b, STR("dtype"), text_value(a, f->o->type == TENSOR_F16 ? "fp16" : "fp32"));
    value_map_set(&b, STR("too_long"), text_value(a, policies[f->policy.what]));
    value_map_set(&b, STR("max_length"), value_int(f->policy.longest));
    value_map_set(&b, STR("overlap"), value_int(f->policy.what == TOO_LONG_WINDOWS ? f->policy.overlap : 0));
    value_map_set(&b, STR("chain"), text_value(a, chains[f->o->chain]));
    value_map_set(&b, STR("shard_size"), value_int(f->shard_sequences));
    value_map_set(&b, STR("shard_residues"), value_int(f->shard_residues));
    value_map_set(&b, STR("arithmetic"), text_value(a, encoder_arithmetic_name(&f->o->encoder)));
    return value_map_end(&b);
}

// Names the first setting in which the folder differs.
static bool check_settings(const struct farm *f, Value there, struct err *err)
{
    Value wanted = f->settings_value;
    for (size_t i = 0; i < wanted.map->len; i++) {
        const struct value_field *w = &wanted.map->at[i];
        Value old = value_get(there, (Str){ w->key->data, w->key->len });
        if (value_eq(old, w->value))
            continue;
        struct strbuf was = { 0 }, is = { 0 };
        json_write(&was, old, 0);
        json_write(&is, w->value, 0);
        err_set(err, ERR_CONFLICT, STR_FMT " holds embeddings made with '%s' " STR_FMT ", not " STR_FMT ": take another folder, or remove it",
                STR_ARG(f->o->out), w->key->data, STR_ARG(strbuf_str(&was)), STR_ARG(strbuf_str(&is)));
        strbuf_release(&was);
        strbuf_release(&is);
        return false;
    }
    return true;
}

static bool read_json(struct arena *a, Str path, int64_t max, Value *out, struct err *err)
{
    Str text;
    return file_read(a, path, max, &text, err) && (json_parse(a, text, out, err) || err_wrap(err, STR_FMT, STR_ARG(path)));
}

static void note_finished(struct farm *f, Value part)
{
    Value *kept = NEW(f->arena, Value);
    *kept = part;
    map_set(&f->finished, value_get_str(part, STR("part")), kept);
}

static bool read_manifest(struct farm *f, Str path, struct err *err)
{
    Value manifest;
    if (!read_json(f->arena, path, MANIFEST_MAX, &manifest, err))
        return false;
    if (!str_is(value_get_str(manifest, STR("format")), "petri-embeddings"))
        return err_set(err, ERR_CONFLICT, STR_FMT " is no manifest of embeddings: take another folder", STR_ARG(path));
    if (!check_settings(f, value_get(manifest, STR("settings")), err))
        return false;
    Value parts = value_get(manifest, STR("parts"));
    for (size_t i = 0; i < value_len(parts); i++)
        note_finished(f, value_at(parts, i));
    return true;
}

static bool read_notes(struct farm *f, struct err *err)
{
    Str *names;
    size_t count;
    Value part;
    if (!dir_list(f->arena, f->progress_dir, &names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        Str path = str_join_path(f->arena, f->progress_dir, names[i]);
        if (str_starts(names[i], STR(".tmp-")))
            unlink(path.data);
        if (!str_starts(names[i], STR("part-")) || !str_ends(names[i], STR(".json")))
            continue;
        if (!read_json(f->arena, path, NOTE_MAX, &part, err))
            return false;
        note_finished(f, part);
    }
    return true;
}

// What a killed call left half-written.
static bool remove_temporary(struct farm *f, struct err *err)
{
    Str *names;
    size_t count;
    if (!dir_list(f->arena, f->o->out, &names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (str_starts(names[i], STR(".tmp-")) && (str_find(names[i], STR("-part-")) >= 0 || str_ends(names[i], STR("-manifest.json"))))
            unlink(str_join_path(f->arena, f->o->out, names[i]).data);
    return true;
}

static bool write_file(Str path, Str text, struct err *err)
{
    struct outfile *o;
    bool ok = outfile_open(path, &o, err) && outfile_write(o, text.data, text.len, err) && outfile_commit(o, err);
    outfile_close(o);
    return ok;
}

static Str json_text(struct arena *a, Value v)
{
    struct strbuf out = { 0 };
    json_write(&out, v, 1);
    strbuf_addc(&out, '\n');
    return strbuf_take(&out, a);
}

bool folder_open(struct farm *f, int *lock, struct err *err)
{
    struct arena *a = f->arena;
    Str manifest = str_join_path(a, f->o->out, STR("manifest.json")), settings;
    Value there;
    f->progress_dir = str_join_path(a, f->o->out, STR(".petri-embed"));
    map_in(a, &f->finished);
    if (!dir_make_all(f->progress_dir, err))
        return false;
    if (!lock_take(str_join_path(a, f->progress_dir, STR("lock")), lock, err))
        return err->code == ERR_CONFLICT ? err_set(err, ERR_CONFLICT, "another petri embed is working in " STR_FMT, STR_ARG(f->o->out)) : false;
    settings = str_join_path(a, f->progress_dir, STR("settings.json"));
    if (file_exists(manifest) && !read_manifest(f, manifest, err))
        return false;
    if (file_exists(settings))
        return read_json(a, settings, NOTE_MAX, &there, err) && check_settings(f, there, err) && remove_temporary(f, err) && read_notes(f, err);
    return write_file(settings, json_text(a, f->settings_value), err);
}

// --- parts

void part_name(int64_t number, const char *end, char out[PART_NAME]) { snprintf(out, PART_NAME, "part-%05lld%s", (long long)number, end); }

static bool has_size(const struct farm *f, Value file)
{
    struct stat st;
    Str path = str_join_path(f->arena, f->o->out, value_get_str(file, STR("file")));
    return file_stat(path, &st) && st.st_size == value_get_int(file, STR("size"), -1);
}

Value part_find_finished(struct farm *f)
{
    char name[PART_NAME];
    part_name(f->shard.number, "", name);
    const Value *part = map_find(&f->finished, str_of(name));
    if (part == NULL || !str_eq(value_get_str(*part, STR("input")), hash_text(f->arena, f->shard.input))
        || !has_size(f, value_get(*part, STR("vectors"))) || !has_size(f, value_get(*part, STR("ids"))))
        return value_null;
    return *part;
}

static Value file_value(struct arena *a, const char *name, const struct outfile *o)
{
    struct value_builder b = value_map_begin(a);
    value_map_set(&b, STR("file"), text_value(a, name));
    value_map_set(&b, STR("size"), value_int(outfile_size(o)));
    value_map_set(&b, STR("digest"), value_string(a, hash_text(a, outfile_digest(o))));
    return value_map_end(&b);
}

static bool write_vectors(struct farm *f, const char *name, Value *out, struct err *err)
{
    char header[NPY_HEADER_MAX];
    struct outfile *o;
    const struct shard *s = &f->shard;
    size_t len = npy_header(f->o->type, 2, (const int64_t[]){ s->rows, f->width }, header);
    bool ok = outfile_open(str_join_path(f->arena, f->o->out, str_of(name)), &o, err) && outfile_write(o, header, len, err)
        && outfile_write(o, s->data, (size_t)(s->rows * f->width) * tensor_type_bytes(f->o->type), err) && outfile_commit(o, err);
    if (ok)
        *out = file_value(f->arena, name, o);
    outfile_close(o);
    return ok;
}

static void add_flag(struct strbuf *b, size_t start, const char *fmt, ...) PRINTF(3, 4);
static void add_flag(struct strbuf *b, size_t start, const char *fmt, ...)
{
    va_list args;
    if (b->len > start)
        strbuf_addc(b, ',');
    va_start(args, fmt);
    strbuf_addv(b, fmt, args);
    va_end(args);
}

// "truncated,unknown=2@17;40"; "-" where there is nothing to say.
static void add_flags(struct strbuf *b, const struct record *r, size_t number)
{
    size_t start = b->len;
    if (r->truncated)
        add_flag(b, start, "truncated");
    if (r->windows > 1)
        add_flag(b, start, "windows=%lld", (long long)r->windows);
    if (r->same_as != (int64_t)number)
        add_flag(b, start, "same_as=%lld", (long long)r->same_as);
    if (r->notes.unknown)
        add_flag(b, start, "unknown=%lld@", (long long)r->notes.unknown);
    for (int i = 0; i < r->notes.place_count; i++)
        strbuf_addf(b, i ? ";%lld" : "%lld", (long long)r->notes.places[i]);
    if (r->notes.lower)
        add_flag(b, start, "lower=%lld", (long long)r->notes.lower);
    if (r->notes.gaps_removed)
        add_flag(b, start, "gaps=%lld", (long long)r->notes.gaps_removed);
    if (r->notes.stops_removed)
        add_flag(b, start, "stop");
    if (r->notes.residues == 0)
        add_flag(b, start, "empty");
    if (b->len == start)
        strbuf_addc(b, '-');
}

static bool write_ids(struct farm *f, const char *name, Value *out, struct err *err)
{
    struct outfile *o;
    struct strbuf line = { 0 };
    bool pooled = embed_kind_is_pooled(f->o->kind);
    bool ok = outfile_open(str_join_path(f->arena, f->o->out, str_of(name)), &o, err);
    strbuf_addz(&line, pooled ? "id\tdigest\tlength\tflags\n" : "id\tdigest\tlength\tflags\tfirst_row\trows\n");
    for (size_t i = 0; i < f->shard.records.len && ok; i++) {
        const struct record *r = &f->shard.records.at[i];
        char hex[HASH_HEX + 1];
        hash_hex(r->digest, hex);
        strbuf_add(&line, r->id);
        strbuf_addf(&line, "\tblake3:%s\t%lld\t", hex, (long long)r->notes.residues);
        add_flags(&line, r, i);
        if (!pooled)
            strbuf_addf(&line, "\t%lld\t%lld", (long long)r->first_row, (long long)r->rows);
        strbuf_addc(&line, '\n');
        ok = outfile_write(o, line.data, line.len, err);
        strbuf_clear(&line);
    }
    ok = ok && outfile_write(o, line.data ? line.data : "", line.len, err) && outfile_commit(o, err);
    if (ok)
        *out = file_value(f->arena, name, o);
    outfile_close(o);
    strbuf_release(&line);
    return ok;
}

static Value part_value(struct farm *f, const char *name, Value vectors, Value ids)
{
    struct arena *a = f->arena;
    const struct shard *s = &f->shard;
    struct value_builder b = value_map_begin(a);
    int64_t unknown = 0, same = 0, truncated = 0, windowed = 0;
    for (size_t i = 0; i < s->records.len; i++) {
        const struct record *r = &s->records.at[i];
        unknown += r->notes.unknown, same += r->same_as != (int64_t)i, truncated += r->truncated, windowed += r->windows > 1;
    }
    value_map_set(&b, STR("part"), text_value(a, name));
    value_map_set(&b, STR("sequences"), value_int((int64_t)s->records.len));
    value_map_set(&b, STR("residues"), value_int(s->residues));
    value_map_set(&b, STR("rows"), value_int(s->rows));
    value_map_set(&b, STR("duplicates"), value_int(same));
    value_map_set(&b, STR("unknown_letters"), value_int(unknown));
    value_map_set(&b, STR("truncated"), value_int(truncated));
    value_map_set(&b, STR("windowed"), value_int(windowed));
    value_map_set(&b, STR("input"), value_string(a, hash_text(a, s->input)));
    value_map_set(&b, STR("vectors"), vectors);
    value_map_set(&b, STR("ids"), ids);
    return value_map_end(&b);
}

bool part_write(struct farm *f, bool is_last, Value *out, struct err *err)
{
    char name[PART_NAME], file[PART_NAME];
    Value vectors, ids;
    part_name(f->shard.number, ".npy", file);
    if (!write_vectors(f, file, &vectors, err))
        return false;
    part_name(f->shard.number, ".ids.tsv", file);
    if (!write_ids(f, file, &ids, err))
        return false;
    part_name(f->shard.number, "", name);
    *out = part_value(f, name, vectors, ids);
    if (is_last)
        return true;
    part_name(f->shard.number, ".json", file);
    return write_file(str_join_path(f->arena, f->progress_dir, str_of(file)), json_text(f->arena, *out), err);
}

// --- the manifest

static int64_t sum_of(const Value *parts, size_t count, const char *field)
{
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += value_get_int(parts[i], str_of(field), 0);
    return sum;
}

Value manifest_make(struct arena *a, Value settings, int64_t width, const Value *parts, size_t count)
{
    struct value_builder b = value_map_begin(a);
    static const char *const sums[] = { "sequences", "residues", "rows", "duplicates", "unknown_letters", "truncated", "windowed" };
    value_map_set(&b, STR("format"), text_value(a, "petri-embeddings"));
    value_map_set(&b, STR("version"), value_int(1));
    value_map_set(&b, STR("made_by"), text_value(a, "petri " PETRI_VERSION));
    value_map_set(&b, STR("settings"), settings);
    value_map_set(&b, STR("width"), value_int(width));
    for (size_t i = 0; i < LEN(sums); i++)
        value_map_set(&b, str_of(sums[i]), value_int(sum_of(parts, count, sums[i])));
    value_map_set(&b, STR("parts"), value_array(a, parts, count));
    return value_map_end(&b);
}

bool manifest_write(struct arena *a, Str dir, Value manifest, struct err *err)
{
    return write_file(str_join_path(a, dir, STR("manifest.json")), json_text(a, manifest), err) && dir_sync(dir, err);
}

// Parts of an earlier, longer input.
static bool remove_surplus(struct farm *f, struct err *err)
{
    Str *names;
    size_t count;
    if (!dir_list(f->arena, f->o->out, &names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        int64_t number;
        Str rest = names[i];
        if (!str_starts(rest, STR("part-")))
            continue;
        rest = str_from(rest, 5);
        Str digits = str_cut(&rest, '.');
        if ((str_is(rest, "npy") || str_is(rest, "ids.tsv")) && str_to_int(digits, &number) && number >= (int64_t)f->parts.len)
            unlink(str_join_path(f->arena, f->o->out, names[i]).data);
    }
    return true;
}

bool folder_finish(struct farm *f, struct err *err)
{
    f->summary->manifest = manifest_make(f->arena, f->settings_value, f->width, f->parts.at, f->parts.len);
    return manifest_write(f->arena, f->o->out, f->summary->manifest, err) && remove_surplus(f, err);
}
