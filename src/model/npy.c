// SPDX-License-Identifier: Apache-2.0
// Headers of .npy files. The dictionary is read by a scanner for what NumPy writes, not by a Python parser: three keys, each once.
#include "model/npy.h"

static const struct {
    const char *name;
    enum tensor_type type;
} types[] = { { "<f2", TENSOR_F16 }, { "<f4", TENSOR_F32 }, { "<f8", TENSOR_F64 }, { "<i8", TENSOR_I64 }, { "<i4", TENSOR_I32 }, { "<i2",
    TENSOR_I16 },
              { "|i1", TENSOR_I8 },  { "<u8", TENSOR_U64 }, { "<u4", TENSOR_U32 }, { "<u2", TENSOR_U16 }, { "|u1", TENSOR_U8 },  { "|b1",
                  TENSOR_BOOL } };

size_t npy_header(enum tensor_type type, int rank, const int64_t *shape, char out[NPY_HEADER_MAX])
{
    const char *name = "";
    struct strbuf text = { .limit = NPY_HEADER_MAX - 16 };
    for (size_t i = 0; i < LEN(types); i++)
        if (types[i].type == type)
            name = types[i].name;
    CHECK(name[0]);
    strbuf_addf(&text, "{'descr': '%s', 'fortran_order': False, 'shape': (", name);
    for (int i = 0; i < rank; i++)
        strbuf_addf(&text, i ? " %lld," : "%lld,", (long long)shape[i]);
    if (rank > 1)
        text.len--;
    strbuf_addz(&text, "), }");
    while ((10 + text.len + 1) % 64)
        strbuf_addc(&text, ' ');
    strbuf_addc(&text, '\n');
    memcpy(out, "\x93NUMPY\x01\x00", 8);
    out[8] = (char)(text.len & 0xff), out[9] = (char)(text.len >> 8);
    memcpy(out + 10, text.data, text.len);
    size_t len = 10 + text.len;
    strbuf_release(&text);
    return len;
}

struct scan {
    Str rest;
};

static void skip_space(struct scan *s)
{
    while (s->rest.len && (s->rest.data[0] == ' ' || s->rest.data[0] == '\t' || s->rest.data[0] == '\n'))
        s->rest = str_from(s->rest, 1);
}

static bool take(struct scan *s, const char *text)
{
    skip_space(s);
    if (!str_starts(s->rest, str_of(text)))
        return false;
    s->rest = str_from(s->rest, strlen(text));
    return true;
}

static bool take_string(struct scan *s, Str *out)
{
    skip_space(s);
    if (s->rest.len == 0 || (s->rest.data[0] != '\'' && s->rest.data[0] != '"'))
        return false;
    char quote = s->rest.data[0];
    ptrdiff_t end = str_find_char(str_from(s->rest, 1), quote);
    if (end < 0)
        return false;
    *out = str_slice(s->rest, 1, 1 + (size_t)end);
    s->rest = str_from(s->rest, (size_t)end + 2);
    return true;
}

static bool take_shape(struct scan *s, struct tensor *t)
{
    if (!take(s, "("))
        return false;
    t->rank = 0, t->count = 1;
    while (!take(s, ")")) {
        size_t n = 0;
        skip_space(s);
        while (n < s->rest.len && s->rest.data[n] >= '0' && s->rest.data[n] <= '9')
            n++;
        if (n == 0 || t->rank == TENSOR_RANK_MAX || !str_to_int(str_first(s->rest, n), &t->shape[t->rank])
            || __builtin_mul_overflow(t->count, t->shape[t->rank], &t->count))
            return false;
        t->rank++;
        s->rest = str_from(s->rest, n);
        if (!take(s, ",") && !str_starts(s->rest, STR(")")))
            return false;
    }
    return true;
}

static bool find_type(Str name, struct tensor *t)
{
    for (size_t i = 0; i < LEN(types); i++)
        if (str_is(name, types[i].name)) {
            t->type = types[i].type;
            return true;
        }
    return false;
}

static bool read_dictionary(Str text, struct tensor *t, struct err *err)
{
    struct scan s = { text };
    bool has_type = false, has_order = false, has_shape = false;
    if (!take(&s, "{"))
        return err_set(err, ERR_INVALID, "the header is no dictionary");
    while (!take(&s, "}")) {
        Str key, name;
        if (!take_string(&s, &key) || !take(&s, ":"))
            return err_set(err, ERR_INVALID, "the header is no dictionary of 'descr', 'fortran_order' and 'shape'");
        if (str_is(key, "descr") && !has_type) {
            if (!take_string(&s, &name) || !find_type(name, t))
                return err_set(err, ERR_UNSUPPORTED, "'descr' is no little-endian number type such as <f4");
            has_type = true;
        } else if (str_is(key, "fortran_order") && !has_order) {
            if (!take(&s, "False"))
                return err_set(err, ERR_UNSUPPORTED, "'fortran_order' must be False: save the array in C order");
            has_order = true;
        } else if (str_is(key, "shape") && !has_shape) {
            if (!take_shape(&s, t))
                return err_set(err, ERR_INVALID, "'shape' is no tuple of at most %d sizes whose product is under 2^63", TENSOR_RANK_MAX);
            has_shape = true;
        } else {
            return err_set(err, ERR_INVALID, "the header has an unknown key, or one twice");
        }
        take(&s, ",");
    }
    return (has_type && has_order && has_shape) || err_set(err, ERR_INVALID, "the header lacks 'descr', 'fortran_order' or 'shape'");
}

bool npy_parse(Str bytes, struct tensor *out, struct err *err)
{
    size_t prefix, len;
    int64_t size;
    *out = (struct tensor){ 0 };
    if (bytes.len < 10 || memcmp(bytes.data, "\x93NUMPY", 6) != 0)
        return err_set(err, ERR_INVALID, "is no npy file");
    const uint8_t *b = (const uint8_t *)bytes.data;
    if (b[6] < 1 || b[6] > 3)
        return err_set(err, ERR_UNSUPPORTED, "npy version %d is not known", b[6]);
    prefix = b[6] == 1 ? 10 : 12;
    if (bytes.len < prefix)
        return err_set(err, ERR_INVALID, "the header is cut off");
    len = b[6] == 1 ? (size_t)b[8] | (size_t)b[9] << 8 : (size_t)b[8] | (size_t)b[9] << 8 | (size_t)b[10] << 16 | (size_t)b[11] << 24;
    if (len > bytes.len - prefix)
        return err_set(err, ERR_INVALID, "the header is said to be %zu bytes long, but the file ends before", len);
    if (!read_dictionary(str_slice(bytes, prefix, prefix + len), out, err))
        return false;
    Str data = str_from(bytes, prefix + len);
    if (__builtin_mul_overflow(out->count, (int64_t)tensor_type_bytes(out->type), &size) || (size_t)size != data.len)
        return err_set(err, ERR_INVALID, "holds %zu bytes of data, not those that 'shape' and 'descr' say", data.len);
    out->data = data.data;
    return true;
}
