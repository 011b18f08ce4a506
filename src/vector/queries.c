// SPDX-License-Identifier: Apache-2.0
// Sequences go through `petri embed`'s own code into a temporary folder, so a query's vector is exactly the one it would have in an index.
#include "vector/queries.h"

#include <time.h>
#include <unistd.h>

#include "base/vec.h"
#include "model/checkpoint.h"
#include "model/embed.h"
#include "sys/file.h"
#include "sys/lock.h"
#include "vector/feed.h"

static bool read_vectors(const struct vector_index *x, Str path, struct queries *q, struct err *err)
{
    struct feed *s = feed_open(&path, 1, err);
    bool end = false, ok = s != NULL;
    if (ok && feed_dims(s) != x->dims)
        ok = err_set(err, ERR_CONFLICT, STR_FMT ": vectors of %lld numbers; those of the index have %lld", STR_ARG(path), (long long)feed_dims(s),
                     (long long)x->dims);
    if (ok && !value_is_null(feed_settings(s)) && !value_is_null(x->embeddings) && !feed_check_alike(x->embeddings, feed_settings(s), err))
        ok = err_wrap(err, STR_FMT " does not go with the index", STR_ARG(path));
    size_t count = ok ? (size_t)feed_count(s) : 0, dims = (size_t)x->dims;
    q->vectors = xcalloc(count * dims + 1, sizeof *q->vectors);
    q->ids = NEW_ARRAY(&q->arena, Str, count + 1);
    while (ok) {
        struct feed_row r;
        ok = feed_next(s, &r, &end, err);
        if (!ok || end)
            break;
        memcpy(q->vectors + q->count * dims, r.vector, dims * sizeof *r.vector);
        q->ids[q->count++] = str_copy(&q->arena, r.id);
    }
    feed_close(s);
    return ok;
}

static enum too_long policy_of(Str name)
{
    return str_is(name, "truncate") ? TOO_LONG_TRUNCATE : str_is(name, "windows") ? TOO_LONG_WINDOWS : TOO_LONG_ERROR;
}

static enum seqfile_chain chain_of(Str name)
{
    return str_is(name, "H") ? CHAIN_HEAVY : str_is(name, "L") ? CHAIN_LIGHT : str_is(name, "HL") ? CHAIN_BOTH : CHAIN_ANY;
}

static bool set_options(const struct vector_index *x, struct embed_options *o, struct err *err)
{
    Value s = x->embeddings;
    if (!embed_kind_find(value_get_str(s, STR("pooling")), &o->kind) || !embed_kind_is_pooled(o->kind))
        return err_set(err, ERR_DAMAGED, STR_FMT "/manifest.json: 'embeddings.pooling' is no way to pool a sequence", STR_ARG(x->dir));
    int64_t layer = value_get_int(s, STR("layer"), -1), longest = value_get_int(s, STR("max_length"), 0);
    int64_t overlap = value_get_int(s, STR("overlap"), 0);
    if (layer < 0 || layer > INT16_MAX || longest < 1 || longest > INT32_MAX || overlap < 0 || overlap >= longest)
        return err_set(err, ERR_DAMAGED, STR_FMT "/manifest.json: 'embeddings' has no usable 'layer', 'max_length' or 'overlap'", STR_ARG(x->dir));
    o->layer = (int)layer;
    o->policy = (struct length_policy){ policy_of(value_get_str(s, STR("too_long"))), longest, overlap };
    o->chain = chain_of(value_get_str(s, STR("chain")));
    o->type = str_is(value_get_str(s, STR("dtype")), "fp16") ? TENSOR_F16 : TENSOR_F32;
    o->encoder.arithmetic = str_ends(value_get_str(s, STR("arithmetic")), STR("int8")) ? ARITHMETIC_INT8 : ARITHMETIC_FLOAT;
    return true;
}

// --- the temporary folder: petri-queries-… with the file "lock", which is held while the folder is used, and the folder "vectors"

