cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
inputs:
  strand:
    type: {type: enum, symbols: [1, -1]}
outputs: []
