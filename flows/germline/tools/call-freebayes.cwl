cwlVersion: v1.2
class: CommandLineTool
doc: Calls the variants of one sample, or of several together, with freebayes. The date in the header is left out, so that the same reads give the same bytes.
requirements:
  InlineJavascriptRequirement: {}
  InitialWorkDirRequirement: {listing: [$(inputs.reference), $(inputs.alignments), $(inputs.regions)]}
  ResourceRequirement: {coresMin: 1, ramMin: 2048}
hints:
  SoftwareRequirement: {packages: {freebayes: {}, bcftools: {}}}
baseCommand:
  - bash
  - -euo
  - pipefail
  - -c
  - |
    reference=$1 ploidy=$2 depth=$3 regions=$4; shift 4
    freebayes -f "$reference" -p "$ploidy" -m 20 -q 20 --limit-coverage "$depth" ${regions:+-t "$regions"} "$@" |
    grep -v '^##fileDate=' |
    bcftools view --no-version -Ob1 -o calls.bcf -
  - call
inputs:
  sample: {type: string?, doc: 'Whose it is: records go by it'}
  reference: {type: File, secondaryFiles: [.fai], inputBinding: {position: 1, valueFrom: $(self.basename)}}
  ploidy: {type: string, inputBinding: {position: 2}}
  max_depth: {type: int, inputBinding: {position: 3}}
  regions: File?
  alignments:
    type: File[]
    secondaryFiles: [{pattern: .bai, required: false}, {pattern: .crai, required: false}]
    inputBinding: {position: 5, valueFrom: '$(self.map(function (f) { return f.basename; }))'}
arguments: [{position: 4, valueFrom: '$(inputs.regions ? inputs.regions.basename : "")'}]
outputs:
  calls: {type: File, outputBinding: {glob: calls.bcf}}
