cwlVersion: v1.2
class: Workflow
$namespaces: {edam: "http://edamontology.org/"}
requirements: {ScatterFeatureRequirement: {}, MultipleInputFeatureRequirement: {}, InlineJavascriptRequirement: {expressionLib: ["var x = 1;"]}, StepInputExpressionRequirement: {}}
inputs: {list: 'File[]', one: {type: File, format: edam:format_1, secondaryFiles: [.bai, "^.x?"], default: {class: File, contents: a, basename: b}}, n: int?, maybe: File?}
outputs:
  nested: {type: {type: array, items: {type: array, items: ["null", File]}}, outputSource: s/y}
  all: {type: 'File[]', outputSource: [w/y, one], pickValue: all_non_null}
  flat: {type: 'File[]', outputSource: [list, one], linkMerge: merge_flattened}
steps:
  s: {run: &t {class: CommandLineTool, baseCommand: cat, inputs: {x: File, k: double?, m: 'File[]?'}, outputs: {y: stdout}},
      scatter: [x, k], scatterMethod: nested_crossproduct, when: $(inputs.k > 1),
      in: {x: list, k: {default: [1, 2]}}, out: [y]}
  w: {run: *t, when: $(inputs.k > 1), in: {x: maybe, k: {source: n, valueFrom: $(self)}, m: [one, maybe]}, out: [y]}
