// SPDX-License-Identifier: Apache-2.0
// Which tensor is which. One table gives each part's name in the three dialects and its shape; opening, checking and making a model all
// read it. Pickled PyTorch files (.bin, .pt) are refused: reading one means running it.
#include "model/checkpoint.h"

#include <unistd.h>
#include <fcntl.h>

#include "base/arena.h"
#include "base/vec.h"
#include "model/safetensors.h"
#include "sys/file.h"
#include "value/read.h"

enum { CONFIG_FILE_MAX = 4 * 1024 * 1024, INDEX_FILE_MAX = 256 * 1024 * 1024, SHARDS_MAX = 10000 };
enum dialect { DIALECT_ESM, DIALECT_BERT, DIALECT_FAIR, DIALECT_COUNT };
enum needed { MAY, MUST, MUST_WHERE };  // MUST_WHERE: if has() says that the configuration has it

// d hidden, e embedding width, f ffn, v vocabulary, p positions, t token types, h head dim, i head dim / 2, x layers · heads, c labels, 1
struct part {
    const char *names[DIALECT_COUNT];   // without the model's prefix unless it begins with '='; '%' is the layer; NULL: none
    const char *shape;
    size_t offset;
    enum needed needed;
    bool (*has)(const struct model_config *c);          // NULL: always
};
#define M(field) offsetof(struct model_tensors, field)
#define L(field) offsetof(struct layer_tensors, field)

static bool learns_positions(const struct model_config *c) { return c->positions == POSITIONS_LEARNED; }
static bool has_types(const struct model_config *c) { return c->token_types > 0; }
static bool norms_embedding(const struct model_config *c) { return c->embedding_norm; }
static bool norms_final(const struct model_config *c) { return c->final_norm; }
static bool is_projected(const struct model_config *c) { return c->embedding != c->hidden; }
static bool is_half_rotary(const struct model_config *c) { return c->positions == POSITIONS_ROTARY_HALF; }
static bool is_paired_rotary(const struct model_config *c) { return c->positions == POSITIONS_ROTARY_PAIRS; }
static bool has_mlm(const struct model_config *c) { return c->head == HEAD_MLM; }
static bool has_contacts(const struct model_config *c) { return c->family == FAMILY_ESM && c->head == HEAD_MLM; }
static bool pools(const struct model_config *c) { return c->family == FAMILY_BERT && c->head == HEAD_SEQUENCE; }
static bool has_dense_head(const struct model_config *c) { return c->family != FAMILY_BERT && c->head == HEAD_SEQUENCE; }
static bool has_flat_head(const struct model_config *c) { return c->head == HEAD_TOKEN || (c->family == FAMILY_BERT && c->head == HEAD_SEQUENCE); }

