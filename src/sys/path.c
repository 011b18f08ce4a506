// SPDX-License-Identifier: Apache-2.0
// Where files are: paths made absolute and real, folders listed, programs found. Nothing here changes a file.
#include <dirent.h>
#include <errno.h>
#include <unistd.h>

#include "base/vec.h"
#include "sys/file.h"
#include "sys/path_text.h"

bool path_text_set(struct path_text *out, Str path)
{
    int problem = path.len == 0 ? ENOENT : path.len >= sizeof out->z ? ENAMETOOLONG : str_has(path, '\0') ? EINVAL : 0;
    if (problem) {
        errno = problem;
        return false;
    }
    memcpy(out->z, path.data, path.len);
    out->z[path.len] = '\0';
    return true;
}

bool path_real(struct arena *a, Str path, Str *out, struct err *err)
{
    struct path_text text;
    char real[PATH_MAX];
    if (!path_text_set(&text, path) || !realpath(text.z, real))
        return err_errno(err, STR_FMT, STR_ARG(path));
    *out = str_copy(a, str_of(real));
    return true;
}

Str path_cwd(struct arena *a)
{
    char cwd[PATH_MAX];
    return str_copy(a, str_of(getcwd(cwd, sizeof cwd) ? cwd : "/"));
}

Str path_absolute(struct arena *a, Str path)
{
    bool is_absolute = path.len && path.data[0] == '/';
    return str_normal_path(a, is_absolute ? path : str_join_path(a, path_cwd(a), path));
}

static int compare_names(const void *x, const void *y) { return str_compare(*(const Str *)x, *(const Str *)y); }

bool dir_list(struct arena *a, Str path, Str **names, size_t *count, struct err *err)
{
    struct path_text text;
    DIR *dir = path_text_set(&text, path) ? opendir(text.z) : NULL;
    if (!dir)
        return err_errno(err, "cannot list the folder " STR_FMT, STR_ARG(path));
    VEC(Str) found = { 0 };
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry)
            break;
        Str name = str_of(entry->d_name);
        if (!str_is(name, ".") && !str_is(name, ".."))
            vec_push(a, &found, str_copy(a, name));
    }
    bool ok = errno == 0 || err_errno(err, "cannot list the folder " STR_FMT, STR_ARG(path));
    closedir(dir);
    if (found.len)
        qsort(found.at, found.len, sizeof *found.at, compare_names);
    *names = found.at;
    *count = found.len;
    return ok;
}

static bool is_program(Str path)
{
    struct path_text text;
    struct stat st;
    return path_text_set(&text, path) && stat(text.z, &st) == 0 && S_ISREG(st.st_mode) && access(text.z, X_OK) == 0;
}

Str path_find_program(struct arena *a, Str name, Str search_path)
{
    if (str_has(name, '/'))
        return is_program(name) ? str_copy(a, name) : (Str){ 0 };
    while (name.len && search_path.data) {
        bool is_last = !str_has(search_path, ':');
        Str dir = str_cut(&search_path, ':');
        Str path = str_join_path(a, dir.len ? dir : STR("."), name);   // an empty entry means the current folder
        if (is_program(path))
            return path;
        if (is_last)
            break;
    }
    return (Str){ 0 };
}
