cwlVersion: v1.0
class: CommandLineTool
baseCommand: cat
inputs:
  bam:
    type: File
    secondaryFiles: [{pattern: .bai}]
outputs: []
