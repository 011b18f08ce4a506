// SPDX-License-Identifier: Apache-2.0
// The stored form of a result and the way back. Not here: where results are kept, and what is done about a damaged one.
//
//   {"result":1,"key":"blake3:…","exit":0,"outputs":[…],"stdout":{…},"stderr":{…},"measured":{…},"run":…,"identity":…}\n
//   blake3:<digest of the first line, without its end>\n
#include "task/result.h"

#include "base/arena.h"
#include "base/err.h"
#include "task/bytes.h"
#include "value/read.h"

enum { RESULT_VERSION = 1, TRAILER = 1 + HASH_TEXT + 1 };

static const struct number_field {
    Str name;
    size_t offset;
} number_fields[] = {
    { STR_CONST("started"), offsetof(struct measured, started) },
    { STR_CONST("ended"), offsetof(struct measured, ended) },
    { STR_CONST("wall"), offsetof(struct measured, wall) },
    { STR_CONST("user"), offsetof(struct measured, user) },
    { STR_CONST("system"), offsetof(struct measured, system) },
    { STR_CONST("peak_memory"), offsetof(struct measured, peak_memory_bytes) },
    { STR_CONST("read"), offsetof(struct measured, read_bytes) },
    { STR_CONST("written"), offsetof(struct measured, written_bytes) },
    { STR_CONST("io_wait"), offsetof(struct measured, io_wait) },       // from here on: not in older records, -1 then
    { STR_CONST("rchar"), offsetof(struct measured, chars_read) },
    { STR_CONST("wchar"), offsetof(struct measured, chars_written) },
    { STR_CONST("peak_virtual"), offsetof(struct measured, peak_virtual_bytes) },
};
enum { NUMBERS_ALWAYS = 8 };
static const struct text_field {
    Str name;
    size_t offset;
} text_fields[] = {
    { STR_CONST("run"), offsetof(struct task_result, run) },
    { STR_CONST("task"), offsetof(struct task_result, task) },
    { STR_CONST("host"), offsetof(struct task_result, host) },
    { STR_CONST("identity"), offsetof(struct task_result, identity) },
};

Value output_value(struct arena *a, const struct output *o)
{
    struct value_builder b = value_map_begin(a);
    value_map_set(&b, STR("path"), bytes_value(a, o->path));
    if (o->kind == OUTPUT_DIR) {
        value_map_set(&b, STR("dir"), value_bool(true));
        return value_map_end(&b);
    }
    value_map_set(&b, STR("size"), value_int(o->size));
    if (!hash_is_zero(o->hash))
        value_map_set(&b, STR("hash"), value_string(a, hash_text(a, o->hash)));
    if (o->is_executable)
        value_map_set(&b, STR("executable"), value_bool(true));
    if (o->is_inline && bytes_are_text(o->bytes))
        value_map_set(&b, STR("text"), value_string(a, o->bytes));
    else if (o->is_inline)
        value_map_set(&b, STR("base64"), value_string(a, base64_encode(a, o->bytes)));
    return value_map_end(&b);
}

static Value measured_value(struct arena *a, const struct measured *m)
{
    struct value_builder b = value_map_begin(a);
    for (size_t i = 0; i < LEN(number_fields); i++)
        value_map_set(&b, number_fields[i].name,
                      value_int(*(const int64_t *)(const void *)((const char *)m + number_fields[i].offset)));
    return value_map_end(&b);
}

Value result_value(struct arena *a, const struct task_result *r)
{
    Value *outputs = NEW_ARRAY(a, Value, r->output_count);
    for (size_t i = 0; i < r->output_count; i++)
        outputs[i] = output_value(a, &r->outputs[i]);
    struct value_builder b = value_map_begin(a);
    value_map_set(&b, STR("result"), value_int(RESULT_VERSION));
    value_map_set(&b, STR("key"), value_string(a, hash_text(a, r->key)));
    value_map_set(&b, STR("exit"), value_int(r->exit_code));
    value_map_set(&b, STR("outputs"), value_array(a, outputs, r->output_count));
    value_map_set(&b, STR("stdout"), output_value(a, &r->log_out));
    value_map_set(&b, STR("stderr"), output_value(a, &r->log_err));
    value_map_set(&b, STR("measured"), measured_value(a, &r->measured));
    for (size_t i = 0; i < LEN(text_fields); i++)
        value_map_set(&b, text_fields[i].name,
                      bytes_value(a, *(const Str *)(const void *)((const char *)r + text_fields[i].offset)));
    return value_map_end(&b);
}

// --- back

static bool bad_field(struct err *err, const char *where, const char *expected)
{
    return err_set(err, ERR_INVALID, "result record: '%s': expected %s", where, expected);
}

static bool read_int(Value map, Str name, int64_t min, int64_t max, int64_t *out, struct err *err)
{
    Value v = value_get(map, name);
    if (v.kind != VALUE_INT || v.integer < min || v.integer > max)
        return bad_field(err, name.data, "an integer in range");
    *out = v.integer;
    return true;
}

static bool read_inline(struct arena *a, Value v, struct output *out, struct err *err)
{
    Value text = value_get(v, STR("text")), base64 = value_get(v, STR("base64"));
    if (text.kind == VALUE_NULL && base64.kind == VALUE_NULL)
        return true;
    out->is_inline = true;
    if (text.kind == VALUE_STRING)
        out->bytes = str_copy(a, value_str(text));
    else if (base64.kind != VALUE_STRING || !base64_decode(a, value_str(base64), &out->bytes))
        return bad_field(err, "base64", "base64");
    if (out->bytes.len != out->size)
        return bad_field(err, "size", "the number of its inline bytes");
    if ((out->size || !hash_is_zero(out->hash)) && !hash_eq(hash_bytes(out->bytes.data, out->bytes.len), out->hash))
        return err_set(err, ERR_DAMAGED, "result record: inline bytes of an output are not those of its digest");
    return true;
}

