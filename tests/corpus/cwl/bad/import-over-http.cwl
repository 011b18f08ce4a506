cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
inputs: {$import: "https://example.org/inputs.yml"}
outputs: []
