// SPDX-License-Identifier: Apache-2.0
// The head's side of JavaScript: starts the child, sends it code and context, waits with a clock, kills it when time
// is up. It holds no engine: no byte of foreign code is parsed or run in this process.
#include "lang/js/js.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "lang/js/js_node.h"
#include "lang/js/js_wire.h"
#include "sys/process.h"
#include "value/read.h"

enum { LIB_SETS_MAX = 32 };             // more distinct sets of libraries than this start a new child

struct lib_set {
    Str *sources;
    size_t count;
};
struct js {
    int timeout_ms;
    int64_t memory_bytes;
    const char *node;                   // the program that this child becomes; NULL: it is duktape's
    struct js *newer;                   // a second child, for syntax that the first does not know; NULL: none
    pid_t pid;                          // 0: no child
    int fd;
    struct lib_set sets[LIB_SETS_MAX];  // what the child was given: set i of the child is sets[i - 1]
    size_t set_count;
    struct strbuf request;
    Time deadline;
};

static bool start_petri_js(const char *node, pid_t *pid, int *fd, struct err *err)
{
    const char *const argv[] = { "petri", "js", node, NULL };
    return process_start_self(argv, true, pid, fd, err);
}

js_start_fn *js_start = start_petri_js;

struct js *js_new(int timeout_ms, int64_t memory_bytes)
{
    struct js *js = xcalloc(1, sizeof *js);
    *js = (struct js) {
        .timeout_ms = timeout_ms, .memory_bytes = memory_bytes, .fd = -1, .request = { .limit = JS_FRAME_MAX }
    };
    return js;
}

void js_use_node(struct js *js, const char *program)
{
    if (program == NULL || strcmp(program, "none") == 0 || js->newer)
        return;
    js->newer = js_new(js->timeout_ms, js->memory_bytes);
    js->newer->node = program;
}

static void forget_libs(struct js *js)
{
    for (size_t i = 0; i < js->set_count; i++) {
        for (size_t j = 0; j < js->sets[i].count; j++)
            free((char *)js->sets[i].sources[j].data);
        free(js->sets[i].sources);
    }
    js->set_count = 0;
}

// Ends the child, whatever it is doing; gives its wait status (that of its own end, if it was dead already).
static int stop(struct js *js)
{
    int status = 0;
    if (js->pid > 0) {
        kill(js->pid, SIGKILL);
        while (waitpid(js->pid, &status, 0) < 0 && errno == EINTR)
            continue;
        close(js->fd);
    }
    js->pid = 0;
    js->fd = -1;
    forget_libs(js);
    return status;
}

void js_free(struct js *js)
{
    if (js == NULL)
        return;
    js_free(js->newer);
    stop(js);
    strbuf_release(&js->request);
    free(js);
}

static void add_u32(struct strbuf *b, uint32_t n) { strbuf_add(b, (Str){ (const char *)&n, sizeof n }); }

static void add_frame(struct strbuf *b, enum js_frame_kind kind, uint32_t length)
{
    add_u32(b, kind);
    add_u32(b, length);
}

static bool start(struct js *js, struct err *err)
{
    if (!js_start(js->node, &js->pid, &js->fd, err)) {
        js->pid = 0;
        return err_wrap(err, "starting the JavaScript process");
    }
    add_frame(&js->request, JS_SETUP, sizeof js->memory_bytes);
    strbuf_add(&js->request, (Str){ (const char *)&js->memory_bytes, sizeof js->memory_bytes });
    return true;
}

static bool is_set(const struct lib_set *set, const Str *lib, size_t count)
{
    bool same = set->count == count;
    for (size_t i = 0; same && i < count; i++)
        same = str_eq(set->sources[i], lib[i]);
    return same;
}

// The number by which the child knows these libraries; sources that it has not seen go into the request.
static uint32_t lib_set_number(struct js *js, const Str *lib, size_t count)
{
    if (count == 0)
        return 0;
    for (size_t i = 0; i < js->set_count; i++)
        if (is_set(&js->sets[i], lib, count))
            return (uint32_t)i + 1;
    CHECK(js->set_count < LIB_SETS_MAX);
    struct lib_set *set = &js->sets[js->set_count++];
    *set = (struct lib_set){ xcalloc(count, sizeof *set->sources), count };
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        char *copy = xmalloc(lib[i].len + 1);
        if (lib[i].len)
            memcpy(copy, lib[i].data, lib[i].len);
        set->sources[i] = (Str){ copy, lib[i].len };
        length += sizeof(uint32_t) + lib[i].len;
    }
    add_frame(&js->request, JS_LIBS, (uint32_t)MIN(length, (size_t)UINT32_MAX));
    for (size_t i = 0; i < count; i++) {
        add_u32(&js->request, (uint32_t)lib[i].len);
        strbuf_add(&js->request, lib[i]);
    }
    return (uint32_t)js->set_count;
}

static void add_evaluation(struct strbuf *b, Str code, bool is_body, uint32_t set, Value context)
{
    size_t frame = b->len;
    add_frame(b, is_body ? JS_BODY : JS_EXPRESSION, 0);
    size_t start = b->len;
    add_u32(b, set);
    add_u32(b, (uint32_t)code.len);
    strbuf_add(b, code);
    json_write(b, context, 0);
    if (b->overflow)
        return;
    uint32_t length = (uint32_t)(b->len - start);       // known only now
    memcpy(b->data + frame + offsetof(struct js_frame, length), &length, sizeof length);
}

