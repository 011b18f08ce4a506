// SPDX-License-Identifier: Apache-2.0
// One shard: its sequences read and encoded, identical ones found, the others computed and pooled.
#include <math.h>

#include "model/embed_inside.h"

// --- reading

static bool next_sequence(struct farm *f, struct sequence *s, bool *end, struct err *err)
{
    for (;;) {
        if (f->file == NULL) {
            *end = f->input == f->o->input_count;
            if (*end)
                return true;
            f->file = seqfile_open(f->o->inputs[f->input++], f->o->chain, err);
            if (f->file == NULL)
                return false;
        }
        if (!seqfile_next(f->file, s, end, err))
            return false;
        if (!*end)
            return true;
        seqfile_close(f->file);
        f->file = NULL;
    }
}

static Hash digest_of(Str residues, char *scratch)
{
    for (size_t i = 0; i < residues.len; i++) {
        char c = residues.data[i];
        scratch[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    return hash_bytes(scratch, residues.len);
}

static void *grow_to(void *at, size_t *cap, size_t need, size_t item)
{
    if (need <= *cap)
        return at;
    *cap = MAX(need, *cap * 2);
    return xrealloc(at, *cap * item);
}

static bool check_length(const struct farm *f, const struct sequence *s, int64_t length, struct err *err)
{
    const struct length_policy *p = &f->policy;
    if (length <= p->longest || p->what != TOO_LONG_ERROR)
        return true;
    return err_set(err, ERR_INVALID, STR_FMT ":%lld: the sequence takes %lld tokens, more than the %lld that this model is run with; choose "
                   "--too-long truncate or --too-long windows%s", STR_ARG(seqfile_path(f->file)), (long long)s->line, (long long)length,
                       (long long)p->longest,
                   config_longest(f->config) == INT32_MAX ? ", or a higher --max-length" : "");
}

static bool add_record(struct farm *f, const struct sequence *s, struct err *err)
{
    struct shard *sh = &f->shard;
    size_t room = sh->tokens.len + 2 * s->residues.len + 1;
    sh->tokens.at = grow_to(sh->tokens.at, &sh->tokens.cap, room, sizeof *sh->tokens.at);
    sh->is_residue.at = grow_to(sh->is_residue.at, &sh->is_residue.cap, room, 1);
    struct record r = { .id = str_copy(&sh->arena, s->id), .body = (int64_t)sh->tokens.len, .same_as = (int64_t)sh->records.len, .windows = 1 };
    r.digest = digest_of(s->residues, (char *)(sh->tokens.at + sh->tokens.len));        // room for the letters, before the tokens come there
    r.body_len = vocab_encode(f->vocab, s->residues, sh->tokens.at + sh->tokens.len, sh->is_residue.at + sh->is_residue.len, &r.notes);
    if (!check_length(f, s, r.body_len, err))
        return false;
    sh->tokens.len += (size_t)r.body_len, sh->is_residue.len += (size_t)r.body_len;
    r.truncated = r.body_len > f->policy.longest && f->policy.what == TOO_LONG_TRUNCATE;
    r.windows = r.truncated ? 1 : window_count(&f->policy, r.body_len);
    sh->residues += r.notes.residues;
    uint64_t len = s->id.len;
    hasher_update(&sh->hasher, &len, sizeof len);
    hasher_update(&sh->hasher, s->id.data, s->id.len);
    hasher_update(&sh->hasher, r.digest.bytes, sizeof r.digest.bytes);
    vec_push_heap(&sh->records, r);
    return true;
}

static int64_t residues_kept(const struct farm *f, const struct record *r)
{
    int64_t n = 0, end = r->truncated ? f->policy.longest : r->body_len;
    for (int64_t i = 0; i < end; i++)
        n += f->shard.is_residue.at[r->body + i];
    return n;
}

// Finds the identical sequences and gives each record its rows.
static void place_records(struct farm *f)
{
    struct shard *sh = &f->shard;
    struct map first = { 0 };
    sh->rows = 0;
    for (size_t i = 0; i < sh->records.len; i++) {
        struct record *r = &sh->records.at[i];
        Str key = { (const char *)r->digest.bytes, sizeof r->digest.bytes };
        const struct record *same = map_find(&first, key);
        int64_t n = residues_kept(f, r);
        if (same)
            r->same_as = same - sh->records.at;
        else
            map_set(&first, key, r);
        if (embed_kind_is_pooled(f->o->kind)) {
            r->first_row = sh->rows, r->rows = 1;
        } else if (same) {
            r->first_row = same->first_row, r->rows = same->rows;
            continue;
        } else {
            r->first_row = sh->rows, r->rows = f->o->kind == EMBED_CONTACTS ? n * n : n;
        }
        sh->rows += r->rows;
    }
    map_release(&first);
}

bool shard_read(struct farm *f, bool *end, struct err *err)
{
    struct shard *sh = &f->shard;
    struct sequence s;
    sh->records.len = sh->tokens.len = sh->is_residue.len = 0, sh->residues = 0;
    arena_release(&sh->arena);
    hasher_init(&sh->hasher);
    *end = false;
    while ((int64_t)sh->records.len < f->shard_sequences && sh->residues < f->shard_residues) {
        if (!next_sequence(f, &s, end, err))
            return false;
        if (*end)
            break;
        if (!add_record(f, &s, err))
            return false;
    }
    *end = sh->records.len == 0;
    sh->input = hasher_finish(&sh->hasher);
    place_records(f);
    return true;
}

void shard_release(struct shard *s)
{
    arena_release(&s->arena);
    free(s->records.at);
    free(s->tokens.at);
    free(s->is_residue.at);
    free(s->data);
}

// --- pooling

// Writes n numbers into the shard's data from element `at` on. False: one is too large for fp16.
static bool store(struct farm *f, int64_t at, const float *values, size_t n)
{
    if (f->o->type == TENSOR_F32) {
        memcpy(f->shard.data + (size_t)at * 4, values, n * 4);
        return true;
    }
    bool fits = true;
    uint16_t *out = (uint16_t *)(void *)f->shard.data + at;
    for (size_t i = 0; i < n; i++) {
        out[i] = half_of_float(values[i]);
        fits = fits && ((out[i] & 0x7c00) != 0x7c00);
    }
    return fits;
}

// Sums in double, in the order of the rows: the same bits always. Rows of the body that are no residue (joints of chains) count as specials.
static void pool(enum embed_kind kind, const struct batcher_rows *rows, const uint8_t *is_residue, float *out)
{
    size_t width = rows->width;
    bool all = kind == EMBED_MEAN_ALL, max = kind == EMBED_MAX;
    double *sum = xcalloc(width, sizeof *sum);
    int64_t count = 0;
    for (int64_t t = all ? -1 : 0; t < rows->length + all; t++) {
        const float *row = rows->first + (size_t)(t + 1) * rows->stride;
        if (!all && !is_residue[t])
            continue;
        for (size_t i = 0; i < width; i++)
            sum[i] = !max ? sum[i] + (double)row[i] : count == 0 || (double)row[i] > sum[i] ? (double)row[i] : sum[i];
        count++;
    }
    for (size_t i = 0; i < width; i++)
        out[i] = (float)(max || count == 0 ? sum[i] : sum[i] / (double)count);
    free(sum);
}

bool shard_take_rows(void *arg, size_t index, const struct batcher_rows *rows, struct err *err)
{
    struct farm *f = arg;
    const struct record *r = &f->shard.records.at[index];
    const uint8_t *is_residue = f->shard.is_residue.at + r->body;
    int64_t at = r->first_row * f->width;
    bool fits = true;
    if (f->o->kind == EMBED_CLS) {
        fits = store(f, at, rows->first, rows->width);
    } else if (embed_kind_is_pooled(f->o->kind)) {
        float *pooled = xcalloc(rows->width, sizeof *pooled);
        pool(f->o->kind, rows, is_residue, pooled);
        fits = store(f, at, pooled, rows->width);
        free(pooled);
    } else {
        for (int64_t t = 0; t < rows->length; t++)
            if (is_residue[t]) {
                fits = store(f, at, rows->first + (size_t)(t + 1) * rows->stride, rows->width) && fits;
                at += f->width;
            }
    }
    return fits || err_set(err, ERR_LIMIT, "sequence %lld of part %lld has values that half precision can't hold: use --dtype fp32",
        (long long)index + 1,
                           (long long)f->shard.number);
}

// --- contacts: a pass of its own for each sequence

static bool compute_contacts(struct farm *f, const struct record *r, struct err *err)
{
    const struct shard *sh = &f->shard;
    int64_t length = MIN(r->body_len, f->policy.longest);
    int32_t *tokens = xcalloc((size_t)length + 2, sizeof *tokens);
    float *all = xcalloc((size_t)(length * length) + 1, sizeof *all);
    int64_t at = r->first_row;
    tokens[0] = f->vocab->cls, tokens[length + 1] = f->vocab->eos;
    memcpy(tokens + 1, sh->tokens.at + r->body, (size_t)length * sizeof *tokens);
    bool ok = length == 0 || encoder_contacts(f->encoder, tokens, length + 2, all, err);
    for (int64_t i = 0; i < length && ok; i++)
        for (int64_t j = 0; j < length; j++)
            if (sh->is_residue.at[r->body + i] && sh->is_residue.at[r->body + j])
                store(f, at++, &all[i * length + j], 1);
    free(tokens);
    free(all);
    return ok;
}

static void copy_duplicates(struct farm *f)
{
    struct shard *sh = &f->shard;
    size_t row = (size_t)f->width * tensor_type_bytes(f->o->type);
    for (size_t i = 0; i < sh->records.len; i++) {
        const struct record *r = &sh->records.at[i], *same = &sh->records.at[r->same_as];
        if (same != r && embed_kind_is_pooled(f->o->kind))
            memcpy(sh->data + (size_t)r->first_row * row, sh->data + (size_t)same->first_row * row, row);
    }
}

bool shard_compute(struct farm *f, struct err *err)
{
    struct shard *sh = &f->shard;
    free(sh->data);
    sh->data = xcalloc((size_t)(sh->rows * f->width) + 1, tensor_type_bytes(f->o->type));
    bool ok = true;
    for (size_t i = 0; i < sh->records.len && ok; i++) {
        const struct record *r = &sh->records.at[i];
        if (r->same_as != (int64_t)i)
            continue;
        ok = f->o->kind == EMBED_CONTACTS ? compute_contacts(f, r, err) : batcher_add(f->batcher, i, sh->tokens.at + r->body, r->body_len, err);
    }
    ok = ok && (f->batcher == NULL || batcher_flush(f->batcher, err));
    if (ok)
        copy_duplicates(f);
    return ok;
}
