cwlVersion: v1.2
class: Workflow
$namespaces: {s: https://schema.org/}
s:version: "1.0"
label: Variants of a germline from short reads, by sample and jointly
doc: |
  From a sample sheet of paired reads and a reference to alignments, variants, metrics and a report: checks, trimming (fastp), alignment (bwa mem or minimap2), duplicate
  marking (samtools), coverage, calling by sample and jointly (bcftools or freebayes), normalising, filtering, and, where a truth is given, a comparison with it.

  The sheet is a CSV or TSV file with the columns sample, fastq_1, fastq_2 and, where you have them, lane, library, platform, sex, family. Several rows of one sample are its lanes.
requirements:
  ScatterFeatureRequirement: {}
  SubworkflowFeatureRequirement: {}
  StepInputExpressionRequirement: {}
  MultipleInputFeatureRequirement: {}
  InlineJavascriptRequirement: {}
  SchemaDefRequirement: {types: [{$import: types.yml}]}
inputs:
  samples:
    type: {type: array, items: 'types.yml#row'}
    doc: 'The sample sheet: sample, fastq_1, fastq_2, and optionally lane, library, platform, sex, family; paths relative to the sheet'
  reference: {type: File, doc: 'The reference genome, FASTA, not compressed'}
  reference_name: {type: string, default: reference, doc: 'Its name, as GRCh38; alignments and variants say it'}
  reference_version: {type: string?, doc: 'Its version, as p14'}
  regions: {type: File?, doc: 'Call and measure inside these regions only (BED)'}
  truth: {type: File?, doc: 'Known variants to compare with (VCF)'}
  confident: {type: File?, doc: 'Where the truth is complete (BED); outside nothing is compared'}
  truth_samples: {type: 'string[]?', doc: 'Samples that the truth is of; without it, those of the same name as in the truth, or the only sample'}
  aligner: {type: string, default: bwa, doc: 'bwa or minimap2'}
  caller: {type: string, default: bcftools, doc: 'bcftools or freebayes'}
  ploidy: {type: string, default: '2', doc: 'Copies of a chromosome, 1 or 2; GRCh37 or GRCh38 go by the sex in the sheet'}
  min_quality: {type: double, default: 20, doc: 'Variants of a lower QUAL are marked LowQual'}
  min_depth: {type: int, default: 0, doc: 'Variants with fewer reads are marked LowDepth'}
  max_depth: {type: int, default: 1000, doc: 'Reads looked at per position and sample; more for amplicons'}
  mark_duplicates: {type: boolean, default: true, doc: 'Not for amplicons, whose reads begin and end alike by design'}
  alignment_format: {type: string, default: bam, doc: 'bam or cram'}
  joint_calls: {type: boolean, default: true, doc: 'Call all samples together too'}
  threads: {type: int?, doc: 'Threads of one alignment; without it 1 where its reads are few (64 MiB), else 2'}
outputs:
  results: {type: 'Directory[]', outputSource: layout/folders, doc: A folder for each sample and one for the joint calls}
  summary: {type: File, outputSource: summarise/table, doc: One line for each sample}
steps:
  sheet:
    run: tools/sheet.cwl
    in:
      samples: samples
      reference: reference
      reference_name: reference_name
      reference_version: reference_version
      regions: regions
      truth: truth
      confident: confident
      truth_samples: truth_samples
      ploidy: ploidy
      aligner: aligner
      caller: caller
      alignment_format: alignment_format
      min_quality: min_quality
      min_depth: min_depth
      max_depth: max_depth
      threads: threads
    out: [named_reference, named_regions, named_truth, named_confident, sample, sex, lane, fastq_1, fastq_2, read_group, every_row, every_sample, every_names, every_fastq_1, every_fastq_2]

  # Everything is looked at before the first step that takes long.
  check_programs:
    run: tools/check-programs.cwl
    in: {aligner: aligner, caller: caller}
    out: [checked]
  check_reference:
    run: tools/check-reference.cwl
    in: {reference: sheet/named_reference, regions: sheet/named_regions, truth: sheet/named_truth, confident: sheet/named_confident}
    out: [checked]
  check_reads:
    run: tools/check-reads.cwl
    scatter: [sample, fastq_1, fastq_2]
    scatterMethod: dotproduct
    in: {sample: sheet/every_sample, fastq_1: sheet/every_fastq_1, fastq_2: sheet/every_fastq_2}
    out: [digests, faults]
  refuse_reads:
    run: tools/refuse-reads.cwl
    when: "$(inputs.faults.join('').length > 2 * inputs.faults.length)"
    in: {rows: sheet/every_row, names: sheet/every_names, faults: check_reads/faults}
    out: [nothing]
  faidx:
    run: tools/faidx.cwl
    in: {reference: sheet/named_reference, checked: check_reference/checked}
    out: [indexed]
  tidy_regions:
    run: tools/tidy-bed.cwl
    when: $(inputs.bed !== null)
    in: {bed: sheet/named_regions, checked: check_reference/checked}
    out: [tidy]
  tidy_confident:
    run: tools/tidy-bed.cwl
    when: $(inputs.bed !== null)
    in: {bed: sheet/named_confident, checked: check_reference/checked}
    out: [tidy]
  known:
    run: tools/truth.cwl
    when: $(inputs.truth !== null)
    in:
      truth: sheet/named_truth
      reference: faidx/indexed
      regions: tidy_regions/tidy
      confident: tidy_confident/tidy
      samples: sheet/sample
      truth_samples: truth_samples
    out: [known, of_samples]
  admit:
    run: tools/admit.cwl
    in: {programs: check_programs/checked, refused: refuse_reads/nothing, digests: check_reads/digests, rows: sheet/every_row, of_samples: known/of_samples, reference: faidx/indexed, samples: sheet/sample}
    out: [admitted, truth_of, sample]

  index_bwa:
    run: tools/index-bwa.cwl
    when: $(inputs.aligner == 'bwa')
    in: {reference: admit/admitted, aligner: aligner}
    out: [indexed]
  index_minimap2:
    run: tools/index-minimap2.cwl
    when: $(inputs.aligner == 'minimap2')
    in: {reference: admit/admitted, aligner: aligner}
    out: [indexed]

  sample:
    run: sample.cwl
    scatter: [sample, sex, lane, fastq_1, fastq_2, read_group]
    scatterMethod: dotproduct
    in:
      sample: admit/sample
      sex: sheet/sex
      lane: sheet/lane
      fastq_1: sheet/fastq_1
      fastq_2: sheet/fastq_2
      read_group: sheet/read_group
      reference: admit/admitted
      aligner_index: {source: [index_bwa/indexed, index_minimap2/indexed], pickValue: the_only_non_null}
      regions: tidy_regions/tidy
      confident: tidy_confident/tidy
      known: known/known
      of_samples: admit/truth_of
      aligner: aligner
      caller: caller
      ploidy: ploidy
      min_quality: min_quality
      min_depth: min_depth
      max_depth: max_depth
      mark_duplicates: mark_duplicates
      alignment_format: alignment_format
      threads: threads
    out: [aligned, report, results]

  joint:
    run: joint.cwl
    when: $(inputs.joint_calls)
    in:
      joint_calls: joint_calls
      alignments: sample/aligned
      samples: sheet/sample
      sexes: sheet/sex
      reference: admit/admitted
      regions: tidy_regions/tidy
      caller: caller
      ploidy: ploidy
      min_quality: min_quality
      min_depth: min_depth
      max_depth: max_depth
    out: [results]
  summarise:
    run: tools/summarise.cwl
    in: {sections: sample/report}
    out: [table]
  layout:
    run: tools/layout.cwl
    in: {samples: sample/results, joint: joint/results}
    out: [folders]
