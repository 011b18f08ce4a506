// SPDX-License-Identifier: Apache-2.0
// Documents into the model: shorthands, references, imports, versions. What must be refused is in test_cwl_bad.c.
#include "base/arena.h"
#include "cwl_files.h"
#include "lang/cwl/iri.h"
#include "lang/lang.h"
#include "sys/file.h"

#define TOOL "cwlVersion: v1.2\nclass: CommandLineTool\nbaseCommand: cat\n"

static Str type_of(const struct cwl_param *p) { return cwl_type_text(&cwl_arena, p->type); }

TEST(a_path_that_leads_nowhere_is_reported_with_a_neighbour)
{
    cwl_write("align.cwl", TOOL "inputs: []\noutputs: []\n");
    Str path = str_join_path(&cwl_arena, str_of(test_dir()), STR("algin.cwl"));
    EXPECT(cwl_load(&cwl_arena, path, &cwl_diags) == NULL);
    EXPECT_REPORT("No such file");
    EXPECT_REPORT("'align.cwl'");
}

TEST(a_remote_document_is_unsupported)
{
    EXPECT(cwl_load(&cwl_arena, STR("https://example.org/a.cwl#main"), &cwl_diags) == NULL);
    EXPECT_INT(cwl_diags.errors, 1);
    EXPECT(str_starts(cwl_diags.at[0].text, STR("unsupported: ")));
}

TEST(a_workflow_in_a_language_that_is_not_run_yet_is_called_by_its_name_and_never_read_as_cwl)
{
    static const struct { const char *file, *says; } table[] = { { "a.wdl", "WDL workflows" }, { "main.nf", "Nextflow workflows" },
                                                                 { "a.smk", "Snakemake workflows" }, { "Snakefile", "Snakemake workflows" } };
    for (size_t i = 0; i < LEN(table); i++) {
        EXPECT(workflow_load(&cwl_arena, cwl_write(table[i].file, TOOL "inputs: []\noutputs: []\n"), &cwl_diags) == NULL);
        EXPECT_INT(cwl_diags.errors, i + 1);
        EXPECT_REPORT(table[i].says);
    }
    EXPECT(workflow_load(&cwl_arena, cwl_write("a.cwl", TOOL "inputs: []\noutputs: []\n"), &cwl_diags) != NULL);
}

TEST(types_are_read_in_all_their_forms)
{
    const struct cwl_process *p =
        cwl_good(TOOL "inputs:\n"
                      "  a: File?\n  b: 'string[]'\n  c: 'int[]?'\n  d: [\"null\", File, 'File[]', string]\n  e: {type: 'File[][]'}\n"
                      "  f: {type: {type: array, items: [int, string]}}\n"
                      "  g: {type: {type: enum, name: strand, symbols: ['#strand/plus', minus]}}\n"
                      "  h: {type: {type: record, name: 'x#sample', fields: {id: string, reads: File}}}\n"
                      "  i: [[\"null\", int], [int, long]]\n  j: sample\n  k: [string]\n  l: Any\n  m: Directory\n"
                      "outputs: []\n");
    static const char *const want[] = { "File?",
                                        "string[]",
                                        "int[]?",
                                        "null | File | File[] | string",
                                        "File[][]",
                                        "(int | string)[]",
                                        "one of \"plus\", \"minus\"",
                                        "record sample",
                                        "null | int | long",
                                        "record sample",
                                        "string",
                                        "Any",
                                        "Directory" };
    EXPECT_INT(p->input_count, LEN(want));
    for (size_t i = 0; i < LEN(want); i++)
        EXPECT_STR(type_of(&p->inputs[i]), str_of(want[i]));
    EXPECT(cwl_type_accepts_null(p->inputs[0].type) && !cwl_type_accepts_null(p->inputs[1].type));
    EXPECT_STR(p->inputs[7].type->fields[1].id, STR("reads"));
}

