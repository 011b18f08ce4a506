cwlVersion: v1.2
class: CommandLineTool
label: What the sequences and vectors look like
doc: |
  Lengths, letters, duplicates, norms, distances of nearest neighbours, a map by principal components, and the neighbours of the probes: as tables, as one file of numbers, and as
  sections of a report. Times are not among them: the report takes those from the record of the run.
requirements:
  InlineJavascriptRequirement: {}
  ResourceRequirement: {coresMin: $(inputs.threads), ramMin: $(inputs.memory)}
baseCommand: [petri, index, stats]
inputs:
  index: {type: Directory, inputBinding: {position: 1}}
  embeddings: {type: Directory, inputBinding: {prefix: --embeddings}}
  probes: {type: Directory?, inputBinding: {prefix: --probes}}
  neighbours: {type: int, inputBinding: {prefix: -k}}
  show_ids: boolean
  threads: {type: int, doc: Reserved}
  memory: {type: int, doc: MiB}
arguments:
  - {prefix: --outdir, valueFrom: look}
  - {prefix: --step, valueFrom: embed}
  - {valueFrom: '$(inputs.show_ids ? null : "--no-ids")'}
outputs:
  neighbours: {type: File, outputBinding: {glob: look/neighbours.tsv}}
  map: {type: File, outputBinding: {glob: look/map.tsv}}
  statistics: {type: File, outputBinding: {glob: look/stats.json}}
  report: {type: Directory, outputBinding: {glob: look/report}}
