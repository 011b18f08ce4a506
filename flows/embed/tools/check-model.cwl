cwlVersion: v1.2
class: CommandLineTool
doc: Opens the model, so that one that cannot be run is refused at once, and says how much memory a shard will need.
requirements:
  InlineJavascriptRequirement: {}
  ResourceRequirement: {coresMin: 1, ramMin: 256}
baseCommand: [petri, model, show, --json]
inputs:
  model: {type: Directory, inputBinding: {position: 1}}
outputs:
  memory:
    type: int
    doc: 'MiB: the weights in single precision, and what a batch needs'
    outputBinding:
      glob: model.json
      loadContents: true
      outputEval: '$(1536 + Math.ceil(JSON.parse(self[0].contents).parameters * 8 / 1048576))'
stdout: model.json
