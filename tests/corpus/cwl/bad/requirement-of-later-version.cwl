cwlVersion: v1.0
class: CommandLineTool
baseCommand: cat
requirements:
  NetworkAccess: {networkAccess: true}
inputs: []
outputs: []