static const struct part model_parts[] = {
    { { "embeddings.word_embeddings.weight", "embeddings.word_embeddings.weight", "embed_tokens.weight" }, "ve", M(words), MUST, NULL },
    { { "embeddings.position_embeddings.weight", "embeddings.position_embeddings.weight", "embed_positions.weight" }, "pd", M(positions),
        MUST_WHERE, learns_positions },
    { { NULL, "embeddings.token_type_embeddings.weight", NULL }, "te", M(token_types), MUST_WHERE, has_types },
    { { "embeddings.layer_norm.weight", "embeddings.LayerNorm.weight", "emb_layer_norm_before.weight" }, "e", M(embedding_norm),
        MUST_WHERE, norms_embedding },
    { { "embeddings.layer_norm.bias", "embeddings.LayerNorm.bias", "emb_layer_norm_before.bias" }, "e", M(embedding_norm_bias), MUST_WHERE,
        norms_embedding },
    { { NULL, "embeddings_project.weight", NULL }, "de", M(project), MUST_WHERE, is_projected },
    { { NULL, "embeddings_project.bias", NULL }, "d", M(project_bias), MUST_WHERE, is_projected },
    { { NULL, "encoder.embed_positions.weight", NULL }, "ph", M(sinusoids), MUST_WHERE, is_paired_rotary },
    { { "encoder.emb_layer_norm_after.weight", NULL, "emb_layer_norm_after.weight" }, "d", M(final_norm), MUST_WHERE, norms_final },
    { { "encoder.emb_layer_norm_after.bias", NULL, "emb_layer_norm_after.bias" }, "d", M(final_norm_bias), MUST_WHERE, norms_final },
    { { "contact_head.regression.weight", NULL, "contact_head.regression.weight" }, "1x", M(contact), MAY, has_contacts },
    { { "contact_head.regression.bias", NULL, "contact_head.regression.bias" }, "1", M(contact_bias), MAY, has_contacts },
    { { "=lm_head.dense.weight", "=cls.predictions.transform.dense.weight", "lm_head.dense.weight" }, "ed", M(lm_dense), MAY, has_mlm },
    { { "=lm_head.dense.bias", "=cls.predictions.transform.dense.bias", "lm_head.dense.bias" }, "e", M(lm_dense_bias), MAY, has_mlm },
    { { "=lm_head.layer_norm.weight", "=cls.predictions.transform.LayerNorm.weight", "lm_head.layer_norm.weight" }, "e", M(lm_norm), MAY, has_mlm },
    { { "=lm_head.layer_norm.bias", "=cls.predictions.transform.LayerNorm.bias", "lm_head.layer_norm.bias" }, "e", M(lm_norm_bias), MAY, has_mlm },
    { { "=lm_head.decoder.weight", "=cls.predictions.decoder.weight", "lm_head.weight" }, "ve", M(lm_decoder), MAY, NULL },
    { { "=lm_head.bias", "=cls.predictions.bias", "lm_head.bias" }, "v", M(lm_bias), MAY, has_mlm },
    { { NULL, "pooler.dense.weight", NULL }, "dd", M(pooler), MAY, pools },
    { { NULL, "pooler.dense.bias", NULL }, "d", M(pooler_bias), MAY, pools },
    { { "=classifier.dense.weight", "=classifier.dense.weight", NULL }, "dd", M(class_dense), MAY, has_dense_head },
    { { "=classifier.dense.bias", "=classifier.dense.bias", NULL }, "d", M(class_dense_bias), MAY, has_dense_head },
    { { "=classifier.out_proj.weight", "=classifier.out_proj.weight", NULL }, "cd", M(class_out), MAY, has_dense_head },
    { { "=classifier.out_proj.bias", "=classifier.out_proj.bias", NULL }, "c", M(class_out_bias), MAY, has_dense_head },
    { { "=classifier.weight", "=classifier.weight", NULL }, "cd", M(class_out), MAY, has_flat_head },
    { { "=classifier.bias", "=classifier.bias", NULL }, "c", M(class_out_bias), MAY, has_flat_head },
};
#define ATTENTION "encoder.layer.%.attention."
static const struct part layer_parts[] = {
    { { ATTENTION "self.query.weight", ATTENTION "self.query.weight", "layers.%.self_attn.q_proj.weight" }, "dd", L(query), MUST, NULL },
    { { ATTENTION "self.query.bias", ATTENTION "self.query.bias", "layers.%.self_attn.q_proj.bias" }, "d", L(query_bias), MUST, NULL },
    { { ATTENTION "self.key.weight", ATTENTION "self.key.weight", "layers.%.self_attn.k_proj.weight" }, "dd", L(key), MUST, NULL },
    { { ATTENTION "self.key.bias", ATTENTION "self.key.bias", "layers.%.self_attn.k_proj.bias" }, "d", L(key_bias), MUST, NULL },
    { { ATTENTION "self.value.weight", ATTENTION "self.value.weight", "layers.%.self_attn.v_proj.weight" }, "dd", L(value), MUST, NULL },
    { { ATTENTION "self.value.bias", ATTENTION "self.value.bias", "layers.%.self_attn.v_proj.bias" }, "d", L(value_bias), MUST, NULL },
    { { ATTENTION "self.rotary_embeddings.inv_freq", NULL, "layers.%.self_attn.rot_emb.inv_freq" }, "i", L(inverse_freq), MUST_WHERE,
        is_half_rotary },
    { { ATTENTION "output.dense.weight", ATTENTION "output.dense.weight", "layers.%.self_attn.out_proj.weight" }, "dd", L(out), MUST, NULL },
    { { ATTENTION "output.dense.bias", ATTENTION "output.dense.bias", "layers.%.self_attn.out_proj.bias" }, "d", L(out_bias), MUST, NULL },
    { { ATTENTION "LayerNorm.weight", ATTENTION "output.LayerNorm.weight", "layers.%.self_attn_layer_norm.weight" }, "d",
        L(attention_norm), MUST, NULL },
    { { ATTENTION "LayerNorm.bias", ATTENTION "output.LayerNorm.bias", "layers.%.self_attn_layer_norm.bias" }, "d", L(attention_norm_bias),
        MUST, NULL },
    { { "encoder.layer.%.intermediate.dense.weight", "encoder.layer.%.intermediate.dense.weight", "layers.%.fc1.weight" }, "fd", L(up), MUST, NULL },
    { { "encoder.layer.%.intermediate.dense.bias", "encoder.layer.%.intermediate.dense.bias", "layers.%.fc1.bias" }, "f", L(up_bias), MUST, NULL },
    { { "encoder.layer.%.output.dense.weight", "encoder.layer.%.output.dense.weight", "layers.%.fc2.weight" }, "df", L(down), MUST, NULL },
    { { "encoder.layer.%.output.dense.bias", "encoder.layer.%.output.dense.bias", "layers.%.fc2.bias" }, "d", L(down_bias), MUST, NULL },
    { { "encoder.layer.%.LayerNorm.weight", "encoder.layer.%.output.LayerNorm.weight", "layers.%.final_layer_norm.weight" }, "d",
        L(ffn_norm), MUST, NULL },
    { { "encoder.layer.%.LayerNorm.bias", "encoder.layer.%.output.LayerNorm.bias", "layers.%.final_layer_norm.bias" }, "d",
        L(ffn_norm_bias), MUST, NULL },
};

