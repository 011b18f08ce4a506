// SPDX-License-Identifier: Apache-2.0
// From the settings to what one attempt gets. Reads no secret and starts nothing.
#include "exec/sandbox.h"

#include <unistd.h>

#include "base/vec.h"
#include "sys/file.h"

static const char *const kind_names[] = {
#define X(name, text) [SANDBOX_##name] = text,
    SANDBOX_KINDS(X)
#undef X
};

const char *sandbox_kind_name(enum sandbox_kind kind) { return kind_names[kind]; }

bool sandbox_is_mounted(enum sandbox_kind kind) { return kind != SANDBOX_NONE && kind != SANDBOX_AUTO; }

static bool is_secret_name(Str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        bool is_good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || (c == '.' && i > 0);
        if (!is_good)
            return false;
    }
    return name.len > 0 && name.len < 100;
}

static bool choose_secrets(struct arena *a, Str text, struct sandbox *out, struct err *err)
{
    VEC(struct sandbox_secret) secrets = { 0 };
    for (Str rest = text; rest.len;) {
        Str path = str_trim(str_cut(&rest, ',')), name = str_cut(&path, '=');
        struct stat st;
        if (name.len == 0 && path.len == 0)
            continue;
        if (!is_secret_name(name) || path.len == 0 || path.data[0] != '/')
            return err_set(err, ERR_INVALID, "sandbox.secrets: expected NAME=/FILE, with a name of letters, digits, '_', '-' and '.', and an "
                           "absolute path; found '" STR_FMT "=…'", STR_ARG(name));
        path = str_copy(a, path);
        if (!file_stat(path, &st) || !S_ISREG(st.st_mode) || access(path.data, R_OK) < 0)
            return err_set(err, ERR_NOT_FOUND, "the secret '" STR_FMT "': " STR_FMT " is not a file that can be read", STR_ARG(name), STR_ARG(path));
        vec_push(a, &secrets, ((struct sandbox_secret){ str_copy(a, name), path }));
    }
    out->secrets = secrets.at;
    out->secret_count = secrets.len;
    return true;
}

static bool choose_paths(struct arena *a, Str text, struct sandbox *out, struct err *err)
{
    VEC(Str) paths = { 0 };
    for (Str rest = text; rest.len;) {
        Str path = str_trim(str_cut(&rest, ':'));
        if (path.len == 0)
            continue;
        Str normal = str_normal_path(a, path);
        if (path.data[0] != '/' || str_is(normal, "/"))
            return err_set(err, ERR_INVALID, "sandbox.paths: expected absolute paths below '/', separated by ':'; found '" STR_FMT "'",
                           STR_ARG(path));
        vec_push(a, &paths, normal);
    }
    out->paths = paths.at;
    out->path_count = paths.len;
    return true;
}

static bool choose_environment(struct arena *a, Str text, struct sandbox *out, struct err *err)
{
    VEC(struct env_var) env = { 0 };
    for (Str rest = text; rest.len;) {
        Str name = str_trim(str_cut(&rest, ','));
        const char *value = name.len ? getenv(str_z(a, name)) : NULL;
        if (str_has(name, '=') || str_has(name, ' '))
            return err_set(err, ERR_INVALID, "sandbox.environment: expected names of variables, separated by ','; found '" STR_FMT "'",
                           STR_ARG(name));
        if (value)
            vec_push(a, &env, ((struct env_var){ str_copy(a, name), str_copy(a, str_of(value)) }));
    }
    out->env = env.at;
    out->env_count = env.len;
    return true;
}

// Under this not even a shell starts: who asks for less has not measured it.
enum { MEMORY_FLOOR = 64 << 20 };

static void choose_limits(const struct sandbox_settings *settings, const struct attempt *attempt, struct sandbox_limits *out)
{
    const struct task_resources *asked = &attempt->spec->resources;
    *out = (struct sandbox_limits){ .processes = settings->processes, .open_files = settings->open_files, .file_bytes = settings->file_bytes };
    out->asked_memory_bytes = attempt->memory_bytes;
    if (settings->memory == LIMIT_AS_ASKED && asked->memory_limit_bytes > 0) {
        double more = asked->memory_bytes > 0 ? MAX((double)attempt->memory_bytes / (double)asked->memory_bytes, 1.0) : 1.0;
        out->memory_bytes = MAX((int64_t)((double)asked->memory_limit_bytes * more), (int64_t)MEMORY_FLOOR);    // `more`: a further try
    }
    if (settings->cores == LIMIT_AS_ASKED)
        out->cores = asked->cores_limit;
}

bool sandbox_choose(struct arena *a, const struct sandbox_settings *settings, const struct attempt *attempt, struct sandbox *out, struct err *err)
{
    *out = (struct sandbox){ .kind = (enum sandbox_kind)settings->kind, .network = attempt->spec->network };
    choose_limits(settings, attempt, &out->limits);
    return choose_secrets(a, settings->secrets, out, err) && choose_paths(a, settings->paths, out, err) &&
           choose_environment(a, settings->environment, out, err);
}
