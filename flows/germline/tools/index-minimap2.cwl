cwlVersion: v1.2
class: CommandLineTool
doc: The index that minimap2 aligns short reads to.
requirements:
  InlineJavascriptRequirement: {}
  InitialWorkDirRequirement: {listing: [$(inputs.reference)]}
  ResourceRequirement: {coresMin: 1, ramMin: $(Math.ceil(inputs.reference.size / 1048576 * 4) + 256)}
baseCommand: [minimap2, -x, sr, -d]
arguments: [{position: 1, valueFrom: $(inputs.reference.nameroot).mmi}]
inputs:
  reference: {type: File, inputBinding: {position: 2, valueFrom: $(self.basename)}}
outputs:
  indexed: {type: File, outputBinding: {glob: $(inputs.reference.nameroot).mmi}}
