cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
inputs: [{$import: "parts/inputs.yml#nobody"}]
outputs: []
