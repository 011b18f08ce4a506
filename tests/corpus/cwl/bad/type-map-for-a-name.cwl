cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
inputs:
  reads:
    type: {type: "File?"}
  bams:
    type: {items: File}
outputs: []
