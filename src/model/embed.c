// SPDX-License-Identifier: Apache-2.0
// Drives the farm: shard after shard, known ones passed over. The next shard is read only when this one is on disk, so memory holds one.
#include "model/embed.h"

#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "model/embed_inside.h"
#include "sys/file.h"

static bool check_options(struct farm *f, struct err *err)
{
    const struct embed_options *o = f->o;
    int layers = f->config->layers;
    if (o->layer < -1 || o->layer > layers)
        return err_set(err, ERR_INVALID, "there is no layer %d: the model has 0 (the embeddings) to %d", o->layer, layers);
    f->layer = o->layer == -1 ? layers : o->layer;
    if ((o->kind == EMBED_LOGITS || o->kind == EMBED_CONTACTS) && f->layer != layers)
        return err_set(err, ERR_INVALID, "%s are made from the last layer", embed_kind_name(o->kind));
    if (o->kind == EMBED_LOGITS && !checkpoint_has_head(o->checkpoint, HEAD_MLM))
        return err_set(err, ERR_UNSUPPORTED, STR_FMT " has no masked-language head", STR_ARG(o->checkpoint->dir));
    if (o->kind == EMBED_CONTACTS && o->checkpoint->tensors.contact.data == NULL)
        return err_set(err, ERR_UNSUPPORTED, STR_FMT " has no contact head", STR_ARG(o->checkpoint->dir));
    f->policy = o->policy;
    f->policy.longest = o->policy.longest ? o->policy.longest : length_longest(f->config);
    if (config_longest(f->config) != INT32_MAX && f->policy.longest > config_longest(f->config) - 2)
        return err_set(err, ERR_INVALID, "the model's positions end at %lld residues; a length of %lld is too much",
            (long long)config_longest(f->config) - 2,
                       (long long)f->policy.longest);
    if (o->policy.what == TOO_LONG_WINDOWS && o->kind == EMBED_CONTACTS)
        return err_set(err, ERR_INVALID, "contacts can't be put together from windows: truncate, or raise --max-length");
    if (o->policy.what == TOO_LONG_WINDOWS && o->policy.overlap == 0)
        f->policy.overlap = f->policy.longest / 4;
    if (f->policy.overlap < 0 || f->policy.overlap >= f->policy.longest)
        return err_set(err, ERR_INVALID, "windows of %lld can't overlap by %lld", (long long)f->policy.longest, (long long)f->policy.overlap);
    return true;
}

static void set_sizes(struct farm *f)
{
    const struct embed_options *o = f->o;
    f->width = o->kind == EMBED_LOGITS ? f->config->vocab : o->kind == EMBED_CONTACTS ? 1 : f->config->hidden;
    int64_t row = f->width * (int64_t)tensor_type_bytes(o->type);
    int64_t fit = MAX(SHARD_BYTES / row, 1);            // rows of a part
    bool pooled = embed_kind_is_pooled(o->kind);
    f->shard_sequences = o->shard_sequences ? o->shard_sequences : MIN(SHARD_SEQUENCES_MAX, pooled ? fit : SHARD_SEQUENCES_MAX);
    f->shard_residues = pooled ? SHARD_RESIDUES_MAX : o->kind == EMBED_CONTACTS ? MAX(fit / f->policy.longest, 1) : MIN(fit, SHARD_RESIDUES_MAX);
}

static bool start_encoder(struct farm *f, struct err *err)
{
    const struct embed_options *o = f->o;
    if (f->encoder)
        return true;
    f->encoder = encoder_new(o->checkpoint, &o->encoder, err);
    if (f->encoder == NULL)
        return false;
    struct batcher_options b = { .encoder = f->encoder, .vocab = f->vocab, .layer = f->layer, .budget = o->batch_tokens, .policy = f->policy,
                                 .values = o->kind == EMBED_LOGITS ? VALUES_LOGITS : VALUES_HIDDEN, .fn = shard_take_rows, .arg = f };
    f->batcher = batcher_new(&b);
    return true;
}

static void tell(struct farm *f, bool was_known, double seconds, int64_t tokens)
{
    const struct shard *s = &f->shard;
    struct embed_progress p = { s->number, (int64_t)s->records.len, s->residues, was_known, seconds, tokens };
    if (f->o->progress)
        f->o->progress(f->o->arg, &p);
}

static bool make_part(struct farm *f, Value *part, struct err *err)
{
    if (!start_encoder(f, err))
        return false;
    int64_t before = batcher_tokens(f->batcher);
    Time start = time_steady();
    if (!shard_compute(f, err))
        return false;
    double seconds = (double)(time_steady() - start) / SECOND;
    int64_t tokens = batcher_tokens(f->batcher) - before;
    f->summary->seconds += seconds, f->summary->tokens += tokens;
    bool is_last = f->input == f->o->input_count && f->file == NULL;
    if (!part_write(f, is_last, part, err))
        return false;
    tell(f, false, seconds, tokens);
    return true;
}

static bool run_shards(struct farm *f, struct err *err)
{
    struct embed_summary *s = f->summary;
    for (;; f->shard.number++) {
        bool end;
        if (!shard_read(f, &end, err))
            return false;
        if (end)
            return true;
        Value part = part_find_finished(f);
        if (value_is_null(part)) {
            if (!make_part(f, &part, err))
                return false;
        } else {
            s->parts_known++;
            tell(f, true, 0, 0);
        }
        vec_push(f->arena, &f->parts, part);
        s->parts++;
        s->sequences += value_get_int(part, STR("sequences"), 0);
        s->residues += value_get_int(part, STR("residues"), 0);
        s->duplicates += value_get_int(part, STR("duplicates"), 0);
        s->unknown += value_get_int(part, STR("unknown_letters"), 0);
        s->truncated += value_get_int(part, STR("truncated"), 0);
        s->windowed += value_get_int(part, STR("windowed"), 0);
    }
}

bool embed_run(struct arena *a, const struct embed_options *o, struct embed_summary *out, struct err *err)
{
    struct farm *f = NEW(a, struct farm);               // its map is tied to the arena: it must stay
    int lock = -1;
    Hash model;
    *f = (struct farm){ .arena = a, .o = o, .summary = out, .config = &o->checkpoint->config, .vocab = &o->checkpoint->vocab };
    *out = (struct embed_summary){ .manifest = value_null };
    bool ok = check_options(f, err) && checkpoint_digest(o->checkpoint, &model, err);
    if (ok) {
        set_sizes(f);
        f->settings_value = settings_make(f, model);
        ok = folder_open(f, &lock, err) && run_shards(f, err) && folder_finish(f, err);
    }
    if (ok)
        ok = tree_remove(f->progress_dir, err);
    if (lock >= 0)
        close(lock);
    seqfile_close(f->file);
    batcher_free(f->batcher);
    encoder_free(f->encoder);
    shard_release(&f->shard);
    return ok;
}
