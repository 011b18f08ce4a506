// SPDX-License-Identifier: Apache-2.0
// What a sandbox shows of the machine. The rule for PATH: a folder in it is shown; of the place that it is installed in
// (its parent) only what programs are made of, and all of it where it is a conda or a Python environment, which holds
// nothing else. So tools work that a user has in his home folder, and his data stay out of sight.
#include "exec/shown.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"
#include "task/spec.h"

struct finder {
    struct arena *arena;
    struct shown *out;
    Str home, user_home;
};
enum { ETC_DEPTH = 3 };

static const char *const system_places[] = {
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt", "/nix", "/gnu", "/snap", "/sw", "/apps", "/software", "/cvmfs",
    "/var/lib/texmf", "/var/lib/ghostscript", "/var/cache/fontconfig", "/sys/devices/system", "/run/current-system",
};
// What an installation consists of, beside its programs.
static const char *const parts[] = {
    "lib", "lib32", "lib64", "libexec", "include", "share", "etc", "opt", "conf", "jmods", "release", "jre", "version", "versions", "shims",
    "plugins", "toolchains",
};
// The same for what stands in a hidden folder of the user's home, whose "share" and "etc" hold his secrets too.
static const char *const hidden_parts[] = {
    "lib", "lib32", "lib64", "libexec", "include", "share/pipx", "share/uv", "version", "versions", "shims", "plugins", "toolchains", "pipx",
};

static bool is_below(Str path, Str folder)
{
    return str_is(folder, "/") || (str_starts(path, folder) && (path.len == folder.len || path.data[folder.len] == '/'));
}

static bool is_shown(const struct shown *s, Str path)
{
    for (size_t i = 0; i < s->places.len; i++)
        if (is_below(path, s->places.at[i].path))
            return true;
    return false;
}

static bool add(struct finder *f, Str path)
{
    struct stat st;
    struct shown_place place = { .path = str_normal_path(f->arena, path) };
    if (is_shown(f->out, place.path) || lstat(place.path.data, &st) < 0)
        return false;
    if (S_ISLNK(st.st_mode) && str_is(str_dirname(place.path), "/")) {          // /bin -> usr/bin: the same link
        char target[512];
        ssize_t len = readlink(place.path.data, target, sizeof target);
        Str text = { target, (size_t)MAX(len, 0) };
        if (text.len && text.len < sizeof target && text.data[0] != '/')
            place.link = str_copy(f->arena, text);
    }
    if (!place.link.len && stat(place.path.data, &st) < 0)
        return false;
    place.is_folder = S_ISDIR(st.st_mode);
    if (place.link.len || place.is_folder || S_ISREG(st.st_mode))
        vec_push(f->arena, &f->out->places, place);
    return true;
}

// Holds more than programs, or may: nothing is shown for being beside a folder of programs in it.
static bool is_private(const struct finder *f, Str folder)
{
    return str_is(folder, "/") || is_below(f->home, folder) || is_below(folder, f->home) || (f->user_home.len && is_below(f->user_home, folder)) ||
           str_is(folder, "/home") || str_is(folder, "/tmp") || str_is(folder, "/var") || str_is(folder, "/run");
}

static bool has(struct finder *f, Str folder, const char *name) { return file_exists(str_join_path(f->arena, folder, str_of(name))); }

static void add_installation(struct finder *f, Str prefix)
{
    bool is_hidden = str_eq(str_dirname(prefix), f->user_home) && str_starts(str_basename(prefix), STR("."));
    if (is_private(f, prefix) || is_shown(f->out, prefix))
        return;
    if (has(f, prefix, "conda-meta") || has(f, prefix, "pyvenv.cfg")) {
        add(f, prefix);
        return;
    }
    size_t count = is_hidden ? LEN(hidden_parts) : LEN(parts);
    for (size_t i = 0; i < count; i++)
        add(f, str_join_path(f->arena, prefix, str_of(is_hidden ? hidden_parts[i] : parts[i])));
}

