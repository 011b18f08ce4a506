// SPDX-License-Identifier: Apache-2.0
// Downloads by libcurl through a table of the five functions that are used (its interface is stable since 7.1). No credentials are sent.
#include "model/pull.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/map.h"
#include "model/recorded.h"
#include "sys/file.h"
#include "sys/library.h"
#include "value/read.h"

// Numbers of curl.h.
enum { CURL_URL = 10002, CURL_WRITE_FUNCTION = 20011, CURL_WRITE_DATA = 10001, CURL_FAIL_ON_ERROR = 45, CURL_FOLLOW = 52, CURL_RESUME_FROM = 30116,
       CURL_NO_SIGNAL = 99, CURL_CONNECT_TIMEOUT = 78, CURL_LOW_SPEED_LIMIT = 19, CURL_LOW_SPEED_TIME = 20, CURL_PROTOCOLS = 181,
       CURL_REDIRECT_PROTOCOLS = 182, CURL_MAX_REDIRECTS = 68, CURL_USER_AGENT = 10018, CURL_INFO_CODE = 0x200000 + 2,
       CURL_INFO_LENGTH = 0x600000 + 15 };
enum { CURL_HTTP = 1, CURL_HTTPS = 2, CURL_RANGE_REFUSED = 33, CURL_RETURNED_ERROR = 22, CURL_WRITE_FAILED = 23 };
enum { INDEX_MAX = 256 * 1024 * 1024, TEXT_MAX = 64 * 1024 * 1024 };

const char *pull_library = "libcurl.so.4";
static const char *const library_names[] = { "libcurl-gnutls.so.4" };

struct curl {
    void *(*init)(void);
    int (*setopt)(void *handle, int option, ...);
    int (*perform)(void *handle);
    int (*getinfo)(void *handle, int info, ...);
    void (*cleanup)(void *handle);
    const char *(*strerror)(int code);
};

static const struct library_symbol functions[] = {
    { "curl_easy_init", offsetof(struct curl, init) },       { "curl_easy_setopt", offsetof(struct curl, setopt) },
    { "curl_easy_perform", offsetof(struct curl, perform) }, { "curl_easy_getinfo", offsetof(struct curl, getinfo) },
    { "curl_easy_cleanup", offsetof(struct curl, cleanup) }, { "curl_easy_strerror", offsetof(struct curl, strerror) },
};

static const struct curl *curl_open(struct err *err)
{
    static struct curl curl;
    static bool is_open;
    if (is_open)
        return &curl;
    void *library = dlopen(pull_library, RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; i < LEN(library_names) && library == NULL; i++)
        library = dlopen(library_names[i], RTLD_NOW | RTLD_LOCAL);
    is_open = library && library_find(library, functions, LEN(functions), &curl);
    if (is_open)
        return &curl;
    bool unused UNUSED = err_set(err, ERR_UNSUPPORTED, "getting a model needs the library %s: install the package libcurl4", pull_library);
    return NULL;
}

struct transfer {
    const struct pull_options *options;
    const struct curl *curl;
    void *handle;
    Str name, part;                     // part: the path
    int fd;
    int64_t bytes, total, told;         // in the file now; expected, or -1
    struct err err;                     // of writing
};

static size_t receive(const char *bytes, size_t size, size_t count, void *arg)
{
    struct transfer *t = arg;
    double rest = -1;
    if (!fd_write_all(t->fd, bytes, size * count, &t->err))
        return 0;
    if (t->total < 0 && t->curl->getinfo(t->handle, 0x300000 + 15, &rest) == 0 && rest > 0)
        t->total = t->bytes + (int64_t)rest;
    t->bytes += (int64_t)(size * count);
    if (t->options->progress && t->bytes - t->told >= 4 * 1024 * 1024) {
        t->told = t->bytes;
        t->options->progress(t->options->arg, t->name, t->bytes, t->total);
    }
    return size * count;
}

