// SPDX-License-Identifier: Apache-2.0
// Puts a task's inputs into its folder, in the attempt's own process, so that staging runs in parallel. A read-only
// file is a link to where its bytes are, or something for them to be mounted over (sandbox.h says which); a hard link
// would let the task write into the store. Never fetches anything.
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "exec/start.h"
#include "sys/file.h"
#include "sys/path_text.h"

enum { COPIED_MAX = 64 * 1024 };        // bytes

struct staging {
    struct arena *arena;
    const struct start *start;
    Str made;                           // the parent made last: neighbours share it
};

// A container may have things anywhere (CWL: an absolute entryname).
static bool is_outside(Str path) { return !str_starts(path, STR(TASK_ROOT "/")); }

static Str outside_place(struct arena *a, const struct start *s, Str path)
{
    return str_concat(a, str_join_path(a, s->folder, STR("abs")), path);
}

// Where a stage goes on this machine, NUL-terminated; refuses what does not lie below TASK_ROOT.
static bool place(struct staging *s, Str path, Str *out, struct err *err)
{
    bool is_good = path.len > 1 && path.data[0] == '/' && !str_has(path, '\0') && str_eq(str_normal_path(s->arena, path), path);
    if (!is_good || (is_outside(path) && !start_is_boxed(s->start)))
        return err_set(err, ERR_INVALID, "it must lie below " TASK_ROOT ", without '.', '..' or doubled slashes");
    *out = outside_place(s->arena, s->start, path);
    if (!is_outside(path))
        *out = str_concat(s->arena, s->start->folder, str_from(path, strlen(TASK_ROOT)));
    Str parent = str_dirname(*out);
    if (str_eq(parent, s->made))
        return true;
    s->made = parent;
    return dir_make_all(parent, err);
}

static mode_t mode_of(const struct start_stage *stage)
{
    return (stage->is_writable ? 0644 : 0444) | (stage->is_executable ? 0111 : 0);
}

static bool write_file(Str path, Str bytes, mode_t mode, struct err *err)
{
    int fd = open(path.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return err_errno(err, "cannot make it");
    bool ok = fd_write_all(fd, bytes.data, bytes.len, err);
    if (close(fd) < 0 && ok)
        ok = err_errno(err, "close");
    return ok;
}

static bool is_in(Str path) { return str_starts(path, STR(TASK_IN "/")); }

// Read-only and with its bytes in a file that can serve as it is: that file is shown, in one way or another. An
// executable one is copied if its source, which is not the task's to change, cannot be executed; a small one for a
// container, since each mount costs an engine more than some kilobytes (in the folder of inputs, which is mounted read-only as a whole).
static bool is_shown_as_it_is(const struct start *s, const struct start_stage *stage, const struct stat *source)
{
    bool is_small = start_is_boxed(s) && source->st_size <= COPIED_MAX && is_in(stage->path);
    return stage->kind == STAGE_FILE && stage->source.len && !stage->is_writable && !is_small && (!stage->is_executable || (source->st_mode & 0111));
}

static Str staged_path(struct arena *a, const struct start_stage *stage, size_t number)
{
    return str_printf(a, TASK_STAGED "/%zu/" STR_FMT, number, STR_ARG(str_basename(stage->path)));
}

static bool stage_shown(struct staging *s, const struct start_stage *stage, size_t number, Str to, struct err *err)
{
    bool is_mounted = sandbox_is_mounted(s->start->sandbox.kind);
    if (is_mounted && (is_in(stage->path) || is_outside(stage->path)))
        return write_file(to, (Str){ 0 }, 0444, err);
    Str target = is_mounted ? staged_path(s->arena, stage, number) : str_copy(s->arena, stage->source);
    return symlink(target.data, to.data) == 0 || err_errno(err, "cannot link it to %s", target.data);
}

static bool stage_file(struct staging *s, const struct start_stage *stage, size_t number, Str to, struct err *err)
{
    if (stage->source.len == 0)
        return write_file(to, stage->text, mode_of(stage), err);
    struct stat st;
    if (!file_stat(stage->source, &st))
        return err_errno(err, "its source " STR_FMT, STR_ARG(stage->source));
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_INVALID, "its source " STR_FMT " is not a regular file", STR_ARG(stage->source));
    if (is_shown_as_it_is(s->start, stage, &st))
        return stage_shown(s, stage, number, to, err);
    if (!file_copy(stage->source, to, err))
        return false;
    mode_t mask = umask(0);             // one thread, and only for this line
    umask(mask);
    return chmod(to.data, mode_of(stage) & ~mask) == 0 || err_errno(err, "chmod");
}

static bool stage_one(struct staging *s, const struct start_stage *stage, size_t number, struct err *err)
{
    Str to;
    if (!place(s, stage->path, &to, err))
        return false;
    switch (stage->kind) {
    case STAGE_FILE:
        return stage_file(s, stage, number, to, err);
    case STAGE_TEXT:
        return write_file(to, start_localize(s->arena, stage->text, start_root(s->start)), mode_of(stage), err);
    case STAGE_DIR:
        return dir_make_all(to, err);
    }
    return err_set(err, ERR_INTERNAL, "unknown kind of stage");
}

