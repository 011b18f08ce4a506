// SPDX-License-Identifier: Apache-2.0
// Random weights by counter: element i of a tensor depends on the seed, the tensor's name and i alone.
#include "model/create.h"

#include <math.h>

#include "base/arena.h"
#include "base/vec.h"
#include "model/checkpoint.h"
#include "model/safetensors.h"
#include "model/vocab.h"
#include "sys/file.h"

struct making {
    struct arena *arena;
    const struct model_config *config;
    uint64_t seed;
    VEC(struct tensor) tensors;
};

// SplitMix64 (Steele, Lea, Flood 2014) of a counter.
static uint64_t mixed(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

// Near normal with variance 1: four 16-bit uniforms added. Exact arithmetic, so the same everywhere.
static double bell(uint64_t x)
{
    double sum = (double)(x & 0xffff) + (double)(x >> 16 & 0xffff) + (double)(x >> 32 & 0xffff) + (double)(x >> 48);
    return (sum - 2 * 65535.0) / 65536.0 * 1.7320508075688772;
}

static uint64_t name_seed(Str name, uint64_t seed)
{
    uint64_t h = mixed(seed);
    for (size_t i = 0; i < name.len; i++)
        h = mixed(h ^ (uint8_t)name.data[i]);
    return h;
}

static bool add_tensor(void *arg, Str name, int rank, const int64_t *shape)
{
    struct making *m = arg;
    struct tensor t = { .name = name, .type = TENSOR_F32, .rank = rank, .count = 1 };
    for (int i = 0; i < rank; i++)
        t.shape[i] = shape[i], t.count *= shape[i];
    vec_push(m->arena, &m->tensors, t);
    return true;
}

// RoFormer's table: sin(p / 10000^(2i/d)), then the cosines.
static float sinusoid(const struct tensor *t, int64_t at)
{
    int64_t d = t->shape[1], p = at / d, i = at % d, half = d / 2;
    double angle = (double)p / pow(10000, 2.0 * (double)(i % half) / (double)d);
    return (float)(i < half ? sin(angle) : cos(angle));
}

static float value(const struct making *m, const struct tensor *t, uint64_t seed, int64_t i)
{
    double noise = bell(mixed(seed + (uint64_t)i));
    if (str_ends(t->name, STR("inv_freq")))
        return float_of_half(half_of_float((float)(1 / pow(10000, 2.0 * (double)i / (double)config_head_dim(m->config)))));
    if (str_ends(t->name, STR("embed_positions.weight")))
        return sinusoid(t, i);
    if (str_ends(t->name, STR("orm.weight")))
        return (float)(1 + 0.1 * noise);
    if (t->rank == 1)
        return (float)(0.02 * noise);
    if (str_find(t->name, STR("embeddings.")) >= 0)
        return (float)noise;
    return (float)(noise / sqrt((double)t->shape[1]));
}

static bool fill(void *arg, size_t i, int64_t start, int64_t len, void *out, struct err *err UNUSED)
{
    const struct making *m = arg;
    const struct tensor *t = &m->tensors.at[i];
    uint64_t seed = name_seed(t->name, m->seed);
    for (int64_t at = start / 4, k = 0; k < len / 4; at++, k++) {
        float f = value(m, t, seed, at);
        memcpy((char *)out + k * 4, &f, 4);
    }
    return true;
}

static bool write_new(struct arena *a, Str dir, Str name, Str text, struct err *err)
{
    return file_write_atomic(str_join_path(a, dir, name), text, err);
}

bool create_model(Str dir, const struct model_config *c, uint64_t seed, struct err *err)
{
    static const char *const names[] = { "config.json", "vocab.txt", "model.safetensors" };
    struct arena scratch = { 0 };
    struct making m = { .arena = &scratch, .config = c, .seed = seed };
    struct vocab vocab;
    bool ok = true;
    for (size_t i = 0; i < LEN(names) && ok; i++)
        ok = !file_exists(str_join_path(&scratch, dir, str_of(names[i])))
            || err_set(err, ERR_CONFLICT, STR_FMT " already holds a model (%s): take another folder", STR_ARG(dir), names[i]);
    vocab_default(&scratch, c, &vocab);
    checkpoint_each_tensor(&scratch, c, add_tensor, &m);
    struct value_builder metadata = value_map_begin(&scratch);
    value_map_set(&metadata, STR("format"), value_string(&scratch, STR("pt")));
    ok = ok && dir_make_all(dir, err) && write_new(&scratch, dir, STR("vocab.txt"), vocab_text(&scratch, &vocab), err)
        && safetensors_write(str_join_path(&scratch, dir, STR("model.safetensors")), m.tensors.at, m.tensors.len, value_map_end(&metadata),
            fill, &m, err)
        && write_new(&scratch, dir, STR("config.json"), config_write(&scratch, c), err);
    arena_release(&scratch);
    return ok;
}
