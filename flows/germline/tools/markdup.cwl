cwlVersion: v1.2
class: CommandLineTool
doc: The lanes of a sample as one alignment in which duplicates are marked, with its index.
requirements:
  InlineJavascriptRequirement: {}
  InitialWorkDirRequirement: {listing: [$(inputs.lanes), $(inputs.reference)]}
  ResourceRequirement: {coresMin: 1, ramMin: 1024}
  SoftwareRequirement: {packages: {samtools: {}}}
baseCommand:
  - bash
  - -euo
  - pipefail
  - -c
  - |
    sample=$1 format=$2 reference=$3; shift 3
    merged() { if [ $# -gt 1 ]; then samtools merge --no-PG -u -c -p -s 1 -o - "$@"; else cat "$1"; fi; }
    mark() { samtools markdup --no-PG -s -f "$sample.duplicates.txt" -T marking "$@"; }
    case $format in
    bam) merged "$@" | mark --write-index - "$sample.bam##idx##$sample.bam.bai" ;;
    cram)   # where the reference lay while this ran says nothing to anybody: it is taken out of the header again
        merged "$@" | mark -u - - | samtools view --no-PG -C -T "$reference" -o placed.cram -
        samtools reheader --no-PG -c "sed 's/\\tUR:[^\\t]*//'" placed.cram >"$sample.cram"
        samtools index "$sample.cram" ;;
    esac
  - markdup
inputs:
  sample: {type: string, inputBinding: {position: 1}}
  format: {type: string, inputBinding: {position: 2}}
  reference: {type: File, secondaryFiles: [.fai], inputBinding: {position: 3, valueFrom: $(self.basename)}}
  lanes: {type: 'File[]', inputBinding: {position: 4, valueFrom: '$(self.map(function (f) { return f.basename; }))'}}
outputs:
  alignment:
    type: File
    secondaryFiles: [{pattern: .bai, required: false}, {pattern: .crai, required: false}]
    outputBinding: {glob: $(inputs.sample).$(inputs.format)}
  duplicates: {type: File, outputBinding: {glob: $(inputs.sample).duplicates.txt}}
