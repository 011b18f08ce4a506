// SPDX-License-Identifier: Apache-2.0
// Walking over the store: visiting and verifying what is there, sweeping up what a crash left. What is kept and for
// how long is decided elsewhere.
#include "store/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "sys/file.h"
#include "task/result.h"

enum { STALE_SECONDS = 24 * 3600 };

struct walk {
    struct store *s;
    bool check, is_stopped;
    bool (*visit)(void *arg, const struct store_entry *e);
    void *arg;
};

static bool parse_name(int prefix, Str rest, Hash *out)
{
    char hex[HASH_HEX + 1];
    if (rest.len != HASH_HEX - 2)
        return false;
    snprintf(hex, sizeof hex, "%02x" STR_FMT, prefix, STR_ARG(rest));
    return hash_parse(str_of(hex), out);
}

static bool check_object(struct walk *w, Hash hash, struct store_entry *e, struct err *err)
{
    enum soundness soundness;
    struct stat st;
    if (!object_check(w->s, hash, true, &soundness, &st, err))
        return false;
    if (soundness != OBJECT_DAMAGED)
        return true;
    e->damage = STR("its bytes have another digest");
    return set_aside(w->s, KIND_OBJECT, hash, &st, "object-digest", err);
}

static bool check_result(struct walk *w, const char *name, Hash key, struct store_entry *e, struct arena *a,
                         struct err *err)
{
    struct task_result result;
    struct stat st;
    if (result_read(w->s, name, key, a, &result, &st, err) || err->code == ERR_NOT_FOUND ||
        err->code == ERR_UNSUPPORTED)
        return true;
    if (err->code != ERR_DAMAGED)
        return false;
    e->damage = str_printf(a, "%s", err->text);
    return set_aside(w->s, KIND_RESULT, key, &st, "result-check", err);
}

static bool visit_one(struct walk *w, enum kind kind, Hash hash, struct arena *a, struct err *err)
{
    char name[NAME_SIZE];
    struct stat st;
    name_of(kind, hash, name);
    if (fstatat(w->s->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT || err_errno(err, "%s/%s", w->s->root, name);       // removed meanwhile
    struct store_entry e = {
        .is_result = kind == KIND_RESULT, .hash = hash, .size = st.st_size, .modified_s = st.st_mtim.tv_sec
    };
    if (w->check && kind == KIND_OBJECT && !check_object(w, hash, &e, err))
        return false;
    if (w->check && kind == KIND_RESULT && !check_result(w, name, hash, &e, a, err))
        return false;
    w->is_stopped = !w->visit(w->arg, &e);
    return true;
}

static bool visit_prefix(struct walk *w, enum kind kind, int prefix, struct err *err)
{
    struct arena names_arena = { 0 };
    Str *names;
    size_t count;
    Str folder = str_printf(&names_arena, "%s/%s/%02x", w->s->root, kind_folders[kind], prefix);
    bool ok = dir_list(&names_arena, folder, &names, &count, err);
    if (!ok && err->code == ERR_NOT_FOUND)
        ok = true, count = 0;
    for (size_t i = 0; ok && i < count && !w->is_stopped; i++) {
        struct arena scratch = { 0 };
        Hash hash;
        if (parse_name(prefix, names[i], &hash))        // temporary files have other names
            ok = visit_one(w, kind, hash, &scratch, err);
        arena_release(&scratch);
    }
    arena_release(&names_arena);
    return ok;
}

bool store_each(struct store *s, bool check, bool (*visit)(void *arg, const struct store_entry *e), void *arg,
                struct err *err)
{
    struct walk w = { .s = s, .check = check, .visit = visit, .arg = arg };
    for (int kind = 0; kind < KIND_COUNT; kind++)
        for (int prefix = 0; prefix < PREFIXES && !w.is_stopped; prefix++)
            if (!visit_prefix(&w, (enum kind)kind, prefix, err))
                return false;
    return true;
}

// --- what a crash left

static void sweep_folder(Str folder)
{
    struct arena scratch = { 0 };
    struct err err;
    Str *names;
    size_t count = 0;
    time_t old = (time_t)(time_now() / SECOND) - STALE_SECONDS;
    if (!dir_list(&scratch, folder, &names, &count, &err))
        count = 0;
    for (size_t i = 0; i < count; i++) {
        struct stat st;
        const char *path = str_join_path(&scratch, folder, names[i]).data;
        if (!str_starts(names[i], STR(TEMP_PREFIX)) || lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
            continue;
        if (st.st_ctim.tv_sec < old && st.st_mtim.tv_sec < old)
            unlink(path);
    }
    arena_release(&scratch);
}

void store_sweep(struct store *s)
{
    struct arena scratch = { 0 };
    if (!s->can_write)
        return;
    sweep_folder(str_of(s->root));
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        sweep_folder(str_printf(&scratch, "%s/%s", s->root, kind_folders[kind]));
        for (int prefix = 0; prefix < PREFIXES; prefix++)
            sweep_folder(str_printf(&scratch, "%s/%s/%02x", s->root, kind_folders[kind], prefix));
    }
    arena_release(&scratch);
}
