cwlVersion: v1.2
class: CommandLineTool
doc: Calls the variants of a haploid genome.
requirements:
  ShellCommandRequirement: {}
baseCommand: [bcftools, mpileup, --no-version, -d, '2000', -Ou]
inputs:
  reference: {type: File, secondaryFiles: [.fai], inputBinding: {prefix: -f, position: 1}}
  bam: {type: File, secondaryFiles: [.bai], inputBinding: {position: 2}}
arguments:
  - {valueFrom: '| bcftools call --no-version --ploidy 1 -mv -Ou | bcftools filter --no-version -i "QUAL>=50 && DP>=5" -Ov', shellQuote: false, position: 3}
outputs:
  variants: stdout
stdout: $(inputs.bam.nameroot).vcf
