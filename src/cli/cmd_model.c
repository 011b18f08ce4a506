// SPDX-License-Identifier: Apache-2.0
// petri model: makes, shows, checks and gets the models that embed and classify run.
#include <math.h>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "model/checkpoint.h"
#include "model/create.h"
#include "model/pull.h"
#include "model/verify.h"

static const struct option options[] = {
    { "like", OPTION_TEXT, "NAME", "init: the sizes of this model, such as esm2_t6_8M." },
    { "seed", OPTION_COUNT, "N", "init: the weights follow from it (0 when not given)." },
    { "head", OPTION_TEXT, "HEAD", "init: mlm (the usual), sequence, token or none." },
    { "labels", OPTION_TEXT, "A,B,…", "init: names of the classes of a sequence or token head." },
    { "layers", OPTION_COUNT, "N", "init: as many layers, in place of the model's own number." },
    { "against", OPTION_FILE, "FILE", "verify: also compare with outputs in this safetensors file (input_ids, last_hidden_state, logits)." },
    { "sha256", OPTION_TEXT, "HEX", "pull: what the model file's SHA-256 must be, for a model that is not in the list." },
    { "from", OPTION_TEXT, "URL", "pull: the folder of files to get, in place of the usual host's." },
    { "json", OPTION_FLAG, NULL, "show, verify: print JSON." },
};

// --- init

static bool set_head(struct arena *a, struct model_config *c, Str head, Str labels, struct err *err)
{
    static const struct {
        const char *name;
        enum model_head head;
    } heads[] = { { "mlm", HEAD_MLM }, { "none", HEAD_NONE }, { "sequence", HEAD_SEQUENCE }, { "token", HEAD_TOKEN } };
    bool found = head.len == 0;
    for (size_t i = 0; i < LEN(heads); i++)
        if (str_is(head, heads[i].name))
            c->head = heads[i].head, found = true;
    if (!found)
        return err_set(err, ERR_INVALID, "--head is mlm, sequence, token or none, not '" STR_FMT "'", STR_ARG(head));
    bool classifies = c->head == HEAD_SEQUENCE || c->head == HEAD_TOKEN;
    if (labels.len && !classifies)
        return err_set(err, ERR_INVALID, "--labels go with --head sequence or --head token");
    if (!classifies)
        return true;
    labels = labels.len ? labels : STR("no,yes");
    c->label_names = NEW_ARRAY(a, Str, labels.len + 1);
    while (labels.len) {
        Str name = str_trim(str_cut(&labels, ','));
        if (name.len == 0)
            return err_set(err, ERR_INVALID, "--labels has an empty name");
        c->label_names[c->labels++] = name;
    }
    return true;
}

static int init(struct invocation *in, const struct arguments *args, Str dir)
{
    Str like = arguments_text(args, "like");
    const struct model_config *known = config_known(like);
    const struct given *layers = arguments_get(args, "layers");
    struct err err;
    if (known == NULL) {
        Str *names = NEW_ARRAY(in->arena, Str, config_known_count());
        struct strbuf list = { 0 };
        for (size_t i = 0; i < config_known_count(); i++) {
            names[i] = config_known_name(i);
            strbuf_addf(&list, "%s" STR_FMT, i ? ", " : "", STR_ARG(names[i]));
        }
        report_error("model init: %s '" STR_FMT "'", like.len ? "there is no known model" : "expected --like NAME, found", STR_ARG(like));
        report_hint("known are " STR_FMT, STR_ARG(strbuf_str(&list)));
        strbuf_release(&list);
        return EXIT_USAGE;
    }
    struct model_config c = *known;
    if (!set_head(in->arena, &c, arguments_text(args, "head"), arguments_text(args, "labels"), &err))
        return command_misuse(in->command, &err);
    if (layers->count)
        c.layers = (int)MAX(1, MIN(layers->integer, CONFIG_LAYERS_MAX));
    return create_model(dir, &c, (uint64_t)arguments_get(args, "seed")->integer, &err) ? EXIT_OK : report_err(&err);
}

