cwlVersion: v1.2
class: ExpressionTool
doc: The folders of all samples, and the joint calls where there are some.
requirements:
  InlineJavascriptRequirement: {}
inputs:
  samples: Directory[]
  joint: Directory?
outputs:
  folders: Directory[]
expression: '${ return {folders: inputs.samples.concat(inputs.joint ? [inputs.joint] : [])}; }'
