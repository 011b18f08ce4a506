cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
inputs:
  reads: File[]
  ref: {type: File, secondaryFiles: [.fai, {pattern: ^.dict, required: false}]}
  folder: Directory
  file: File
  remote: File
  nothing: File
outputs: []