// --- show

static const char *positions_text(const struct model_config *c)
{
    return c->positions == POSITIONS_LEARNED ? "learned" : c->positions == POSITIONS_ROTARY_HALF ? "rotary (halves)" : "rotary (pairs)";
}

static Str heads_text(struct arena *a, const struct checkpoint *c)
{
    struct strbuf out = { 0 };
    if (checkpoint_has_head(c, HEAD_MLM))
        strbuf_addz(&out, "masked language, ");
    if (c->tensors.contact.data)
        strbuf_addz(&out, "contacts, ");
    if (checkpoint_has_head(c, HEAD_SEQUENCE))
        strbuf_addf(&out, "sequence classification (%d labels), ", c->config.labels);
    if (checkpoint_has_head(c, HEAD_TOKEN))
        strbuf_addf(&out, "token classification (%d labels), ", c->config.labels);
    if (out.len == 0)
        strbuf_addz(&out, "none, ");
    out.len -= 2;
    return strbuf_take(&out, a);
}

static Value show_value(struct arena *a, const struct checkpoint *c, Hash digest)
{
    static const char *const families[] = { [FAMILY_ESM] = "esm", [FAMILY_BERT] = "bert", [FAMILY_ROBERTA] = "roberta",
        [FAMILY_ROFORMER] = "roformer" };
    const struct model_config *g = &c->config;
    struct value_builder b = value_map_begin(a);
    value_map_set(&b, STR("folder"), value_string(a, c->dir));
    value_map_set(&b, STR("family"), value_string(a, str_of(families[g->family])));
    value_map_set(&b, STR("layers"), value_int(g->layers));
    value_map_set(&b, STR("width"), value_int(g->hidden));
    value_map_set(&b, STR("attention heads"), value_int(g->heads));
    value_map_set(&b, STR("feed-forward width"), value_int(g->ffn));
    value_map_set(&b, STR("vocabulary"), value_int(g->vocab));
    value_map_set(&b, STR("positions"), value_string(a, str_of(positions_text(g))));
    value_map_set(&b, STR("norm"), value_string(a, g->norm_first ? STR("first") : STR("last")));
    value_map_set(&b, STR("longest"), config_longest(g) == INT32_MAX ? value_null : value_int(config_longest(g)));
    value_map_set(&b, STR("heads"), value_string(a, heads_text(a, c)));
    value_map_set(&b, STR("parameters"), value_int(c->parameters));
    value_map_set(&b, STR("GFLOP per token"), value_float(round(config_flop_per_token(g, 300) / 1e5) / 1e4));
    value_map_set(&b, STR("files"), value_int((int64_t)c->file_count));
    value_map_set(&b, STR("bytes"), value_int(c->bytes));
    value_map_set(&b, STR("digest"), value_string(a, hash_text(a, digest)));
    return value_map_end(&b);
}

static int show(struct invocation *in, Str dir, bool json)
{
    struct err err;
    Hash digest;
    struct strbuf out = { 0 };
    struct checkpoint *c = checkpoint_open(dir, &err);
    if (c == NULL || !checkpoint_digest(c, &digest, &err)) {
        checkpoint_close(c);
        return report_err(&err);
    }
    Value v = show_value(in->arena, c, digest);
    checkpoint_close(c);
    if (json)
        return print_json(v);
    for (size_t i = 0; i < v.map->len; i++) {
        const struct value_field *f = &v.map->at[i];
        strbuf_addf(&out, "%-19s ", f->key->data);
        if (f->value.kind == VALUE_INT)
            strbuf_addf(&out, "%lld\n", (long long)f->value.integer);
        else if (f->value.kind == VALUE_FLOAT)
            strbuf_addf(&out, "%g (among 300)\n", f->value.real);
        else
            strbuf_addf(&out, STR_FMT "\n", STR_ARG(value_is_null(f->value) ? STR("no limit of its own") : value_str(f->value)));
    }
    return print_out(&out);
}