#define TEMPORARY "petri-queries-"
enum { YOUNG_SECONDS = 60 };            // its maker may not hold the lock yet

// Removes what searches that were killed have left.
static void sweep(Str base)
{
    struct arena scratch = { 0 };
    struct err ignored;
    struct stat st;
    Str *names;
    size_t count = 0;
    bool ok = dir_list(&scratch, base, &names, &count, &ignored);
    for (size_t i = 0; i < count && ok; i++) {
        Str path = str_join_path(&scratch, base, names[i]);
        int lock = -1;
        if (!str_starts(names[i], STR(TEMPORARY)) || lstat(path.data, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid()
            || time(NULL) - st.st_mtime < YOUNG_SECONDS || !lock_take(str_join_path(&scratch, path, STR("lock")), &lock, &ignored))
            continue;
        bool removed UNUSED = tree_remove(path, &ignored);
        close(lock);
    }
    arena_release(&scratch);
}

static bool make_temporary(struct arena *a, Str *dir, int *lock, struct err *err)
{
    const char *given = getenv("TMPDIR");
    Str base = str_of(given && given[0] ? given : "/tmp");
    sweep(base);
    *dir = str_join_path(a, base, STR(TEMPORARY "XXXXXX"));
    if (mkdtemp((char *)(uintptr_t)dir->data) == NULL)
        return err_errno(err, "cannot make the temporary folder " STR_FMT, STR_ARG(*dir));
    return lock_take(str_join_path(a, *dir, STR("lock")), lock, err) || err->code == ERR_UNSUPPORTED;
}

static bool embed(const struct vector_index *x, const struct checkpoint *c, Str path, int threads, struct queries *q, struct err *err)
{
    Str dir = { 0 };
    int lock = -1;
    struct embed_options o = { .checkpoint = c, .inputs = &path, .input_count = 1, .encoder = { .threads = threads } };
    struct embed_summary summary;
    struct err ignored;
    Hash digest;
    if (!set_options(x, &o, err) || !checkpoint_digest(c, &digest, err))
        return false;
    Str given = hash_text(&q->arena, digest), wanted = value_get_str(x->embeddings, STR("model"));
    if (!str_eq(given, wanted))
        return err_set(err, ERR_CONFLICT, STR_FMT " is another model (" STR_FMT ") than the one that the vectors of " STR_FMT " were made with ("
                       STR_FMT ")", STR_ARG(c->dir), STR_ARG(given), STR_ARG(x->dir), STR_ARG(wanted));
    if (!make_temporary(&q->arena, &dir, &lock, err))
        return false;
    o.out = str_join_path(&q->arena, dir, STR("vectors"));
    bool ok = embed_run(&q->arena, &o, &summary, err) && read_vectors(x, o.out, q, err);
    bool removed UNUSED = tree_remove(dir, &ignored);
    if (lock >= 0)
        close(lock);
    return ok;
}

bool queries_read(const struct vector_index *x, Str path, Str model, int threads, struct queries *out, struct err *err)
{
    struct stat st;
    *out = (struct queries){ 0 };
    bool is_folder = file_stat(path, &st) && S_ISDIR(st.st_mode);
    if (is_folder || str_ends(path, STR(".npy"))) {
        out->have_names = is_folder;
        return read_vectors(x, path, out, err);
    }
    out->have_names = true;
    if (value_is_null(x->embeddings))
        return err_set(err, ERR_INVALID, STR_FMT " holds vectors of other origin: search with a .npy file, not with sequences", STR_ARG(x->dir));
    if (model.len == 0)
        return err_set(err, ERR_INVALID, STR_FMT ": --model DIR is needed to embed sequences (the model that the index was made with)",
                       STR_ARG(path));
    struct checkpoint *c = checkpoint_open(model, err);
    bool ok = c && embed(x, c, path, threads, out, err);
    checkpoint_close(c);
    return ok;
}

void queries_release(struct queries *q)
{
    free(q->vectors);
    arena_release(&q->arena);
    *q = (struct queries){ 0 };
}
