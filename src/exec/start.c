// SPDX-License-Identifier: Apache-2.0
// From the description of an attempt to the running command: the frame, the environment, the standard descriptors,
// exec. Runs in the attempt's own process, after fork; nothing here talks to the head. Files are staged in stage.c.
#include "exec/start.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#include "base/vec.h"
#include "exec/wire.h"
#include "sys/file.h"
#include "sys/path_text.h"

enum { FLAG_WRITABLE = 1, FLAG_EXECUTABLE = 2, FLAG_ROOTLESS = 1, FLAG_CAN_LIMIT = 2 };
enum { LIGHT_STAGES = 64, LIGHT_BYTES = 64 * 1024, CORE_PARTS = 1000000 };

static void encode_stage(struct strbuf *b, const struct stage *stage, const struct stage_source *source)
{
    bool is_file = stage->kind == STAGE_FILE;
    wire_u32(b, (uint32_t)stage->kind);
    wire_u32(b, (stage->is_writable ? FLAG_WRITABLE : 0u) | (stage->is_executable ? FLAG_EXECUTABLE : 0u));
    wire_str(b, stage->path);
    wire_str(b, is_file ? source->path : (Str){ 0 });
    wire_str(b, is_file ? source->bytes : stage->text);
}

// Links and small texts: nothing that could keep the runner waiting.
static bool is_light(const struct attempt *attempt)
{
    const struct task_spec *spec = attempt->spec;
    size_t bytes = 0;
    for (size_t i = 0; i < spec->stage_count && i <= LIGHT_STAGES; i++) {
        const struct stage *stage = &spec->stages[i];
        if (stage->kind == STAGE_FILE && (stage->is_writable || stage->is_executable))
            return false;
        bytes += stage->kind == STAGE_FILE ? attempt->sources[i].bytes.len : stage->text.len;
    }
    return spec->stage_count <= LIGHT_STAGES && bytes <= LIGHT_BYTES;
}

