cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
requirements:
  SchemaDefRequirement:
    types:
    - name: node
      type: record
      fields:
        next: node
inputs: []
outputs: []
