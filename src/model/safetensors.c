// SPDX-License-Identifier: Apache-2.0
// Reading and writing safetensors. The reader believes nothing: sizes are checked against each other before they are multiplied or added.
// Not here: which tensors a model needs (checkpoint.c).
#include "model/safetensors.h"

#include "base/arena.h"
#include "model/outfile.h"
#include "sys/file.h"
#include "value/read.h"

enum { PIECE = 1024 * 1024, NAME_SHOWN = 80 };

#define NAME_ARG(name) (int)MIN((name).len, NAME_SHOWN), (name).data

static bool shape_of(struct tensor *t, Value shape, struct err *err)
{
    if (shape.kind != VALUE_ARRAY)
        return err_set(err, ERR_INVALID, "tensor '" STR_FMT "': 'shape' is %s, expected a list of integers", NAME_ARG(t->name),
                       value_kind_name(shape.kind));
    if (value_len(shape) > TENSOR_RANK_MAX)
        return err_set(err, ERR_INVALID, "tensor '" STR_FMT "': 'shape' has %zu dimensions, more than the %d that are allowed", NAME_ARG(t->name),
                       value_len(shape), TENSOR_RANK_MAX);
    t->rank = (int)value_len(shape);
    t->count = 1;
    for (int i = 0; i < t->rank; i++) {
        Value n = value_at(shape, (size_t)i);
        if (n.kind != VALUE_INT || n.integer < 0)
            return err_set(err, ERR_INVALID, "tensor '" STR_FMT "': dimension %d of 'shape' is no integer from 0 to 2^63 - 1", NAME_ARG(t->name), i);
        t->shape[i] = n.integer;
        if (__builtin_mul_overflow(t->count, n.integer, &t->count))
            return err_set(err, ERR_INVALID, "tensor '" STR_FMT "': the product of 'shape' is over 2^63 - 1", NAME_ARG(t->name));
    }
    return true;
}

// begin and end of data_offsets, in range and of the size that type and shape say.
static bool place_of(const struct tensor *t, Value offsets, int64_t data_len, int64_t *begin, struct err *err)
{
    Value from = value_at(offsets, 0), to = value_at(offsets, 1);
    int64_t size;
    if (value_len(offsets) != 2 || offsets.kind != VALUE_ARRAY || from.kind != VALUE_INT || to.kind != VALUE_INT)
        return err_set(err, ERR_INVALID, "tensor '" STR_FMT "': 'data_offsets' is no list of two integers up to 2^63 - 1", NAME_ARG(t->name));
    if (from.integer < 0 || to.integer < from.integer || to.integer > data_len)
        return err_set(err, ERR_INVALID, "tensor '" STR_FMT "': 'data_offsets' [%lld, %lld] lie outside of the file's %lld bytes of data",
                       NAME_ARG(t->name), (long long)from.integer, (long long)to.integer, (long long)data_len);
    if (__builtin_mul_overflow(t->count, (int64_t)tensor_type_bytes(t->type), &size) || size != to.integer - from.integer) {
        char shape[TENSOR_SHAPE_TEXT];
        tensor_shape_text(t->rank, t->shape, shape);
        return err_set(err, ERR_INVALID, "tensor '" STR_FMT "': 'data_offsets' hold %lld bytes, but %s of %s is another size", NAME_ARG(t->name),
                       (long long)(to.integer - from.integer), tensor_type_name(t->type), shape);
    }
    *begin = from.integer;
    return true;
}

static bool read_entry(struct tensor *t, Value entry, Str data, struct err *err)
{
    Str type = value_get_str(entry, STR("dtype"));
    int64_t begin;
    if (entry.kind != VALUE_MAP)
        return err_set(err, ERR_INVALID, "tensor '" STR_FMT "': expected a map with 'dtype', 'shape' and 'data_offsets', found %s",
                       NAME_ARG(t->name), value_kind_name(entry.kind));
    if (!tensor_type_find(type, &t->type))
        return err_set(err, ERR_INVALID, "tensor '" STR_FMT "': unknown 'dtype' '%.*s'", NAME_ARG(t->name), (int)MIN(type.len, 20),
                       type.data ? type.data : "");
    if (!shape_of(t, value_get(entry, STR("shape")), err)
        || !place_of(t, value_get(entry, STR("data_offsets")), (int64_t)data.len, &begin, err))
        return false;
    t->data = data.data + begin;
    return true;
}

