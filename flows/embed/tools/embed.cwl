cwlVersion: v1.2
class: CommandLineTool
label: One shard into vectors
doc: |
  A vector for each sequence: the model's hidden states of its residues, pooled. A vector does not depend on the shard that its sequence is in, nor on the number of threads:
  petri embed takes as many as the task may use.
requirements:
  InlineJavascriptRequirement: {}
  ResourceRequirement: {coresMin: $(inputs.threads), ramMin: $(inputs.memory)}
baseCommand: [petri, embed]
inputs:
  shard: {type: File, inputBinding: {position: 1}}
  model: {type: Directory, inputBinding: {prefix: --model}}
  pooling: {type: string, inputBinding: {prefix: --pool}}
  layer: {type: int?, inputBinding: {prefix: --layer}}
  dtype: {type: string, inputBinding: {prefix: --dtype}}
  too_long: {type: string, inputBinding: {prefix: --too-long}}
  max_length: {type: int?, inputBinding: {prefix: --max-length}}
  threads: {type: int, doc: 'Reserved; they are no part of the command, so that other ones run nothing again'}
  memory: {type: int, doc: MiB}
arguments: [{prefix: --out, valueFrom: $(inputs.shard.nameroot)}]
outputs:
  vectors: {type: Directory, outputBinding: {glob: $(inputs.shard.nameroot)}}
