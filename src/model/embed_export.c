// SPDX-License-Identifier: Apache-2.0
// Exports: the walk over the parts, and the plain formats. HDF5 is in embed_hdf5.c.
#include "model/embed_export.h"

#include <zlib.h>

#include "base/arena.h"
#include "model/embed_export_inside.h"
#include "model/npy.h"
#include "model/safetensors.h"
#include "sys/file.h"
#include "value/read.h"

enum { MANIFEST_MAX = 512 * 1024 * 1024 };
#define PART_BYTES_MAX ((int64_t)1 << 40)

static const struct {
    const char *name, *file;
    export_fn *fn;
} formats[] = {
    { "hdf5", "embeddings.h5", export_hdf5 },
    { "npz", "embeddings.npz", export_npz },
    { "safetensors", "embeddings.safetensors", export_safetensors },
    { "tsv", "embeddings.tsv", export_tsv },
};

bool embed_export_check(Str format, enum embed_kind kind, struct err *err)
{
    for (size_t i = 0; i < LEN(formats); i++)
        if (str_is(format, formats[i].name))
            return kind != EMBED_CONTACTS || err_set(err, ERR_INVALID, "contacts are not exported: read the parts");
    return err_set(err, ERR_INVALID, "--export is hdf5, npz, safetensors or tsv, not '" STR_FMT "'", STR_ARG(format));
}

static bool read_manifest(struct arena *a, Str dir, struct export *e, struct err *err)
{
    Str path = str_join_path(a, dir, STR("manifest.json")), text;
    if (!file_read(a, path, MANIFEST_MAX, &text, err))
        return false;
    if (!json_parse(a, text, &e->manifest, err))
        return err_wrap(err, STR_FMT, STR_ARG(path));
    Value settings = value_get(e->manifest, STR("settings"));
    enum embed_kind kind;
    if (!str_is(value_get_str(e->manifest, STR("format")), "petri-embeddings") || !embed_kind_find(value_get_str(settings, STR("pooling")), &kind))
        return err_set(err, ERR_INVALID, STR_FMT " is no manifest of embeddings", STR_ARG(path));
    e->dir = dir, e->parts = value_get(e->manifest, STR("parts"));
    e->pooled = embed_kind_is_pooled(kind);
    e->type = str_is(value_get_str(settings, STR("dtype")), "fp16") ? TENSOR_F16 : TENSOR_F32;
    e->width = value_get_int(e->manifest, STR("width"), 0);
    e->rows = value_get_int(e->manifest, STR("rows"), 0);
    e->sequences = value_get_int(e->manifest, STR("sequences"), 0);
    return embed_export_check(STR("npz"), kind, err);
}

bool embed_export(struct arena *a, Str dir, Str format, struct err *err)
{
    struct export e = { 0 };
    for (size_t i = 0; i < LEN(formats); i++)
        if (str_is(format, formats[i].name))
            return read_manifest(a, dir, &e, err) && formats[i].fn(a, &e, str_join_path(a, dir, str_of(formats[i].file)), err) && dir_sync(dir, err);
    return embed_export_check(format, EMBED_MEAN, err);
}

bool export_part_open(const struct export *e, size_t number, struct export_part *p, struct err *err)
{
    Value part = value_at(e->parts, number);
    Str bytes;
    *p = (struct export_part){ 0 };
    Str vectors = str_join_path(&p->arena, e->dir, value_get_str(value_get(part, STR("vectors")), STR("file")));
    Str ids = str_join_path(&p->arena, e->dir, value_get_str(value_get(part, STR("ids")), STR("file")));
    if (!file_read(&p->arena, vectors, PART_BYTES_MAX, &bytes, err) || !file_read(&p->arena, ids, PART_BYTES_MAX, &p->ids, err))
        return false;
    if (!npy_parse(bytes, &p->vectors, err))
        return err_wrap(err, STR_FMT, STR_ARG(vectors));
    if (p->vectors.rank != 2 || p->vectors.type != e->type || p->vectors.shape[1] != e->width
        || p->vectors.shape[0] != value_get_int(part, STR("rows"), -1))
        return err_set(err, ERR_DAMAGED, STR_FMT " is not what the manifest says", STR_ARG(vectors));
    str_cut(&p->ids, '\n');
    return true;
}

void export_part_close(struct export_part *p) { arena_release(&p->arena); }

bool export_next_id(const struct export *e, const struct export_part *p, Str *rest, int64_t row, struct export_id *out, struct err *err)
{
    Str line = str_cut(rest, '\n');
    out->id = str_cut(&line, '\t');
    out->first_row = row, out->rows = 1;
    for (int i = 0; i < 3 && !e->pooled; i++)
        str_cut(&line, '\t');
    bool ok = e->pooled || (str_to_int(str_cut(&line, '\t'), &out->first_row) && str_to_int(line, &out->rows));
    if (!ok || out->first_row < 0 || out->rows < 0 || out->first_row + out->rows > p->vectors.shape[0])
        return err_set(err, ERR_DAMAGED, "a part's ids.tsv does not go with its vectors");
    return true;
}

