// SPDX-License-Identifier: Apache-2.0
// Vocabularies of one-letter tokens. Subword vocabularies are not here: a protein model has none.
#include "model/vocab.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "sys/file.h"
#include "value/read.h"

enum { VOCAB_FILE_MAX = 64 * 1024 * 1024 };

// facebook/esm2_*: vocab.txt, ids 0 to 32.
static const Str esm_tokens = STR_CONST("<cls> <pad> <eos> <unk> L A G V S E R T I D P K Q N F Y M H W C X B U Z O . - <null_1> <mask>");
// Antibody models: the special tokens of the BERT and the RoBERTa family, then the residues.
static const Str bert_tokens = STR_CONST("[PAD] [UNK] [CLS] [SEP] [MASK] A C D E F G H I K L M N P Q R S T V W Y");
static const Str roberta_tokens = STR_CONST("<s> <pad> </s> <unk> L A G V E S I K R D T P N Q F Y M H C W <mask>");

static int find_special(const struct vocab *v, const char *const *names)
{
    for (; *names; names++)
        for (int i = 0; i < v->size; i++)
            if (str_is(v->tokens[i], *names))
                return i;
    return -1;
}

static void set_letters(struct vocab *v)
{
    for (int c = 0; c < 256; c++)
        v->letter[c] = c == '-' || c == '.' ? VOCAB_GAP : VOCAB_UNKNOWN;
    for (int i = 0; i < v->size; i++)
        if (v->tokens[i].len == 1)
            v->letter[(uint8_t)v->tokens[i].data[0]] = i;
    for (int c = 'A'; c <= 'Z'; c++) {
        int lower = c - 'A' + 'a';
        if (v->letter[c] == VOCAB_UNKNOWN)              // a vocabulary in lower case
            v->letter[c] = v->letter[lower];
        v->letter[lower] = v->letter[c];
    }
    v->letter[':'] = VOCAB_JOIN;
}

static bool finish(struct vocab *v, const struct model_config *c, struct err *err)
{
    static const char *const cls[] = { "<cls>", "[CLS]", "<s>", NULL }, *const eos[] = { "<eos>", "[SEP]", "</s>", NULL };
    static const char *const unk[] = { "<unk>", "[UNK]", NULL }, *const pad[] = { "<pad>", "[PAD]", NULL }, *const mask[] = { "<mask>",
        "[MASK]", NULL };
    v->cls = find_special(v, cls), v->eos = find_special(v, eos), v->unk = find_special(v, unk);
    v->pad = find_special(v, pad), v->mask = find_special(v, mask);
    if (v->cls < 0 || v->eos < 0 || v->unk < 0)
        return err_set(err, ERR_INVALID, "the vocabulary lacks a token for the %s: expected '%s', '%s' or '%s'",
                       v->cls < 0 ? "beginning" : v->eos < 0 ? "end" : "unknown", v->cls < 0 ? cls[0] : v->eos < 0 ? eos[0] : unk[0],
                       v->cls < 0 ? cls[1] : v->eos < 0 ? eos[1] : unk[1], v->cls < 0 ? cls[2] : v->eos < 0 ? eos[2] : unk[1]);
    bool roberta = c->family == FAMILY_ROBERTA;
    v->join_len = roberta ? 1 : 2;
    v->join[0] = v->join[1] = roberta ? v->eos : v->cls;
    set_letters(v);
    return true;
}

static void split_words(struct arena *a, Str words, struct vocab *v)
{
    v->tokens = NEW_ARRAY(a, Str, words.len / 2 + 2);
    for (v->size = 0; words.len;)
        v->tokens[v->size++] = str_cut(&words, ' ');
}

void vocab_default(struct arena *a, const struct model_config *c, struct vocab *out)
{
    struct err err;
    *out = (struct vocab){ 0 };
    split_words(a, c->family == FAMILY_ESM ? esm_tokens : c->family == FAMILY_ROBERTA ? roberta_tokens : bert_tokens, out);
    CHECK(finish(out, c, &err));
}

Str vocab_text(struct arena *a, const struct vocab *v)
{
    struct strbuf out = { 0 };
    for (int i = 0; i < v->size; i++) {
        strbuf_add(&out, v->tokens[i]);
        strbuf_addc(&out, '\n');
    }
    return strbuf_take(&out, a);
}

