// SPDX-License-Identifier: Apache-2.0
// petri flows: the workflows that can be run by name.
#include "base/arena.h"
#include "cli/commands.h"
#include "cli/flows.h"
#include "cli/report.h"
#include "lang/lang.h"
#include "value/diag.h"
#include "view/table.h"

static const struct option options[] = {
    { "json", OPTION_FLAG, NULL, "Print the list as JSON." },
};

// In one line what a flow does; what can't be loaded is said to be so, and the others are listed all the same.
static Str summary_of(struct arena *a, const struct flow *flow)
{
    struct diags silent = { .arena = a };
    const struct workflow *w = workflow_load(a, flow->path, &silent);
    if (w == NULL)
        return STR("(has mistakes: 'petri validate' tells them)");
    Str text = w->label.len ? w->label : str_trim(w->doc);
    return str_trim(str_cut(&text, '\n'));
}

static int print_table(struct arena *a, const struct flow *flows, size_t count)
{
    static const char *const titles[] = { "flow", "what it does", "file" };
    struct table *t = table_new(a, titles, LEN(titles));
    struct strbuf text = { 0 };
    for (size_t i = 0; i < count; i++)
        table_row(t, (Str[]){ flows[i].name, summary_of(a, &flows[i]), flows[i].path });
    table_print(t, &text);
    if (count == 0)
        strbuf_addz(&text, "no flows are here; PETRI_FLOWS names folders of them\n");
    return print_out(&text);
}

static int print_list_json(struct arena *a, const struct flow *flows, size_t count)
{
    Value *items = NEW_ARRAY(a, Value, count + 1);
    for (size_t i = 0; i < count; i++) {
        struct value_builder b = value_map_begin(a);
        value_map_set(&b, STR("name"), value_string(a, flows[i].name));
        value_map_set(&b, STR("summary"), value_string(a, summary_of(a, &flows[i])));
        value_map_set(&b, STR("file"), value_string(a, flows[i].path));
        items[i] = value_map_end(&b);
    }
    return print_json(value_array(a, items, count));
}

static int flows_main(struct invocation *in)
{
    struct arguments args;
    struct flow *flows;
    size_t count;
    int code;
    if (!command_arguments(in, 0, 0, &args, &code))
        return code;
    flows_list(in->arena, &flows, &count);
    return arguments_flag(&args, "json") ? print_list_json(in->arena, flows, count) : print_table(in->arena, flows, count);
}

const struct command cmd_flows = {
    .name = "flows",
    .usage = "[--json]",
    .summary = "List the flows that can be run by name",
    .description = "A flow is a workflow that 'petri run' and 'petri validate' know by its name alone: 'petri run germline --help' shows what it "
                   "takes. A flow NAME is the file NAME/NAME.cwl, in a folder of $PETRI_FLOWS (several with ':' between) or beside the program. "
                   "They are ordinary workflows: copy one and change it. Run by its name, a flow leaves a manifest.json and a report.html beside its "
                   "outputs ('--no-manifest' and '--report FILE' say otherwise).",
    .options = options,
    .option_count = LEN(options),
    .main = flows_main,
};