static bool read_output(struct arena *a, Value v, struct output *out, struct err *err)
{
    *out = (struct output){ .kind = OUTPUT_FILE };
    if (v.kind != VALUE_MAP || !bytes_from_value(a, value_get(v, STR("path")), &out->path))
        return bad_field(err, "path", "the path of an output");
    if (value_has(v, STR("dir"))) {
        out->kind = OUTPUT_DIR;
        return true;
    }
    Value hash = value_get(v, STR("hash")), executable = value_get(v, STR("executable"));
    if (!read_int(v, STR("size"), 0, INT64_MAX, &out->size, err))
        return false;
    if (hash.kind != VALUE_NULL && !hash_parse(value_str(hash), &out->hash))
        return bad_field(err, "hash", "a digest, \"blake3:…\"");
    out->is_executable = executable.kind == VALUE_BOOL && executable.boolean;
    return read_inline(a, v, out, err);
}

static bool read_outputs(struct arena *a, Value v, struct task_result *out, struct err *err)
{
    if (v.kind != VALUE_ARRAY)
        return bad_field(err, "outputs", "an array");
    out->output_count = value_len(v);
    out->outputs = NEW_ARRAY(a, struct output, out->output_count);
    for (size_t i = 0; i < out->output_count; i++) {
        struct output *o = &out->outputs[i];
        if (!read_output(a, value_at(v, i), o, err))
            return false;
        if (!str_is_inner_path(o->path))
            return bad_field(err, "path", "a path inside the task's folder");
        if (o->kind == OUTPUT_FILE && hash_is_zero(o->hash))
            return bad_field(err, "hash", "a digest for every output file");
    }
    return true;
}

static bool read_log(struct arena *a, Value v, Str name, struct output *out, struct err *err)
{
    if (!read_output(a, v, out, err))
        return err_wrap(err, STR_FMT, STR_ARG(name));
    return out->kind == OUTPUT_FILE || bad_field(err, name.data, "a log, not a folder");
}

static bool read_measured(Value v, struct measured *out, struct err *err)
{
    for (size_t i = 0; i < LEN(number_fields); i++) {
        int64_t *number = (int64_t *)(void *)((char *)out + number_fields[i].offset);
        *number = -1;
        if (i >= NUMBERS_ALWAYS && !value_has(v, number_fields[i].name))
            continue;
        if (!read_int(v, number_fields[i].name, INT64_MIN, INT64_MAX, number, err))
            return false;
    }
    return true;
}

bool result_from_value(struct arena *a, Value v, struct task_result *out, struct err *err)
{
    int64_t version = 0, exit_code = 0;
    *out = (struct task_result){ 0 };
    if (!read_int(v, STR("result"), 1, INT64_MAX, &version, err))
        return false;
    if (version > RESULT_VERSION)
        return err_set(err, ERR_UNSUPPORTED,
                       "result record of version %lld: made by a newer Petri than this one, which "
                       "reads version %d; use the newer program",
                       (long long)version, RESULT_VERSION);
    if (!hash_parse(value_get_str(v, STR("key")), &out->key))
        return bad_field(err, "key", "a digest, \"blake3:…\"");
    if (!read_int(v, STR("exit"), INT32_MIN, INT32_MAX, &exit_code, err))
        return false;
    out->exit_code = (int)exit_code;
    for (size_t i = 0; i < LEN(text_fields); i++) {
        Str *text = (Str *)(void *)((char *)out + text_fields[i].offset);
        if (!bytes_from_value(a, value_get(v, text_fields[i].name), text))
            return bad_field(err, text_fields[i].name.data, "a string or {base64}");
    }
    return read_outputs(a, value_get(v, STR("outputs")), out, err) &&
           read_log(a, value_get(v, STR("stdout")), STR("stdout"), &out->log_out, err) &&
           read_log(a, value_get(v, STR("stderr")), STR("stderr"), &out->log_err, err) &&
           read_measured(value_get(v, STR("measured")), &out->measured, err);
}

// --- the record

static void make_trailer(Str line, char out[TRAILER + 1])
{
    char hex[HASH_HEX + 1];
    hash_hex(hash_bytes(line.data, line.len), hex);
    snprintf(out, TRAILER + 1, "\nblake3:%s\n", hex);
}

Str result_encode(struct arena *a, const struct task_result *r)
{
    struct arena scratch = { 0 };
    struct strbuf record = { 0 };
    char trailer[TRAILER + 1];
    json_write(&record, result_value(&scratch, r), 0);
    make_trailer(strbuf_str(&record), trailer);
    strbuf_addz(&record, trailer);
    CHECK(!record.overflow);
    arena_release(&scratch);
    return strbuf_take(&record, a);
}

bool result_decode(struct arena *a, Str bytes, struct task_result *out, struct err *err)
{
    char trailer[TRAILER + 1];
    if (bytes.len <= TRAILER)
        return err_set(err, ERR_DAMAGED, "result record: cut short to %zu bytes", bytes.len);
    Str line = str_first(bytes, bytes.len - TRAILER);
    make_trailer(line, trailer);
    if (memcmp(bytes.data + line.len, trailer, TRAILER) != 0)
        return err_set(err, ERR_DAMAGED, "result record: its bytes are not those of its digest");
    Value v;
    return json_parse(a, line, &v, err) && result_from_value(a, v, out, err);
}
