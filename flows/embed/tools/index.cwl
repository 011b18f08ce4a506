cwlVersion: v1.2
class: CommandLineTool
doc: An index of the vectors, which petri index search asks for neighbours.
requirements:
  InlineJavascriptRequirement: {}
  ResourceRequirement: {coresMin: $(inputs.threads), ramMin: $(inputs.memory)}
baseCommand: [petri, index, build]
inputs:
  embeddings: {type: Directory, inputBinding: {position: 1}}
  metric: {type: string, inputBinding: {prefix: --metric}}
  kind: {type: string, inputBinding: {prefix: --kind}}
  int8: {type: boolean, inputBinding: {prefix: --int8}}
  threads: {type: int, doc: Reserved}
  memory: {type: int, doc: MiB}
arguments: [{prefix: --out, valueFrom: index}]
outputs:
  index: {type: Directory, outputBinding: {glob: index}}
