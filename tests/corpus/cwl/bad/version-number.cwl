cwlVersion: 1.2
class: CommandLineTool
baseCommand: cat
inputs: []
outputs: []
