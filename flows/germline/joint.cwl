cwlVersion: v1.2
class: Workflow
label: All samples called together
requirements:
  SubworkflowFeatureRequirement: {}
  MultipleInputFeatureRequirement: {}
  StepInputExpressionRequirement: {}
inputs:
  alignments: {type: 'File[]', secondaryFiles: [{pattern: .bai, required: false}, {pattern: .crai, required: false}]}
  samples: string[]
  sexes: string[]
  reference: {type: File, secondaryFiles: [.fai]}
  regions: File?
  caller: string
  ploidy: string
  min_quality: double
  min_depth: int
  max_depth: int
outputs:
  results: {type: Directory, outputSource: folder/folder}
steps:
  variants:
    run: variants.cwl
    in:
      name: {default: joint}
      alignments: alignments
      samples: samples
      sexes: sexes
      reference: reference
      regions: regions
      caller: caller
      ploidy: ploidy
      min_quality: min_quality
      min_depth: min_depth
      max_depth: max_depth
    out: [variants, stats]
  sections:
    run: tools/joint-sections.cwl
    in: {variants: variants/stats}
    out: [sections]
  folder:
    run: tools/folder.cwl
    in:
      name: {default: joint}
      files: {source: [variants/variants], linkMerge: merge_flattened}
      metrics: {source: [variants/stats], linkMerge: merge_flattened}
      report: sections/sections
    out: [folder]