static void encode_env(struct strbuf *b, const struct env_var *env, size_t count)
{
    wire_u32(b, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        wire_str(b, env[i].name), wire_str(b, env[i].value);
}

static void encode_sandbox(struct strbuf *b, const struct sandbox *sandbox)
{
    const struct sandbox_limits *limits = &sandbox->limits;
    wire_u32(b, (uint32_t)sandbox->kind);
    wire_u32(b, sandbox->network);
    wire_u64(b, (uint64_t)limits->memory_bytes), wire_u64(b, (uint64_t)limits->asked_memory_bytes);
    wire_u64(b, (uint64_t)limits->processes), wire_u64(b, (uint64_t)limits->open_files), wire_u64(b, (uint64_t)limits->file_bytes);
    wire_u64(b, (uint64_t)(limits->cores * CORE_PARTS));
    wire_u32(b, (uint32_t)sandbox->secret_count);
    for (size_t i = 0; i < sandbox->secret_count; i++)
        wire_str(b, sandbox->secrets[i].name), wire_str(b, sandbox->secrets[i].source);
    wire_u32(b, (uint32_t)sandbox->path_count);
    for (size_t i = 0; i < sandbox->path_count; i++)
        wire_str(b, sandbox->paths[i]);
    encode_env(b, sandbox->env, sandbox->env_count);
}

static void encode_box(struct strbuf *b, const struct box *box)
{
    wire_u32(b, (uint32_t)box->kind);
    wire_u32(b, (box->is_rootless ? FLAG_ROOTLESS : 0u) | (box->can_limit ? FLAG_CAN_LIMIT : 0u));
    wire_str(b, box->program), wire_str(b, box->image), wire_str(b, box->helper), wire_str(b, box->workdir);
    wire_u32(b, (uint32_t)box->entrypoint_count);
    for (size_t i = 0; i < box->entrypoint_count; i++)
        wire_str(b, box->entrypoint[i]);
}

void start_encode(struct strbuf *b, const struct start *start, const struct attempt *attempt)
{
    const struct task_spec *spec = attempt->spec;
    size_t begun = wire_begin(b, WIRE_START);
    wire_u64(b, start->id);
    wire_str(b, attempt->label);
    wire_str(b, start->folder);
    wire_str(b, start->spare);
    wire_u32(b, is_light(attempt));
    wire_str(b, start->search_path);
    wire_str(b, start->user_home);
    wire_str(b, start->home);
    encode_sandbox(b, &start->sandbox);
    encode_box(b, &start->box);
    wire_u32(b, (uint32_t)spec->argc);
    for (size_t i = 0; i < spec->argc; i++)
        wire_str(b, spec->argv[i]);
    encode_env(b, spec->env, spec->env_count);
    wire_str(b, spec->stdin_path);
    wire_str(b, spec->stdout_name);
    wire_str(b, spec->stderr_name);
    wire_u32(b, (uint32_t)spec->stage_count);
    for (size_t i = 0; i < spec->stage_count; i++)
        encode_stage(b, &spec->stages[i], &attempt->sources[i]);
    wire_end(b, begun);
}

// How many items follow; no more than the bytes that are left could hold.
static size_t get_count(struct wire_reader *r)
{
    uint32_t count = wire_get_u32(r);
    if (count > r->rest.len)
        r->is_bad = true;
    return r->is_bad ? 0 : count;
}

static struct env_var *get_env(struct arena *a, struct wire_reader *r, size_t *count)
{
    *count = get_count(r);
    struct env_var *env = NEW_ARRAY(a, struct env_var, *count);
    for (size_t i = 0; i < *count; i++)
        env[i].name = wire_get_str(r), env[i].value = wire_get_str(r);
    return env;
}

static void decode_sandbox(struct arena *a, struct wire_reader *r, struct sandbox *out)
{
    struct sandbox_limits *limits = &out->limits;
    out->kind = (enum sandbox_kind)wire_get_u32(r);
    out->network = wire_get_u32(r);
    limits->memory_bytes = (int64_t)wire_get_u64(r), limits->asked_memory_bytes = (int64_t)wire_get_u64(r);
    limits->processes = (int64_t)wire_get_u64(r), limits->open_files = (int64_t)wire_get_u64(r), limits->file_bytes = (int64_t)wire_get_u64(r);
    limits->cores = (double)wire_get_u64(r) / CORE_PARTS;
    out->secret_count = get_count(r);
    struct sandbox_secret *secrets = NEW_ARRAY(a, struct sandbox_secret, out->secret_count);
    for (size_t i = 0; i < out->secret_count; i++)
        secrets[i].name = wire_get_str(r), secrets[i].source = wire_get_str(r);
    out->secrets = secrets;
    out->path_count = get_count(r);
    Str *paths = NEW_ARRAY(a, Str, out->path_count);
    for (size_t i = 0; i < out->path_count; i++)
        paths[i] = wire_get_str(r);
    out->paths = paths;
    out->env = get_env(a, r, &out->env_count);
}

static void decode_box(struct arena *a, struct wire_reader *r, struct box *out)
{
    out->kind = (enum engine_kind)wire_get_u32(r);
    uint32_t flags = wire_get_u32(r);
    out->is_rootless = flags & FLAG_ROOTLESS, out->can_limit = flags & FLAG_CAN_LIMIT;
    out->program = wire_get_str(r), out->image = wire_get_str(r), out->helper = wire_get_str(r), out->workdir = wire_get_str(r);
    out->entrypoint_count = get_count(r);
    Str *words = NEW_ARRAY(a, Str, out->entrypoint_count);
    for (size_t i = 0; i < out->entrypoint_count; i++)
        words[i] = wire_get_str(r);
    out->entrypoint = words;
}

static void decode_head(struct arena *a, struct wire_reader *r, struct start *out)
{
    out->id = wire_get_u64(r);
    out->label = wire_get_str(r);
    out->folder = wire_get_str(r);
    out->spare = wire_get_str(r);
    out->is_light = wire_get_u32(r);
    out->search_path = wire_get_str(r);
    out->user_home = wire_get_str(r);
    out->home = wire_get_str(r);
    decode_sandbox(a, r, &out->sandbox);
    decode_box(a, r, &out->box);
}

bool start_decode_head(struct arena *a, Str payload, struct start *out)
{
    struct wire_reader r = { .rest = payload };
    *out = (struct start){ 0 };
    decode_head(a, &r, out);
    return !r.is_bad;
}

bool start_decode(struct arena *a, Str payload, struct start *out)
{
    struct wire_reader r = { .rest = payload };
    *out = (struct start){ 0 };
    decode_head(a, &r, out);
    out->argc = get_count(&r);
    out->argv = NEW_ARRAY(a, Str, out->argc);
    for (size_t i = 0; i < out->argc; i++)
        out->argv[i] = wire_get_str(&r);
    out->env = get_env(a, &r, &out->env_count);
    out->stdin_path = wire_get_str(&r);
    out->stdout_name = wire_get_str(&r);
    out->stderr_name = wire_get_str(&r);
    out->stage_count = get_count(&r);
    out->stages = NEW_ARRAY(a, struct start_stage, out->stage_count);
    for (size_t i = 0; i < out->stage_count; i++) {
        struct start_stage *stage = &out->stages[i];
        stage->kind = (enum stage_kind)wire_get_u32(&r);
        uint32_t flags = wire_get_u32(&r);
        stage->is_writable = flags & FLAG_WRITABLE;
        stage->is_executable = flags & FLAG_EXECUTABLE;
        stage->path = wire_get_str(&r);
        stage->source = wire_get_str(&r);
        stage->text = wire_get_str(&r);
    }
    return !r.is_bad && r.rest.len == 0;
}

bool start_is_boxed(const struct start *s) { return s->sandbox.kind > SANDBOX_BWRAP; }

Str start_root(const struct start *s) { return sandbox_is_mounted(s->sandbox.kind) ? STR(TASK_ROOT) : s->folder; }

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
}

