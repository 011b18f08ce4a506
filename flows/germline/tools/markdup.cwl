cwlVersion: v1.2
class: CommandLineTool
doc: The lanes of a sample as one alignment in which duplicates are marked, with its index.
requirements:
  InlineJavascriptRequirement: {}
  InitialWorkDirRequirement: {listing: [$(inputs.lanes), $(inputs.reference)]}
  ResourceRequirement: {coresMin: 1, ramMin: 1024}
hints:
  SoftwareRequirement: {packages: {samtools: {}}}
baseCommand:
  - bash
  - -euo
  - pipefail
  - -c
  - |
    sample=$1 format=$2 reference=$3 mark=$4; shift 4
    merged() { if [ $# -gt 1 ]; then samtools merge --no-PG -u -c -p -s 1 -o - "$@"; else cat "$1"; fi; }
    marked() {
        if [ "$mark" = yes ]; then samtools markdup --no-PG -u -s -f "$sample.duplicates.txt" -T marking - -
        else echo "duplicates were not marked" >"$sample.duplicates.txt"; cat; fi
    }
    case $format in
    bam) merged "$@" | marked | samtools view --no-PG -b --write-index -o "$sample.bam##idx##$sample.bam.bai" - ;;
    cram)   # where the reference lay while this ran says nothing to anybody: it is taken out of the header again
        merged "$@" | marked | samtools view --no-PG -C -T "$reference" -o placed.cram -
        samtools reheader --no-PG -c "sed 's/\\tUR:[^\\t]*//'" placed.cram >"$sample.cram"
        samtools index "$sample.cram" ;;
    esac
  - markdup
inputs:
  sample: {type: string, inputBinding: {position: 1}}
  format: {type: string, inputBinding: {position: 2}}
  reference: {type: File, secondaryFiles: [.fai], inputBinding: {position: 3, valueFrom: $(self.basename)}}
  mark: {type: boolean, doc: 'Else lanes are only merged'}
  lanes: {type: 'File[]', inputBinding: {position: 5, valueFrom: '$(self.map(function (f) { return f.basename; }))'}}
arguments: [{position: 4, valueFrom: '$(inputs.mark ? "yes" : "no")'}]
outputs:
  alignment:
    type: File
    secondaryFiles: [{pattern: .bai, required: false}, {pattern: .crai, required: false}]
    outputBinding: {glob: $(inputs.sample).$(inputs.format)}
  duplicates: {type: File, outputBinding: {glob: $(inputs.sample).duplicates.txt}}
