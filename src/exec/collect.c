// SPDX-License-Identifier: Apache-2.0
// Takes what outputs_find() found into the store: small files into the result itself, large ones as objects. What the
// store says of an error is final: nothing is tried twice. Which files are outputs is decided in outputs.c.
#include "exec/collect.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/map.h"
#include "exec/container/boxed.h"
#include "exec/outputs.h"
#include "exec/recycle.h"
#include "store/store.h"
#include "sys/file.h"

static bool take_small(struct collection *c, Str real, struct output *out, struct err *err)
{
    if (!file_read(&c->arena, real, RESULT_INLINE_MAX, &out->bytes, err))
        return false;
    out->is_inline = true;
    out->size = (int64_t)out->bytes.len;
    out->hash = hash_bytes(out->bytes.data, out->bytes.len);
    return true;
}

// Are the bytes at `path` still those that were staged? The store's own are looked at by their stat, a user's through the memo.
static bool is_as_staged(struct collection *c, const struct stage *stage, Str path)
{
    struct err err;
    Str object;
    Hash hash;
    int64_t size;
    if (store_has(c->store, stage->hash) && !store_locate(c->store, stage->hash, &c->arena, &object, &err))
        return false;                   // damaged: it is set aside, and made again when needed
    if (store_has(c->store, stage->hash) && str_eq(object, path))
        return true;
    return store_hash_file(c->store, path, &hash, &size, &err) && hash_eq(hash, stage->hash);
}

// Without a sandbox, who may write to an input can do it through the link that it is staged as. What such a task calls its
// output would be recorded as the input that it was.
static bool check_inputs(struct collection *c, const struct found_output *found, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (found[i].stage >= 0 && !is_as_staged(c, &c->attempt->spec->stages[found[i].stage], found[i].real))
            return err_set(err, ERR_INVALID, "the output '" STR_FMT "' is an input of the task, and was written to: let the task write to "
                           "another name, have it staged as writable, or use a sandbox", STR_ARG(found[i].path));
    return true;
}

// An output that is an input: known by its digest. A user's own file is not moved but copied, if the store lacks it.
static bool take_input(struct collection *c, const struct found_output *found, struct output *out, struct err *err)
{
    const struct stage *stage = &c->attempt->spec->stages[found->stage];
    out->hash = stage->hash;
    out->size = stage->size;
    if (store_has(c->store, stage->hash))
        return true;
    Str copy = str_printf(&c->arena, STR_FMT "/input-%td", STR_ARG(c->folder), found->stage);
    struct err removing;
    if (!tree_remove(copy, &removing))
        LOG(LOG_WARN, "cannot remove a copy: %s", removing.text);
    if (!file_copy(found->real, copy, err) || !store_take_file(c->store, copy, &out->hash, &out->size, err))
        return false;
    return hash_eq(out->hash, stage->hash) ||
           err_set(err, ERR_CONFLICT, "the input " STR_FMT " was changed while the task ran", STR_ARG(found->real));
}

// taken: identity -> the output that took the file. A second name of the same file must not look for it again.
static bool take_large(struct collection *c, struct map *taken, const struct found_output *found, struct output *out,
                       struct err *err)
{
    Str identity = { (const char *)found->identity, sizeof found->identity };
    const struct output *earlier = map_find(taken, identity);
    if (earlier) {
        out->hash = earlier->hash;
        out->size = earlier->size;
        return true;
    }
    if (!(found->mode & 0400) && chmod(found->real.data, found->mode | 0400) < 0)
        return err_errno(err, "cannot be read");
    if (!store_take_file(c->store, found->real, &out->hash, &out->size, err))
        return false;
    map_set(taken, identity, out);
    return true;
}