Str start_localize(struct arena *a, Str text, Str folder)
{
    const Str root = STR(TASK_ROOT);
    if (str_eq(folder, root) || str_find(text, root) < 0)
        return text;
    struct strbuf out = { 0 };
    for (ptrdiff_t at; (at = str_find(text, root)) >= 0;) {
        Str after = str_from(text, (size_t)at + root.len);
        bool is_whole = after.len == 0 || !is_name_char(after.data[0]);
        strbuf_add(&out, str_first(text, (size_t)at));
        strbuf_add(&out, is_whole ? folder : root);
        text = after;
    }
    strbuf_add(&out, text);
    return strbuf_take(&out, a);
}

// NUL-terminated and localized; NULL (err set) when it holds a NUL byte, which no argument can.
static char *argument(struct arena *a, Str text, Str folder, const char *what, struct err *err)
{
    if (str_has(text, '\0')) {
        err_set(err, ERR_INVALID, "%s holds a NUL byte, which the system cannot pass to a program", what);
        return NULL;
    }
    return str_z(a, start_localize(a, text, folder));
}

static bool has_variable(const struct env_var *env, size_t count, Str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(env[i].name, name))
            return true;
    return false;
}

typedef VEC(char *) TextList;

static bool add_variable(struct arena *a, const struct start *s, struct env_var var, TextList *out, struct err *err)
{
    if (var.name.len == 0 || str_has(var.name, '='))
        return err_set(err, ERR_INVALID, "'" STR_FMT "' cannot be the name of an environment variable", STR_ARG(var.name));
    Str pair = str_printf(a, STR_FMT "=" STR_FMT, STR_ARG(var.name), STR_ARG(var.value));
    char *text = argument(a, pair, start_root(s), "an environment variable", err);
    if (text)
        vec_push(a, out, text);
    return text != NULL;
}

// Nothing is inherited: what a task sees is in its spec or in the settings, but for where its folders and the machine's
// programs are.
static char **environment(struct arena *a, const struct start *s, struct err *err)
{
    TextList env = { 0 };
    const struct sandbox *sandbox = &s->sandbox;
    const struct env_var ours[] = { { STR_CONST("PATH"), s->search_path }, { STR_CONST("HOME"), STR_CONST(TASK_OUT) },
                                    { STR_CONST("TMPDIR"), STR_CONST(TASK_TMP) }, { STR_CONST("PETRI_SECRETS"), STR_CONST(TASK_SECRETS) } };
    size_t our_count = LEN(ours) - (sandbox->secret_count == 0);
    vec_push(a, &env, str_z(a, str_concat(a, STR("PETRI_ATTEMPT="), s->label)));
    if (sandbox->limits.cores > 0)
        vec_push(a, &env, str_z(a, str_printf(a, "PETRI_CORES=%.0f", ceil(sandbox->limits.cores))));
    for (size_t i = 0; i < our_count; i++)
        if (!has_variable(s->env, s->env_count, ours[i].name) && !has_variable(sandbox->env, sandbox->env_count, ours[i].name) &&
            !add_variable(a, s, ours[i], &env, err))
            return NULL;
    for (size_t i = 0; i < sandbox->env_count; i++)
        if (!has_variable(s->env, s->env_count, sandbox->env[i].name) && !add_variable(a, s, sandbox->env[i], &env, err))
            return NULL;
    for (size_t i = 0; i < s->env_count; i++)
        if (!str_is(s->env[i].name, "PETRI_ATTEMPT") && !add_variable(a, s, s->env[i], &env, err))
            return NULL;
    vec_push(a, &env, NULL);
    return env.at;
}

enum { OUTPUT_FLAGS = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC };

// A file of the task's own to write to. What is there already (a staged link!) is replaced, never written through.
static int open_output(struct arena *a, Str path, struct err *err)
{
    const char *z = str_z(a, path);
    int fd = open(z, OUTPUT_FLAGS | O_EXCL, 0666);
    if (fd < 0 && errno == ENOENT && dir_make_all(str_dirname(path), err))
        fd = open(z, OUTPUT_FLAGS | O_EXCL, 0666);
    if (fd < 0 && errno == EEXIST && unlink(z) == 0)
        fd = open(z, OUTPUT_FLAGS | O_EXCL, 0666);
    if (fd < 0)
        err_errno(err, "cannot make %s", z);
    return fd;
}

