// SPDX-License-Identifier: Apache-2.0
// The child's side of JavaScript: one duktape heap in one region of memory. The heap is photographed after the
// libraries have run; each evaluation starts by putting the photograph back, which is a fresh global object for the
// price of a memcpy. It opens no file, knows no clock limit of its own (the head kills it) and stops when its socket
// closes.
#include "lang/js/js_duktape.h"

#include <errno.h>
#include <math.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "lang/js/js.h"
#include "lang/js/js_error.h"
#include "lang/js/js_prelude.h"
#include "lang/js/js_region.h"
#include "lang/js/js_text.h"
#include "lang/js/js_wire.h"

enum { MEMORY_MIN = 4 << 20, STACK_BYTES = 64 << 20, DEPTH_MAX = 190, PATH_MAX_BYTES = 200 };

struct lib_set {
    Str *sources;                       // CESU-8, owned
    size_t count;
    bool is_ready, is_broken, is_too_large;
    struct region_photo photo;
    char error[JS_ERROR_TEXT];          // is_broken: what is wrong
};
struct child {
    int fd;
    struct region region;
    duk_context *ctx;                   // the same address in every photograph
    struct lib_set *sets;
    size_t set_count;
    size_t in_region;                   // the set whose photograph is in the region untouched; SIZE_MAX: none
    struct strbuf request, source, context, reply;
};
struct job {
    struct child *child;
    const struct lib_set *set;
    Str code, context;
    size_t lib;                         // compiling a library: which
    char path[PATH_MAX_BYTES];          // where in the result
    const char *unfit;                  // what was found there that JSON has not
    bool is_too_deep;
};

// ---- inside the engine: these may be left by longjmp and own nothing

static void compile_and_call(duk_context *ctx, const char *file, Str source)
{
    duk_push_string(ctx, file);
    duk_compile_lstring_filename(ctx, DUK_COMPILE_EVAL, source.data, source.len);
    duk_call(ctx, 0);
}

static duk_ret_t run_prelude(duk_context *ctx, void *unused UNUSED)
{
    compile_and_call(ctx, "prelude", str_of(js_prelude));
    return 1;
}

static duk_ret_t run_libraries(duk_context *ctx, void *udata)
{
    struct job *job = udata;
    for (job->lib = 0; job->lib < job->set->count; job->lib++) {
        char name[40];
        snprintf(name, sizeof name, JS_LIB_FILE "%zu", job->lib + 1);
        compile_and_call(ctx, name, job->set->sources[job->lib]);
        duk_pop(ctx);
    }
    return 0;
}

static void set_globals(duk_context *ctx, Str json)
{
    duk_push_global_object(ctx);
    duk_push_lstring(ctx, json.data, json.len);
    duk_json_decode(ctx, -1);
    duk_enum(ctx, -1, DUK_ENUM_OWN_PROPERTIES_ONLY);
    while (duk_next(ctx, -1, 1))
        duk_put_prop(ctx, -5);                          // global, context, enumerator, key, value
    duk_pop_3(ctx);
}

// Ends the evaluation; `what` is NULL where the result is too deep.
static void unfit(duk_context *ctx, struct job *job, const char *what)
{
    job->unfit = what;
    job->is_too_deep = what == NULL;
    duk_push_undefined(ctx);
    (void)duk_throw(ctx);
}

static void check_result(duk_context *ctx, struct job *job, size_t path_len, int depth);

static void check_member(duk_context *ctx, struct job *job, size_t path_len, int depth)
{
    check_result(ctx, job, MIN(path_len, sizeof job->path - 1), depth + 1);
    duk_pop(ctx);
}

static void check_array(duk_context *ctx, struct job *job, size_t path_len, int depth)
{
    duk_size_t len = duk_get_length(ctx, -1);
    for (duk_size_t i = 0; i < len; i++) {
        int more = snprintf(job->path + path_len, sizeof job->path - path_len, "[%lu]", (unsigned long)i);
        duk_get_prop_index(ctx, -1, (duk_uarridx_t)i);
        check_member(ctx, job, path_len + (size_t)more, depth);
    }
}

static void check_object(duk_context *ctx, struct job *job, size_t path_len, int depth)
{
    bool has_own_form = duk_get_prop_string(ctx, -1, "toJSON") && duk_is_function(ctx, -1);
    duk_pop(ctx);
    if (has_own_form)
        return;
    duk_enum(ctx, -1, DUK_ENUM_OWN_PROPERTIES_ONLY);
    while (duk_next(ctx, -1, 1)) {
        int more = snprintf(job->path + path_len, sizeof job->path - path_len, ".%s", duk_safe_to_string(ctx, -2));
        check_member(ctx, job, path_len + (size_t)more, depth);
        duk_pop(ctx);
    }
    duk_pop(ctx);
}

