cwlVersion: draft-3
class: CommandLineTool
baseCommand: cat
inputs: []
outputs: []
