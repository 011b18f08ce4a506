// SPDX-License-Identifier: Apache-2.0
// config.json. Fields that change nothing in a forward pass (dropout rates, initializer_range, versions) are not looked at. Sources: the
// transformers library's configuration_{esm,bert,roberta,roformer}.py for names and defaults.
#include "model/config.h"

#include "base/arena.h"
#include "value/diag.h"
#include "value/read.h"

struct reading {
    struct arena *arena;
    const struct source *source;
    const struct node *root;
    struct diags *diags;
    struct model_config *config;
};

static const Str family_names[] = { [FAMILY_ESM] = STR_CONST("esm"), [FAMILY_BERT] = STR_CONST("bert"),
                                    [FAMILY_ROBERTA] = STR_CONST("roberta"), [FAMILY_ROFORMER] = STR_CONST("roformer") };
static const char *const class_names[] = { [FAMILY_ESM] = "Esm", [FAMILY_BERT] = "Bert", [FAMILY_ROBERTA] = "Roberta",
                                           [FAMILY_ROFORMER] = "RoFormer" };
static const char *const head_names[] = { [HEAD_NONE] = "Model", [HEAD_MLM] = "ForMaskedLM", [HEAD_SEQUENCE] = "ForSequenceClassification",
                                          [HEAD_TOKEN] = "ForTokenClassification" };

static const struct node *field(const struct reading *r, const char *name)
{
    const struct node *n = node_get(r->root, str_of(name));
    return n && n->kind != VALUE_NULL ? n : NULL;
}

// An integer field within its bounds; `otherwise` where there is none, -1 then meaning that there has to be one.
static int int_field(struct reading *r, const char *name, int min, int max, int otherwise)
{
    const struct node *n = field(r, name);
    if (n == NULL && otherwise == -1 && min >= 0)
        diag_add(r->diags, r->root->span, "'%s' is missing", name);
    if (n == NULL)
        return otherwise;
    if (n->kind != VALUE_INT || n->scalar.integer < min || n->scalar.integer > max) {
        diag_add(r->diags, n->span, "'%s' must be an integer from %d to %d", name, min, max);
        return MAX(min, 1);
    }
    return (int)n->scalar.integer;
}

static bool flag_field(struct reading *r, const char *name, bool otherwise)
{
    const struct node *n = field(r, name);
    if (n && n->kind != VALUE_BOOL)
        diag_add(r->diags, n->span, "'%s' must be true or false", name);
    return n && n->kind == VALUE_BOOL ? n->scalar.boolean : otherwise;
}

static bool read_family(struct reading *r)
{
    const struct node *type = field(r, "model_type");
    if (!node_is(type, VALUE_STRING)) {
        diag_add(r->diags, type ? type->span : r->root->span, "'model_type' is missing: expected esm, bert, roberta or roformer");
        return false;
    }
    for (size_t i = 0; i < LEN(family_names); i++)
        if (str_eq(node_str(type), family_names[i])) {
            r->config->family = (enum model_family)i;
            return true;
        }
    diag_add(r->diags, type->span, "unsupported: 'model_type' '%.40s'; this program runs esm, bert, roberta and roformer encoders",
        node_str(type).data);
    diag_suggest(r->diags, node_str(type), family_names, LEN(family_names));
    return false;
}

static void read_positions(struct reading *r)
{
    struct model_config *c = r->config;
    const struct node *n = field(r, "position_embedding_type");
    Str type = n ? node_str(n) : STR("absolute");
    c->positions = c->family == FAMILY_ROFORMER ? POSITIONS_ROTARY_PAIRS : POSITIONS_LEARNED;
    c->position_offset = c->family == FAMILY_ESM || c->family == FAMILY_ROBERTA ? c->pad_id + 1 : 0;
    if (c->family == FAMILY_ROFORMER)
        return;
    if (str_is(type, "rotary") && c->family == FAMILY_ESM)
        c->positions = POSITIONS_ROTARY_HALF, c->max_positions = c->position_offset = 0;
    else if (!str_is(type, "absolute"))
        diag_add(r->diags, n->span, "unsupported: 'position_embedding_type' '%.40s'; expected absolute%s", type.data ? type.data : "",
                 c->family == FAMILY_ESM ? " or rotary" : "");
}

static void read_activation(struct reading *r)
{
    const struct node *n = field(r, "hidden_act");
    Str name = n && r->config->family != FAMILY_ESM ? node_str(n) : STR("gelu");        // ESM's code computes the exact GELU, whatever the file says
    if (str_is(name, "gelu"))
        r->config->activation = ACTIVATION_GELU;
    else if (str_is(name, "gelu_new") || str_is(name, "gelu_pytorch_tanh"))
        r->config->activation = ACTIVATION_GELU_TANH;
    else if (str_is(name, "relu"))
        r->config->activation = ACTIVATION_RELU;
    else
        diag_add(r->diags, n->span, "unsupported: 'hidden_act' '%.40s'; expected gelu, gelu_new or relu", name.data ? name.data : "");
}

