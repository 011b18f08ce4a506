cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
arguments: ["$(inputs.reads.path"]
inputs:
  reads: File
outputs: []
