// SPDX-License-Identifier: Apache-2.0
// gitrepository-layout(5): HEAD holds a commit or "ref: refs/…"; a ref is a file, or a line of packed-refs. A work tree of its own has
// a file .git ("gitdir: …") and, there, "commondir".
#include "cli/commit.h"

#include "base/arena.h"
#include "sys/file.h"

enum { SMALL = 4096, PACKED_MAX = 16 << 20 };

static Str first_line(struct arena *a, Str path)
{
    struct err ignored;
    Str text;
    if (!file_read(a, path, SMALL, &text, &ignored))
        return (Str){ 0 };
    return str_trim(str_cut(&text, '\n'));
}

static bool is_folder(Str path)
{
    struct stat st;
    return file_stat(path, &st) && S_ISDIR(st.st_mode);
}

// The .git folder around `path`; empty: none.
static Str find_repository(struct arena *a, Str path)
{
    for (Str dir = str_dirname(path);; dir = str_dirname(dir)) {
        Str git = str_join_path(a, dir, STR(".git"));
        if (is_folder(git))
            return git;
        Str line = first_line(a, git);
        if (str_starts(line, STR("gitdir: ")))
            return str_join_path(a, dir, str_from(line, 8));
        if (dir.len <= 1)
            return (Str){ 0 };
    }
}

static bool is_commit(Str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!((s.data[i] >= '0' && s.data[i] <= '9') || (s.data[i] >= 'a' && s.data[i] <= 'f')))
            return false;
    return s.len == 40 || s.len == 64;
}

static Str packed_ref(struct arena *a, Str git, Str ref)
{
    struct err ignored;
    Str text;
    if (!file_read(a, str_join_path(a, git, STR("packed-refs")), PACKED_MAX, &text, &ignored))
        return (Str){ 0 };
    while (text.len) {
        Str line = str_cut(&text, '\n'), commit = str_cut(&line, ' ');
        if (str_eq(str_trim(line), ref) && is_commit(commit))
            return commit;
    }
    return (Str){ 0 };
}

Str commit_of(struct arena *a, Str path)
{
    Str git = find_repository(a, path);
    if (git.len == 0)
        return (Str){ 0 };
    Str head = first_line(a, str_join_path(a, git, STR("HEAD")));
    if (!str_starts(head, STR("ref: ")))
        return is_commit(head) ? head : (Str){ 0 };
    Str ref = str_from(head, 5), common = first_line(a, str_join_path(a, git, STR("commondir")));
    Str folders[] = { git, common.len ? str_join_path(a, git, common) : git };
    for (size_t i = 0; i < LEN(folders); i++) {
        Str commit = first_line(a, str_join_path(a, folders[i], ref));
        if (is_commit(commit))
            return commit;
    }
    return packed_ref(a, folders[1], ref);
}