// <folder>/owner holds the label, so that a sweep knows whose the folder is. In a recycled folder it is overwritten.
static bool write_owner(struct arena *a, Str folder, Str label, struct err *err)
{
    Str path = str_join_path(a, folder, STR("owner"));
    int fd = open(path.data, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        return err_errno(err, "cannot make %s", path.data);
    bool ok = fd_write_all(fd, label.data, label.len, err);
    if (ok && ftruncate(fd, (off_t)label.len) != 0)
        ok = err_errno(err, "cannot write %s", path.data);
    close(fd);
    return ok;
}

static bool make_folders(struct arena *a, const struct start *s, struct err *err)
{
    const char *const inner[] = { "out", "tmp" };
    Str spare = s->spare.len ? str_copy(a, s->spare) : (Str){ 0 };
    if (spare.len && write_owner(a, spare, s->label, err)
        && renameat2(AT_FDCWD, spare.data, AT_FDCWD, str_z(a, s->folder), RENAME_NOREPLACE) == 0)
        return true;                    // else it is gone, or this filesystem cannot: no matter
    Str folder = str_copy(a, s->folder);
    if (mkdir(folder.data, 0777) < 0) {
        bool is_taken = errno == EEXIST;
        err_errno(err, "cannot make the folder %s", folder.data);
        if (is_taken)
            err->code = ERR_UNAVAILABLE;        // another head has begun the same task just now
        return false;
    }
    if (!write_owner(a, folder, s->label, err)) {       // a folder without an owner is nobody's to remove
        unlink(str_join_path(a, folder, STR("owner")).data);
        rmdir(folder.data);
        return false;
    }
    for (size_t i = 0; i < LEN(inner); i++)
        if (mkdir(str_join_path(a, folder, str_of(inner[i])).data, 0777) < 0)
            return err_errno(err, "cannot make the folder %s/%s", folder.data, inner[i]);
    return true;
}

// Where nothing can be mounted, a secret is a link to the user's file: its bytes are never copied.
static bool link_secrets(struct arena *a, const struct start *s, struct err *err)
{
    Str folder = str_join_path(a, s->folder, STR("secrets"));
    if (s->sandbox.secret_count == 0 || sandbox_is_mounted(s->sandbox.kind))
        return true;
    if (!dir_make_all(folder, err))
        return false;
    for (size_t i = 0; i < s->sandbox.secret_count; i++) {
        const struct sandbox_secret *secret = &s->sandbox.secrets[i];
        if (symlink(str_z(a, secret->source), str_join_path(a, folder, secret->name).data) < 0)
            return err_errno(err, "cannot stage the secret " STR_FMT, STR_ARG(secret->name));
    }
    return true;
}

bool start_stage_all(struct arena *a, const struct start *s, struct err *err)
{
    if (!make_folders(a, s, err))
        return false;
    struct staging staging = { .arena = a, .start = s };
    for (size_t i = 0; i < s->stage_count; i++)
        if (!stage_one(&staging, &s->stages[i], i, err))
            return err_wrap(err, "cannot stage " STR_FMT, STR_ARG(s->stages[i].path));
    return link_secrets(a, s, err);
}

static bool is_staged_in(const struct start *s)
{
    for (size_t i = 0; i < s->stage_count; i++)
        if (is_in(s->stages[i].path))
            return true;
    return false;
}

// What a container has elsewhere than below TASK_ROOT: shown as it is, or made in the attempt's folder and mounted from there.
static struct start_mount outside_mount(struct arena *a, const struct start *s, const struct start_stage *stage, bool is_shown)
{
    return (struct start_mount){ is_shown ? str_copy(a, stage->source) : outside_place(a, s, stage->path), str_copy(a, stage->path),
                                 stage->is_writable, false };
}

// The source of a stage that is shown as it is, if it is one.
static bool is_to_be_mounted(const struct start *s, const struct start_stage *stage)
{
    struct stat st = { 0 };
    bool decides = stage->is_executable || start_is_boxed(s);
    bool is_candidate = stage->kind == STAGE_FILE && stage->source.len && !stage->is_writable;
    return is_candidate && (!decides || file_stat(stage->source, &st)) && is_shown_as_it_is(s, stage, &st);
}

static void add_mount(struct start_mount *out, size_t *count, struct start_mount m) { out[(*count)++] = m; }

size_t start_mounts(struct arena *a, const struct start *s, struct start_mount **out)
{
    struct start_mount *mounts = NEW_ARRAY(a, struct start_mount, s->stage_count + s->sandbox.secret_count + 3);
    size_t count = 0;
    add_mount(mounts, &count, (struct start_mount){ str_join_path(a, s->folder, STR("out")), STR(TASK_OUT), true, true });
    add_mount(mounts, &count, (struct start_mount){ str_join_path(a, s->folder, STR("tmp")), STR(TASK_TMP), true, true });
    if (is_staged_in(s))
        add_mount(mounts, &count, (struct start_mount){ str_join_path(a, s->folder, STR("in")), STR(TASK_IN), false, true });
    for (size_t i = 0; i < s->stage_count; i++) {
        const struct start_stage *stage = &s->stages[i];
        bool is_inside = is_in(stage->path);
        if (is_outside(stage->path))
            add_mount(mounts, &count, outside_mount(a, s, stage, is_to_be_mounted(s, stage)));
        else if (is_to_be_mounted(s, stage))
            add_mount(mounts, &count, (struct start_mount){ .source = str_copy(a, stage->source), .is_made = is_inside,
                                                            .path = is_inside ? str_copy(a, stage->path) : staged_path(a, stage, i) });
    }
    for (size_t i = 0; i < s->sandbox.secret_count; i++) {
        const struct sandbox_secret *secret = &s->sandbox.secrets[i];
        Str path = str_join_path(a, STR(TASK_SECRETS), secret->name);
        add_mount(mounts, &count, (struct start_mount){ str_copy(a, secret->source), path, false, false });
    }
    *out = mounts;
    return count;
}
