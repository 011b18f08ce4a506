cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
inputs:
  reads: [null, File]
outputs: []