// --- what the array formats share: everything of the parts, one after the other

typedef bool take_fn(void *arg, const void *bytes, size_t len, struct err *err);
enum column { COLUMN_VECTORS, COLUMN_IDS, COLUMN_FIRST, COLUMN_ROWS };

struct layout {
    int64_t longest;                    // bytes of the longest id
    int64_t text;                       // of all ids with line ends
};

static bool measure_ids(const struct export *e, struct layout *l, struct err *err)
{
    *l = (struct layout){ .longest = 1 };
    for (size_t i = 0; i < value_len(e->parts); i++) {
        struct export_part p;
        struct export_id id;
        bool ok = export_part_open(e, i, &p, err);
        Str rest = p.ids;
        for (int64_t row = 0; ok && rest.len; row++) {
            ok = export_next_id(e, &p, &rest, row, &id, err);
            l->longest = MAX(l->longest, (int64_t)id.id.len), l->text += (int64_t)id.id.len + 1;
        }
        export_part_close(&p);
        if (!ok)
            return false;
    }
    return true;
}

static bool give_id(enum column column, const struct export_id *id, int64_t row_base, int64_t pad, take_fn *take, void *arg, struct err *err)
{
    static const char zeros[256];
    int64_t number = column == COLUMN_FIRST ? id->first_row + row_base : id->rows;
    if (column != COLUMN_IDS)
        return take(arg, &number, sizeof number, err);
    if (!take(arg, id->id.data, id->id.len, err))
        return false;
    if (pad == 0)
        return take(arg, "\n", 1, err);
    for (int64_t left = pad - (int64_t)id->id.len; left > 0; left -= (int64_t)sizeof zeros)
        if (!take(arg, zeros, (size_t)MIN(left, (int64_t)sizeof zeros), err))
            return false;
    return true;
}

// pad: the width of an id; 0: ids are lines.
static bool walk(const struct export *e, enum column column, int64_t pad, take_fn *take, void *arg, struct err *err)
{
    int64_t base = 0;
    bool ok = true;
    for (size_t i = 0; i < value_len(e->parts) && ok; i++) {
        struct export_part p;
        struct export_id id;
        ok = export_part_open(e, i, &p, err);
        Str rest = p.ids;
        if (ok && column == COLUMN_VECTORS)
            ok = take(arg, p.vectors.data, (size_t)p.vectors.count * tensor_type_bytes(e->type), err);
        for (int64_t row = 0; ok && rest.len && column != COLUMN_VECTORS; row++)
            ok = export_next_id(e, &p, &rest, row, &id, err) && give_id(column, &id, base, pad, take, arg, err);
        base += ok ? p.vectors.shape[0] : 0;
        export_part_close(&p);
    }
    return ok;
}

// --- npz: a ZIP archive of npy files, stored (APPNOTE.TXT; ZIP64 throughout, so that size does not matter)

struct zip_entry {
    const char *name;
    enum column column;
    char header[NPY_HEADER_MAX];
    size_t header_len;
    uint64_t size, offset;
    uint32_t crc;
};
struct zip {
    struct outfile *out;                 // NULL: only the checksum is made
    uint64_t at;
    uint32_t crc;
    uint64_t size;
};

static bool take_zip(void *arg, const void *bytes, size_t len, struct err *err)
{
    struct zip *z = arg;
    if (z->out) {
        z->at += len;
        return outfile_write(z->out, bytes, len, err);
    }
    z->size += len;
    z->crc = (uint32_t)crc32_z(z->crc, bytes, len);
    return true;
}

static void put(struct strbuf *b, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        strbuf_addc(b, (char)(value >> 8 * i));
}

// The fields that the local and the central header share, from "version needed" on.
static void put_common(struct strbuf *b, const struct zip_entry *e, int extra)
{
    put(b, 45, 2), put(b, 0, 2), put(b, 0, 2), put(b, 0, 2), put(b, 0x21, 2);           // 1980-01-01: the same bytes every time
    put(b, e->crc, 4), put(b, 0xffffffff, 4), put(b, 0xffffffff, 4);
    put(b, strlen(e->name), 2), put(b, (uint64_t)extra, 2);
}