TEST(a_tool_has_its_bindings_arguments_and_codes)
{
    const struct cwl_process *p = cwl_good(
        TOOL "id: '#show'\ndoc: [one, two]\narguments: [-n, {valueFrom: $(runtime.cores), prefix: -t, separate: false, position: 2}]\n"
             "stdin: $(inputs.reads.path)\nsuccessCodes: [0, 3]\n"
             "inputs:\n"
             "- id: '#show/reads'\n  type: File\n  secondaryFiles: [.bai, '^.dict?', {pattern: .fai, required: false}]\n"
             "- id: words\n  type: 'string[]'\n  default: [a]\n  inputBinding: {prefix: -w, itemSeparator: ',', shellQuote: false, "
             "position: -1}\n"
             "- id: flag\n  type: boolean?\n  inputBinding: {}\n"
             "outputs:\n  texts: {type: 'File[]', outputBinding: {glob: ['*.txt', $(inputs.words)], loadContents: true}}\n");
    EXPECT_STR(p->id, STR("show"));
    EXPECT_STR(p->doc, STR("one\ntwo"));
    EXPECT_STR(p->base_command[0], STR("cat"));
    EXPECT_STR(p->arguments[0].binding.value_from, STR("-n"));
    EXPECT(p->arguments[0].binding.shell_quote && p->arguments[0].binding.separate);
    EXPECT(!p->arguments[1].binding.separate && p->arguments[1].binding.position.integer == 2);
    EXPECT_STR(p->stdin_expr, STR("$(inputs.reads.path)"));
    EXPECT(p->success_count == 2 && p->success_codes[1] == 3);
    EXPECT_STR(p->inputs[0].id, STR("reads"));
    EXPECT_INT(p->inputs[0].secondary_count, 3);
    EXPECT_STR(p->inputs[0].secondary[1].pattern, STR("^.dict"));
    EXPECT(value_is_null(p->inputs[0].secondary[0].required) && !p->inputs[0].secondary[1].required.boolean);
    EXPECT(p->inputs[1].has_default && value_len(p->inputs[1].default_value) == 1);
    EXPECT(p->inputs[1].binding->has_item_separator && !p->inputs[1].binding->shell_quote);
    EXPECT(p->inputs[2].binding && !p->inputs[2].binding->has_prefix);
    EXPECT_INT(value_len(p->outputs[0].output->glob), 2);
    EXPECT(p->outputs[0].output->load_contents);
}

TEST(the_streams_are_files_with_names_that_stay)
{
    static const char document[] = TOOL "inputs: {x: stdin}\noutputs: {out: stdout, err: stderr}\n";
    const struct cwl_process *p = cwl_good(document);
    Str name = value_str(p->outputs[0].output->glob);
    EXPECT_STR(type_of(&p->inputs[0]), STR("File"));
    EXPECT_STR(p->stdin_expr, STR("$(inputs[\"x\"].path)"));
    EXPECT_STR(p->stdout_expr, name);
    EXPECT(str_starts(name, STR("stdout-")) && name.len == 7 + 16);
    EXPECT(str_starts(p->stderr_expr, STR("stderr-")));
    EXPECT_STR(cwl_good(document)->stdout_expr, name);
    EXPECT_STR(value_str(cwl_good(TOOL "stdout: a.txt\ninputs: []\noutputs: {o: stdout}\n")->outputs[0].output->glob), STR("a.txt"));
}