static bool read_lines(struct arena *a, Str text, const struct model_config *c, struct vocab *v, struct err *err)
{
    v->tokens = NEW_ARRAY(a, Str, (size_t)c->vocab + 1);
    while (text.len) {
        Str line = str_trim(str_cut(&text, '\n'));
        if (line.len == 0 && text.len == 0)
            break;
        if (v->size == c->vocab)
            return err_set(err, ERR_INVALID, "has more tokens than the model's vocab_size %d", c->vocab);
        v->tokens[v->size++] = line;
    }
    return true;
}

// {"<cls>": 0, …}, or a tokenizer.json that has such a map as model.vocab.
static bool read_map(struct arena *a, Str text, const struct model_config *c, struct vocab *v, struct err *err)
{
    Value root;
    if (!json_parse(a, text, &root, err))
        return false;
    Value inner = value_get(value_get(root, STR("model")), STR("vocab"));
    Value map = inner.kind == VALUE_MAP ? inner : root;
    if (map.kind != VALUE_MAP)
        return err_set(err, ERR_INVALID, "expected a map from tokens to ids");
    v->tokens = NEW_ARRAY(a, Str, (size_t)c->vocab + 1);
    for (size_t i = 0; i < map.map->len; i++) {
        const struct value_field *f = &map.map->at[i];
        if (f->value.kind != VALUE_INT || f->value.integer < 0 || f->value.integer >= c->vocab)
            return err_set(err, ERR_INVALID, "the id of token '%.40s' is no integer under the model's vocab_size %d", f->key->data, c->vocab);
        v->tokens[f->value.integer] = (Str){ f->key->data, f->key->len };
        v->size = MAX(v->size, (int)f->value.integer + 1);
    }
    return true;
}

bool vocab_load(struct arena *a, Str dir, const struct model_config *c, struct vocab *out, struct err *err)
{
    static const char *const names[] = { "vocab.txt", "vocab.json", "tokenizer.json" };
    *out = (struct vocab){ 0 };
    for (size_t i = 0; i < LEN(names); i++) {
        Str path = str_join_path(a, dir, str_of(names[i])), text;
        if (!file_exists(path))
            continue;
        if (!file_read(a, path, VOCAB_FILE_MAX, &text, err))
            return false;
        bool read = i == 0 ? read_lines(a, text, c, out, err) : read_map(a, text, c, out, err);
        return (read && finish(out, c, err)) || err_wrap(err, STR_FMT, STR_ARG(path));
    }
    if (c->family != FAMILY_ESM || c->vocab < 33)
        return err_set(err, ERR_NOT_FOUND, STR_FMT " has no vocab.txt, vocab.json or tokenizer.json", STR_ARG(dir));
    vocab_default(a, c, out);
    return true;
}

static void note_unknown(struct vocab_notes *notes, int64_t place)
{
    notes->unknown++;
    if (notes->place_count < NOTES_PLACES_MAX)
        notes->places[notes->place_count++] = place;
}

int64_t vocab_encode(const struct vocab *v, Str sequence, int32_t *tokens, uint8_t *is_residue, struct vocab_notes *notes)
{
    int64_t n = 0;
    size_t len = sequence.len;
    *notes = (struct vocab_notes){ 0 };
    while (len && sequence.data[len - 1] == '*' && v->letter['*'] == VOCAB_UNKNOWN)
        len--, notes->stops_removed++;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = (uint8_t)sequence.data[i];
        int id = v->letter[c];
        notes->lower += c >= 'a' && c <= 'z';
        if (id == VOCAB_GAP) {
            notes->gaps_removed++;
        } else if (id == VOCAB_JOIN) {
            for (int j = 0; j < v->join_len; j++)
                is_residue[n] = 0, tokens[n++] = v->join[j];
        } else {
            if (id == VOCAB_UNKNOWN)
                note_unknown(notes, (int64_t)i + 1);
            is_residue[n] = 1, tokens[n++] = id == VOCAB_UNKNOWN ? v->unk : id;
            notes->residues++;
        }
    }
    return n;
}
