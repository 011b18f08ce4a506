cwlVersion: v1.2
class: CommandLineTool
doc: |
  Reads both files of a pair to the end: well formed, as many reads in one as in the other, mates together and not swapped, no truncated compression. What is wrong is an output, so
  that where a pair stands in the sample sheet is no part of the key: a row put in between has nothing read again. The digests tell the same reads under two names.
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
    code=0
    petri check --json --digest --refuse line-ends --max-faults 2 --pair "$1" "$2" >checked.json || code=$?
    [ "$code" -le 1 ] || exit "$code"
    jq -c --arg one "$1" '{digests: [.files[].digest // ""], faults: [.files[] | (if .path == $one then "fastq_1" else "fastq_2" end) as $column
        | .faults[] | select(.level == "error")
        | {column: $column, text: ((if .line then "line \(.line): " else "" end) + .text + (if .hint then "; " + .hint else "" end))}][:20]}' checked.json
  - check
inputs:
  sample: {type: string, doc: 'Whose it is: records go by it'}
  fastq_1: {type: File, inputBinding: {position: 1, valueFrom: $(self.basename)}}
  fastq_2: {type: File, inputBinding: {position: 2, valueFrom: $(self.basename)}}
outputs:
  digests:
    type: string[]
    doc: Of the first file, and of the second
    outputBinding:
      glob: found.json
      loadContents: true
      outputEval: $(JSON.parse(self[0].contents).digests)
  faults:
    type: string
    doc: 'A list in JSON: what is wrong with them, each with its column and a sentence'
    outputBinding:
      glob: found.json
      loadContents: true
      outputEval: $(JSON.stringify(JSON.parse(self[0].contents).faults))
stdout: found.json
