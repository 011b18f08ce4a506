cwlVersion: v1.2
class: CommandLineTool
doc: Sorts an alignment by position and indexes it.
baseCommand: [samtools, sort, --write-index, --no-PG]
inputs:
  alignment: {type: File, inputBinding: {position: 2}}
arguments:
  - {prefix: -o, valueFrom: '$(inputs.alignment.nameroot).bam##idx##$(inputs.alignment.nameroot).bam.bai', position: 1}
outputs:
  bam:
    type: File
    secondaryFiles: [.bai]
    outputBinding: {glob: $(inputs.alignment.nameroot).bam}