static const char *const prefixes[] = { [FAMILY_ESM] = "esm.", [FAMILY_BERT] = "bert.", [FAMILY_ROBERTA] = "roberta.",
    [FAMILY_ROFORMER] = "roformer." };

struct opening {
    struct checkpoint *c;
    struct safetensors *shards;
    enum dialect dialect;
    Str prefix;
    struct err *err;
};

static int64_t dimension(const struct model_config *c, char letter)
{
    switch (letter) {
    case 'd': return c->hidden;
    case 'e': return c->embedding;
    case 'f': return c->ffn;
    case 'v': return c->vocab;
    case 'p': return c->max_positions;
    case 't': return c->token_types;
    case 'h': return config_head_dim(c);
    case 'i': return config_head_dim(c) / 2;
    case 'x': return (int64_t)c->layers * c->heads;
    case 'c': return c->labels;
    default: return 1;
    }
}

// RoBERTa names its layers as BERT does and its heads as ESM does.
static const char *name_in(const struct part *p, enum dialect dialect, enum model_family family)
{
    const char *bert = p->names[DIALECT_BERT];
    if (dialect == DIALECT_BERT && family == FAMILY_ROBERTA && bert && bert[0] == '=' && p->names[DIALECT_ESM])
        return p->names[DIALECT_ESM];
    return p->names[dialect];
}

static Str full_name(struct arena *a, const char *pattern, Str prefix, int layer)
{
    struct strbuf out = { 0 };
    if (pattern[0] == '=')
        pattern++;
    else
        strbuf_add(&out, prefix);
    for (; *pattern; pattern++)
        if (*pattern == '%')
            strbuf_addf(&out, "%d", layer);
        else
            strbuf_addc(&out, *pattern);
    return strbuf_take(&out, a);
}

static const struct tensor *find_in_shards(const struct opening *o, Str name)
{
    for (size_t i = 0; i < o->c->file_count; i++) {
        const struct tensor *t = safetensors_find(&o->shards[i], name);
        if (t)
            return t;
    }
    return NULL;
}

// Old checkpoints call a layer norm's weight and bias gamma and beta.
static const struct tensor *find_old_norm(const struct opening *o, Str name)
{
    struct arena *a = &o->c->arena;
    if (str_find(name, STR("LayerNorm.")) < 0)
        return NULL;
    if (str_ends(name, STR(".weight")))
        return find_in_shards(o, str_printf(a, STR_FMT ".gamma", STR_ARG(str_first(name, name.len - 7))));
    return find_in_shards(o, str_printf(a, STR_FMT ".beta", STR_ARG(str_first(name, name.len - 5))));
}

static bool check_shape(const struct opening *o, const struct part *p, const struct tensor *t)
{
    char got[TENSOR_SHAPE_TEXT], want[TENSOR_SHAPE_TEXT];
    int64_t shape[4];
    int rank = (int)strlen(p->shape);
    bool fits = t->rank == rank;
    for (int i = 0; i < rank; i++) {
        bool open = p->shape[i] == 'c' && o->c->config.labels == 0;     // no count of labels was given: the tensor says it
        shape[i] = open && t->rank == rank ? t->shape[i] : dimension(&o->c->config, p->shape[i]);
        fits = fits && t->shape[i] == shape[i];
    }
    if (!tensor_is_float(t))
        return err_set(o->err, ERR_INVALID, "tensor '" STR_FMT "' is of type %s, expected a floating type", STR_ARG(t->name),
            tensor_type_name(t->type));
    tensor_shape_text(t->rank, t->shape, got);
    tensor_shape_text(rank, shape, want);
    return fits || err_set(o->err, ERR_INVALID, "tensor '" STR_FMT "' has the shape %s, but config.json wants %s", STR_ARG(t->name), got, want);
}

