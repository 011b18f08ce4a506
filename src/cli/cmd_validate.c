// SPDX-License-Identifier: Apache-2.0
// petri validate: checks a workflow, and inputs for it, as a run would, and runs nothing.
#include "cli/commands.h"
#include "cli/flows.h"
#include "cli/report.h"
#include "lang/lang.h"
#include "value/diag.h"

static const struct option options[] = {
    { "quiet", OPTION_FLAG, NULL, "Say nothing when all is well; no warnings.", .letter = 'q' },
};

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
    .usage = "WORKFLOW [INPUTS.yml]",
    .summary = "Check a workflow and its inputs",
    .description = "Checks WORKFLOW and everything it refers to: fields, types between steps, expressions. With INPUTS also whether they fit. All "
                   "mistakes are told at once, each with file, line and column. Nothing is run and nothing is written.",
    .options = options,
    .option_count = LEN(options),
    .words = "files",
    .main = validate_main,
};