static int perform(struct transfer *t, const char *url)
{
    const struct curl *c = t->curl;
    c->setopt(t->handle, CURL_URL, url);
    c->setopt(t->handle, CURL_WRITE_FUNCTION, receive);
    c->setopt(t->handle, CURL_WRITE_DATA, t);
    c->setopt(t->handle, CURL_FAIL_ON_ERROR, 1L);
    c->setopt(t->handle, CURL_FOLLOW, 1L);
    c->setopt(t->handle, CURL_MAX_REDIRECTS, 10L);
    c->setopt(t->handle, CURL_NO_SIGNAL, 1L);
    c->setopt(t->handle, CURL_CONNECT_TIMEOUT, 30L);
    c->setopt(t->handle, CURL_LOW_SPEED_LIMIT, 1L);
    c->setopt(t->handle, CURL_LOW_SPEED_TIME, 60L);
    c->setopt(t->handle, CURL_PROTOCOLS, (long)(CURL_HTTP | CURL_HTTPS));
    c->setopt(t->handle, CURL_REDIRECT_PROTOCOLS, (long)(CURL_HTTP | CURL_HTTPS));
    c->setopt(t->handle, CURL_USER_AGENT, "petri/" PETRI_VERSION);
    c->setopt(t->handle, CURL_RESUME_FROM, t->bytes);
    return c->perform(t->handle);
}

// Code 416 (nothing behind what we have) counts as done: the digest decides.
static bool judge(const struct transfer *t, int code, const char *url, bool *is_absent, struct err *err)
{
    long status = 0;
    t->curl->getinfo(t->handle, CURL_INFO_CODE, &status);
    *is_absent = code == CURL_RETURNED_ERROR && (status == 404 || status == 410);
    if (code == 0 || (code == CURL_RETURNED_ERROR && status == 416 && t->bytes > 0))
        return true;
    if (code == CURL_WRITE_FAILED) {
        *err = t->err;
        return false;
    }
    if (code == CURL_RETURNED_ERROR)
        return err_set(err, *is_absent ? ERR_NOT_FOUND : status == 401 || status == 403 ? ERR_DENIED : ERR_UNAVAILABLE,
            "%s: the server answered %ld", url, status);
    return err_set(err, ERR_UNAVAILABLE, "%s: %s; what was got is kept, the same command goes on from there", url, t->curl->strerror(code));
}

static bool sha256_matches(Str path, Str want, char got[HASH_HEX + 1], struct err *err)
{
    enum { PIECE = 1 << 20 };
    FILE *f = fopen(path.data, "rbe");
    if (f == NULL)
        return err_errno(err, "cannot read " STR_FMT, STR_ARG(path));
    struct sum *s = sum_new(SUM_SHA256);
    char *piece = xmalloc(PIECE);
    for (size_t n; (n = fread(piece, 1, PIECE, f)) > 0;)
        sum_update(s, piece, n);
    sum_finish(s, got);
    free(piece);
    fclose(f);
    return str_is(want, got)
        || err_set(err, ERR_DAMAGED, STR_FMT " has the SHA-256 %s, expected " STR_FMT ": it was removed", STR_ARG(str_basename(path)), got,
            STR_ARG(want));
}

static bool finish(struct arena *a, struct transfer *t, Str path, Str sha256, struct err *err)
{
    char got[HASH_HEX + 1];
    if (fsync(t->fd) < 0)
        return err_errno(err, "sync of " STR_FMT, STR_ARG(t->part));
    if (sha256.len && !sha256_matches(t->part, sha256, got, err)) {
        unlink(t->part.data);
        return false;
    }
    if (rename(t->part.data, str_z(a, path)) < 0)
        return err_errno(err, "cannot write " STR_FMT, STR_ARG(path));
    if (t->options->progress)
        t->options->progress(t->options->arg, t->name, t->bytes, t->bytes);
    return dir_sync(str_dirname(path), err);
}

// One file. is_absent: the server has none, which is no failure where the file is optional.
static bool get_file(struct arena *a, const struct pull_options *o, Str base, Str dir, Str name, Str sha256, bool *is_absent, struct err *err)
{
    Str path = str_join_path(a, dir, name);
    struct transfer t = { .options = o, .name = name, .part = str_printf(a, STR_FMT ".part", STR_ARG(path)), .total = -1 };
    *is_absent = false;
    if (file_exists(path))
        return true;
    t.curl = curl_open(err);
    if (t.curl == NULL)
        return false;
    t.fd = open(t.part.data, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (t.fd < 0)
        return err_errno(err, "cannot write " STR_FMT, STR_ARG(t.part));
    t.bytes = lseek(t.fd, 0, SEEK_END);
    t.handle = t.curl->init();
    CHECK(t.handle != NULL);
    Str url = str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(base), STR_ARG(name));
    int code = perform(&t, url.data);
    if (code == CURL_RANGE_REFUSED && ftruncate(t.fd, 0) == 0) {        // a server without ranges: from the start
        t.bytes = 0, t.total = -1;
        code = perform(&t, url.data);
    }
    bool ok = judge(&t, code, url.data, is_absent, err) && finish(a, &t, path, sha256, err);
    t.curl->cleanup(t.handle);
    if (t.bytes == 0 && !ok)
        unlink(t.part.data);
    close(t.fd);
    return ok;
}

