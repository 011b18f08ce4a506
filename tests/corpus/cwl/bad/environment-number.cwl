cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
requirements:
  EnvVarRequirement: {envDef: {THREADS: 4}}
inputs: []
outputs: []
