cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
inputs: []
outputs:
  text: [stdout, "null"]