TEST(locations_in_defaults_become_absolute)
{
    const struct cwl_process *p = cwl_good(
        TOOL "inputs:\n  a: {type: File, default: {class: File, location: 'sub/a%20b#1.txt'}}\n"
             "  b: {type: File, default: {class: File, path: 'x%20y.txt'}}\n"
             "  c: {type: Any, default: [{class: Directory, location: 'file:///data/./d'}, {class: File, contents: text}]}\noutputs: []\n");
    Str folder = str_of(test_dir());
    EXPECT_STR(value_get_str(p->inputs[0].default_value, STR("location")),
               str_printf(&cwl_arena, "file://" STR_FMT "/sub/a%%20b%%231.txt", STR_ARG(folder)));
    EXPECT_STR(value_get_str(p->inputs[1].default_value, STR("location")),
               str_printf(&cwl_arena, "file://" STR_FMT "/x%%2520y.txt", STR_ARG(folder)));
    EXPECT(!value_has(p->inputs[1].default_value, STR("path")));
    EXPECT_STR(value_get_str(value_at(p->inputs[2].default_value, 0), STR("location")), STR("file:///data/d"));
    EXPECT(!value_has(value_at(p->inputs[2].default_value, 1), STR("location")));
}

TEST(formats_become_full_names)
{
    const struct cwl_process *p =
        cwl_good(TOOL "$namespaces: {edam: 'http://edamontology.org/'}\n"
                      "inputs:\n  a: {type: File, format: edam:format_2330}\n  b: {type: File, format: ['http://x/y', mine]}\n"
                      "  c: {type: File, format: $(inputs.a.format)}\noutputs: []\n");
    EXPECT_STR(value_str(p->inputs[0].format), STR("http://edamontology.org/format_2330"));
    EXPECT_STR(value_str(value_at(p->inputs[1].format, 0)), STR("http://x/y"));
    EXPECT_STR(value_str(value_at(p->inputs[1].format, 1)), str_printf(&cwl_arena, "file://%s/main.cwl#mine", test_dir()));
    EXPECT_STR(value_str(p->inputs[2].format), STR("$(inputs.a.format)"));
    EXPECT_STR(value_get_str(p->namespaces, STR("edam")), STR("http://edamontology.org/"));
}

TEST(imports_includes_and_mixins_are_put_in_their_places)
{
    cwl_write("parts/inputs.yml", "- id: more\n  type: File\n  default: {class: File, location: here.txt}\n- id: last\n  type: int?\n");
    cwl_write("parts/env.yml", "class: EnvVarRequirement\nenvDef: {A: b}\n");
    cwl_write("lib.js", "var x = 1;\n");
    const struct cwl_document *document =
        cwl_try(TOOL "requirements:\n- {class: InlineJavascriptRequirement, expressionLib: [{$include: lib.js}]}\n"
                     "hints: [{$mixin: parts/env.yml, envDef: [{envName: A, envValue: c}]}]\n"
                     "inputs:\n- {id: first, type: string}\n- $import: parts/inputs.yml\noutputs: []\n");
    EXPECT(document);
    const struct cwl_process *p = document->process;
    EXPECT_INT(p->input_count, 3);
    EXPECT_STR(p->inputs[2].id, STR("last"));
    EXPECT(str_ends(value_get_str(p->inputs[1].default_value, STR("location")), STR("/parts/here.txt")));
    EXPECT_STR(p->requirements.at[0].expression_lib[0], STR("var x = 1;\n"));
    EXPECT_STR(value_get_str(value_at(value_get(p->hints.at[0].fields, STR("envDef")), 0), STR("envValue")), STR("c"));
    EXPECT_INT(document->file_count, 4);
}

TEST(named_types_come_from_other_files)
{
    cwl_write("types.yml", "class: SchemaDefRequirement\ntypes:\n- {name: lane, type: record, fields: {id: string}}\n"
                           "- {name: sample, type: record, fields: [{name: lanes, type: 'lane[]'}]}\n");
    const struct cwl_process *p = cwl_good(TOOL "requirements: [{$import: types.yml}]\n"
                                                "inputs: {a: 'types.yml#sample[]', b: '#lane'}\noutputs: []\n");
    EXPECT_STR(type_of(&p->inputs[0]), STR("record sample[]"));
    EXPECT_STR(type_of(&p->inputs[1]), STR("record lane"));
    EXPECT_STR(cwl_type_text(&cwl_arena, p->inputs[0].type->items->fields[0].type), STR("record lane[]"));
}

