// SPDX-License-Identifier: Apache-2.0
// Files from strangers: safetensors and npy that lie, configurations that can't be, vocabularies.
#include <math.h>

#include "base/arena.h"
#include "model/config.h"
#include "model/npy.h"
#include "model/safetensors.h"
#include "model/vocab.h"
#include "sys/file.h"
#include "unit/test.h"

// --- half precision

TEST(half_precision_keeps_what_it_can_hold_and_rounds_to_even)
{
    EXPECT_INT(half_of_float(1.0f), 0x3c00);
    EXPECT_INT(half_of_float(-2.0f), 0xc000);
    EXPECT_INT(half_of_float(65504.0f), 0x7bff);
    EXPECT_INT(half_of_float(65520.0f), 0x7c00);
    EXPECT_INT(half_of_float(1.0f + 0x1p-11f), 0x3c00);                 // a tie goes to even
    EXPECT_INT(half_of_float(1.0f + 3 * 0x1p-11f), 0x3c02);
    EXPECT_INT(half_of_float(0x1p-24f), 1);
    EXPECT_INT(half_of_float(0x1p-25f), 0);
    EXPECT_INT(half_of_float(1e-30f), 0);
    EXPECT(isnan(float_of_half(half_of_float(NAN))));
    for (uint32_t h = 0; h < 0x10000; h++)
        if ((h & 0x7c00) != 0x7c00)
            EXPECT_INT(half_of_float(float_of_half((uint16_t)h)), h);
}

// --- safetensors

static Str file_of(struct arena *a, const char *header, size_t data)
{
    size_t n = strlen(header);
    char *out = arena_alloc(a, 8 + n + data);
    for (int i = 0; i < 8; i++)
        out[i] = (char)(n >> 8 * i);
    memcpy(out + 8, header, n);
    return (Str){ out, 8 + n + data };
}

static void refuse(const char *header, size_t data, const char *named)
{
    struct arena a = { 0 };
    struct safetensors s;
    struct err err;
    EXPECT_ERR(safetensors_parse(&a, file_of(&a, header, data), &s, &err), err, ERR_INVALID);
    if (str_find(str_of(err.text), str_of(named)) < 0)
        test_fail(__FILE__, __LINE__, "'%s' does not name '%s'", err.text, named);
    arena_release(&a);
}

#define TENSOR(name, dtype, shape, offsets) "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

TEST(a_hostile_safetensors_file_is_refused_with_the_tensor_named)
{
    refuse("{" TENSOR("wide", "F32", "[2]", "[0,16]") "}", 16, "'wide'");
    refuse("{" TENSOR("far", "F32", "[2]", "[8,16]") "}", 8, "'far'");
    refuse("{" TENSOR("back", "F32", "[0]", "[8,0]") "}", 8, "'back'");
    refuse("{" TENSOR("a", "F32", "[2]", "[0,8]") "," TENSOR("over", "F32", "[2]", "[4,12]") "}", 12, "'over'");
    refuse("{" TENSOR("a", "F32", "[2]", "[0,8]") "," TENSOR("same", "F32", "[2]", "[0,8]") "}", 8, "overlaps");
    refuse("{" TENSOR("a", "F32", "[1]", "[0,4]") "," TENSOR("gap", "F32", "[1]", "[8,12]") "}", 12, "'gap'");
    refuse("{" TENSOR("a", "F32", "[1]", "[0,4]") "}", 12, "8 bytes at the end");
    refuse("{" TENSOR("huge", "F32", "[9223372036854775808]", "[0,8]") "}", 8, "'huge'");
    refuse("{" TENSOR("product", "F32", "[4611686018427387904,4]", "[0,8]") "}", 8, "'product'");
    refuse("{" TENSOR("bytes", "F64", "[2305843009213693952]", "[0,8]") "}", 8, "'bytes'");
    refuse("{" TENSOR("end", "U8", "[8]", "[0,9223372036854775808]") "}", 8, "'end'");
    refuse("{" TENSOR("minus", "F32", "[-2]", "[0,8]") "}", 8, "'minus'");
    refuse("{" TENSOR("real", "F32", "[2.5]", "[0,8]") "}", 8, "'real'");
    refuse("{" TENSOR("type", "F33", "[2]", "[0,8]") "}", 8, "'type'");
    refuse("{" TENSOR("twice", "F32", "[1]", "[0,4]") "," TENSOR("twice", "F32", "[1]", "[4,8]") "}", 8, "'twice'");
    refuse("{\"t\":[1]}", 0, "'t'");
    refuse("{\"t\":{\"dtype\":\"F32\",\"shape\":{},\"data_offsets\":[0,4]}}", 4, "'t'");
    refuse("{\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", 4, "'t'");
    refuse("{" TENSOR("deep", "F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]") "}", 4, "'deep'");
    refuse("{\"__metadata__\":{\"k\":1}}", 0, "__metadata__");
    refuse("[]", 0, "array");
    refuse("{", 0, "JSON");
}

