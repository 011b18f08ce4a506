cwlVersion: v1.2
class: CommandLineTool
doc: Aligns read pairs to a reference; SAM, with a read group of the sample's name.
requirements:
  ResourceRequirement: {coresMin: 1, ramMin: 512}
baseCommand: [minimap2, -a, -x, sr]
inputs:
  reference: {type: File, inputBinding: {position: 2}}
  reads_1: {type: File, inputBinding: {position: 3}}
  reads_2: {type: File, inputBinding: {position: 4}}
  sample: {type: string}
arguments:
  - {prefix: -R, valueFrom: '@RG\\tID:$(inputs.sample)\\tSM:$(inputs.sample)\\tPL:ILLUMINA', position: 1}
outputs:
  alignment: stdout
stdout: $(inputs.sample).sam
