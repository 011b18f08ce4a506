cwlVersion: v1.2
class: Workflow
label: One sample, from its lanes to its folder
requirements:
  ScatterFeatureRequirement: {}
  MultipleInputFeatureRequirement: {}
  StepInputExpressionRequirement: {}
  SubworkflowFeatureRequirement: {}
  InlineJavascriptRequirement: {}
inputs:
  sample: string
  sex: string
  lane: {type: 'string[]', doc: Names for the files of each lane}
  fastq_1: File[]
  fastq_2: File[]
  read_group: string[]
  reference: {type: File, secondaryFiles: [.fai]}
  aligner_index: File
  regions: File?
  confident: File?
  known: {type: File?, secondaryFiles: [.csi]}
  of_samples: string[]
  aligner: string
  caller: string
  ploidy: string
  min_quality: double
  min_depth: int
  max_depth: int
  mark_duplicates: boolean
  alignment_format: string
  threads: int?
outputs:
  aligned: {type: File, secondaryFiles: [{pattern: .bai, required: false}, {pattern: .crai, required: false}], outputSource: markdup/alignment}
  report: {type: 'File[]', outputSource: sections/sections}
  results: {type: Directory, outputSource: folder/folder}
steps:
  lanes:
    run: lane.cwl
    scatter: [lane, fastq_1, fastq_2, read_group]
    scatterMethod: dotproduct
    in:
      sample: sample
      lane: lane
      fastq_1: fastq_1
      fastq_2: fastq_2
      read_group: read_group
      aligner_index: aligner_index
      aligner: aligner
      threads: threads
    out: [alignment, trimming]
  markdup:
    run: tools/markdup.cwl
    in: {lanes: lanes/alignment, sample: sample, reference: reference, format: alignment_format, mark: mark_duplicates}
    out: [alignment, duplicates]
  metrics:
    run: tools/metrics.cwl
    in: {alignment: markdup/alignment, sample: sample, reference: reference}
    out: [stats, flagstat]
  coverage:
    run: tools/coverage.cwl
    in: {alignment: markdup/alignment, sample: sample, reference: reference, regions: regions}
    out: [coverage, depths]
  variants:
    run: variants.cwl
    in:
      sample: sample
      name: sample
      alignments: {source: [markdup/alignment], linkMerge: merge_nested}
      samples: {source: [sample], linkMerge: merge_nested}
      sexes: {source: [sex], linkMerge: merge_nested}
      reference: reference
      regions: regions
      caller: caller
      ploidy: ploidy
      min_quality: min_quality
      min_depth: min_depth
      max_depth: max_depth
    out: [variants, stats]
  compare:
    run: tools/compare.cwl
    when: $(inputs.known !== null && inputs.of_samples.indexOf(inputs.sample) >= 0)
    in: {variants: variants/variants, known: known, sample: sample, of_samples: of_samples, regions: regions, confident: confident}
    out: [table, false_positives, false_negatives]
  sections:
    run: tools/sections.cwl
    in:
      sample: sample
      trimming: lanes/trimming
      stats: metrics/stats
      coverage: coverage/coverage
      depths: coverage/depths
      variants: variants/stats
      comparison: compare/table
    out: [sections]
  folder:
    run: tools/folder.cwl
    in:
      name: sample
      files: {source: [markdup/alignment, variants/variants], linkMerge: merge_flattened}
      metrics:
        source: [lanes/trimming, markdup/duplicates, metrics/stats, metrics/flagstat, coverage/coverage, coverage/depths, variants/stats]
        linkMerge: merge_flattened
      truth:
        source: [compare/table, compare/false_positives, compare/false_negatives]
        linkMerge: merge_flattened
        pickValue: all_non_null
      report: sections/sections
    out: [folder]