static bool take_part(const struct opening *o, const struct part *p, void *base, int layer)
{
    const struct model_config *c = &o->c->config;
    const char *pattern = name_in(p, o->dialect, c->family);
    struct tensor *to = (struct tensor *)(void *)((char *)base + p->offset);
    if (p->needed == MUST_WHERE && !p->has(c))
        return true;                                    // ESM-2 files hold a position table that is not used
    const struct tensor *t = NULL;
    if (pattern) {
        Str name = full_name(&o->c->arena, pattern, o->prefix, layer);
        t = find_in_shards(o, name);
        t = t ? t : find_old_norm(o, name);
        if (t == NULL && p->needed != MAY)
            return err_set(o->err, ERR_NOT_FOUND, "the tensor '" STR_FMT "' is missing", STR_ARG(name));
    }
    if (t == NULL)
        return true;
    if (!check_shape(o, p, t))
        return false;
    if (to->data == NULL)
        o->c->parameters += t->count;
    *to = *t;
    return true;
}

static bool take_parts(struct opening *o)
{
    struct checkpoint *c = o->c;
    c->tensors.layers = NEW_ARRAY(&c->arena, struct layer_tensors, (size_t)c->config.layers);
    for (size_t i = 0; i < LEN(model_parts); i++)
        if (!take_part(o, &model_parts[i], &c->tensors, 0))
            return false;
    for (int l = 0; l < c->config.layers; l++)
        for (size_t i = 0; i < LEN(layer_parts); i++)
            if (!take_part(o, &layer_parts[i], &c->tensors.layers[l], l))
                return false;
    if (c->tensors.class_out.data && c->config.labels == 0)
        c->config.labels = (int)MIN(c->tensors.class_out.shape[0], CONFIG_LABELS_MAX);
    return true;
}

// Which dialect the names are in, and with which prefix: models are saved with and without a head around them.
static bool find_dialect(struct opening *o)
{
    static const char *const fair_prefixes[] = { "", "encoder.", "encoder.sentence_encoder.", "sentence_encoder." };
    struct arena *a = &o->c->arena;
    enum model_family family = o->c->config.family;
    const Str prefix[] = { str_of(prefixes[family]), STR("") };
    for (size_t i = 0; i < LEN(prefix); i++)
        if (find_in_shards(o, str_concat(a, prefix[i], STR("embeddings.word_embeddings.weight")))) {
            o->dialect = family == FAMILY_ESM ? DIALECT_ESM : DIALECT_BERT, o->prefix = prefix[i];
            return true;
        }
    for (size_t i = 0; i < LEN(fair_prefixes) && family == FAMILY_ESM; i++)
        if (find_in_shards(o, str_concat(a, str_of(fair_prefixes[i]), STR("embed_tokens.weight")))) {
            o->dialect = DIALECT_FAIR, o->prefix = str_of(fair_prefixes[i]);
            return true;
        }
    return err_set(o->err, ERR_NOT_FOUND, "the tensor '%sembeddings.word_embeddings.weight' is missing: these are no %s weights", prefixes[family],
                   family == FAMILY_ESM ? "ESM" : "BERT-like");
}

// --- files

static bool add_file(struct checkpoint *c, Str path, struct err *err)
{
    struct stat st;
    if (c->file_count == SHARDS_MAX)
        return err_set(err, ERR_LIMIT, "more than %d tensor files", SHARDS_MAX);
    c->bytes += file_stat(path, &st) ? st.st_size : 0;
    c->files[c->file_count++] = path;
    return true;
}

