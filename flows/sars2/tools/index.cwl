cwlVersion: v1.2
class: CommandLineTool
doc: Index of a reference for minimap2 and for samtools.
requirements:
  InitialWorkDirRequirement:
    listing: [$(inputs.reference)]
baseCommand: [samtools, faidx]
inputs:
  reference: {type: File, doc: FASTA, inputBinding: {position: 1}}
outputs:
  indexed:
    type: File
    secondaryFiles: [.fai]
    outputBinding: {glob: $(inputs.reference.basename)}
