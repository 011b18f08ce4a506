// SPDX-License-Identifier: Apache-2.0
// Walks an output folder and finds what is to be kept. The task's word is not trusted: a link is followed only to where
// the task's own outputs and inputs are, special files and names that no record can hold are refused. A link says where it
// leads in the words of the task, which saw its folder at TASK_ROOT if it had a sandbox. Moves and reads nothing: that is
// collect.c.
#include "exec/outputs.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/map.h"
#include "base/vec.h"
#include "exec/sandbox.h"
#include "sys/file.h"

struct pattern {
    VEC(Str) parts;                     // NUL-terminated; the n-th is for names n folders deep
};
struct finder {
    struct arena *arena;
    const struct attempt *attempt;
    Str folder, real;                   // of the attempt, as it was given; its real path, with `out` and `in`
    Str out, in;                        // real paths of what links may lead to; empty until know_places()
    VEC(struct pattern) patterns;
    VEC(struct found_output) found;
    VEC(const struct stat *) above;     // the folders that we are in
    size_t most;
    struct map inputs;                  // identity of a staged file -> 1 + its stage
    bool has_inputs;
    struct map stages;                  // path in the task -> 1 + its stage; filled with `inputs`
    struct err *err;
};
struct place {                          // one entry of a folder
    Str path, real;
    bool is_kept;
    const struct pattern **active;      // the patterns that may match below it
    size_t active_count;
};
enum { DEPTH_MAX = 1000, OUTPUTS_MAX = 20 * 1000 * 1000 };

static bool walk(struct finder *f, const struct place *folder);

// For messages: a name may hold anything.
static Str printable(struct arena *a, Str name)
{
    struct strbuf b = { 0 };
    for (size_t i = 0; i < MIN(name.len, (size_t)300); i++) {
        unsigned char c = (unsigned char)name.data[i];
        if (c >= ' ' && c < 0x7f && c != '\\')
            strbuf_addc(&b, (char)c);
        else
            strbuf_addf(&b, "\\x%02x", c);
    }
    return strbuf_take(&b, a);
}

static bool refuse(struct finder *f, Str path, const char *why)
{
    Str name = str_is_utf8(path) ? path : printable(f->arena, path);
    return err_set(f->err, ERR_INVALID, "the output '" STR_FMT "' %s", STR_ARG(name), why);
}

// Where links may lead. Most attempts leave none, so this is looked up when the first one is met.
static bool know_places(struct finder *f)
{
    Str real;
    if (f->out.len)
        return true;
    if (!path_real(f->arena, f->folder, &real, f->err))
        return false;
    f->real = real;
    f->out = str_join_path(f->arena, real, STR("out"));
    f->in = str_join_path(f->arena, real, STR("in"));
    return true;
}

// --- Patterns.

// A pattern's path below the output folder: absolute ones may name it as the task sees it, or as it is here.
static bool relative_pattern(struct finder *f, Str pattern, Str *out)
{
    const Str places[] = { STR_CONST(TASK_OUT), str_join_path(f->arena, f->folder, STR("out")) };
    *out = pattern;
    for (size_t i = 0; i < LEN(places) && pattern.len && pattern.data[0] == '/'; i++) {
        Str rest = str_from(pattern, places[i].len);
        if (str_starts(pattern, places[i]) && (rest.len == 0 || rest.data[0] == '/')) {
            while (rest.len && rest.data[0] == '/')
                rest = str_from(rest, 1);
            *out = rest;
            return true;
        }
    }
    return pattern.len == 0 || pattern.data[0] != '/';
}

static bool add_pattern(struct finder *f, Str text, bool *keep_all)
{
    struct pattern pattern = { 0 };
    Str rest;
    bool is_inside = relative_pattern(f, text, &rest);
    while (is_inside && rest.len) {
        Str part = str_cut(&rest, '/');
        is_inside = !str_is(part, "..");
        if (part.len && !str_is(part, "."))
            vec_push(f->arena, &pattern.parts, str_copy(f->arena, part));
    }
    if (!is_inside)
        return err_set(f->err, ERR_INVALID, "the output pattern '" STR_FMT "' leads out of the output folder",
                       STR_ARG(text));
    if (pattern.parts.len)
        vec_push(f->arena, &f->patterns, pattern);
    else
        *keep_all = true;               // "." is the folder itself
    return true;
}