static int by_place(const void *x, const void *y)
{
    const struct tensor *a = *(const struct tensor *const *)x, *b = *(const struct tensor *const *)y;
    if (a->data != b->data)
        return (const char *)a->data < (const char *)b->data ? -1 : 1;
    return (a->count > 0) - (b->count > 0);             // an empty tensor stands before one that begins at the same place
}

// Every byte of the data belongs to exactly one tensor.
static bool check_cover(struct arena *a, const struct safetensors *s, Str data, struct err *err)
{
    struct tensor **sorted = NEW_ARRAY(a, struct tensor *, s->count + 1);
    const char *end = data.data;
    for (size_t i = 0; i < s->count; i++)
        sorted[i] = &s->tensors[i];
    qsort(sorted, s->count, sizeof(struct tensor *), by_place);
    for (size_t i = 0; i < s->count; i++) {
        const struct tensor *t = sorted[i];
        if ((const char *)t->data < end)
            return err_set(err, ERR_INVALID, "tensor '" STR_FMT "' overlaps tensor '" STR_FMT "'", NAME_ARG(t->name), NAME_ARG(sorted[i - 1]->name));
        if ((const char *)t->data > end)
            return err_set(err, ERR_INVALID, "tensor '" STR_FMT "' begins %lld bytes behind the end of what stands before it: the data "
                "must have no holes",
                           NAME_ARG(t->name), (long long)((const char *)t->data - end));
        end = (const char *)t->data + (size_t)t->count * tensor_type_bytes(t->type);
    }
    if (end != data.data + data.len)
        return err_set(err, ERR_INVALID, "%lld bytes at the end belong to no tensor", (long long)(data.data + data.len - end));
    return true;
}

static bool check_metadata(Value metadata, struct err *err)
{
    if (metadata.kind != VALUE_MAP)
        return err_set(err, ERR_INVALID, "'__metadata__' is %s, expected a map", value_kind_name(metadata.kind));
    for (size_t i = 0; i < metadata.map->len; i++)
        if (metadata.map->at[i].value.kind != VALUE_STRING)
            return err_set(err, ERR_INVALID, "'__metadata__': '%.80s' is no string", metadata.map->at[i].key->data);
    return true;
}

static bool read_entries(struct arena *a, Value header, Str data, struct safetensors *out, struct err *err)
{
    out->tensors = NEW_ARRAY(a, struct tensor, header.map->len + 1);
    out->by_name = NEW(a, struct map);
    map_in(a, out->by_name);
    for (size_t i = 0; i < header.map->len; i++) {
        const struct value_field *f = &header.map->at[i];
        Str name = { f->key->data, f->key->len };
        if (str_is(name, "__metadata__")) {
            out->metadata = f->value;
            if (!check_metadata(f->value, err))
                return false;
            continue;
        }
        struct tensor *t = &out->tensors[out->count++];
        t->name = name;
        if (!read_entry(t, f->value, data, err))
            return false;
        map_set(out->by_name, name, t);
    }
    return check_cover(a, out, data, err);
}

