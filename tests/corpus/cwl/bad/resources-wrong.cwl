cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
requirements:
  ResourceRequirement: {ramMin: 4 GB, coresMin: -1, coresMax: many, cores: 4}
  ToolTimeLimit: {}
inputs: []
outputs: []
