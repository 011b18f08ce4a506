cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
hints: []
inputs: {$import: parts/circle-a.yml}
outputs: []