// --- verify, pull

static int verify(struct invocation *in, const struct arguments *args, Str dir)
{
    struct err err;
    struct verify_report r;
    if (!verify_model(in->arena, dir, arguments_text(args, "against"), &r, &err))
        return report_err(&err);
    if (arguments_flag(args, "json")) {
        int printed = print_json(verify_value(in->arena, &r));
        return r.passed ? printed : EXIT_FAILED;
    }
    struct strbuf out = { 0 };
    strbuf_addf(&out, "kernels of this machine: %s\n", r.kernels);
    for (size_t i = 0; i < r.count; i++)
        strbuf_addf(&out, "%-7s " STR_FMT "\n", r.checks[i].state == VERIFY_PASSED ? "ok" : r.checks[i].state == VERIFY_SKIPPED ? "skipped" : "WRONG",
                    STR_ARG(r.checks[i].text));
    int printed = print_out(&out);
    return r.passed ? printed : EXIT_FAILED;
}

static void show_progress(void *arg UNUSED, Str file, int64_t bytes, int64_t total)
{
    char got[TIME_TEXT], all[TIME_TEXT];
    size_text(bytes, got);
    size_text(total, all);
    fprintf(stderr, "\r" STR_FMT ": %s%s%s\033[K%s", STR_ARG(file), got, total > 0 ? " of " : "", total > 0 ? all : "", bytes == total ? "\n" : "");
}

static int pull(const struct arguments *args, Str name, Str dir)
{
    struct err err;
    struct pull_options o = { .url = arguments_text(args, "from"), .sha256 = arguments_text(args, "sha256"), .progress = show_progress };
    return pull_model(name, dir, &o, &err) ? EXIT_OK : report_err(&err);
}

static int model_main(struct invocation *in)
{
    struct arguments args;
    struct err err;
    int code;
    if (!command_arguments(in, 1, 3, &args, &code))
        return code;
    Str verb = args.words[0];
    if (str_is(verb, "init") && args.word_count == 2)
        return init(in, &args, args.words[1]);
    if (str_is(verb, "show") && args.word_count == 2)
        return show(in, args.words[1], arguments_flag(&args, "json"));
    if (str_is(verb, "verify") && args.word_count == 2)
        return verify(in, &args, args.words[1]);
    if (str_is(verb, "pull") && args.word_count >= 2)
        return pull(&args, args.words[1], args.word_count == 3 ? args.words[2] : str_basename(args.words[1]));
    bool misuse UNUSED = err_set(&err, ERR_INVALID, "expected 'init --like NAME DIR', 'show DIR', 'verify DIR' or 'pull NAME [DIR]'");
    return command_misuse(in->command, &err);
}

const struct command cmd_model = {
    .name = "model",
    .usage = "init --like NAME DIR | show|verify DIR | pull NAME [DIR]",
    .summary = "Make, show, check and get protein models",
    .description = "A model is a folder as Hugging Face lays it out: config.json, model.safetensors (or its shards and their index), "
        "vocab.txt. ESM-2, ESM-1b, and "
                   "BERT, RoBERTa and RoFormer encoders of protein letters are run. Nothing in a folder is ever executed; pickled weights "
                       "are refused.\n\n"
                   "'petri model init --like esm2_t6_8M --seed 7 DIR' makes one with random weights, for tests. 'petri model show DIR' "
                       "prints architecture, "
                   "parameters and digest.\n\n"
                   "'petri model verify DIR' runs the model in double precision beside the fast kernels, and compares it with recorded "
                       "outputs where its "
                   "weights are a published ESM-2 model's. The exit code is 1 when something is wrong.\n\n"
                   "'petri model pull NAME [DIR]' gets a published model over HTTP: interrupted, it goes on where it was; a file whose "
                       "SHA-256 is not the "
                   "published one never gets its name.",
    .options = options,
    .option_count = LEN(options),
    .words = "init show verify pull",
    .main = model_main,
};
