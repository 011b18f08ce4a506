cwlVersion: v1.2
class: CommandLineTool
doc: |
  What the metrics of a sample say, in the form that a report shows: one file a section. sections.jq is where the numbers are taken from, and where their limits stand.
requirements:
  InlineJavascriptRequirement: {}
  ResourceRequirement: {coresMin: 1, ramMin: 256}
hints:
  SoftwareRequirement: {packages: {jq: {}}}
baseCommand:
  - bash
  - -euo
  - pipefail
  - -c
  - |
    sample=$1 program=$2 stats=$3 coverage=$4 depths=$5 variants=$6 comparison=$7; shift 7
    cat "$@" >trimming.json
    jq -n -r --arg sample "$sample" --slurpfile trimming trimming.json --rawfile stats "$stats" --rawfile coverage "$coverage" \
        --rawfile depths "$depths" --rawfile variants "$variants" --rawfile comparison "${comparison:-/dev/null}" -f "$program" >all.txt
    while read -r section; do
        IFS= read -r text
        printf '%s\n' "$text" >"$sample.$section.petri-report.json"
    done <all.txt
  - sections
inputs:
  sample: {type: string, inputBinding: {position: 1}}
  program: {type: File, default: {class: File, location: sections.jq}, inputBinding: {position: 2}}
  stats: {type: File, inputBinding: {position: 3}}
  coverage: {type: File, inputBinding: {position: 4}}
  depths: {type: File, inputBinding: {position: 5}}
  variants: {type: File, inputBinding: {position: 6}}
  comparison: File?
  trimming: {type: 'File[]', inputBinding: {position: 8}}
arguments: [{position: 7, valueFrom: '$(inputs.comparison ? inputs.comparison.path : "")'}]
outputs:
  sections: {type: 'File[]', outputBinding: {glob: '*.petri-report.json'}}