// The value on top of the stack: JSON would turn NaN into null and leave functions out, in silence.
static void check_result(duk_context *ctx, struct job *job, size_t path_len, int depth)
{
    job->path[path_len] = '\0';
    duk_require_stack(ctx, 8);
    if (duk_is_function(ctx, -1))
        unfit(ctx, job, "a function");
    else if (duk_is_symbol(ctx, -1))
        unfit(ctx, job, "a symbol");
    else if (duk_is_number(ctx, -1) && !isfinite(duk_get_number(ctx, -1)))
        unfit(ctx, job, isnan(duk_get_number(ctx, -1)) ? "NaN" : "Infinity");
    else if (duk_is_object(ctx, -1) && depth >= DEPTH_MAX)
        unfit(ctx, job, NULL);
    else if (duk_is_array(ctx, -1))
        check_array(ctx, job, path_len, depth);
    else if (duk_is_object(ctx, -1))
        check_object(ctx, job, path_len, depth);
}

static duk_ret_t evaluate(duk_context *ctx, void *udata)
{
    struct job *job = udata;
    set_globals(ctx, job->context);
    compile_and_call(ctx, JS_CODE_FILE, strbuf_str(&job->child->source));
    if (duk_is_undefined(ctx, -1)) {
        duk_push_null(ctx);
        duk_replace(ctx, -2);
    }
    check_result(ctx, job, 0, 0);
    duk_json_encode(ctx, -1);
    return 1;
}

// ---- the region and its photographs

static void engine_failed(void *udata, const char *message UNUSED)
{
    const struct region *r = udata;
    _exit(r->over ? JS_EXIT_MEMORY : JS_EXIT_ENGINE);
}

static void heap_open(struct child *c, int64_t memory_bytes)
{
    size_t limit = (size_t)MAX(memory_bytes, (int64_t)MEMORY_MIN);
    if (!region_init(&c->region, limit))
        _exit(JS_EXIT_MEMORY);
    c->ctx = duk_create_heap(region_alloc, region_realloc, region_free, &c->region, engine_failed);
    if (c->ctx == NULL)
        _exit(JS_EXIT_MEMORY);
    CHECK(duk_safe_call(c->ctx, run_prelude, NULL, 0, 1) == DUK_EXEC_SUCCESS);
    duk_pop(c->ctx);
    duk_gc(c->ctx, 0);
    duk_gc(c->ctx, 0);
    c->region.over = false;
    c->sets = xcalloc(1, sizeof *c->sets);
    c->set_count = 1;
    c->sets[0].photo = region_photo(&c->region);
    c->sets[0].is_ready = true;
    c->in_region = 0;
}

static void put_back(struct child *c, size_t set)
{
    if (c->in_region != set)
        region_restore(&c->region, &c->sets[set].photo);
    c->in_region = SIZE_MAX;                            // from here on it is being changed
}

// What went wrong, from the value on top of the stack. False: memory ran out.
static bool failure_text(struct child *c, const struct job *job, char text[JS_ERROR_TEXT])
{
    struct js_error_source source = { job->code, job->set->sources, job->set->count };
    js_error_text(c->ctx, &source, text);
    return !(c->region.over && js_error_is_memory(text));
}

static void make_ready(struct child *c, struct lib_set *set)
{
    struct job job = { .child = c, .set = set };
    put_back(c, 0);
    set->is_ready = true;
    if (duk_safe_call(c->ctx, run_libraries, &job, 0, 1) != DUK_EXEC_SUCCESS) {
        set->is_broken = true;
        set->is_too_large = !failure_text(c, &job, set->error);
        return;
    }
    duk_pop(c->ctx);
    duk_gc(c->ctx, 0);
    duk_gc(c->ctx, 0);
    c->region.over = false;
    set->photo = region_photo(&c->region);
    c->in_region = (size_t)(set - c->sets);
}

// ---- frames

static bool read_all(int fd, void *bytes, size_t len)
{
    char *at = bytes;
    while (len) {
        ssize_t n = read(fd, at, len);
        if (n > 0)
            at += n, len -= (size_t)n;
        else if (n == 0 || errno != EINTR)
            return false;
    }
    return true;
}

static void write_all(int fd, Str bytes)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.data, bytes.len);
        if (n > 0)
            bytes = str_from(bytes, (size_t)n);
        else if (errno != EINTR)
            _exit(0);                                   // the head is gone: nobody to tell
    }
}

static void reply(struct child *c, enum js_frame_kind kind, Str payload)
{
    struct js_frame frame = { .kind = kind };
    strbuf_clear(&c->reply);
    strbuf_add(&c->reply, (Str){ (const char *)&frame, sizeof frame });
    js_text_out(&c->reply, payload);
    if (c->reply.overflow)
        _exit(JS_EXIT_MEMORY);
    frame.length = (uint32_t)(c->reply.len - sizeof frame);
    memcpy(c->reply.data, &frame, sizeof frame);
    write_all(c->fd, strbuf_str(&c->reply));
}