static bool write_local(struct zip *z, struct zip_entry *e, struct err *err)
{
    struct strbuf b = { 0 };
    e->offset = z->at;
    put(&b, 0x04034b50, 4);
    put_common(&b, e, 20);
    strbuf_addz(&b, e->name);
    put(&b, 1, 2), put(&b, 16, 2), put(&b, e->size, 8), put(&b, e->size, 8);
    bool ok = take_zip(z, b.data, b.len, err) && take_zip(z, e->header, e->header_len, err);
    strbuf_release(&b);
    return ok;
}

static bool write_directory(struct zip *z, const struct zip_entry *entries, size_t count, struct err *err)
{
    struct strbuf b = { 0 };
    uint64_t start = z->at;
    for (size_t i = 0; i < count; i++) {
        put(&b, 0x02014b50, 4), put(&b, 45, 2);
        put_common(&b, &entries[i], 28);
        put(&b, 0, 2), put(&b, 0, 2), put(&b, 0, 2), put(&b, 0, 4), put(&b, 0xffffffff, 4);
        strbuf_addz(&b, entries[i].name);
        put(&b, 1, 2), put(&b, 24, 2), put(&b, entries[i].size, 8), put(&b, entries[i].size, 8), put(&b, entries[i].offset, 8);
    }
    uint64_t end = start + b.len;
    put(&b, 0x06064b50, 4), put(&b, 44, 8), put(&b, 45, 2), put(&b, 45, 2), put(&b, 0, 4), put(&b, 0, 4);
    put(&b, count, 8), put(&b, count, 8), put(&b, end - start, 8), put(&b, start, 8);
    put(&b, 0x07064b50, 4), put(&b, 0, 4), put(&b, end, 8), put(&b, 1, 4);
    put(&b, 0x06054b50, 4), put(&b, 0, 2), put(&b, 0, 2), put(&b, count, 2), put(&b, count, 2), put(&b, 0xffffffff, 4), put(&b, 0xffffffff,
        4), put(&b, 0, 2);
    bool ok = take_zip(z, b.data, b.len, err);
    strbuf_release(&b);
    return ok;
}

// An array of byte strings: npy_header() has no type for it.
static size_t ids_header(int64_t longest, int64_t count, char out[NPY_HEADER_MAX])
{
    size_t len = npy_header(TENSOR_U8, 1, &count, out);
    char *at = strstr(out + 10, "|u1");
    CHECK(at != NULL);
    char type[24];
    size_t n = (size_t)snprintf(type, sizeof type, "|S%lld", (long long)longest);
    memmove(at + n, at + 3, len - (size_t)(at + 3 - out) - n + 3);      // the padding of spaces gives way
    memcpy(at, type, n);
    out[len - 1] = '\n';
    return len;
}

