cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
stdin: $(inputs.other.path)
inputs:
  reads: stdin
  other: File
outputs: []
