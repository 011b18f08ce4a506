cwlVersion: v1.2
class: CommandLineTool
doc: Counts of the variants that passed, by kind and by sample.
requirements:
  InitialWorkDirRequirement: {listing: [$(inputs.variants), $(inputs.reference)]}
  ResourceRequirement: {coresMin: 1, ramMin: 256}
baseCommand: [bcftools, stats, -f, 'PASS,.', -s, '-']
inputs:
  sample: {type: string?, doc: 'Whose it is: records go by it'}
  reference: {type: File, secondaryFiles: [.fai], inputBinding: {position: 1, prefix: -F, valueFrom: $(self.basename)}}
  variants: {type: File, secondaryFiles: [.tbi], inputBinding: {position: 2, valueFrom: $(self.basename)}}
  name: string
outputs:
  stats: stdout
stdout: $(inputs.name).vcf-stats.txt