bool safetensors_parse(struct arena *a, Str bytes, struct safetensors *out, struct err *err)
{
    uint64_t header_len = 0;
    Value header;
    *out = (struct safetensors){ .metadata = value_null };
    if (bytes.len < 8)
        return err_set(err, ERR_INVALID, "the file has %zu bytes: too short for safetensors", bytes.len);
    for (int i = 0; i < 8; i++)
        header_len |= (uint64_t)(uint8_t)bytes.data[i] << 8 * i;
    if (header_len > SAFETENSORS_HEADER_MAX)
        return err_set(err, ERR_INVALID, "the header is said to be %llu bytes long; more than %d are not allowed (is it a safetensors file?)",
                       (unsigned long long)header_len, SAFETENSORS_HEADER_MAX);
    if (header_len > bytes.len - 8)
        return err_set(err, ERR_INVALID, "the header is said to be %llu bytes long, but the file ends after %zu: is it cut off?",
                       (unsigned long long)header_len, bytes.len);
    Str text = str_slice(bytes, 8, 8 + (size_t)header_len);
    if (!json_parse(a, text, &header, err))
        return err_wrap(err, "the header is no valid JSON");
    if (header.kind != VALUE_MAP)
        return err_set(err, ERR_INVALID, "the header is %s, expected a map", value_kind_name(header.kind));
    return read_entries(a, header, str_from(bytes, 8 + (size_t)header_len), out, err);
}

bool safetensors_open(struct arena *a, Str path, struct safetensors *out, struct err *err)
{
    Str bytes;
    return file_map(a, path, &bytes, err) && (safetensors_parse(a, bytes, out, err) || err_wrap(err, STR_FMT, STR_ARG(path)));
}

const struct tensor *safetensors_find(const struct safetensors *s, Str name) { return map_find(s->by_name, name); }

// --- writing

static Value header_of(struct arena *a, const struct tensor *tensors, size_t count, Value metadata)
{
    struct value_builder header = value_map_begin(a);
    int64_t at = 0;
    if (!value_is_null(metadata))
        value_map_set(&header, STR("__metadata__"), metadata);
    for (size_t i = 0; i < count; i++) {
        const struct tensor *t = &tensors[i];
        struct value_builder entry = value_map_begin(a);
        Value shape[TENSOR_RANK_MAX];
        for (int d = 0; d < t->rank; d++)
            shape[d] = value_int(t->shape[d]);
        Value offsets[2] = { value_int(at), value_int(at + t->count * (int64_t)tensor_type_bytes(t->type)) };
        at = offsets[1].integer;
        value_map_set(&entry, STR("dtype"), value_string(a, str_of(tensor_type_name(t->type))));
        value_map_set(&entry, STR("shape"), value_array(a, shape, (size_t)t->rank));
        value_map_set(&entry, STR("data_offsets"), value_array(a, offsets, 2));
        value_map_set(&header, t->name, value_map_end(&entry));
    }
    return value_map_end(&header);
}

static bool write_tensors(struct outfile *o, const struct tensor *tensors, size_t count, safetensors_fill *fill, void *arg, struct err *err)
{
    char *piece = xmalloc(PIECE);
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++) {
        int64_t len = tensors[i].count * (int64_t)tensor_type_bytes(tensors[i].type);
        for (int64_t at = 0; at < len && ok; at += PIECE) {
            int64_t n = MIN(PIECE, len - at);
            ok = fill(arg, i, at, n, piece, err) && outfile_write(o, piece, (size_t)n, err);
        }
    }
    free(piece);
    return ok;
}

bool safetensors_write(Str path, const struct tensor *tensors, size_t count, Value metadata, safetensors_fill *fill, void *arg,
                       struct err *err)
{
    struct arena scratch = { 0 };
    struct strbuf header = { 0 };
    struct outfile *o = NULL;
    uint8_t length[8];
    json_write(&header, header_of(&scratch, tensors, count, metadata), 0);
    while (header.len % 8)                              // so that the data is aligned
        strbuf_addc(&header, ' ');
    for (int i = 0; i < 8; i++)
        length[i] = (uint8_t)((uint64_t)header.len >> 8 * i);
    bool ok = outfile_open(path, &o, err) && outfile_write(o, length, 8, err) && outfile_write(o, header.data, header.len, err)
        && write_tensors(o, tensors, count, fill, arg, err) && outfile_commit(o, err)
        && dir_sync(str_dirname(path), err);
    outfile_close(o);
    strbuf_release(&header);
    arena_release(&scratch);
    return ok || err_wrap(err, "writing " STR_FMT, STR_ARG(path));
}
