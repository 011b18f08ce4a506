cwlVersion: v1.2
class: Workflow
doc: |
  Variants of SARS-CoV-2 samples against a reference: align, sort, call, one table.
requirements:
  ScatterFeatureRequirement: {}
inputs:
  reference: {type: File, doc: The reference genome (FASTA)}
  sample: {type: 'string[]', doc: Names of the samples}
  reads_1: {type: 'File[]', doc: First reads of each sample (FASTQ)}
  reads_2: {type: 'File[]', doc: Second reads of each sample (FASTQ)}
outputs:
  alignments: {type: 'File[]', outputSource: sort/bam}
  variants: {type: 'File[]', outputSource: call/variants}
  table: {type: File, outputSource: table/table}
steps:
  index:
    run: tools/index.cwl
    in: {reference: reference}
    out: [indexed]
  align:
    run: tools/align.cwl
    scatter: [sample, reads_1, reads_2]
    scatterMethod: dotproduct
    in: {reference: reference, sample: sample, reads_1: reads_1, reads_2: reads_2}
    out: [alignment]
  sort:
    run: tools/sort.cwl
    scatter: alignment
    in: {alignment: align/alignment}
    out: [bam]
  call:
    run: tools/call.cwl
    scatter: bam
    in: {reference: index/indexed, bam: sort/bam}
    out: [variants]
  table:
    run: tools/table.cwl
    in: {variants: call/variants}
    out: [table]
