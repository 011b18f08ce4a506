// SPDX-License-Identifier: Apache-2.0
// Reads the lists of dpkg and conda as they lie on the disk: no program is started for it, no lock is taken.
//
//   /var/lib/dpkg/info/<package>[:<arch>].list     the files of a package, one a line (dpkg-query(1), -L)
//   /var/lib/dpkg/status                           stanzas with "Package:" and "Version:" (deb822(5))
//   <prefix>/conda-meta/<name>-<version>-<build>.json   holds "bin/program" in its list of files
#include "engine/package.h"

#include "base/arena.h"
#include "sys/file.h"

enum { LIST_MAX = 64 << 20 };

static bool read_text(struct arena *a, Str path, Str *text)
{
    struct err ignored;
    return file_read(a, path, LIST_MAX, text, &ignored);
}

static bool has_line(Str text, Str line)
{
    while (text.len) {
        ptrdiff_t at = str_find(text, line);
        if (at < 0)
            return false;
        size_t end = (size_t)at + line.len;
        if ((at == 0 || text.data[at - 1] == '\n') && (end == text.len || text.data[end] == '\n'))
            return true;
        text = str_from(text, (size_t)at + 1);
    }
    return false;
}

// --- dpkg

// Packages that are older than the merge of /bin into /usr/bin list the old place.
static bool list_has(Str list, Str path)
{
    return has_line(list, path) || (str_starts(path, STR("/usr/")) && has_line(list, str_from(path, 4)));
}

static bool is_list_of(struct arena *a, Str folder, Str name, Str path)
{
    struct arena scratch = { 0 };
    Str text;
    bool found = str_ends(name, STR(".list")) && read_text(&scratch, str_join_path(a, folder, name), &text) && list_has(text, path);
    arena_release(&scratch);
    return found;
}

// The list that has the path: mostly that of the package called like the program, else any.
static bool find_list(struct arena *a, Str folder, Str path, Str *found)
{
    Str *names;
    size_t count;
    struct err ignored;
    *found = str_printf(a, STR_FMT ".list", STR_ARG(str_basename(path)));
    if (is_list_of(a, folder, *found, path))
        return true;
    if (!dir_list(a, folder, &names, &count, &ignored))
        return false;
    for (size_t i = 0; i < count; i++)
        if (is_list_of(a, folder, names[i], path)) {
            *found = names[i];
            return true;
        }
    return false;
}

static bool dpkg_version(Str status, struct arena *a, Str package, Str *version)
{
    Str head = str_printf(a, "Package: " STR_FMT, STR_ARG(package));
    while (status.len) {
        ptrdiff_t at = str_find(status, head);
        if (at < 0)
            return false;
        Str stanza = str_from(status, (size_t)at);
        bool is_it = (at == 0 || status.data[at - 1] == '\n') && (stanza.len == head.len || stanza.data[head.len] == '\n');
        status = str_from(stanza, 1);
        while (is_it && stanza.len && stanza.data[0] != '\n') {
            Str line = str_cut(&stanza, '\n');
            if (str_starts(line, STR("Version: "))) {
                *version = str_copy(a, str_trim(str_from(line, 9)));
                return true;
            }
        }
    }
    return false;
}

// Packages leave /usr/local and homes alone (Debian policy, 9.1.2): no list need be read for a program there.
static bool is_of_system(Str path)
{
    static const Str folders[] = { STR_CONST("/usr/"), STR_CONST("/bin/"), STR_CONST("/sbin/"), STR_CONST("/lib"), STR_CONST("/opt/") };
    for (size_t i = 0; i < LEN(folders); i++)
        if (str_starts(path, folders[i]))
            return !str_starts(path, STR("/usr/local/"));
    return false;
}

static bool find_dpkg(struct arena *a, const char *root, Str path, struct package *out)
{
    struct arena scratch = { 0 };
    Str base = str_printf(a, "%s/var/lib/dpkg", root), list, status;
    bool found = is_of_system(path) && find_list(a, str_join_path(a, base, STR("info")), path, &list);
    if (found) {
        Str name = str_first(list, list.len - 5);       // ".list"
        name = str_cut(&name, ':');
        *out = (struct package){ .name = str_copy(a, name), .manager = STR("dpkg") };
        found = read_text(&scratch, str_join_path(a, base, STR("status")), &status) && dpkg_version(status, a, name, &out->version);
    }
    arena_release(&scratch);
    return found;
}

// --- conda: <prefix>/bin/program

static bool conda_lists(Str folder, Str name, Str quoted)
{
    struct arena scratch = { 0 };
    Str text;
    bool found = str_ends(name, STR(".json")) && read_text(&scratch, str_join_path(&scratch, folder, name), &text) && str_find(text, quoted) >= 0;
    arena_release(&scratch);
    return found;
}

static bool find_conda(struct arena *a, Str path, struct package *out)
{
    Str prefix = str_dirname(str_dirname(path)), folder = str_join_path(a, prefix, STR("conda-meta")), *names;
    Str quoted = str_printf(a, "\"" STR_FMT "\"", STR_ARG(str_from(path, MIN(prefix.len + 1, path.len))));
    size_t count;
    struct err ignored;
    if (!file_exists(folder) || !dir_list(a, folder, &names, &count, &ignored))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!conda_lists(folder, names[i], quoted))
            continue;
        Str name = str_first(names[i], names[i].len - 5);               // ".json"
        ptrdiff_t build = str_rfind_char(name, '-');
        ptrdiff_t version = build > 0 ? str_rfind_char(str_first(name, (size_t)build), '-') : -1;
        if (version <= 0)
            continue;
        *out = (struct package){ .name = str_copy(a, str_first(name, (size_t)version)), .manager = STR("conda"),
                                 .version = str_copy(a, str_slice(name, (size_t)version + 1, (size_t)build)) };
        return true;
    }
    return false;
}

// --- Nix and Guix: /nix/store/<32 characters>-name-version/bin/program; the version begins at the first digit behind a '-'

static bool find_by_folder(struct arena *a, Str path, struct package *out)
{
    static const struct { Str folder, manager; } stores[] = { { STR_CONST("/nix/store/"), STR_CONST("nix") },
                                                              { STR_CONST("/gnu/store/"), STR_CONST("guix") } };
    for (size_t i = 0; i < LEN(stores); i++) {
        if (!str_starts(path, stores[i].folder))
            continue;
        Str rest = str_from(path, stores[i].folder.len), name = str_cut(&rest, '/');
        str_cut(&name, '-');
        for (size_t k = 1; k + 1 < name.len; k++)
            if (name.data[k] == '-' && name.data[k + 1] >= '0' && name.data[k + 1] <= '9') {
                *out = (struct package){ .name = str_copy(a, str_first(name, k)), .version = str_copy(a, str_from(name, k + 1)),
                                         .manager = stores[i].manager };
                return true;
            }
    }
    return false;
}

bool package_find(struct arena *a, const char *root, Str path, struct package *out)
{
    struct err ignored;
    Str real;
    *out = (struct package){ 0 };
    if (!path_real(a, path, &real, &ignored))
        real = path;
    return find_by_folder(a, real, out) || find_conda(a, path, out) || find_conda(a, real, out) || find_dpkg(a, root, real, out);
}