static uint32_t take_u32(Str *payload)
{
    uint32_t n;
    CHECK(payload->len >= sizeof n);
    memcpy(&n, payload->data, sizeof n);
    *payload = str_from(*payload, sizeof n);
    return n;
}

static Str take_text(Str *payload)
{
    uint32_t len = take_u32(payload);
    CHECK(len <= payload->len);
    Str text = str_first(*payload, len);
    *payload = str_from(*payload, len);
    return text;
}

static void add_libraries(struct child *c, Str payload)
{
    c->sets = xrealloc(c->sets, (c->set_count + 1) * sizeof *c->sets);
    struct lib_set *set = &c->sets[c->set_count++];
    *set = (struct lib_set){ 0 };
    while (payload.len) {
        struct strbuf source = { 0 };
        js_text_in(&source, take_text(&payload));
        strbuf_addc(&source, '\n');                     // never empty, so data is never NULL
        set->sources = xrealloc(set->sources, (set->count + 1) * sizeof *set->sources);
        set->sources[set->count++] = strbuf_str(&source);
    }
}

static void reply_failure(struct child *c, const struct job *job)
{
    char text[JS_ERROR_TEXT];
    if (job->unfit)
        snprintf(text, sizeof text, "the result%s%s is %s, which JSON does not have", *job->path ? " at " : "",
                 job->path, job->unfit);
    else if (job->is_too_deep)
        snprintf(text, sizeof text, "the result is nested deeper than %d levels, or contains itself", DEPTH_MAX);
    else if (!failure_text(c, job, text)) {
        reply(c, JS_MEMORY, STR(""));
        return;
    }
    reply(c, JS_ERROR, str_of(text));
}

static void answer(struct child *c, Str payload, bool is_body)
{
    uint32_t number = take_u32(&payload);
    CHECK(number < c->set_count);
    struct lib_set *set = &c->sets[number];
    struct job job = { .child = c, .set = set, .code = take_text(&payload) };
    if (!set->is_ready)
        make_ready(c, set);
    if (set->is_broken) {
        reply(c, set->is_too_large ? JS_MEMORY : JS_ERROR, set->is_too_large ? STR("") : str_of(set->error));
        return;
    }
    strbuf_clear(&c->source);           // line 1 of the code stays line 1; a comment at its end ends there
    strbuf_addz(&c->source, is_body ? "(function(){\"use strict\";" : "(function(){\"use strict\";return (");
    js_text_in(&c->source, job.code);
    strbuf_addz(&c->source, is_body ? "\n})()" : "\n);})()");
    strbuf_clear(&c->context);
    js_text_in(&c->context, payload);
    job.context = strbuf_str(&c->context);
    put_back(c, number);
    if (duk_safe_call(c->ctx, evaluate, &job, 0, 1) == DUK_EXEC_SUCCESS) {
        duk_size_t len = 0;
        const char *json = duk_get_lstring(c->ctx, -1, &len);
        reply(c, JS_VALUE, json ? (Str){ json, len } : STR("null"));
    } else {
        reply_failure(c, &job);
    }
    region_restore(&c->region, &set->photo);            // while the head works with the answer
    c->in_region = number;
}

static void limit_process(void)
{
    struct rlimit core = { 0, 0 }, stack;
    setrlimit(RLIMIT_CORE, &core);                      // a core file would hold the context
    if (getrlimit(RLIMIT_STACK, &stack) == 0 && stack.rlim_cur < STACK_BYTES) {
        stack.rlim_cur = MIN((rlim_t)STACK_BYTES, stack.rlim_max);
        setrlimit(RLIMIT_STACK, &stack);                // duktape's own recursion limits then come first
    }
    setenv("TZ", "UTC0", 1);                            // the same dates on every machine
    tzset();
}

int js_serve(int fd)
{
    struct child c = { .fd = fd };
    struct js_frame frame;
    limit_process();
    while (read_all(fd, &frame, sizeof frame)) {
        char *payload = xmalloc((size_t)frame.length + 1);
        if (!read_all(fd, payload, frame.length))
            return 0;
        Str bytes = { payload, frame.length };
        if (frame.kind == JS_SETUP) {
            int64_t memory_bytes;
            CHECK(c.ctx == NULL && frame.length == sizeof memory_bytes);
            memcpy(&memory_bytes, payload, sizeof memory_bytes);
            heap_open(&c, memory_bytes);
        } else if (frame.kind == JS_LIBS) {
            add_libraries(&c, bytes);
        } else {
            CHECK(c.ctx && (frame.kind == JS_EXPRESSION || frame.kind == JS_BODY));
            answer(&c, bytes, frame.kind == JS_BODY);
        }
        free(payload);
    }
    return 0;
}
