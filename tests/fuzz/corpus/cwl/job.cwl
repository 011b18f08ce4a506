cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
inputs:
  reads: File[]
  bam: File
  ref: {type: File, secondaryFiles: [.fai, "^.dict?"]}
  threads: int
  big: int
  paired: boolean
  name: string
  strand: {type: {type: enum, symbols: [forward, reverse]}}
  ratio: float
  whole: int
  folder: Directory
  either: [int, string]
  sample: {type: {type: record, fields: {id: string, lanes: "int[]"}}}
outputs: []