static bool out_of_time(struct js *js, struct err *err)
{
    stop(js);
    char limit[TIME_TEXT];
    time_duration_text(js->timeout_ms * MILLISECOND, limit);
    return err_set(err, ERR_LIMIT, "the expression did not end within %s; mend it, or raise the setting js.timeout", limit);
}

static bool js_out_of_memory(const struct js *js, struct err *err)
{
    char size[TIME_TEXT];
    size_text(js->memory_bytes, size);
    return err_set(err, ERR_LIMIT, "the expression needs more than %s of memory", size);
}

static bool child_lost(struct js *js, struct err *err)
{
    int status = stop(js);
    if (WIFEXITED(status) && WEXITSTATUS(status) == JS_EXIT_MEMORY)
        return js_out_of_memory(js, err);
    if (js->node && WIFEXITED(status) && WEXITSTATUS(status) == JS_EXIT_NO_NODE)
        return err_set(err, ERR_NOT_FOUND, "the program '%s' is not installed", js->node);
    if (js->node && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT)         // node's own way to say it
        return js_out_of_memory(js, err);
    if (WIFSIGNALED(status))
        return err_set(err, ERR_INTERNAL, "the JavaScript process was ended by signal %d", WTERMSIG(status));
    return err_set(err, ERR_INTERNAL, "the JavaScript process ended with status %d", WEXITSTATUS(status));
}

// Waits until the socket is ready for `events`. On failure the child is gone.
static bool await(struct js *js, short events, struct err *err)
{
    for (;;) {
        Time left = js->deadline - time_steady();
        if (left <= 0)
            return out_of_time(js, err);
        struct pollfd p = { .fd = js->fd, .events = events };
        int n = poll(&p, 1, (int)((left + MILLISECOND - 1) / MILLISECOND));
        if (n > 0)
            return true;
        if (n < 0 && errno != EINTR) {
            stop(js);
            return err_set(err, ERR_INTERNAL, "waiting for the JavaScript process: %s", strerror(errno));
        }
    }
}

static bool is_transient(int number) { return number == EAGAIN || number == EINTR; }

static bool send_all(struct js *js, Str bytes, struct err *err)
{
    while (bytes.len) {
        ssize_t n = send(js->fd, bytes.data, bytes.len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0)
            bytes = str_from(bytes, (size_t)n);
        else if (n < 0 && !is_transient(errno))
            return child_lost(js, err);
        else if (!await(js, POLLOUT, err))
            return false;
    }
    return true;
}

static bool receive(struct js *js, void *bytes, size_t len, struct err *err)
{
    char *at = bytes;
    while (len) {
        if (!await(js, POLLIN, err))
            return false;
        ssize_t n = recv(js->fd, at, len, MSG_DONTWAIT);
        if (n > 0)
            at += n, len -= (size_t)n;
        else if (n == 0 || !is_transient(errno))
            return child_lost(js, err);
    }
    return true;
}

static bool receive_reply(struct js *js, struct arena *a, Value *out, struct err *err)
{
    struct js_frame frame;
    if (!receive(js, &frame, sizeof frame, err))
        return false;
    if (frame.kind == JS_MEMORY)
        return js_out_of_memory(js, err);
    if ((frame.kind != JS_VALUE && frame.kind != JS_ERROR) || frame.length > JS_FRAME_MAX) {
        stop(js);                                       // it is not ours any more
        return err_set(err, ERR_INTERNAL, "the JavaScript process sent an unknown answer");
    }
    char *text = xmalloc(frame.length + 1);
    bool done = receive(js, text, frame.length, err);
    if (done && frame.kind == JS_ERROR)
        done = err_set(err, ERR_INVALID, "%.*s", (int)MIN(frame.length, sizeof err->text), text);
    else if (done && !json_parse(a, (Str){ text, frame.length }, out, err))
        done = err_wrap(err, "the expression's result");
    free(text);
    return done;
}

static bool eval_here(struct js *js, struct arena *a, Str code, bool is_body, const Str *lib, size_t lib_count, Value context,
                      Value *out, struct err *err)
{
    if (js->set_count == LIB_SETS_MAX)
        stop(js);
    strbuf_clear(&js->request);
    if (js->pid == 0 && !start(js, err))
        return false;
    js->deadline = time_steady() + js->timeout_ms * MILLISECOND;
    uint32_t set = lib_set_number(js, lib, lib_count);
    add_evaluation(&js->request, code, is_body, set, context);
    if (js->request.overflow) {
        stop(js);                                       // it would wait for libraries that were not sent
        return err_set(err, ERR_LIMIT, "the expression's inputs and libraries are larger than 1 GiB");
    }
    return send_all(js, strbuf_str(&js->request), err) && receive_reply(js, a, out, err);
}

bool js_eval(struct js *js, struct arena *a, Str code, bool is_body, const Str *lib, size_t lib_count, Value context,
             Value *out, struct err *err)
{
    if (eval_here(js, a, code, is_body, lib, lib_count, context, out, err))
        return true;
    struct err newer;
    if (js->newer == NULL || err->code != ERR_INVALID || str_find(str_of(err->text), STR("SyntaxError")) < 0)
        return false;
    if (eval_here(js->newer, a, code, is_body, lib, lib_count, context, out, &newer))
        return true;
    if (newer.code == ERR_NOT_FOUND)
        return err_set(err, ERR_INVALID, "%.380s; newer syntax is node's, if that is installed", str_z(a, str_of(err->text)));
    *err = newer;
    return false;
}
