cwlVersion: v1.2
class: CommandLineTool
doc: The index that gives a reference's sequences by name and position.
requirements:
  InitialWorkDirRequirement: {listing: [$(inputs.reference)]}
  ResourceRequirement: {coresMin: 1, ramMin: 256}
baseCommand: [samtools, faidx]
inputs:
  reference: {type: File, inputBinding: {position: 1, valueFrom: $(self.basename)}}
outputs:
  indexed:
    type: File
    secondaryFiles: [.fai]
    outputBinding: {glob: $(inputs.reference.basename)}