static void read_head(struct reading *r)
{
    const struct node *list = field(r, "architectures");
    Str name = list && list->kind == VALUE_ARRAY && list->items.len ? node_str(list->items.at[0]) : (Str){ 0 };
    for (size_t i = HEAD_MLM; i < LEN(head_names); i++)
        if (str_ends(name, str_of(head_names[i])))
            r->config->head = (enum model_head)i;
}

static void read_label_names(struct reading *r, const struct node *map)
{
    struct model_config *c = r->config;
    if (map->kind != VALUE_MAP || map->fields.len == 0 || map->fields.len > CONFIG_LABELS_MAX) {
        diag_add(r->diags, map->span, "'id2label' must be a map with 1 to %d labels", CONFIG_LABELS_MAX);
        return;
    }
    c->labels = (int)map->fields.len;
    c->label_names = NEW_ARRAY(r->arena, Str, map->fields.len);
    for (size_t i = 0; i < map->fields.len; i++) {
        int64_t id;
        const struct node_field *f = &map->fields.at[i];
        if (!str_to_int(node_str(f->key), &id) || id < 0 || id >= c->labels || f->value->kind != VALUE_STRING || c->label_names[id].data) {
            diag_add(r->diags, f->key->span, "'id2label' must map 0 to %d to texts, each once", c->labels - 1);
            return;
        }
        c->label_names[id] = str_copy(r->arena, node_str(f->value));
    }
}

static void read_labels(struct reading *r)
{
    const struct node *names = field(r, "id2label"), *problem = field(r, "problem_type");
    r->config->labels = int_field(r, "num_labels", 0, CONFIG_LABELS_MAX, 0);
    if (names)
        read_label_names(r, names);
    r->config->multi_label = problem && str_is(node_str(problem), "multi_label_classification");
}

static void check_sizes(struct reading *r)
{
    const struct model_config *c = r->config;
    const struct node *heads = field(r, "num_attention_heads");
    struct span span = heads ? heads->span : r->root->span;
    if (c->hidden % c->heads)
        diag_add(r->diags, span, "'hidden_size' %d is no multiple of 'num_attention_heads' %d", c->hidden, c->heads);
    else if (c->positions != POSITIONS_LEARNED && c->hidden / c->heads % 2)
        diag_add(r->diags, span, "rotary positions need heads of an even size, not %d", c->hidden / c->heads);
    else if (c->hidden / c->heads > 1024)
        diag_add(r->diags, span, "heads of size %d are too wide; at most 1024", c->hidden / c->heads);
    if (c->pad_id >= c->vocab || c->mask_id >= c->vocab)
        diag_add(r->diags, r->root->span, "'pad_token_id' and 'mask_token_id' must be under 'vocab_size' %d", c->vocab);
}

static void read_fields(struct reading *r)
{
    struct model_config *c = r->config;
    bool esm = c->family == FAMILY_ESM;
    const struct node *eps = field(r, "layer_norm_eps"), *name = field(r, "_name_or_path");
    c->name = name ? str_copy(r->arena, node_str(name)) : (Str){ 0 };
    c->vocab = int_field(r, "vocab_size", 1, CONFIG_VOCAB_MAX, -1);
    c->hidden = int_field(r, "hidden_size", 1, CONFIG_DIM_MAX, -1);
    c->layers = int_field(r, "num_hidden_layers", 1, CONFIG_LAYERS_MAX, -1);
    c->heads = int_field(r, "num_attention_heads", 1, CONFIG_DIM_MAX, -1);
    c->ffn = int_field(r, "intermediate_size", 1, CONFIG_DIM_MAX, -1);
    c->embedding = c->family == FAMILY_ROFORMER ? int_field(r, "embedding_size", 1, CONFIG_DIM_MAX, c->hidden) : c->hidden;
    c->max_positions = int_field(r, "max_position_embeddings", 1, 1 << 24, esm ? 1026 : 512);
    c->token_types = esm ? 0 : int_field(r, "type_vocab_size", 0, 1 << 16, 2);
    c->pad_id = int_field(r, "pad_token_id", -1, CONFIG_VOCAB_MAX, esm || c->family == FAMILY_ROBERTA ? 1 : 0);
    c->mask_id = int_field(r, "mask_token_id", -1, CONFIG_VOCAB_MAX, -2);
    c->mask_id = c->mask_id == -2 ? (esm && c->vocab > 32 ? 32 : -1) : c->mask_id;
    c->norm_first = esm, c->final_norm = esm;
    c->embedding_norm = esm ? flag_field(r, "emb_layer_norm_before", false) : true;
    c->token_dropout = esm && flag_field(r, "token_dropout", false);
    c->rotary_value = c->family == FAMILY_ROFORMER && flag_field(r, "rotary_value", false);
    c->norm_eps = esm ? 1e-5 : 1e-12;
    if (eps && !value_as_double(eps->scalar, &c->norm_eps))
        diag_add(r->diags, eps->span, "'layer_norm_eps' must be a number");
    if (!(c->norm_eps > 0 && c->norm_eps < 1))
        diag_add(r->diags, eps ? eps->span : r->root->span, "'layer_norm_eps' must lie between 0 and 1");
}

