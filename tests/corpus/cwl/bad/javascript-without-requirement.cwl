cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
inputs:
  n:
    type: int
    inputBinding: {valueFrom: $(self + 1)}
outputs: []
