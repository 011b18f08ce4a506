cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
inputs:
  reads: Fil
  count: integer
  sample: Sample
outputs: []
