cwlVersion: v1.2
class: Workflow
label: 'One lane of a sample: trimmed, aligned'
requirements:
  MultipleInputFeatureRequirement: {}
  StepInputExpressionRequirement: {}
  InlineJavascriptRequirement: {}
inputs:
  sample: string
  lane: string
  fastq_1: File
  fastq_2: File
  read_group: string
  aligner_index: File
  aligner: string
  threads: int?
outputs:
  alignment: {type: File, outputSource: [bwa/alignment, minimap2/alignment], pickValue: the_only_non_null}
  trimming: {type: File, outputSource: trim/report}
steps:
  trim:
    run: tools/trim.cwl
    in: {sample: sample, lane: lane, fastq_1: fastq_1, fastq_2: fastq_2}
    out: [trimmed_1, trimmed_2, report]
  bwa:
    run: tools/align-bwa.cwl
    when: $(inputs.aligner == 'bwa')
    in:
      sample: sample
      aligner: aligner
      lane: lane
      index: aligner_index
      fastq_1: trim/trimmed_1
      fastq_2: trim/trimmed_2
      read_group: read_group
      threads: {source: threads, valueFrom: '$(self !== null ? self : inputs.fastq_1.size < 67108864 ? 1 : 2)'}
    out: [alignment]
  minimap2:
    run: tools/align-minimap2.cwl
    when: $(inputs.aligner == 'minimap2')
    in:
      sample: sample
      aligner: aligner
      lane: lane
      index: aligner_index
      fastq_1: trim/trimmed_1
      fastq_2: trim/trimmed_2
      read_group: read_group
      threads: {source: threads, valueFrom: '$(self !== null ? self : inputs.fastq_1.size < 67108864 ? 1 : 2)'}
    out: [alignment]
