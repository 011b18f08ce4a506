cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
inputs: {$import: no-such-inputs.yml}
outputs: []