static const char packed[] =
    "{\"cwlVersion\": \"v1.0\", \"$graph\": [{\"class\": \"Workflow\", \"id\": \"#main\","
    "\"requirements\": [{\"class\": \"ScatterFeatureRequirement\"}],"
    "\"inputs\": [{\"id\": \"#main/in\", \"type\": {\"type\": \"array\", \"items\": \"File\"}}],"
    "\"outputs\": [{\"id\": \"#main/out\", \"type\": {\"type\": \"array\", \"items\": \"File\"}, \"outputSource\": \"#main/one/text\"}],"
    "\"steps\": [{\"id\": \"#main/one\", \"run\": \"#show.cwl\", \"scatter\": \"#main/one/reads\","
    "\"in\": [{\"id\": \"#main/one/reads\", \"source\": \"#main/in\"}], \"out\": [\"#main/one/text\"]}]},"
    "{\"class\": \"CommandLineTool\", \"id\": \"#show.cwl\", \"baseCommand\": \"cat\","
    "\"inputs\": [{\"id\": \"#show.cwl/reads\", \"type\": \"File\", \"inputBinding\": {\"loadContents\": true}}],"
    "\"outputs\": [{\"id\": \"#show.cwl/text\", \"type\": \"stdout\"}]}]}";

TEST(a_packed_document_has_short_names)
{
    const struct cwl_process *p = cwl_good(packed);
    EXPECT_INT(p->class_, CWL_WORKFLOW);
    EXPECT_INT(p->version, CWL_V1_0);
    EXPECT_STR(p->inputs[0].id, STR("in"));
    EXPECT_STR(p->outputs[0].sources[0], STR("one/text"));
    EXPECT_STR(p->steps[0].in[0].id, STR("reads"));
    EXPECT_STR(p->steps[0].in[0].sources[0], STR("in"));
    EXPECT_STR(p->steps[0].scatter[0], STR("reads"));
    EXPECT_INT(p->steps[0].scatter_method, CWL_DOTPRODUCT);
    EXPECT_STR(p->steps[0].run->id, STR("show.cwl"));
    EXPECT(p->steps[0].run->inputs[0].load_contents);
    Str path = str_printf(&cwl_arena, "file://%s/main.cwl#show.cwl", test_dir());
    const struct cwl_document *tool = cwl_load(&cwl_arena, path, &cwl_diags);
    EXPECT(tool && tool->process->class_ == CWL_TOOL);
}

TEST(one_tool_run_by_two_steps_is_read_once)
{
    cwl_write("cat.cwl", "class: CommandLineTool\nbaseCommand: cat\ninputs: {x: stdin}\noutputs: {y: stdout}\n");
    const struct cwl_process *p =
        cwl_good("cwlVersion: v1.1\nclass: Workflow\ninputs: {a: File}\noutputs: {z: {type: File, outputSource: two/y}}\n"
                 "steps:\n  one: {run: cat.cwl, in: {x: a}, out: [y]}\n  two: {run: cat.cwl, in: {x: {source: one/y}}, out: [{id: y}]}\n");
    EXPECT(p->steps[0].run == p->steps[1].run);
    EXPECT_INT(p->steps[0].run->version, CWL_V1_1); // the document that runs it says it
}

TEST(extensions_of_v10_are_the_requirements_of_later_versions)
{
    const struct cwl_process *p = cwl_good("cwlVersion: v1.0\nclass: CommandLineTool\n$namespaces: {ext: 'http://commonwl.org/cwltool#'}\n"
                                           "baseCommand: cat\nhints:\n- {class: ext:TimeLimit, timelimit: 5}\n- {class: "
                                           "'http://commonwl.org/cwltool#WorkReuse', enableReuse: false}\n"
                                           "- {class: cwltool:LoadListingRequirement, loadListing: shallow_listing}\n- {class: some:Other, "
                                           "x: 1}\ninputs: []\noutputs: []\next:note: 1\n");
    EXPECT_INT(p->hints.len, 3);
    EXPECT_INT(p->hints.at[0].kind, CWL_REQ_TIME_LIMIT);
    EXPECT_INT(p->hints.at[1].kind, CWL_REQ_WORK_REUSE);
    EXPECT_INT(p->hints.at[2].kind, CWL_REQ_LOAD_LISTING);
    EXPECT_INT(cwl_diags.warnings, 0);
}