// model.safetensors.index.json: {"weight_map": {tensor: file}}. A file's name must be one in this folder.
static bool add_indexed(struct checkpoint *c, Str path, struct err *err)
{
    Str text;
    Value root;
    if (!file_read(&c->arena, path, INDEX_FILE_MAX, &text, err))
        return false;
    if (!json_parse(&c->arena, text, &root, err))
        return err_wrap(err, STR_FMT, STR_ARG(path));
    Value map = value_get(root, STR("weight_map"));
    if (map.kind != VALUE_MAP)
        return err_set(err, ERR_INVALID, STR_FMT ": 'weight_map' is missing or no map", STR_ARG(path));
    struct map seen = { 0 };
    bool ok = true;
    for (size_t i = 0; i < map.map->len && ok; i++) {
        Str name = value_str(map.map->at[i].value);
        if (name.len == 0 || str_has(name, '/') || str_has(name, '\0') || name.data[0] == '.')
            ok = err_set(err, ERR_INVALID, STR_FMT ": the file of tensor '%.80s' is no name of a file in this folder", STR_ARG(path),
                         map.map->at[i].key->data);
        else if (map_set(&seen, name, c))
            ok = add_file(c, str_join_path(&c->arena, c->dir, name), err);
    }
    map_release(&seen);
    return ok;
}