TEST(a_safetensors_file_whose_header_is_longer_than_the_file_is_refused)
{
    struct arena a = { 0 };
    struct safetensors s;
    struct err err;
    EXPECT_ERR(safetensors_parse(&a, (Str){ "\xff\xff\xff\xff\xff\xff\xff\xff{}", 10 }, &s, &err), err, ERR_INVALID);
    EXPECT_ERR(safetensors_parse(&a, (Str){ "\x10\0\0\0\0\0\0\0{}", 10 }, &s, &err), err, ERR_INVALID);
    EXPECT_ERR(safetensors_parse(&a, (Str){ "\x10", 1 }, &s, &err), err, ERR_INVALID);
    arena_release(&a);
}

static bool count_up(void *arg UNUSED, size_t i, int64_t start, int64_t len, void *out, struct err *err UNUSED)
{
    for (int64_t k = 0; k < len; k++)
        ((uint8_t *)out)[k] = (uint8_t)(start + k + (int64_t)i);
    return true;
}

TEST(what_is_written_as_safetensors_is_read_back)
{
    struct arena a = { 0 };
    struct safetensors s;
    struct err err;
    Str path = str_join_path(&a, str_of(test_dir()), STR("t.safetensors"));
    const struct tensor tensors[] = { { .name = STR("a"), .type = TENSOR_F32, .rank = 2, .shape = { 3, 2 }, .count = 6 },
                                      { .name = STR("none"), .type = TENSOR_F32, .rank = 1, .shape = { 0 }, .count = 0 },
                                      { .name = STR("b"), .type = TENSOR_U8, .rank = 1, .shape = { 3000000 }, .count = 3000000 } };
    EXPECT_OK(safetensors_write(path, tensors, LEN(tensors), value_null, count_up, NULL, &err), err);
    EXPECT_OK(safetensors_open(&a, path, &s, &err), err);
    EXPECT_INT(s.count, 3);
    const struct tensor *b = safetensors_find(&s, STR("b"));
    EXPECT(b && b->count == 3000000 && ((const uint8_t *)b->data)[2999999] == (uint8_t)(2999999 + 2));
    EXPECT(safetensors_find(&s, STR("c")) == NULL);
    arena_release(&a);
}

// --- npy

static bool read_npy(const char *dictionary, size_t data, struct err *err)
{
    struct arena a = { 0 };
    struct tensor t;
    size_t n = strlen(dictionary);
    char *bytes = arena_alloc(&a, 10 + n + data);
    memcpy(bytes, "\x93NUMPY\x01\x00", 8);
    bytes[8] = (char)n, bytes[9] = (char)(n >> 8);
    memcpy(bytes + 10, dictionary, n);
    bool ok = npy_parse((Str){ bytes, 10 + n + data }, &t, err);
    arena_release(&a);
    return ok;
}

