cwlVersion: v1.2
class: CommandLineTool
doc: |
  Aligns the pairs of a lane with bwa mem, fills in what each mate must know of the other, and sorts by position; three programs in one pipe. With a fixed -K the result does
  not depend on the number of threads.
requirements:
  InlineJavascriptRequirement: {}
  InitialWorkDirRequirement: {listing: [$(inputs.index), $(inputs.fastq_1), $(inputs.fastq_2)]}
  ResourceRequirement: {coresMin: $(inputs.threads), ramMin: $(Math.ceil(inputs.index.size / 1048576 * 1.8) + 2048)}
hints:
  SoftwareRequirement: {packages: {bwa: {}, samtools: {}}}
baseCommand:
  - bash
  - -euo
  - pipefail
  - -c
  - |
    bwa mem -v 2 -K 100000000 -t "$5" -R "$4" "$1" "$2" "$3" |
    samtools fixmate -m -u - - |
    samtools sort --no-PG -l 1 -m 768M -T sorting -o "$6" -
  - align
inputs:
  sample: {type: string, doc: 'Whose it is: records go by it'}
  index: {type: File, secondaryFiles: [.amb, .ann, .bwt, .pac, .sa], inputBinding: {position: 1, valueFrom: $(self.basename)}}
  fastq_1: {type: File, inputBinding: {position: 2, valueFrom: $(self.basename)}}
  fastq_2: {type: File, inputBinding: {position: 3, valueFrom: $(self.basename)}}
  read_group: {type: string, inputBinding: {position: 4}}
  threads: {type: int, inputBinding: {position: 5}}
  lane: {type: string, inputBinding: {position: 6, valueFrom: $(self).aligned.bam}}
outputs:
  alignment: {type: File, outputBinding: {glob: $(inputs.lane).aligned.bam}}