// The only *.safetensors file there is, for folders in which it has another name. adapter files are no models.
static bool add_single(struct checkpoint *c, struct err *err)
{
    Str *names, found = { 0 };
    size_t count, matches = 0, pickles = 0;
    if (!dir_list(&c->arena, c->dir, &names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (str_ends(names[i], STR(".safetensors")) && !str_starts(names[i], STR("adapter")))
            found = names[i], matches++;
        pickles += str_ends(names[i], STR(".bin")) || str_ends(names[i], STR(".pt")) || str_ends(names[i], STR(".pth"));
    }
    if (matches == 1)
        return add_file(c, str_join_path(&c->arena, c->dir, found), err);
    if (matches)
        return err_set(err, ERR_INVALID, STR_FMT " has %zu safetensors files and no model.safetensors.index.json that says which belong together",
                       STR_ARG(c->dir), matches);
    return err_set(err, ERR_NOT_FOUND, STR_FMT " has no model.safetensors%s", STR_ARG(c->dir),
                   pickles ? ". Its pickled PyTorch weights can't be read without running them: save the model with safe_serialization=True" : "");
}

static bool open_files(struct opening *o)
{
    struct checkpoint *c = o->c;
    Str single = str_join_path(&c->arena, c->dir, STR("model.safetensors"));
    Str index = str_join_path(&c->arena, c->dir, STR("model.safetensors.index.json"));
    c->files = NEW_ARRAY(&c->arena, Str, SHARDS_MAX);
    if (!(file_exists(single) ? add_file(c, single, o->err) : file_exists(index) ? add_indexed(c, index, o->err) : add_single(c, o->err)))
        return false;
    o->shards = NEW_ARRAY(&c->arena, struct safetensors, c->file_count);
    for (size_t i = 0; i < c->file_count; i++)
        if (!safetensors_open(&c->arena, c->files[i], &o->shards[i], o->err))
            return false;
    return true;
}

// --- the configuration

// fair-esm's files have no config.json: the sizes stand in the shapes.
static bool infer_config(struct opening *o)
{
    struct model_config *c = &o->c->config;
    *c = *config_known(STR("esm2_t6_8M"));
    c->name = (Str){ 0 };
    if (!find_dialect(o))
        return false;
    struct arena *a = &o->c->arena;
    const struct tensor *words = find_in_shards(o, str_concat(a, o->prefix, STR("embed_tokens.weight")));
    const struct tensor *freq = find_in_shards(o, str_concat(a, o->prefix, STR("layers.0.self_attn.rot_emb.inv_freq")));
    const struct tensor *up = find_in_shards(o, str_concat(a, o->prefix, STR("layers.0.fc1.weight")));
    if (o->dialect != DIALECT_FAIR || words == NULL || freq == NULL || up == NULL || words->rank != 2 || freq->rank != 1 || up->rank != 2
        || freq->shape[0] < 1 || words->shape[1] % (2 * freq->shape[0]) || words->shape[1] < 1 || words->shape[1] > CONFIG_DIM_MAX
        || words->shape[0] > CONFIG_VOCAB_MAX || up->shape[0] < 1 || up->shape[0] > CONFIG_DIM_MAX)
        return err_set(o->err, ERR_NOT_FOUND, STR_FMT " has no config.json, and its tensors do not say what model it is", STR_ARG(o->c->dir));
    c->vocab = (int)words->shape[0], c->hidden = c->embedding = (int)words->shape[1], c->ffn = (int)up->shape[0];
    c->heads = (int)(words->shape[1] / (2 * freq->shape[0]));
    for (c->layers = 0; c->layers < CONFIG_LAYERS_MAX; c->layers++)
        if (!find_in_shards(o, str_printf(a, STR_FMT "layers.%d.fc1.weight", STR_ARG(o->prefix), c->layers)))
            break;
    return true;
}

static bool read_config(struct opening *o)
{
    struct checkpoint *c = o->c;
    Str path = str_join_path(&c->arena, c->dir, STR("config.json")), text;
    if (!file_exists(path))
        return infer_config(o);
    return file_read(&c->arena, path, CONFIG_FILE_MAX, &text, o->err) && config_parse(&c->arena, path, text, &c->config, o->err);
}

struct checkpoint *checkpoint_open(Str dir, struct err *err)
{
    struct checkpoint *c = xcalloc(1, sizeof *c);
    struct opening o = { .c = c, .err = err };
    struct stat st;
    c->dir = str_copy(&c->arena, dir);
    bool ok = (file_stat(dir, &st) && S_ISDIR(st.st_mode)) || err_set(err, ERR_NOT_FOUND, "there is no folder " STR_FMT, STR_ARG(dir));
    ok = ok && open_files(&o) && read_config(&o);
    ok = ok && ((find_dialect(&o) && take_parts(&o)) || err_wrap(err, STR_FMT, STR_ARG(dir)));
    if (ok && vocab_load(&c->arena, c->dir, &c->config, &c->vocab, err))
        return c;
    checkpoint_close(c);
    return NULL;
}

void checkpoint_close(struct checkpoint *c)
{
    if (c == NULL)
        return;
    arena_release(&c->arena);
    free(c);
}

bool checkpoint_has_head(const struct checkpoint *c, enum model_head head)
{
    const struct model_tensors *t = &c->tensors;
    switch (head) {
    case HEAD_NONE: return true;
    case HEAD_MLM: return t->lm_dense.data && t->lm_dense_bias.data && t->lm_norm.data && t->lm_norm_bias.data && t->lm_bias.data;
    case HEAD_SEQUENCE:
        return c->config.head == HEAD_SEQUENCE && t->class_out.data && t->class_out_bias.data
            && (c->config.family == FAMILY_BERT ? t->pooler.data && t->pooler_bias.data : t->class_dense.data && t->class_dense_bias.data);
    case HEAD_TOKEN: return c->config.head == HEAD_TOKEN && t->class_out.data && t->class_out_bias.data;
    }
    return false;
}

static bool hash_file(Str path, Hash *out, struct err *err)
{
    int64_t size;
    int fd = open(path.data, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "cannot read " STR_FMT, STR_ARG(path));
    bool ok = hash_fd(fd, 0, out, &size, err) || err_wrap(err, STR_FMT, STR_ARG(path));
    close(fd);
    return ok;
}

bool checkpoint_digest(const struct checkpoint *c, Hash *out, struct err *err)
{
    struct arena scratch = { 0 };
    struct hasher h;
    bool ok = true;
    hasher_init(&h);
    Str config = config_write(&scratch, &c->config), words = vocab_text(&scratch, &c->vocab);
    hasher_update(&h, config.data, config.len);
    hasher_update(&h, words.data, words.len);
    for (size_t i = 0; i < c->file_count && ok; i++) {
        Hash file;
        ok = hash_file(c->files[i], &file, err);
        if (ok)
            hasher_update(&h, file.bytes, sizeof file.bytes);
    }
    *out = hasher_finish(&h);
    arena_release(&scratch);
    return ok;
}

bool checkpoint_each_tensor(struct arena *a, const struct model_config *c, checkpoint_visit *visit, void *arg)
{
    enum dialect dialect = c->family == FAMILY_ESM ? DIALECT_ESM : DIALECT_BERT;
    for (int l = -1; l < c->layers; l++) {
        const struct part *parts = l < 0 ? model_parts : layer_parts;
        for (size_t i = 0; i < (l < 0 ? LEN(model_parts) : LEN(layer_parts)); i++) {
            const struct part *p = &parts[i];
            const char *pattern = name_in(p, dialect, c->family);
            int64_t shape[4];
            if (pattern == NULL || (p->has && !p->has(c)) || (parts == model_parts && p->offset == M(lm_decoder)))      // tied: not stored
                continue;
            for (int d = 0; p->shape[d]; d++)
                shape[d] = dimension(c, p->shape[d]);
            if (!visit(arg, full_name(a, pattern, str_of(prefixes[c->family]), l), (int)strlen(p->shape), shape))
                return false;
        }
    }
    return true;
}
