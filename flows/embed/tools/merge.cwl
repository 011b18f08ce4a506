cwlVersion: v1.2
class: CommandLineTool
doc: The vectors of all shards as one folder with one manifest, in the order of the shards. Each file is compared with its digest on the way.
requirements:
  InlineJavascriptRequirement: {}
  InitialWorkDirRequirement: {listing: [$(inputs.shards)]}
  ResourceRequirement: {coresMin: 1, ramMin: 512}
baseCommand: [petri, embed, --merge]
inputs:
  shards: {type: 'Directory[]', inputBinding: {position: 1, valueFrom: '$(self.map(function (d) { return d.basename; }))'}}
arguments: [{prefix: --out, valueFrom: embeddings}]
outputs:
  embeddings: {type: Directory, outputBinding: {glob: embeddings}}