bool export_npz(struct arena *a UNUSED, const struct export *e, Str path, struct err *err)
{
    struct zip_entry entries[] = { { "embeddings.npy", COLUMN_VECTORS }, { "ids.npy", COLUMN_IDS }, { "first_row.npy", COLUMN_FIRST },
        { "rows.npy", COLUMN_ROWS } };
    struct zip z = { 0 };
    struct layout l;
    size_t count = e->pooled ? 2 : 4;
    if (!measure_ids(e, &l, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct zip_entry *x = &entries[i];
        x->header_len = i == 0 ? npy_header(e->type, 2, (const int64_t[]){ e->rows, e->width }, x->header)
                      : i == 1 ? ids_header(l.longest, e->sequences, x->header) : npy_header(TENSOR_I64, 1, &e->sequences, x->header);
        z.crc = 0, z.size = 0;
        if (!take_zip(&z, x->header, x->header_len, err) || !walk(e, x->column, l.longest, take_zip, &z, err))
            return false;
        x->crc = z.crc, x->size = z.size;
    }
    bool ok = outfile_open(path, &z.out, err);
    for (size_t i = 0; i < count && ok; i++)
        ok = write_local(&z, &entries[i], err) && walk(e, entries[i].column, l.longest, take_zip, &z, err);
    ok = ok && write_directory(&z, entries, count, err) && outfile_commit(z.out, err);
    outfile_close(z.out);
    return ok;
}

// --- safetensors

struct tensors {
    const struct export *e;
    int64_t wanted, seen;               // the piece that is asked for, in the walk's bytes
    int64_t len;
    char *out;
};

static bool take_piece(void *arg, const void *bytes, size_t len, struct err *err UNUSED)
{
    struct tensors *t = arg;
    int64_t from = MAX(t->wanted, t->seen), to = MIN(t->wanted + t->len, t->seen + (int64_t)len);
    if (from < to)
        memcpy(t->out + (from - t->wanted), (const char *)bytes + (from - t->seen), (size_t)(to - from));
    t->seen += (int64_t)len;
    return true;
}

struct loaded {                         // columns of all parts in memory: ids and rows are small beside the vectors
    const struct export *e;
    struct strbuf columns[4];
    size_t part;
    struct export_part open;
    bool is_open;
    int64_t part_start;                 // byte of the vectors at which the open part begins
};

static bool take_buffer(void *arg, const void *bytes, size_t len, struct err *err)
{
    return strbuf_add(arg, (Str){ bytes, len }) || err_set(err, ERR_LIMIT, "the ids are too large for one file: read the parts");
}

// Bytes of the vectors, from the part that holds them; asked for in order.
static bool fill_vectors(struct loaded *l, int64_t start, int64_t len, char *out, struct err *err)
{
    while (len > 0) {
        if (!l->is_open) {
            if (!export_part_open(l->e, l->part, &l->open, err))
                return false;
            l->is_open = true;
        }
        int64_t size = l->open.vectors.count * (int64_t)tensor_type_bytes(l->e->type), at = start - l->part_start;
        struct tensors t = { .wanted = at, .len = MIN(len, size - at), .out = out };
        if (t.len > 0 && !take_piece(&t, l->open.vectors.data, (size_t)size, err))
            return false;
        start += t.len, len -= t.len, out += t.len;
        if (len > 0) {
            export_part_close(&l->open);
            l->is_open = false, l->part_start += size, l->part++;
        }
    }
    return true;
}

static bool fill_tensor(void *arg, size_t i, int64_t start, int64_t len, void *out, struct err *err)
{
    struct loaded *l = arg;
    if (i == 0)
        return fill_vectors(l, start, len, out, err);
    memcpy(out, l->columns[i].data + start, (size_t)len);
    return true;
}

bool export_safetensors(struct arena *a, const struct export *e, Str path, struct err *err)
{
    struct loaded l = { .e = e };
    struct layout ids;
    bool ok = measure_ids(e, &ids, err);
    for (int c = COLUMN_IDS; c <= COLUMN_ROWS && ok; c++) {
        l.columns[c].limit = INT64_MAX / 2;
        ok = walk(e, (enum column)c, 0, take_buffer, &l.columns[c], err);
    }
    const struct tensor tensors[] = {
        { .name = STR("embeddings"), .type = e->type, .rank = 2, .shape = { e->rows, e->width }, .count = e->rows * e->width },
        { .name = STR("ids"), .type = TENSOR_U8, .rank = 1, .shape = { ids.text }, .count = ids.text },
        { .name = STR("first_row"), .type = TENSOR_I64, .rank = 1, .shape = { e->sequences }, .count = e->sequences },
        { .name = STR("rows"), .type = TENSOR_I64, .rank = 1, .shape = { e->sequences }, .count = e->sequences },
    };
    struct value_builder metadata = value_map_begin(a);
    value_map_set(&metadata, STR("format"), value_string(a, STR("petri-embeddings")));
    ok = ok && safetensors_write(path, tensors, e->pooled ? 2 : 4, value_map_end(&metadata), fill_tensor, &l, err);
    if (l.is_open)
        export_part_close(&l.open);
    for (size_t c = 0; c < LEN(l.columns); c++)
        strbuf_release(&l.columns[c]);
    return ok;
}

// --- tsv

static bool write_rows(const struct export *e, const struct export_part *p, const struct export_id *id, struct outfile *o, float *row,
    struct err *err)
{
    struct strbuf line = { 0 };
    bool ok = true;
    for (int64_t r = 0; r < id->rows && ok; r++) {
        tensor_read_floats(&p->vectors, (id->first_row + r) * e->width, e->width, row);
        strbuf_clear(&line);
        strbuf_add(&line, id->id);
        if (!e->pooled)
            strbuf_addf(&line, "\t%lld", (long long)r + 1);
        for (int64_t i = 0; i < e->width; i++)
            strbuf_addf(&line, e->type == TENSOR_F16 ? "\t%.5g" : "\t%.9g", (double)row[i]);
        strbuf_addc(&line, '\n');
        ok = outfile_write(o, line.data, line.len, err);
    }
    strbuf_release(&line);
    return ok;
}

bool export_tsv(struct arena *a, const struct export *e, Str path, struct err *err)
{
    struct outfile *o;
    float *row = NEW_ARRAY(a, float, (size_t)e->width + 1);
    bool ok = outfile_open(path, &o, err);
    for (size_t i = 0; i < value_len(e->parts) && ok; i++) {
        struct export_part p;
        struct export_id id;
        ok = export_part_open(e, i, &p, err);
        Str rest = p.ids;
        for (int64_t n = 0; ok && rest.len; n++)
            ok = export_next_id(e, &p, &rest, n, &id, err) && write_rows(e, &p, &id, o, row, err);
        export_part_close(&p);
    }
    ok = ok && outfile_commit(o, err);
    outfile_close(o);
    return ok;
}
