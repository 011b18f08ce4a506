cwlVersion: v1.2
class: CommandLineTool
doc: Marks what is not to be believed in the column FILTER; nothing is taken away. With its index.
requirements:
  InitialWorkDirRequirement: {listing: [$(inputs.normalised)]}
  ResourceRequirement: {coresMin: 1, ramMin: 256}
hints:
  SoftwareRequirement: {packages: {bcftools: {}}}
baseCommand:
  - bash
  - -euo
  - pipefail
  - -c
  - |
    bcftools filter --no-version -m + -s LowQual -e "QUAL<$2" -Ou "$1" |
    bcftools filter --no-version -m + -s LowDepth -e "INFO/DP<$3" -Oz -o "$4.vcf.gz" -
    bcftools index -t "$4.vcf.gz"
  - filter
inputs:
  sample: {type: string?, doc: 'Whose it is: records go by it'}
  normalised: {type: File, inputBinding: {position: 1, valueFrom: $(self.basename)}}
  min_quality: {type: double, inputBinding: {position: 2}}
  min_depth: {type: int, inputBinding: {position: 3}}
  name: {type: string, inputBinding: {position: 4}}
outputs:
  variants: {type: File, secondaryFiles: [.tbi], outputBinding: {glob: $(inputs.name).vcf.gz}}
