cwlVersion: v1.2
class: CommandLineTool
doc: Regions as every program takes them, three columns in order, without comments, and those that touch joined; a position is then counted once.
requirements:
  InitialWorkDirRequirement: {listing: [$(inputs.bed)]}
  ResourceRequirement: {coresMin: 1, ramMin: 256}
hints:
  SoftwareRequirement: {packages: {awk: {}, sort: {}}}
baseCommand:
  - bash
  - -euo
  - pipefail
  - -c
  - |
    awk -v OFS='\t' '!/^(#|track|browser)/ && NF >= 3 { print $1, $2, $3 }' "$1" | sort -k 1,1 -k 2,2n -k 3,3n |
    awk -v OFS='\t' '
      $1 == name && $2 <= end { if ($3 > end) end = $3; next }
      { if (name != "") print name, start, end; name = $1; start = $2; end = $3 }
      END { if (name != "") print name, start, end }' >"$2"
  - tidy
inputs:
  bed: {type: File, inputBinding: {position: 1, valueFrom: $(self.basename)}}
arguments: [{position: 2, valueFrom: tidy.$(inputs.bed.basename)}]
outputs:
  tidy: {type: File, outputBinding: {glob: tidy.$(inputs.bed.basename)}}
