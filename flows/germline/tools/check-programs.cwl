cwlVersion: v1.2
class: CommandLineTool
doc: The programs that later steps need are installed.
requirements:
  InlineJavascriptRequirement: {}
  ResourceRequirement: {coresMin: 1, ramMin: 64}
baseCommand:
  - bash
  - -euc
  - |
    missing=''
    for program in "$@"; do command -v "$program" >/dev/null || missing="$missing $program"; done
    [ -z "$missing" ] || { echo "these programs are not installed:$missing" >&2; echo "on Debian: apt-get install$missing" >&2; exit 1; }
  - check
inputs:
  aligner: {type: string, inputBinding: {position: 1}}
  caller: {type: string, inputBinding: {position: 1}}
arguments: [{position: 2, valueFrom: samtools}, {position: 2, valueFrom: bcftools}, {position: 2, valueFrom: fastp}, {position: 2, valueFrom: jq}, {position: 2, valueFrom: awk}]
outputs:
  checked: stdout
stdout: programs.txt
