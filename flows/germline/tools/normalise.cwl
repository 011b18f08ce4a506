cwlVersion: v1.2
class: CommandLineTool
doc: 'The same variant is written in one way only: shifted to the left, one allele a line, without bases that do not differ, in order.'
requirements:
  InitialWorkDirRequirement: {listing: [$(inputs.calls), $(inputs.reference)]}
  ResourceRequirement: {coresMin: 1, ramMin: 512}
hints:
  SoftwareRequirement: {packages: {bcftools: {}}}
baseCommand:
  - bash
  - -euo
  - pipefail
  - -c
  - |
    bcftools norm --no-version -m -any -Ou "$1" |
    bcftools norm --no-version -a -Ou - |
    bcftools norm --no-version -f "$2" -Ou - |
    bcftools sort -T sorting -Ou - |
    bcftools norm --no-version -d exact -Ob1 -o normalised.bcf -
  - normalise
inputs:
  sample: {type: string?, doc: 'Whose it is: records go by it'}
  calls: {type: File, inputBinding: {position: 1, valueFrom: $(self.basename)}}
  reference: {type: File, secondaryFiles: [.fai], inputBinding: {position: 2, valueFrom: $(self.basename)}}
outputs:
  normalised: {type: File, outputBinding: {glob: normalised.bcf}}