static bool take_outputs(struct collection *c, const struct found_output *found, size_t count, struct err *err)
{
    struct map taken = { 0 };
    struct output *outputs = NEW_ARRAY(&c->arena, struct output, count);
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) {
        const struct found_output *from = &found[i];
        struct output *to = &outputs[i];
        *to = (struct output){ .kind = from->kind, .path = from->path };
        if (from->kind == OUTPUT_DIR)
            continue;
        to->is_executable = from->mode & 0111;
        if (from->size <= RESULT_INLINE_MAX && !(from->mode & 0400) && chmod(from->real.data, from->mode | 0400) < 0)
            ok = err_errno(err, "cannot be read");
        else if (from->size <= RESULT_INLINE_MAX)
            ok = take_small(c, from->real, to, err);
        else if (from->stage >= 0)
            ok = take_input(c, from, to, err);
        else
            ok = take_large(c, &taken, from, to, err);
        if (!ok)
            err_wrap(err, "the output '" STR_FMT "'", STR_ARG(from->path));
    }
    map_release(&taken);
    c->outcome.outputs = outputs;
    c->outcome.output_count = ok ? count : 0;
    return ok;
}

// A log that the task sent elsewhere, or replaced by something else, is empty.
static bool take_log(struct collection *c, const char *name, struct output *out, struct err *err)
{
    Str path = str_join_path(&c->arena, c->folder, str_of(name));
    struct stat st;
    *out = (struct output){ .kind = OUTPUT_FILE, .path = str_of(name), .is_inline = true, .hash = hash_bytes("", 0) };
    if (lstat(path.data, &st) < 0)
        return errno == ENOENT || err_errno(err, "the log %s", name);
    if (!S_ISREG(st.st_mode) || st.st_size == 0)
        return true;
    out->is_inline = st.st_size <= RESULT_INLINE_MAX;
    return (out->is_inline ? take_small(c, path, out, err)
                           : store_take_file(c->store, path, &out->hash, &out->size, err)) ||
           err_wrap(err, "the log %s", name);
}

static void fail(struct attempt_outcome *outcome, enum attempt_end end, const struct err *err)
{
    outcome->end = end;
    outcome->err = *err;
    outcome->outputs = NULL;
    outcome->output_count = 0;
}

static bool is_success(const struct collection *c)
{
    return c->outcome.end == ATTEMPT_EXITED &&
           task_exit_class(c->attempt->spec, c->outcome.exit_code) == EXIT_IS_SUCCESS;
}

static void collect_all(struct collection *c)
{
    struct err err;
    struct found_output *found = NULL;
    size_t count = 0;
    bool is_wanted = is_success(c);
    bool are_found = is_wanted && outputs_find(&c->arena, c->attempt, c->folder, c->outputs_max, &found, &count, &err);
    if (is_wanted && (!are_found || !check_inputs(c, found, count, &err))) {
        fail(&c->outcome, ATTEMPT_BAD_OUTPUT, &err);
        is_wanted = false;
    }
    if (!take_log(c, "stdout", &c->outcome.log_out, &err) || !take_log(c, "stderr", &c->outcome.log_err, &err) ||
        (is_wanted && !take_outputs(c, found, count, &err)))
        fail(&c->outcome, ATTEMPT_STORE_FAILED, &err);
}

// Two heads may have chosen one folder for the same task: it is that one's whose label is in it.
static bool is_ours(struct collection *c)
{
    struct err err;
    Str label;
    return file_read(&c->arena, str_join_path(&c->arena, c->folder, STR("owner")), 256, &label, &err) && str_eq(label, c->attempt->label);
}

void collect(struct collection *c)
{
    struct err err;
    if (c->attempt->spec->image.len && is_ours(c))
        box_remove(c->folder);
    bool has_run =
        c->outcome.end == ATTEMPT_EXITED || c->outcome.end == ATTEMPT_SIGNALED || c->outcome.end == ATTEMPT_KILLED;
    if (has_run)
        collect_all(c);
    if (c->keep_folder || !is_ours(c))
        return;
    c->is_recycled = c->spare.len && folder_recycle(c->folder, c->spare, c->store);
    if (!c->is_recycled && !folder_remove(c->folder, &err))
        LOG(LOG_WARN, "the attempt's folder stays: %s", err.text);
}
