cwlVersion: v1.2
class: CommandLineTool
doc: The index that bwa aligns to. It is made once for a reference, whoever runs what with it.
requirements:
  InlineJavascriptRequirement: {}
  InitialWorkDirRequirement: {listing: [$(inputs.reference)]}
  ResourceRequirement: {coresMin: 1, ramMin: $(Math.ceil(inputs.reference.size / 1048576 * 1.7) + 256)}
baseCommand: [bwa, index]
inputs:
  reference: {type: File, inputBinding: {position: 1, valueFrom: $(self.basename)}}
outputs:
  indexed:
    type: File
    secondaryFiles: [.amb, .ann, .bwt, .pac, .sa]
    outputBinding: {glob: $(inputs.reference.basename)}