static void add_programs(struct finder *f, Str folder)
{
    struct err err;
    Str real, base = str_basename(folder);
    if (folder.len == 0 || folder.data[0] != '/' || str_is(folder, "/") || is_below(folder, f->home))
        return;
    bool is_new = !(f->user_home.len && is_below(f->user_home, folder)) && add(f, folder);
    if (str_is(base, "bin") || str_is(base, "sbin") || str_is(base, "shims") || str_is(base, "condabin"))
        add_installation(f, str_dirname(folder));
    if (is_new && path_real(f->arena, folder, &real, &err) && !str_eq(real, folder))
        add_programs(f, real);
}

static void add_file(struct finder *f, Str path)
{
    struct err ignored;
    Str real, folder;
    if (!path_real(f->arena, path, &real, &ignored) || is_shown(f->out, real))
        return;
    folder = str_copy(f->arena, str_dirname(real));
    bool is_alone = is_below(real, f->home) || is_private(f, folder) || (f->user_home.len && str_eq(folder, f->user_home));
    if (is_alone)
        add(f, real);                   // nothing of what it lies among
    else
        add_programs(f, folder);
}

// Programs in PATH are often links to where they really are. The system's own lead to the system.
static void add_targets(struct finder *f, Str folder)
{
    enum { LINKS_MAX = 2000 };
    static const char *const systems[] = { "/usr/bin", "/usr/sbin", "/bin", "/sbin" };
    DIR *dir = NULL;
    const struct dirent *entry;
    for (size_t i = 0; i < LEN(systems); i++)
        if (str_is(folder, systems[i]))
            return;
    if (is_shown(f->out, folder))
        dir = opendir(folder.data);
    for (int i = 0; dir && i < LINKS_MAX && (entry = readdir(dir)); i++)
        if (entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN)
            add_file(f, str_join_path(f->arena, folder, str_of(entry->d_name)));
    if (dir)
        closedir(dir);
}

static void hide(struct finder *f, Str path, bool is_folder)
{
    vec_push(f->arena, &f->out->hidden, ((struct shown_place){ .path = path, .is_folder = is_folder }));
}

// For root, who owns them: what other users may not read of /etc (passwords' hashes, private keys), a task may not either.
static void hide_unreadable(struct finder *f, Str folder, int depth)
{
    Str *names;
    size_t count;
    struct err err;
    if (!dir_list(f->arena, folder, &names, &count, &err))
        return;
    for (size_t i = 0; i < count; i++) {
        Str path = str_join_path(f->arena, folder, names[i]);
        struct stat st;
        if (lstat(path.data, &st) < 0)
            continue;
        mode_t needed = S_ISDIR(st.st_mode) ? 0005 : 0004;
        bool is_file = S_ISREG(st.st_mode), is_folder = S_ISDIR(st.st_mode);
        if ((is_file || is_folder) && (st.st_mode & needed) != needed)
            hide(f, path, is_folder);
        else if (is_folder && depth > 1)
            hide_unreadable(f, path, depth - 1);
    }
}

static bool is_accelerator(Str folder, Str name)
{
    return str_is(folder, "/dev/dri") ? str_starts(name, STR("renderD")) : str_starts(name, STR("nvidia")) || str_is(name, "kfd");
}

static void find_devices(struct finder *f)
{
    static const Str folders[] = { STR_CONST("/dev"), STR_CONST("/dev/dri") };
    for (size_t k = 0; k < LEN(folders); k++) {
        Str *names;
        size_t count;
        struct err ignored;
        bool is_there = file_exists(folders[k]) && dir_list(f->arena, folders[k], &names, &count, &ignored);
        for (size_t i = 0; is_there && i < count; i++) {
            Str path = str_join_path(f->arena, folders[k], names[i]);
            struct stat st;
            if (is_accelerator(folders[k], names[i]) && stat(path.data, &st) == 0 && S_ISCHR(st.st_mode))
                vec_push(f->arena, &f->out->devices, path);
        }
    }
}

static int compare(const void *x, const void *y)
{
    return str_compare(((const struct shown_place *)x)->path, ((const struct shown_place *)y)->path);
}

