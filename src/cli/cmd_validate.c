// SPDX-License-Identifier: Apache-2.0
// petri validate: checks a workflow, and inputs for it, as a run would, and runs nothing.
#include "base/arena.h"
#include "cli/commands.h"
#include "cli/flows.h"
#include "cli/report.h"
#include "lang/lang.h"
#include "value/diag.h"
#include "view/json_fields.h"

static const struct option options[] = {
    { "quiet", OPTION_FLAG, NULL, "Say nothing when all is well; no warnings.", .letter = 'q' },
    { "json", OPTION_FLAG, NULL, "Print what was found as a JSON list on standard output; empty: all is well." },
};

static Value diag_value(struct arena *a, const struct diag *d)
{
    struct value_builder b = value_map_begin(a);
    json_set_text(&b, STR("level"), d->level == DIAG_ERROR ? STR("error") : STR("warning"));
    json_set_text(&b, STR("file"), d->span.source ? d->span.source->name : (Str){ 0 });
    if (d->span.line > 0) {
        value_map_set(&b, STR("line"), value_int(d->span.line));
        value_map_set(&b, STR("column"), value_int(d->span.column));
    }
    json_set_text(&b, STR("text"), d->text);
    json_set_text(&b, STR("hint"), d->hint);
    return value_map_end(&b);
}

static int print_diags(struct arena *a, const struct diags *diags)
{
    const struct diag *shown[DIAG_MAX];
    size_t count = diags_in_order(diags, shown);
    Value *items = NEW_ARRAY(a, Value, count + 1);
    for (size_t i = 0; i < count; i++)
        items[i] = diag_value(a, shown[i]);
    int code = print_json(value_array(a, items, count));
    return code != EXIT_OK || diags->errors == 0 ? code : diags_exit_code(diags);
}

static int validate_main(struct invocation *in)
{
    struct arguments args;
    struct diags diags = { .arena = in->arena };
    struct strbuf text = { 0 };
    Value inputs;
    int code;
    if (!command_arguments(in, 1, 2, &args, &code))
        return code;
    bool quiet = arguments_flag(&args, "quiet");
    const struct workflow *w = workflow_load(in->arena, flow_resolve(in->arena, args.words[0]), &diags);
    bool ok = w != NULL;
    if (ok && args.word_count > 1) {
        struct value_builder none = value_map_begin(in->arena);
        ok = workflow_inputs(in->arena, w, args.words[1], value_map_end(&none), &inputs, &diags);
    }
    if (arguments_flag(&args, "json"))
        return print_diags(in->arena, &diags);
    if (!report_diags(&diags, quiet) || !ok)
        return diags_exit_code(&diags);
    if (quiet)
        return EXIT_OK;
    for (size_t i = 0; i < args.word_count; i++)
        strbuf_addf(&text, "%s" STR_FMT, i ? " and " : "", STR_ARG(args.words[i]));
    strbuf_addz(&text, args.word_count > 1 ? " are valid\n" : " is valid\n");
    return print_out(&text);
}

const struct command cmd_validate = {
    .name = "validate",
    .usage = "WORKFLOW [INPUTS.yml] [--json]",
    .summary = "Check a workflow and its inputs",
    .description = "Checks WORKFLOW and everything it refers to: fields, types between steps, expressions. With INPUTS also whether they fit. All "
                   "mistakes are told at once, each with file, line and column. Nothing is run and nothing is written.",
    .options = options,
    .option_count = LEN(options),
    .words = "files",
    .main = validate_main,
};
