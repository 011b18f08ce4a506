// SPDX-License-Identifier: Apache-2.0
// petri store: looks into the store: list, get the bytes of a digest, verify every byte.
#include <fcntl.h>
#include <unistd.h>

#include "base/vec.h"
#include "cli/commands.h"
#include "cli/home.h"
#include "cli/report.h"
#include "cli/task_log.h"
#include "store/store.h"
#include "sys/file.h"
#include "task/result.h"
#include "value/read.h"
#include "view/table.h"

static const struct option options[] = {
    { "json", OPTION_FLAG, NULL, "Print the list as JSON." },
    { "output", OPTION_FILE, "FILE", "get: write to FILE instead of standard output.", .letter = 'o' },
};

struct listing {
    struct arena *arena;
    struct table *table;                // NULL: as JSON
    VEC(Value) items;
    int64_t count, bytes, damaged;
};

// --- ls

static Value entry_value(struct arena *a, const struct store_entry *e)
{
    char when[TIME_TEXT];
    struct value_builder b = value_map_begin(a);
    time_text(e->modified_s * SECOND, when);
    value_map_set(&b, STR("kind"), value_string(a, e->is_result ? STR("result") : STR("object")));
    value_map_set(&b, e->is_result ? STR("key") : STR("digest"), value_string(a, hash_text(a, e->hash)));
    value_map_set(&b, STR("size"), value_int(e->size));
    value_map_set(&b, STR("modified"), value_string(a, str_of(when)));
    if (e->damage.len)
        value_map_set(&b, STR("damage"), value_string(a, e->damage));
    return value_map_end(&b);
}

static bool list_entry(void *arg, const struct store_entry *e)
{
    struct listing *l = arg;
    char size[TIME_TEXT], when[TIME_TEXT];
    l->count++;
    l->bytes += e->size;
    if (l->table == NULL) {
        vec_push(l->arena, &l->items, entry_value(l->arena, e));
        return true;
    }
    size_text(e->size, size);
    time_text(e->modified_s * SECOND, when);
    table_row(l->table, (Str[]){ e->is_result ? STR("result") : STR("object"), str_copy(l->arena, str_of(size)),
                                 str_printf(l->arena, "%.10s %.8s", when, when + 11), hash_text(l->arena, e->hash) });
    return true;
}

static int list(struct arena *a, struct store *store, bool json)
{
    static const char *const titles[] = { "kind", ">size", "modified (UTC)", "digest or key" };
    struct listing l = { .arena = a, .table = json ? NULL : table_new(a, titles, LEN(titles)) };
    struct strbuf text = { 0 };
    struct err err;
    if (!store_each(store, false, list_entry, &l, &err))
        return report_err(&err);
    if (json)
        return print_json(value_array(a, l.items.at, l.items.len));
    table_print(l.table, &text);
    return print_out(&text);
}

// --- get

struct search {                         // for small outputs, which live inside results
    struct arena *arena;
    struct store *store;
    Hash hash;
    Str bytes;
    bool found;
};

static bool search_result(void *arg, const struct store_entry *e)
{
    struct search *s = arg;
    struct arena scratch = { 0 };
    struct err ignored;
    struct task_result r;
    if (!e->is_result || !store_find_result(s->store, e->hash, &scratch, &r, &ignored)) {
        arena_release(&scratch);
        return true;
    }
    for (size_t i = 0; i < r.output_count + 2 && !s->found; i++) {
        const struct output *o = i < r.output_count ? &r.outputs[i] : i == r.output_count ? &r.log_out : &r.log_err;
        if (o->is_inline && hash_eq(o->hash, s->hash)) {
            s->bytes = str_copy(s->arena, o->bytes);
            s->found = true;
        }
    }
    arena_release(&scratch);
    return !s->found;
}

// The bytes behind a digest: an object, a result (its record as JSON), or a small output inside a result.
static bool find_bytes(struct arena *a, struct store *store, Hash hash, struct output *out, struct err *err)
{
    Str path;
    struct task_result *r = NEW(a, struct task_result);
    *out = (struct output){ .kind = OUTPUT_FILE, .hash = hash };
    if (store_locate(store, hash, a, &path, err))
        return true;
    if (err->code != ERR_NOT_FOUND)
        return false;
    out->is_inline = true;
    if (store_find_result(store, hash, a, r, err)) {
        struct strbuf text = { 0 };
        json_write(&text, result_value(a, r), 4);
        strbuf_addc(&text, '\n');
        out->bytes = strbuf_take(&text, a);
        return true;
    }
    struct search search = { .arena = a, .store = store, .hash = hash };
    if (!store_each(store, false, search_result, &search, err))
        return false;
    out->bytes = search.bytes;
    return search.found || err_set(err, ERR_NOT_FOUND, STR_FMT " is not in the store", STR_ARG(hash_text(a, hash)));
}

