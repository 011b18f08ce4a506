cwlVersion: v1.2
class: CommandLineTool
doc: 'One line for each sample: every metric of the sections.'
requirements:
  ResourceRequirement: {coresMin: 1, ramMin: 256}
baseCommand: [jq, -s, -r]
inputs:
  program: {type: File, default: {class: File, location: summarise.jq}, inputBinding: {position: 1, prefix: -f}}
  sections:
    type: {type: array, items: {type: array, items: File}}
    inputBinding: {position: 2}
outputs:
  table: stdout
stdout: summary.tsv
