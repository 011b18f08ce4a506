cwlVersion: v1.1
class: CommandLineTool
baseCommand: cat
inputs:
  pairs: "File[][]"
outputs: []
