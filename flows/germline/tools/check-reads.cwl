cwlVersion: v1.2
class: CommandLineTool
doc: |
  Reads both files of a pair to the end: well formed, as many reads in one as in the other, mates together and not swapped, no truncated compression. What is wrong is said with
  the row of the sample sheet. The digests tell the same reads under two names.
requirements:
  InlineJavascriptRequirement: {}
  InitialWorkDirRequirement: {listing: [$(inputs.fastq_1), $(inputs.fastq_2)]}
  ResourceRequirement: {coresMin: 1, ramMin: 256}
hints:
  SoftwareRequirement: {packages: {petri: {}, jq: {}}}
baseCommand:
  - bash
  - -euc
  - |
    if petri check --json --digest --refuse line-ends --pair "$2" "$3" >checked.json; then
        jq -r '.files[].digest' checked.json
    else
        petri check --quiet --refuse line-ends --pair "$2" "$3" >&2 || true
        columns=$(jq -r --arg one "$2" '[.files[] | select(.ok | not) | if .path == $one then "fastq_1" else "fastq_2" end] | unique
            | if length > 1 then "columns " else "column " end + join(" and ")' checked.json)
        echo "row $1, ${columns:-columns fastq_1 and fastq_2} of the sample sheet: these reads cannot be used as they are" >&2
        exit 1
    fi
  - check
inputs:
  sample: {type: string, doc: 'Whose it is: records go by it'}
  row: {type: int, inputBinding: {position: 1}}
  fastq_1: {type: File, inputBinding: {position: 2, valueFrom: $(self.basename)}}
  fastq_2: {type: File, inputBinding: {position: 3, valueFrom: $(self.basename)}}
outputs:
  digests:
    type: string[]
    doc: Of the first file, and of the second
    outputBinding:
      glob: digests.txt
      loadContents: true
      outputEval: '$(self[0].contents.trim().split("\n"))'
stdout: digests.txt
