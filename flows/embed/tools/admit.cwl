cwlVersion: v1.2
class: ExpressionTool
doc: Lets the work begin once everything has been checked. What the checks found is in no key behind it.
requirements:
  InlineJavascriptRequirement: {}
inputs:
  sequences: File[]
  probes: File?
  checked: File
  memory: int
outputs:
  admitted: File[]
  admitted_probes: File?
expression: '${ return {admitted: inputs.sequences, admitted_probes: inputs.probes}; }'
