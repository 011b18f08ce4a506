cwlVersion: v1.0
class: CommandLineTool
baseCommand: cat
inputs:
  reads:
    type: File
    loadContents: true
    inputBinding: {position: $(1)}
outputs: []
