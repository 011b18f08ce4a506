cwlVersion: v1.2
class: CommandLineTool
baseComand: cat
inputs: []
outputs: []
