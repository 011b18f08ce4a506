cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
inputs:
  reads: File
outputs:
  text:
    type: stdout
