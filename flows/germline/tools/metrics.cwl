cwlVersion: v1.2
class: CommandLineTool
doc: 'What became of the reads: aligned, paired, duplicate, how long the fragments are, how many bases differ.'
requirements:
  InitialWorkDirRequirement: {listing: [$(inputs.alignment), $(inputs.reference)]}
  ResourceRequirement: {coresMin: 1, ramMin: 512}
hints:
  SoftwareRequirement: {packages: {samtools: {}}}
baseCommand:
  - bash
  - -euc
  - |
    samtools stats --reference "$2" "$1" >"$3.stats.txt"
    samtools flagstat "$1" >"$3.flagstat.txt"
  - metrics
inputs:
  alignment:
    type: File
    secondaryFiles: [{pattern: .bai, required: false}, {pattern: .crai, required: false}]
    inputBinding: {position: 1, valueFrom: $(self.basename)}
  reference: {type: File, secondaryFiles: [.fai], inputBinding: {position: 2, valueFrom: $(self.basename)}}
  sample: {type: string, inputBinding: {position: 3}}
outputs:
  stats: {type: File, outputBinding: {glob: $(inputs.sample).stats.txt}}
  flagstat: {type: File, outputBinding: {glob: $(inputs.sample).flagstat.txt}}