TEST(npy_headers_are_read_as_numpy_writes_them_and_refused_otherwise)
{
    struct err err;
    char header[NPY_HEADER_MAX];
    size_t len = npy_header(TENSOR_F16, 2, (const int64_t[]){ 7, 320 }, header);
    EXPECT_INT(len % 64, 0);
    EXPECT(memcmp(header + 10, "{'descr': '<f2', 'fortran_order': False, 'shape': (7, 320), }", 61) == 0);
    EXPECT_OK(read_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 24, &err), err);
    EXPECT_OK(read_npy("{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }", 24, &err), err);
    EXPECT_OK(read_npy("{'shape': (), 'fortran_order': False, 'descr': '<f8'}\n", 8, &err), err);
    EXPECT_ERR(read_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 25, &err), err, ERR_INVALID);
    EXPECT_ERR(read_npy("{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3), }", 24, &err), err, ERR_UNSUPPORTED);
    EXPECT_ERR(read_npy("{'descr': '|O', 'fortran_order': False, 'shape': (3,), }", 24, &err), err, ERR_UNSUPPORTED);
    EXPECT_ERR(read_npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", 24, &err), err, ERR_UNSUPPORTED);
    EXPECT_ERR(read_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", 0, &err), err, ERR_INVALID);
    EXPECT_ERR(read_npy("{'descr': '<f4', 'fortran_order': False, }", 0, &err), err, ERR_INVALID);
    EXPECT_ERR(read_npy("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", 4, &err), err, ERR_INVALID);
    EXPECT_ERR(read_npy("{", 0, &err), err, ERR_INVALID);
}

// --- config.json

static void refuse_config(const char *text, const char *named)
{
    struct arena a = { 0 };
    struct model_config c;
    struct err err = { 0 };
    EXPECT(!config_parse(&a, STR("config.json"), str_of(text), &c, &err));
    if (str_find(str_of(err.text), str_of(named)) < 0)
        test_fail(__FILE__, __LINE__, "'%s' does not say '%s'", err.text, named);
    arena_release(&a);
}

#define SIZES "\"vocab_size\":33,\"hidden_size\":32,\"num_hidden_layers\":2,\"num_attention_heads\":4,\"intermediate_size\":64"

TEST(a_config_that_cannot_be_is_refused_at_its_place)
{
    refuse_config("{}", "config.json:1:1: 'model_type' is missing");
    refuse_config("{\"model_type\":\"t5\"}", "unsupported");
    refuse_config("{\"model_type\":\"esm\"," SIZES ",\"hidden_size\":31}", "hidden_size");                // a key twice
    refuse_config("{\"model_type\":\"esm\",\"vocab_size\":33}", "'hidden_size' is missing");
    refuse_config("{\"model_type\":\"esm\",\n \"vocab_size\":-1}", "config.json:2:");
    refuse_config("{\"model_type\":\"esm\",\"vocab_size\":33,\"hidden_size\":30,\"num_hidden_layers\":2,\"num_attention_heads\":4,\"intermediate_size\":64}", "multiple");
    refuse_config("{\"model_type\":\"esm\"," SIZES ",\"position_embedding_type\":\"relative_key\"}", "unsupported");
    refuse_config("{\"model_type\":\"bert\"," SIZES ",\"hidden_act\":\"swish\"}", "unsupported");
    refuse_config("{\"model_type\":\"esm\"," SIZES ",\"id2label\":{\"0\":\"a\",\"2\":\"b\"}}", "id2label");
    refuse_config("{\"model_type\":\"esm\"," SIZES ",\"layer_norm_eps\":0}", "layer_norm_eps");
    refuse_config("{\"model_type\":\"esm\"," SIZES ",\"num_hidden_layers\":99999999999}", "num_hidden_layers");
    refuse_config("[1]", "expected a map");
}

TEST(a_config_is_written_so_that_it_reads_back_the_same)
{
    for (size_t i = 0; i < config_known_count(); i++) {
        struct arena a = { 0 };
        struct model_config c;
        struct err err;
        const struct model_config *known = config_known(config_known_name(i));
        Str text = config_write(&a, known);
        EXPECT_OK(config_parse(&a, STR("config.json"), text, &c, &err), err);
        EXPECT_STR(config_write(&a, &c), text);
        EXPECT_INT(c.positions, known->positions);
        EXPECT_INT(c.position_offset, known->position_offset);
        EXPECT_INT(c.mask_id, known->mask_id);
        EXPECT_INT(c.norm_first, known->norm_first);
        EXPECT_INT(c.embedding_norm, known->embedding_norm);
        EXPECT_INT(config_longest(&c), config_longest(known));
        arena_release(&a);
    }
    EXPECT(config_known(STR("esm2_t33_650M_UR50D")) == config_known(STR("esm2_t33_650M")));
    EXPECT(config_known(STR("esm3")) == NULL);
}

// --- letters

TEST(letters_become_tokens_by_the_stated_rules)
{
    struct arena a = { 0 };
    struct vocab v;
    struct vocab_notes n;
    int32_t t[64];
    uint8_t r[64];
    vocab_default(&a, config_known(STR("esm2_t6_8M")), &v);
    EXPECT_INT(vocab_encode(&v, STR("LAGx"), t, r, &n), 4);
    EXPECT(t[0] == 4 && t[1] == 5 && t[2] == 6 && t[3] == 24 && n.lower == 1 && n.unknown == 0);
    EXPECT_INT(vocab_encode(&v, STR("M-.K*"), t, r, &n), 4);             // ESM has both gaps as tokens
    EXPECT(t[1] == 30 && t[2] == 29 && n.stops_removed == 1 && n.gaps_removed == 0);
    EXPECT_INT(vocab_encode(&v, STR("M*J1\xff"), t, r, &n), 5);
    EXPECT(n.unknown == 4 && n.place_count == 4 && n.places[0] == 2 && n.places[3] == 5 && t[1] == v.unk);
    EXPECT_INT(vocab_encode(&v, STR("MK:LA"), t, r, &n), 6);
    EXPECT(t[2] == v.cls && t[3] == v.cls && !r[2] && !r[3] && r[4] && n.residues == 4);
    EXPECT_INT(vocab_encode(&v, STR(""), t, r, &n), 0);
    vocab_default(&a, config_known(STR("antiberty")), &v);
    EXPECT_INT(vocab_encode(&v, STR("Q-VX"), t, r, &n), 3);
    EXPECT(n.gaps_removed == 1 && n.unknown == 1 && n.places[0] == 4);
    vocab_default(&a, config_known(STR("balm")), &v);
    EXPECT_INT(vocab_encode(&v, STR("Q:V"), t, r, &n), 3);
    EXPECT_INT(t[1], v.eos);
    arena_release(&a);
}
