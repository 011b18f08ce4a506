cwlVersion: v1.2
class: CommandLineTool
doc: |
  Takes adapters, bad ends and bad reads away, and counts what was there. What passes on is compressed lightly: packing hard would take longer than aligning.
  Duplicates are not guessed here, but marked after aligning.
requirements:
  InitialWorkDirRequirement: {listing: [$(inputs.fastq_1), $(inputs.fastq_2)]}
  ResourceRequirement: {coresMin: 1, ramMin: 1024}
baseCommand: [fastp, --thread, '1', --compression, '1', --dont_eval_duplication, --html, /dev/null]
arguments:
  - {prefix: --out1, valueFrom: $(inputs.lane).trimmed_R1.fastq.gz}
  - {prefix: --out2, valueFrom: $(inputs.lane).trimmed_R2.fastq.gz}
  - {prefix: --json, valueFrom: $(inputs.lane).fastp.json}
  - {prefix: --report_title, valueFrom: $(inputs.lane)}
inputs:
  sample: {type: string, doc: 'Whose it is: records go by it'}
  lane: string
  fastq_1: {type: File, inputBinding: {prefix: --in1, valueFrom: $(self.basename)}}
  fastq_2: {type: File, inputBinding: {prefix: --in2, valueFrom: $(self.basename)}}
outputs:
  trimmed_1: {type: File, outputBinding: {glob: $(inputs.lane).trimmed_R1.fastq.gz}}
  trimmed_2: {type: File, outputBinding: {glob: $(inputs.lane).trimmed_R2.fastq.gz}}
  report: {type: File, outputBinding: {glob: $(inputs.lane).fastp.json}}
