cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
requirements:
  InlineJavaScriptRequirements: {}
hints:
  DockerRequirment: {dockerPull: debian}
inputs: []
outputs: []