static bool read_all(struct arena *a, const struct source *source, struct model_config *out, struct diags *diags)
{
    struct reading r = { a, source, NULL, diags, out };
    size_t before = diags->errors;
    *out = (struct model_config){ 0 };
    r.root = json_read(a, source, diags);
    if (r.root == NULL)
        return false;
    if (r.root->kind != VALUE_MAP) {
        diag_add(diags, r.root->span, "expected a map of the model's settings, found %s", value_kind_name(r.root->kind));
        return false;
    }
    if (!read_family(&r))
        return false;
    read_fields(&r);
    read_positions(&r);
    read_activation(&r);
    read_head(&r);
    read_labels(&r);
    if (diags->errors == before)
        check_sizes(&r);
    return diags->errors == before;
}

bool config_parse(struct arena *a, Str name, Str text, struct model_config *out, struct err *err)
{
    struct source source = { name, text };
    struct diags diags = { .arena = a };
    if (read_all(a, &source, out, &diags))
        return true;
    const struct diag *first = &diags.at[0];
    bool unsupported = str_starts(first->text, STR("unsupported: "));
    Str place = first->span.source ? span_text(a, first->span) : name;
    return err_set(err, unsupported ? ERR_UNSUPPORTED : ERR_INVALID, STR_FMT ": " STR_FMT "%s" STR_FMT "%s", STR_ARG(place), STR_ARG(first->text),
                   first->hint.len ? " (" : "", STR_ARG(first->hint), first->hint.len ? ")" : "");
}

// --- writing

static Value text(struct arena *a, const char *z) { return value_string(a, str_of(z)); }

static void write_labels(struct arena *a, struct value_builder *b, const struct model_config *c)
{
    struct value_builder names = value_map_begin(a), ids = value_map_begin(a);
    for (int i = 0; i < c->labels; i++) {
        Str name = c->label_names ? c->label_names[i] : str_printf(a, "LABEL_%d", i);
        value_map_set(&names, str_printf(a, "%d", i), value_string(a, name));
        value_map_set(&ids, name, value_int(i));
    }
    value_map_set(b, STR("id2label"), value_map_end(&names));
    value_map_set(b, STR("label2id"), value_map_end(&ids));
    if (c->multi_label)
        value_map_set(b, STR("problem_type"), text(a, "multi_label_classification"));
}

static void write_esm(struct arena *a, struct value_builder *b, const struct model_config *c)
{
    value_map_set(b, STR("token_dropout"), value_bool(c->token_dropout));
    value_map_set(b, STR("emb_layer_norm_before"), value_bool(c->embedding_norm));
    value_map_set(b, STR("position_embedding_type"), text(a, c->positions == POSITIONS_ROTARY_HALF ? "rotary" : "absolute"));
}