static bool is_match(Str part, const char *name)
{
    return str_is(part, name) || fnmatch(part.data, name, FNM_PERIOD) == 0;
}

// What the patterns that are active in `folder` say of an entry: kept, or looked into, or neither.
static bool match(struct finder *f, const struct place *folder, const char *name, struct place *out)
{
    size_t depth = f->above.len - 1;
    *out = (struct place){ .is_kept = folder->is_kept };
    for (size_t i = 0; i < folder->active_count && !out->is_kept; i++) {
        const struct pattern *pattern = folder->active[i];
        if (!is_match(pattern->parts.at[depth], name))
            continue;
        if (pattern->parts.len == depth + 1) {
            out->is_kept = true;        // and with it everything below
            break;
        }
        if (!out->active)
            out->active = NEW_ARRAY(f->arena, const struct pattern *, folder->active_count);
        out->active[out->active_count++] = pattern;
    }
    return out->is_kept || out->active_count;
}

// --- Entries.

static void identity_of(const struct stat *st, uint64_t out[2]) { out[0] = st->st_dev, out[1] = st->st_ino; }

static bool add(struct finder *f, const struct place *p, const struct stat *st, ptrdiff_t stage)
{
    struct found_output found = { .path = p->path, .real = p->real, .stage = stage, .mode = st->st_mode & 07777 };
    found.kind = S_ISDIR(st->st_mode) ? OUTPUT_DIR : OUTPUT_FILE;
    found.size = S_ISDIR(st->st_mode) ? 0 : st->st_size;
    identity_of(st, found.identity);
    if (f->found.len >= f->most)
        return err_set(f->err, ERR_LIMIT, "it left more than %zu files and folders as outputs (limits.outputs): pack them into an archive", f->most);
    vec_push(f->arena, &f->found, found);
    return true;
}

static void know_inputs(struct finder *f)
{
    const struct task_spec *spec = f->attempt->spec;
    f->has_inputs = true;
    for (size_t i = 0; i < spec->stage_count; i++) {
        struct stat st;
        map_set(&f->stages, spec->stages[i].path, (void *)(uintptr_t)(i + 1));
        if (spec->stages[i].kind != STAGE_FILE || !file_stat(f->attempt->sources[i].path, &st))
            continue;
        uint64_t *identity = NEW_ARRAY(f->arena, uint64_t, 2);
        identity_of(&st, identity);
        map_set(&f->inputs, (Str){ (const char *)identity, 2 * sizeof *identity }, (void *)(uintptr_t)(i + 1));
    }
}

// The stage whose bytes this file is, or -1.
static ptrdiff_t find_input(struct finder *f, const struct stat *st)
{
    uint64_t identity[2];
    identity_of(st, identity);
    if (!f->has_inputs)
        know_inputs(f);
    return (ptrdiff_t)(uintptr_t)map_find(&f->inputs, (Str){ (const char *)identity, sizeof identity }) - 1;
}

static bool is_below(Str path, Str folder)
{
    return str_starts(path, folder) && (path.len == folder.len || path.data[folder.len] == '/');
}

// --- Where a link leads.

enum { LINKS_MAX = 40 };                // as the kernel

// The file whose bytes the task saw at `path` below its folder of inputs: an empty file there has had it mounted over.
static Str mounted_source(struct finder *f, Str path, const struct stat *st)
{
    if (!S_ISREG(st->st_mode) || st->st_size > 0 || !is_below(path, f->in))
        return (Str){ 0 };
    if (!f->has_inputs)
        know_inputs(f);
    uintptr_t number = (uintptr_t)map_find(&f->stages, str_concat(f->arena, STR(TASK_IN), str_from(path, f->in.len)));
    return number ? f->attempt->sources[number - 1].path : (Str){ 0 };
}

