cwlVersion: v1.2
class: Workflow
label: Variants of one sample, or of several jointly
requirements:
  MultipleInputFeatureRequirement: {}
  InlineJavascriptRequirement: {}
inputs:
  sample: {type: string?, doc: The only sample where there is one}
  name: {type: string, doc: Name of the files}
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
  variants: {type: File, secondaryFiles: [.tbi], outputSource: filter/variants}
  stats: {type: File, outputSource: count/stats}
steps:
  bcftools:
    run: tools/call-bcftools.cwl
    when: $(inputs.caller == 'bcftools')
    in: {sample: sample, caller: caller, alignments: alignments, samples: samples, sexes: sexes, reference: reference, regions: regions, ploidy: ploidy, max_depth: max_depth}
    out: [calls]
  freebayes:
    run: tools/call-freebayes.cwl
    when: $(inputs.caller == 'freebayes')
    in: {sample: sample, caller: caller, alignments: alignments, reference: reference, regions: regions, ploidy: ploidy, max_depth: max_depth}
    out: [calls]
  normalise:
    run: tools/normalise.cwl
    in:
      sample: sample
      calls: {source: [bcftools/calls, freebayes/calls], pickValue: the_only_non_null}
      reference: reference
    out: [normalised]
  filter:
    run: tools/filter.cwl
    in: {sample: sample, name: name, normalised: normalise/normalised, min_quality: min_quality, min_depth: min_depth}
    out: [variants]
  count:
    run: tools/stats.cwl
    in: {sample: sample, name: name, variants: filter/variants, reference: reference}
    out: [stats]