Str config_write(struct arena *a, const struct model_config *c)
{
    static const char *const activations[] = { [ACTIVATION_GELU] = "gelu", [ACTIVATION_GELU_TANH] = "gelu_new", [ACTIVATION_RELU] = "relu" };
    struct value_builder b = value_map_begin(a);
    struct strbuf out = { 0 };
    Value class = value_string(a, str_printf(a, "%s%s", class_names[c->family], head_names[c->head]));
    value_map_set(&b, STR("architectures"), value_array(a, &class, 1));
    value_map_set(&b, STR("model_type"), value_string(a, family_names[c->family]));
    value_map_set(&b, STR("vocab_size"), value_int(c->vocab));
    value_map_set(&b, STR("hidden_size"), value_int(c->hidden));
    value_map_set(&b, STR("num_hidden_layers"), value_int(c->layers));
    value_map_set(&b, STR("num_attention_heads"), value_int(c->heads));
    value_map_set(&b, STR("intermediate_size"), value_int(c->ffn));
    value_map_set(&b, STR("max_position_embeddings"), value_int(c->max_positions ? c->max_positions : 1026));
    value_map_set(&b, STR("layer_norm_eps"), value_float(c->norm_eps));
    value_map_set(&b, STR("hidden_act"), text(a, activations[c->activation]));
    value_map_set(&b, STR("hidden_dropout_prob"), value_float(0));
    value_map_set(&b, STR("attention_probs_dropout_prob"), value_float(0));
    value_map_set(&b, STR("pad_token_id"), value_int(c->pad_id));
    if (c->mask_id >= 0)
        value_map_set(&b, STR("mask_token_id"), value_int(c->mask_id));
    if (c->family == FAMILY_ESM)
        write_esm(a, &b, c);
    else
        value_map_set(&b, STR("type_vocab_size"), value_int(c->token_types));
    if (c->family == FAMILY_ROFORMER) {
        value_map_set(&b, STR("embedding_size"), value_int(c->embedding));
        value_map_set(&b, STR("rotary_value"), value_bool(c->rotary_value));
    }
    if (c->labels)
        write_labels(a, &b, c);
    json_write(&out, value_map_end(&b), 2);
    strbuf_addc(&out, '\n');
    return strbuf_take(&out, a);
}

// --- the sizes that are known

#define ESM2(label, l, d, h) \
    { .name = STR_CONST(label), .family = FAMILY_ESM, .positions = POSITIONS_ROTARY_HALF, .head = HEAD_MLM, .hidden = d, .layers = l, .heads = h, \
      .ffn = 4 * d, .vocab = 33, .embedding = d, .norm_eps = 1e-5, .norm_first = true, .final_norm = true, .token_dropout = true, .pad_id = 1, \
      .mask_id = 32 }
#define POST_NORM(label, kind, where, l, d, h, f, words, longest, types, eps, pad) \
    .name = STR_CONST(label), .family = kind, .positions = where, .head = HEAD_MLM, .hidden = d, .layers = l, .heads = h, .ffn = f, .vocab = words, \
      .embedding = d, .max_positions = longest, .token_types = types, .norm_eps = eps, .embedding_norm = true, .pad_id = pad

static const struct model_config known[] = {
    ESM2("esm2_t6_8M", 6, 320, 20),
    ESM2("esm2_t12_35M", 12, 480, 20),
    ESM2("esm2_t30_150M", 30, 640, 20),
    ESM2("esm2_t33_650M", 33, 1280, 20),
    ESM2("esm2_t36_3B", 36, 2560, 40),
    ESM2("esm2_t48_15B", 48, 5120, 40),
    { .name = STR_CONST("esm1b_t33_650M"), .family = FAMILY_ESM, .positions = POSITIONS_LEARNED, .head = HEAD_MLM, .hidden = 1280, .layers = 33,
      .heads = 20, .ffn = 5120, .vocab = 33, .embedding = 1280, .max_positions = 1026, .position_offset = 2, .norm_eps = 1e-5,
      .norm_first = true, .final_norm = true, .embedding_norm = true, .token_dropout = true, .pad_id = 1, .mask_id = 32 },
    { POST_NORM("antiberty", FAMILY_BERT, POSITIONS_LEARNED, 8, 512, 8, 2048, 25, 512, 2, 1e-12, 0), .mask_id = 4 },
    { POST_NORM("balm", FAMILY_ROBERTA, POSITIONS_LEARNED, 24, 1024, 16, 4096, 25, 514, 2, 1e-12, 1), .mask_id = 24, .position_offset = 2 },
    { POST_NORM("antiberta2", FAMILY_ROFORMER, POSITIONS_ROTARY_PAIRS, 16, 1024, 16, 4096, 30, 256, 2, 1e-12, 0), .mask_id = 4 },
};

const struct model_config *config_known(Str name)
{
    for (size_t i = 0; i < LEN(known); i++)
        if (str_eq(known[i].name, name) || (str_starts(name, known[i].name) && str_is(str_from(name, known[i].name.len), "_UR50D")))
            return &known[i];
    return NULL;
}

size_t config_known_count(void) { return LEN(known); }

Str config_known_name(size_t i) { return known[i].name; }

int config_head_dim(const struct model_config *c) { return c->hidden / c->heads; }

int64_t config_longest(const struct model_config *c)
{
    return c->max_positions ? c->max_positions - c->position_offset : INT32_MAX;
}

double config_flop_per_token(const struct model_config *c, int64_t length)
{
    double d = c->hidden, linear = 2 * (4 * d * d + 2 * d * c->ffn);
    return c->layers * (linear + 4 * (double)length * d);
}