// An absolute path, as the task would say it, on this machine.
static Str path_here(struct finder *f, Str path)
{
    static const Str folders[] = { STR_CONST(TASK_OUT), STR_CONST(TASK_IN), STR_CONST(TASK_TMP) };
    for (size_t i = 0; i < LEN(folders); i++)
        if (is_below(path, folders[i]))
            return str_concat(f->arena, f->real, str_from(path, strlen(TASK_ROOT)));
    Str rest = str_from(path, strlen(TASK_STAGED) + 1);         // "<number>/<name>"
    int64_t number;
    if (is_below(path, STR(TASK_STAGED)) && str_to_int(str_cut(&rest, '/'), &number) && number >= 0 && (size_t)number < f->attempt->spec->stage_count)
        return f->attempt->sources[number].path;
    return path;
}

// As realpath(), but absolute links are read as the task would follow them. False: it leads nowhere, or in a circle.
static bool resolve(struct finder *f, Str path, Str *real)
{
    Str done = STR(""), rest = str_copy(f->arena, path);
    for (int links = 0; rest.len;) {
        Str part = str_cut(&rest, '/');
        struct stat st;
        if (part.len == 0 || str_is(part, "."))
            continue;
        if (str_is(part, "..")) {
            done = str_is(str_dirname(done), "/") || done.len == 0 ? STR("") : str_dirname(done);
            continue;
        }
        Str next = str_printf(f->arena, STR_FMT "/" STR_FMT, STR_ARG(done), STR_ARG(part));
        if (lstat(next.data, &st) < 0)
            return false;
        char target[4096];
        ssize_t len = S_ISLNK(st.st_mode) ? readlink(next.data, target, sizeof target) : 0;
        Str source = S_ISLNK(st.st_mode) ? (Str){ 0 } : mounted_source(f, next, &st);
        if (len < 0 || len == sizeof target || ((len > 0 || source.len) && ++links > LINKS_MAX))
            return false;
        if (len == 0 && source.len == 0) {
            done = next;
            continue;
        }
        Str to = source.len ? source : str_copy(f->arena, (Str){ target, (size_t)len });
        if (to.data[0] == '/')
            done = STR(""), to = source.len ? to : path_here(f, to);
        rest = str_printf(f->arena, STR_FMT "/" STR_FMT, STR_ARG(to), STR_ARG(rest));
    }
    *real = done.len ? str_copy(f->arena, done) : STR("/");
    return true;
}

static bool refuse_link(struct finder *f, const struct place *p, const char *why)
{
    char target[512];
    ssize_t len = readlink(p->real.data, target, sizeof target);
    Str text = str_printf(f->arena, "is a link to '" STR_FMT "'%s",
                          STR_ARG(printable(f->arena, (Str){ target, (size_t)MAX(len, 0) })), why);
    return refuse(f, p->path, text.data);
}

static bool visit_link(struct finder *f, struct place *p)
{
    struct stat st;
    Str real;
    if (!know_places(f))
        return false;
    if (!resolve(f, p->real, &real) || !file_stat(real, &st))
        return !p->is_kept || refuse_link(f, p, ", which leads nowhere");
    bool is_ours = is_below(real, f->out) || is_below(real, f->in);
    ptrdiff_t input = S_ISREG(st.st_mode) && !is_ours ? find_input(f, &st) : -1;
    if (!is_ours && input < 0)
        return !p->is_kept || refuse_link(f, p, ", which is neither an output nor an input of the task; copy the file "
                                          "into the output folder instead");
    struct place target = *p;
    target.real = real;
    if (S_ISDIR(st.st_mode))
        return (!p->is_kept || add(f, &target, &st, -1)) && walk(f, &target);
    if (!p->is_kept)
        return true;
    return S_ISREG(st.st_mode) ? add(f, &target, &st, input) : refuse_link(f, p, ", which is no regular file");
}

static const char *special_kind(mode_t mode)
{
    return S_ISFIFO(mode) ? "is a named pipe; only files and folders can be kept"
         : S_ISSOCK(mode) ? "is a socket; only files and folders can be kept"
                          : "is a device; only files and folders can be kept";
}