TEST(types_are_followed_through_scatter_merge_pick_and_when)
{
    cwl_good(
        "cwlVersion: v1.2\nclass: Workflow\n"
        "requirements: {ScatterFeatureRequirement: {}, MultipleInputFeatureRequirement: {}, InlineJavascriptRequirement: {}}\n"
        "inputs: {list: 'File[]', one: File, n: int, maybe: File?}\n"
        "outputs:\n"
        "  nested: {type: {type: array, items: {type: array, items: [\"null\", File]}}, outputSource: s/y}\n"
        "  all: {type: 'File[]', outputSource: [w/y, one], pickValue: all_non_null}\n"
        "  first: {type: File, outputSource: [w/y, maybe], pickValue: first_non_null}\n"
        "  flat: {type: 'File[]', outputSource: [list, one], linkMerge: merge_flattened}\n"
        "steps:\n"
        "  s: {run: &t {class: CommandLineTool, baseCommand: cat, inputs: {x: File, k: double?, m: 'File[]?'}, outputs: {y: stdout}},\n"
        "      scatter: [x, k], scatterMethod: nested_crossproduct, when: $(inputs.k > 1),\n"
        "      in: {x: list, k: {default: [1, 2]}}, out: [y]}\n"
        "  w: {run: *t, when: $(inputs.k > 1), in: {x: maybe, k: n, m: [one, maybe], extra: n}, out: [y]}\n");
}

TEST(a_long_chain_of_steps_needs_no_deep_stack)
{
    struct strbuf text = { 0 };
    strbuf_addz(&text, "cwlVersion: v1.2\nclass: Workflow\ninputs: {a: File}\noutputs: []\nsteps:\n");
    for (int i = 3000; i > 0; i--)
        strbuf_addf(&text, "  s%d: {run: cat.cwl, in: {x: s%d/y}, out: [y]}\n", i, i - 1);
    strbuf_addz(&text, "  s0: {run: cat.cwl, in: {x: a}, out: [y]}\n");
    cwl_write("cat.cwl", TOOL "inputs: {x: stdin}\noutputs: {y: stdout}\n");
    EXPECT_INT(cwl_good(text.data)->step_count, 3001);
    strbuf_release(&text);
}

TEST(locations_and_paths_become_each_other)
{
    EXPECT_STR(iri_of_path(&cwl_arena, STR("/a b/c#d%20\xc3\xa9")), STR("file:///a%20b/c%23d%2520%C3%A9"));
    EXPECT_STR(iri_to_path(&cwl_arena, STR("file:///a%20b/c%23d%2520%C3%A9")), STR("/a b/c#d%20\xc3\xa9"));
    EXPECT_STR(iri_to_path(&cwl_arena, STR("file://localhost/x")), STR("/x"));
    EXPECT_STR(iri_to_path(&cwl_arena, STR("http://a/x")), STR(""));
    EXPECT_STR(iri_scheme(STR("s3://bucket/x")), STR("s3"));
    EXPECT_STR(iri_scheme(STR("sample:1.bam")), STR(""));
    EXPECT_STR(iri_resolve(&cwl_arena, STR("../x%3Ay"), STR("/a/b")), STR("file:///a/x%3Ay"));
    EXPECT_STR(iri_resolve(&cwl_arena, STR("100%.txt"), STR("/a")), STR("file:///a/100%25.txt"));
}