static bool get_optional(struct arena *a, const struct pull_options *o, Str base, Str dir, Str name, struct err *err)
{
    bool is_absent;
    return get_file(a, o, base, dir, name, (Str){ 0 }, &is_absent, err) || is_absent;
}

// The files that the index names, each once.
static bool get_shards(struct arena *a, const struct pull_options *o, Str base, Str dir, struct err *err)
{
    Str index = str_join_path(a, dir, STR("model.safetensors.index.json")), text;
    struct map seen = { 0 };
    Value root;
    bool is_absent, ok = true;
    if (!file_read(a, index, INDEX_MAX, &text, err) || !json_parse(a, text, &root, err))
        return err_wrap(err, STR_FMT, STR_ARG(index));
    Value map = value_get(root, STR("weight_map"));
    for (size_t i = 0; i < value_len(map) && map.kind == VALUE_MAP && ok; i++) {
        Str name = value_str(map.map->at[i].value);
        if (name.len == 0 || str_has(name, '/') || str_has(name, '\0') || name.data[0] == '.')
            ok = err_set(err, ERR_INVALID, STR_FMT ": names a file that is none of the model's folder", STR_ARG(index));
        else if (map_set(&seen, name, &seen))
            ok = get_file(a, o, base, dir, name, (Str){ 0 }, &is_absent, err);
    }
    if (ok && seen.len == 0)
        ok = err_set(err, ERR_INVALID, STR_FMT " names no files", STR_ARG(index));
    map_release(&seen);
    return ok;
}

static bool get_all(struct arena *a, const struct pull_options *o, Str base, Str dir, Str sha256, struct err *err)
{
    bool is_absent;
    if (!get_file(a, o, base, dir, STR("config.json"), (Str){ 0 }, &is_absent, err) || !get_optional(a, o, base, dir, STR("vocab.txt"), err))
        return false;
    if (!file_exists(str_join_path(a, dir, STR("vocab.txt"))) && !get_optional(a, o, base, dir, STR("tokenizer.json"), err))
        return false;
    if (get_file(a, o, base, dir, STR("model.safetensors"), sha256, &is_absent, err))
        return true;
    struct err first = *err;
    if (!is_absent)
        return false;
    if (get_file(a, o, base, dir, STR("model.safetensors.index.json"), (Str){ 0 }, &is_absent, err))
        return get_shards(a, o, base, dir, err);
    if (is_absent)
        *err = first;
    return false;
}

bool pull_model(Str name, Str dir, const struct pull_options *o, struct err *err)
{
    struct arena scratch = { 0 };
    Str base = o->url, sha256 = o->sha256;
    Str known = str_ends(name, STR("_UR50D")) ? str_first(name, name.len - 6) : name;
    if (str_starts(known, STR("facebook/")))
        known = str_from(known, 9);
    for (size_t i = 0; i < recorded_model_count; i++)
        if (str_is(known, recorded_models[i].name)) {
            if (base.len == 0)
                base = str_printf(&scratch, "https://huggingface.co/facebook/" STR_FMT "_UR50D/resolve/main", STR_ARG(known));
            if (sha256.len == 0)
                sha256 = str_of(recorded_models[i].sha256);
        }
    while (base.len && base.data[base.len - 1] == '/')
        base.len--;
    bool ok = base.len ? dir_make_all(dir, err) : err_set(err, ERR_NOT_FOUND, "'" STR_FMT "' is no published model that is known here: "
        "give --from URL",
                                                           STR_ARG(name));
    ok = ok && get_all(&scratch, o, base, dir, sha256, err);
    arena_release(&scratch);
    return ok;
}