static bool visit(struct finder *f, struct place *p)
{
    struct stat st;
    if (p->is_kept && !str_is_utf8(p->path))
        return refuse(f, p->path, "has a name that is not valid UTF-8; rename it in the command");
    if (lstat(p->real.data, &st) < 0)
        return err_errno(f->err, "the output '" STR_FMT "'", STR_ARG(printable(f->arena, p->path)));
    if (S_ISLNK(st.st_mode))
        return visit_link(f, p);
    if (S_ISDIR(st.st_mode))
        return (!p->is_kept || add(f, p, &st, -1)) && walk(f, p);
    if (!p->is_kept)
        return true;
    if (f->in.len && mounted_source(f, p->real, &st).len)       // in a folder of inputs that a link leads to
        return visit_link(f, p);
    return S_ISREG(st.st_mode) ? add(f, p, &st, -1) : refuse(f, p->path, special_kind(st.st_mode));
}

// --- Folders.

static bool walk_names(struct finder *f, const struct place *folder)
{
    Str *names;
    size_t count;
    struct place entry;
    struct stat st;
    if (stat(folder->real.data, &st) == 0 && (st.st_mode & 0500) != 0500 &&
        chmod(folder->real.data, st.st_mode | 0700) < 0)
        return err_errno(f->err, "the output folder '" STR_FMT "' cannot be read", STR_ARG(folder->path));
    if (!dir_list(f->arena, folder->real, &names, &count, f->err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!match(f, folder, names[i].data, &entry))
            continue;
        entry.path = folder->path.len ? str_join_path(f->arena, folder->path, names[i]) : names[i];
        entry.real = str_join_path(f->arena, folder->real, names[i]);
        if (!visit(f, &entry))
            return false;
    }
    return true;
}

// Links among folders can form a ring: a folder that we are in already is not entered again.
static bool walk(struct finder *f, const struct place *folder)
{
    struct stat *st = NEW(f->arena, struct stat);
    if (stat(folder->real.data, st) < 0)
        return err_errno(f->err, "the output folder '" STR_FMT "'", STR_ARG(folder->path));
    for (size_t i = 0; i < f->above.len; i++)
        if (f->above.at[i]->st_dev == st->st_dev && f->above.at[i]->st_ino == st->st_ino)
            return !folder->is_kept || refuse(f, folder->path, "is a link to a folder that it lies in");
    if (f->above.len >= DEPTH_MAX)
        return refuse(f, str_first(folder->path, 60), "… lies deeper than 1000 folders");
    vec_push(f->arena, &f->above, st);
    bool ok = walk_names(f, folder);
    f->above.len--;
    return ok;
}

static int compare_found(const void *x, const void *y)
{
    return str_compare(((const struct found_output *)x)->path, ((const struct found_output *)y)->path);
}

static bool find(struct finder *f, Str folder)
{
    const struct task_spec *spec = f->attempt->spec;
    struct place top = { .is_kept = spec->keep_all };
    struct stat st;
    f->folder = folder;
    top.real = str_join_path(f->arena, folder, STR("out"));
    if (lstat(top.real.data, &st) < 0 || !S_ISDIR(st.st_mode))
        return err_set(f->err, ERR_INVALID, "the command removed or replaced its output folder");
    for (size_t i = 0; i < spec->glob_count; i++)
        if (!add_pattern(f, spec->globs[i], &top.is_kept))
            return false;
    if (file_exists(str_join_path(f->arena, top.real, STR("cwl.output.json"))))
        top.is_kept = true;             // it may name any file as an output
    top.active = NEW_ARRAY(f->arena, const struct pattern *, f->patterns.len);
    for (size_t i = 0; i < f->patterns.len; i++)
        top.active[top.active_count++] = &f->patterns.at[i];
    return (!top.is_kept && top.active_count == 0) || walk(f, &top);
}

bool outputs_find(struct arena *a, const struct attempt *attempt, Str folder, size_t most, struct found_output **found,
                  size_t *count, struct err *err)
{
    struct finder f = { .arena = a, .attempt = attempt, .most = most ? most : OUTPUTS_MAX, .err = err };
    bool ok = find(&f, folder);
    map_release(&f.inputs);
    map_release(&f.stages);
    *found = f.found.at;
    *count = ok ? f.found.len : 0;
    if (*count)
        qsort(*found, *count, sizeof **found, compare_found);
    return ok;
}