static bool copy_to(struct arena *a, struct store *store, const struct output *bytes, Str path, struct err *err)
{
    if (path.len == 0)
        return task_log_copy(store, bytes, STDOUT_FILENO, err);
    if (!bytes->is_inline)
        return store_export(store, bytes->hash, path_absolute(a, path), false, err);
    return file_write_atomic(path_absolute(a, path), bytes->bytes, err);
}

static int get(struct arena *a, struct store *store, Str digest, Str path)
{
    struct output bytes;
    struct err err;
    Hash hash;
    if (!hash_parse(digest, &hash)) {
        report_error("store get: expected a digest, 'blake3:' and 64 digits, found '" STR_FMT "'", STR_ARG(digest));
        report_hint("'petri store ls' lists them");
        return EXIT_USAGE;
    }
    if (!find_bytes(a, store, hash, &bytes, &err) || !copy_to(a, store, &bytes, path, &err))
        return report_err(&err);
    return EXIT_OK;
}

// --- verify

static bool verify_entry(void *arg, const struct store_entry *e)
{
    struct listing *l = arg;
    l->count++;
    l->bytes += e->size;
    if (e->damage.len == 0)
        return true;
    l->damaged++;
    vec_push(l->arena, &l->items, entry_value(l->arena, e));
    return true;
}

static int verify(struct arena *a, struct store *store, bool json)
{
    struct listing l = { .arena = a };
    struct strbuf text = { 0 };
    struct err err;
    char size[TIME_TEXT];
    if (!store_each(store, true, verify_entry, &l, &err))
        return report_err(&err);
    int printed;
    if (json) {
        printed = print_json(value_array(a, l.items.at, l.items.len));
    } else {
        for (size_t i = 0; i < l.items.len; i++) {
            Value e = l.items.at[i];
            Str key = value_get_str(e, STR("key"));
            strbuf_addf(&text, "damaged " STR_FMT " " STR_FMT ": " STR_FMT "\n", STR_ARG(value_get_str(e, STR("kind"))),
                        STR_ARG(key.len ? key : value_get_str(e, STR("digest"))), STR_ARG(value_get_str(e, STR("damage"))));
        }
        size_text(l.bytes, size);
        strbuf_addf(&text, "%lld checked, %s; %lld damaged%s\n", (long long)l.count, size, (long long)l.damaged,
                    l.damaged ? " and set aside in store/damaged: they are made again when needed" : "");
        printed = print_out(&text);
    }
    return l.damaged ? EXIT_FAILED : printed;
}

static int store_main(struct invocation *in)
{
    struct arguments args;
    struct err err;
    Str home;
    int code;
    if (!command_arguments(in, 1, 2, &args, &code))
        return code;
    bool is_get = str_is(args.words[0], "get"), is_list = str_is(args.words[0], "ls"), is_verify = str_is(args.words[0], "verify");
    if (args.word_count != (is_get ? 2 : 1) || !(is_get || is_list || is_verify)) {
        err_set(&err, ERR_INVALID, "expected 'ls', 'get DIGEST' or 'verify'");
        return command_misuse(in->command, &err);
    }
    struct store *store = home_require(in->arena, &home, &err) ? store_open(home, false, &err) : NULL;
    if (store == NULL)
        return report_err(&err);
    bool json = arguments_flag(&args, "json");
    code = is_get ? get(in->arena, store, args.words[1], arguments_text(&args, "output"))
         : is_list ? list(in->arena, store, json) : verify(in->arena, store, json);
    store_close(store);
    return code;
}

const struct command cmd_store = {
    .name = "store",
    .usage = "ls | get DIGEST [-o FILE] | verify",
    .summary = "Look into the store: list, get, verify",
    .description = "'petri store ls' lists objects (bytes by digest) and results (by task key).\n\n"
                   "'petri store get DIGEST' writes the bytes of an object or of a small output, or the record of a result. Bytes that are not what "
                   "their digest says are never written.\n\n"
                   "'petri store verify' reads every byte and names what is damaged; that is set aside, and the exit code is 1.",
    .options = options,
    .option_count = LEN(options),
    .words = "ls get verify",
    .main = store_main,
};
