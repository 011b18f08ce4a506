cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
stdout: [out.txt]
stdin: 3
inputs: []
outputs: []
