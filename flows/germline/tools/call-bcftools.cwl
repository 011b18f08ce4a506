cwlVersion: v1.2
class: CommandLineTool
doc: Calls the variants of one sample, or of several together, with bcftools.
requirements:
  InlineJavascriptRequirement: {}
  InitialWorkDirRequirement:
    listing:
      - $(inputs.reference)
      - $(inputs.alignments)
      - $(inputs.regions)
      - entryname: sexes.txt
        entry: '$(inputs.samples.map(function (s, i) { return s + "\t" + (inputs.sexes[i] || "F") + "\n"; }).join(""))'
  ResourceRequirement: {coresMin: 1, ramMin: 1024}
hints:
  SoftwareRequirement: {packages: {bcftools: {}}}
baseCommand:
  - bash
  - -euo
  - pipefail
  - -c
  - |
    reference=$1 ploidy=$2 depth=$3 regions=$4; shift 4
    case $ploidy in GRCh*) ploidy="$ploidy -S sexes.txt" ;; esac
    # shellcheck disable=SC2086
    bcftools mpileup --no-version -f "$reference" ${regions:+-R "$regions"} -a FORMAT/AD,FORMAT/DP -q 20 -Q 20 -d "$depth" -Ou "$@" |
    bcftools call --no-version -mv -a GQ --ploidy $ploidy -Ob1 -o calls.bcf
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
  samples: string[]
  sexes: string[]
arguments: [{position: 4, valueFrom: '$(inputs.regions ? inputs.regions.basename : "")'}]
outputs:
  calls: {type: File, outputBinding: {glob: calls.bcf}}