// A place below another one, which was found later, is shown with it.
static void drop_inner(struct shown *s)
{
    size_t kept = 0;
    qsort(s->places.at, s->places.len, sizeof *s->places.at, compare);
    for (size_t i = 0; i < s->places.len; i++) {
        bool is_inner = false;
        for (size_t k = 0; k < kept && !is_inner; k++)
            is_inner = !s->places.at[k].link.len && is_below(s->places.at[i].path, s->places.at[k].path);
        if (!is_inner)
            s->places.at[kept++] = s->places.at[i];
    }
    s->places.len = kept;
}

void shown_find(struct arena *a, struct shown *s, Str search_path, const Str *extra, size_t extra_count, Str home, Str user_home)
{
    struct finder f = { .arena = a, .out = s, .home = str_normal_path(a, home), .user_home = str_normal_path(a, user_home) };
    if (user_home.len == 0)
        f.user_home = (Str){ 0 };
    for (size_t i = 0; i < LEN(system_places); i++)
        add(&f, str_of(system_places[i]));
    for (size_t i = 0; i < extra_count; i++)
        if (!str_is(extra[i], "/"))
            add(&f, extra[i]);
    for (Str rest = search_path; rest.len;)
        add_programs(&f, str_normal_path(a, str_cut(&rest, ':')));
    for (Str rest = search_path; rest.len;)
        add_targets(&f, str_normal_path(a, str_cut(&rest, ':')));
    drop_inner(s);
    find_devices(&f);
    if (geteuid() == 0)
        hide_unreadable(&f, STR("/etc"), ETC_DEPTH);
    if (is_shown(s, f.home))
        hide(&f, f.home, true);
}

// "#!/users/u/env/bin/python3 -E"
static void add_interpreter(struct finder *f, Str path)
{
    char line[256];
    FILE *file = fopen(str_z(f->arena, path), "re");
    size_t len = file ? fread(line, 1, sizeof line, file) : 0;
    if (file)
        fclose(file);
    Str rest = { line, len };
    if (!str_starts(rest, STR("#!")))
        return;
    Str first = str_cut(&rest, '\n'), interpreter = str_trim(str_from(first, 2));
    interpreter = str_cut(&interpreter, ' ');
    if (interpreter.len && interpreter.data[0] == '/')
        add_file(f, interpreter);
}

void shown_add_program(struct arena *a, struct shown *s, Str program, Str search_path, Str home, Str user_home)
{
    struct finder f = { .arena = a, .out = s, .home = str_normal_path(a, home), .user_home = user_home };
    Str path = str_has(program, '/') && program.data[0] != '/' ? (Str){ 0 } : path_find_program(a, program, search_path);
    if (!path.len)
        return;                         // what is missing here will be missing there: exec says so
    add_file(&f, path);
    add_interpreter(&f, path);
}

static bool is_end(char c) { return c == '\0' || strchr(" \t\n\r=:,;'\"()<>|&`$*?", c) != NULL; }

Str shown_find_missing(struct arena *a, const struct shown *s, Str text)
{
    enum { TEXT_MAX = 64 * 1024, PATHS_MAX = 64 };
    static const char *const own[] = { TASK_ROOT, "/dev", "/proc", "/tmp", "/var/tmp" };
    int tried = 0;
    for (size_t i = 0; i < MIN(text.len, (size_t)TEXT_MAX) && tried < PATHS_MAX; i++) {
        if (text.data[i] != '/' || (i > 0 && !is_end(text.data[i - 1])))
            continue;
        size_t len = 0;
        while (i + len < text.len && !is_end(text.data[i + len]))
            len++;
        Str path = str_normal_path(a, str_slice(text, i, i + len));
        bool is_own = str_is(path, "/") || is_shown(s, path);
        for (size_t k = 0; k < LEN(own) && !is_own; k++)
            is_own = is_below(path, str_of(own[k]));
        tried++;
        if (!is_own && file_exists(path))
            return path;
        i += len;
    }
    return (Str){ 0 };
}