// Beside the output folder, where the task has nothing; a recycled folder has the empty file already.
static int open_log(struct arena *a, Str path, struct err *err)
{
    const char *z = str_z(a, path);
    int fd = open(z, OUTPUT_FLAGS | O_TRUNC, 0666);
    if (fd < 0)
        err_errno(err, "cannot make %s", z);
    return fd;
}

static int open_stream(struct arena *a, const struct start *s, Str name, const char *log, struct err *err)
{
    Str out = str_join_path(a, s->folder, STR("out"));
    if (name.len == 0)
        return open_log(a, str_join_path(a, s->folder, str_of(log)), err);
    Str normal = str_normal_path(a, name);
    if (normal.data[0] == '/' || str_is(normal, "..") || str_is(normal, ".") || str_starts(normal, STR("../"))) {
        err_set(err, ERR_INVALID, "%s is to go to '" STR_FMT "', which is not a file below the output folder", log,
                STR_ARG(name));
        return -1;
    }
    return open_output(a, str_join_path(a, out, normal), err);
}

bool start_open_streams(struct arena *a, const struct start *s, struct start_streams *streams, struct err *err)
{
    streams->in = -1;
    streams->out = open_stream(a, s, s->stdout_name, "stdout", err);
    if (streams->out < 0)
        return false;
    bool is_same = s->stdout_name.len && str_eq(s->stdout_name, s->stderr_name);
    streams->err = is_same ? streams->out : open_stream(a, s, s->stderr_name, "stderr", err);
    return streams->err >= 0;
}

// Standard input is opened inside of the sandbox: through a descriptor from outside of it, what is mounted read-only could
// be opened again for writing.
static bool redirect(struct arena *a, const struct start *s, const struct start_streams *streams, struct err *err)
{
    Str input = s->stdin_path.len ? start_localize(a, s->stdin_path, start_root(s)) : STR("/dev/null");
    struct path_text text;
    int in = streams->in >= 0 ? streams->in : path_text_set(&text, input) ? open(text.z, O_RDONLY | O_CLOEXEC) : -1;
    if (in < 0)
        return err_errno(err, "cannot open standard input " STR_FMT, STR_ARG(input));
    // The three are above 2, since the runner keeps 0, 1 and 2 open.
    if (dup2(in, 0) < 0 || dup2(streams->out, 1) < 0 || dup2(streams->err, 2) < 0)
        return err_errno(err, "cannot set the standard descriptors");
    return true;
}

static bool exec_failed(const struct start *s, const char *program, struct err *err)
{
    if (errno == E2BIG)
        return err_set(err, ERR_LIMIT, "%s: the command line and environment are longer than this system allows; pass "
                       "long lists in a file", program);
    if (errno == ENOENT)
        return err_set(err, ERR_NOT_FOUND,
                       "%s: the interpreter named in its first line, or its loader, is not installed", program);
    return err_errno(err, "cannot run %s (" STR_FMT ")", program, STR_ARG(s->argv[0]));
}

static bool not_found(Str name, Str search_path, struct err *err)
{
    if (str_has(name, '/'))
        return err_set(err, ERR_NOT_FOUND, STR_FMT ": no such program, or not executable", STR_ARG(name));
    return err_set(err, ERR_NOT_FOUND,
                   STR_FMT ": not found in PATH (" STR_FMT "); install it or put its folder into PATH", STR_ARG(name),
                   STR_ARG(search_path));
}

static Str variable(char *const *env, const char *name)
{
    size_t len = strlen(name);
    for (; *env; env++)
        if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
            return str_of(*env + len + 1);
    return (Str){ 0 };
}

bool start_exec(struct arena *a, const struct start *s, const struct start_streams *streams, struct err *err)
{
    if (s->argc == 0)
        return err_set(err, ERR_INVALID, "the command is empty");
    char **argv = NEW_ARRAY(a, char *, s->argc + 2) + 1;         // one in front for the shell
    for (size_t i = 0; i < s->argc; i++)
        if (!(argv[i] = argument(a, s->argv[i], start_root(s), "an argument", err)))
            return false;
    char **env = environment(a, s, err);
    if (!env || !redirect(a, s, streams, err))
        return false;
    if (chdir(str_join_path(a, start_root(s), STR("out")).data) < 0)
        return err_errno(err, "cannot enter the output folder");
    Str search_path = variable(env, "PATH");
    Str program = path_find_program(a, str_of(argv[0]), search_path);
    if (!program.data)
        return not_found(str_of(argv[0]), search_path, err);
    execve(program.data, argv, env);
    if (errno == ENOEXEC) {                             // a script without a first line: as every shell does
        argv[-1] = (char *)"/bin/sh";
        argv[0] = (char *)program.data;
        execve("/bin/sh", argv - 1, env);
    }
    return exec_failed(s, program.data, err);
}
