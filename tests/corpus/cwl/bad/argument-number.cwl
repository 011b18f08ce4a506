cwlVersion: v1.2
class: CommandLineTool
baseCommand: [head, -n, 3]
arguments: [1, {position: 2}]
inputs: []
outputs: []
